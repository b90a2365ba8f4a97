#include "survey_hosts.h"

#include "str.h"

/* ---- a server's own configuration ---- */

static bool filled(const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return json_is_text(v) ? json_text_of(v, "")[0] != '\0'
                           : (json_is_array(v) || json_is_object(v)) && json_len(v) > 0;
}

static unsigned char tri(bool known, bool yes)
{
    return (unsigned char)(!known ? TRI_UNKNOWN : yes ? TRI_YES : TRI_NO);
}

static bool joins_with(const struct json *o)
{
    return filled(o, "RetryJoin") || filled(o, "StartJoin");
}

static bool joins(const struct json *server)
{
    return joins_with(server) || joins_with(json_get(server, "ServerJoin"));
}

/* Up to 1.6 one object, then an array of them. */
static const struct json *each(const struct json *config, const char *one, const char *many,
                               size_t i)
{
    const struct json *list = json_get(config, many);
    if (json_is_array(list))
        return json_item(list, i);
    return i == 0 ? json_get(config, one) : NULL;
}

static void read_consul(const struct json *config, unsigned char *switches)
{
    const struct json *c = each(config, "Consul", "Consuls", 0);
    bool known = json_is_object(c), token = false, identities = true;

    for (size_t i = 0; (c = each(config, "Consul", "Consuls", i)) != NULL; i++) {
        token |= filled(c, "Token");
        identities &=
            !filled(c, "Token") || (json_has(c, "ServiceIdentity") && json_has(c, "TaskIdentity"));
    }
    switches[CONFIG_CONSUL] = tri(known, token);
    switches[CONFIG_CONSUL_IDS] = tri(known, token && identities);
}

static void read_vault(const struct json *config, unsigned char *switches)
{
    const struct json *v = each(config, "Vault", "Vaults", 0);
    bool known = json_is_object(v), enabled = false;

    for (size_t i = 0; (v = each(config, "Vault", "Vaults", i)) != NULL; i++)
        enabled |= json_bool(v, "Enabled", false);
    switches[CONFIG_VAULT] = tri(known, enabled);
}

static bool outside_keys(const struct json *config)
{
    const struct json *list = json_get(config, "KEKProviders");
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++) {
        const struct json *k = json_item(list, i);
        if (!str_eq(json_str(k, "Provider", "aead"), "aead") && json_bool(k, "Active", true))
            return true;
    }
    return false;
}

static void read_config(const struct json *config, unsigned char *switches)
{
    const struct json *server = json_get(config, "Server"), *tls = json_get(config, "TLSConfig");
    const struct json *telemetry = json_get(config, "Telemetry");
    bool srv = json_is_object(server);

    switches[CONFIG_DC_STAR] = tri(json_is_text(json_get(config, "Datacenter")),
                                   strchr(json_str(config, "Datacenter", ""), '*') != NULL);
    switches[CONFIG_REJOINS] =
        tri(srv, json_bool(server, "RejoinAfterLeave", false) || joins(server));
    switches[CONFIG_TLS_VERIFY] =
        tri(json_is_object(tls),
            json_bool(tls, "EnableRPC", false) && json_bool(tls, "VerifyServerHostname", false));
    switches[CONFIG_PROMETHEUS] =
        tri(json_is_object(telemetry), !json_bool(telemetry, "PrometheusMetrics", false));
    switches[CONFIG_ALLOC_METRICS] =
        tri(json_is_object(telemetry), !json_bool(telemetry, "PublishAllocationMetrics", false));
    switches[CONFIG_BOLTDB] = tri(srv, json_has(server, "RaftBoltConfig"));
    switches[CONFIG_KMS] = tri(true, outside_keys(config));
    switches[CONFIG_LICENSE] =
        tri(srv, filled(server, "LicensePath") || filled(server, "LicenseEnv"));
    switches[CONFIG_JOIN] = tri(srv, joins(server));
    switches[CONFIG_OLD_JOIN] = tri(srv, joins_with(server));
    read_consul(config, switches);
    read_vault(config, switches);
}

void survey_take_self(struct survey_ask *a, const struct http_answer *answer)
{
    struct host_survey *h = &a->owner->out.hosts[a->host];
    auto_json struct json *j = NULL;
    uint64_t cpus = 0;

    h->config = survey_asked(answer, json_is_object, &j);
    if (h->config == ASKED_YES && !json_is_object(json_get(j, "config")))
        h->config = ASKED_NOT;
    if (h->config != ASKED_YES)
        return;
    const struct json *config = json_get(j, "config"), *server = json_get(config, "Server");
    read_config(config, h->switches);
    h->num_schedulers = json_int(server, "NumSchedulers", -1);
    h->authoritative = survey_text(a->owner, json_str(server, "AuthoritativeRegion", ""));
    const char *text = json_str(json_get(json_get(j, "stats"), "runtime"), "cpu_count", "");
    if (str_to_u64(text, 1 << 20, &cpus) == 0)
        h->cpus = (int64_t)cpus;
}

/* ---- a node's record ---- */

void survey_take_node(struct survey_ask *a, const struct http_answer *answer)
{
    static const struct {
        enum node_attribute attribute;
        const char *name, *older;
    } rows[] = {
        {ATTR_CONSUL, "consul.version", NULL},
        {ATTR_KERNEL, "kernel.name", NULL},
        {ATTR_ARCH, "cpu.arch", NULL},
        {ATTR_CGROUPS, "os.cgroups.version", "unique.cgroup.version"},
        {ATTR_CNI_BRIDGE, "plugins.cni.version.bridge", NULL},
    };
    struct host_survey *h = &a->owner->out.hosts[a->host];
    auto_json struct json *j = NULL;

    h->node = survey_asked(answer, json_is_object, &j);
    if (h->node != ASKED_YES)
        return;
    const struct json *attributes = json_get(j, "Attributes");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *v = json_str(attributes, rows[i].name, "");
        if (v[0] == '\0' && rows[i].older != NULL)
            v = json_str(attributes, rows[i].older, "");
        h->attributes[rows[i].attribute] =
            survey_text(a->owner, v[0] == 'v' && v[1] >= '0' && v[1] <= '9' &&
                                          rows[i].attribute == ATTR_CNI_BRIDGE
                                      ? v + 1
                                      : v);
    }
    const struct json *csi = json_get(j, "CSINodePlugins"),
                      *ctl = json_get(j, "CSIControllerPlugins");
    h->attributes[ATTR_CSI] =
        (json_is_object(csi) && json_len(csi) > 0) || (json_is_object(ctl) && json_len(ctl) > 0)
            ? "1"
            : "";
}
