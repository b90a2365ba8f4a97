#include "survey_hosts.h"

#include "str.h"

/* ---- a server's own configuration ---- */

static bool is_filled(const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return json_is_text(v) ? json_text_of(v, "")[0] != '\0'
                           : (json_is_array(v) || json_is_object(v)) && json_len(v) > 0;
}

static unsigned char switch_value(bool known, bool yes)
{
    return (unsigned char)(!known ? TRI_UNKNOWN : yes ? TRI_YES : TRI_NO);
}

static bool has_join_addresses(const struct json *o)
{
    return is_filled(o, "RetryJoin") || is_filled(o, "StartJoin");
}

static bool joins_servers(const struct json *server)
{
    return has_join_addresses(server) || has_join_addresses(json_get(server, "ServerJoin"));
}

/* Up to 1.6 the configuration has one object (`one`), since then an array (`many`). */
static const struct json *config_block(const struct json *config, const char *one, const char *many,
                                       size_t i)
{
    const struct json *list = json_get(config, many);
    if (json_is_array(list))
        return json_item(list, i);
    return i == 0 ? json_get(config, one) : NULL;
}

static void read_consul(const struct json *config, unsigned char *switches)
{
    const struct json *c = config_block(config, "Consul", "Consuls", 0);
    bool known = json_is_object(c), token = false, identities = true;

    for (size_t i = 0; (c = config_block(config, "Consul", "Consuls", i)) != NULL; i++) {
        token |= is_filled(c, "Token");
        identities &= !is_filled(c, "Token") ||
                      (json_has(c, "ServiceIdentity") && json_has(c, "TaskIdentity"));
    }
    switches[CONFIG_CONSUL] = switch_value(known, token);
    switches[CONFIG_CONSUL_IDS] = switch_value(known, token && identities);
}

static void read_vault(const struct json *config, unsigned char *switches)
{
    const struct json *v = config_block(config, "Vault", "Vaults", 0);
    bool known = json_is_object(v), enabled = false;

    for (size_t i = 0; (v = config_block(config, "Vault", "Vaults", i)) != NULL; i++)
        enabled |= json_bool(v, "Enabled", false);
    switches[CONFIG_VAULT] = switch_value(known, enabled);
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

    switches[CONFIG_DC_STAR] =
        switch_value(json_is_text(json_get(config, "Datacenter")),
                     strchr(json_str(config, "Datacenter", ""), '*') != NULL);
    switches[CONFIG_REJOINS] =
        switch_value(srv, json_bool(server, "RejoinAfterLeave", false) || joins_servers(server));
    switches[CONFIG_TLS_VERIFY] =
        switch_value(json_is_object(tls), json_bool(tls, "EnableRPC", false) &&
                                              json_bool(tls, "VerifyServerHostname", false));
    switches[CONFIG_PROMETHEUS] =
        switch_value(json_is_object(telemetry), !json_bool(telemetry, "PrometheusMetrics", false));
    switches[CONFIG_ALLOC_METRICS] = switch_value(
        json_is_object(telemetry), !json_bool(telemetry, "PublishAllocationMetrics", false));
    switches[CONFIG_BOLTDB] = switch_value(srv, json_has(server, "RaftBoltConfig"));
    switches[CONFIG_KMS] = switch_value(true, outside_keys(config));
    switches[CONFIG_LICENSE] =
        switch_value(srv, is_filled(server, "LicensePath") || is_filled(server, "LicenseEnv"));
    switches[CONFIG_JOIN] = switch_value(srv, joins_servers(server));
    switches[CONFIG_OLD_JOIN] = switch_value(srv, has_join_addresses(server));
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
