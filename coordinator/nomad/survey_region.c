/* Answers of a survey that are about the cluster, the token, servers and nodes. */
#include "survey_queue.h"

#include "json.h"
#include "nomad_parse.h"

static struct region_survey *region_of(const struct survey_ask *a)
{
    return &a->owner->out.regions[a->region];
}

static bool contains(const struct http_answer *answer, const char *text)
{
    return memmem(answer->body, answer->body_len, text, strlen(text)) != NULL;
}

/* ---- the token ---- */

static void push_policies(struct survey_ask *a, const struct json *names, bool objects)
{
    struct region_work *w = &a->owner->work[a->region];
    for (size_t i = 0; json_is_array(names) && i < json_len(names); i++) {
        const struct json *v = json_item(names, i);
        const char *name = objects ? json_str(v, "Name", "") : json_text_of(v, "");
        if (name[0] == '\0' || w->to_read >= SURVEY_POLICIES)
            continue;
        w->to_read++;
        survey_push(a->owner, Q_TOKEN_POLICY, a->region, survey_text(a->owner, name), NULL);
    }
}

static void settle_rights(struct survey_ask *a)
{
    const struct region_work *w = &a->owner->work[a->region];
    region_of(a)->token.rules_known = w->to_read == 0 && !w->policy_lost;
}

static void read_token(struct survey_ask *a, const struct json *j)
{
    struct token_view *t = &region_of(a)->token;
    struct region_work *w = &a->owner->work[a->region];
    const struct json *roles = json_get(j, "Roles");

    t->asked = ASKED_YES;
    t->acl_off = str_eq(json_str(j, "AccessorID", ""), "acls-disabled");
    t->management = str_eq(json_str(j, "Type", ""), "management");
    t->global = json_bool(j, "Global", false);
    t->name = survey_text(a->owner, json_str(j, "Name", ""));
    t->expires_ms = parse_time_ns(json_str(j, "ExpirationTime", "")) / 1000000;
    if (t->management || t->acl_off)
        return;
    push_policies(a, json_get(j, "Policies"), false);
    for (size_t i = 0; json_is_array(roles) && i < json_len(roles); i++) {
        w->to_read++;
        survey_push(a->owner, Q_TOKEN_ROLE, a->region,
                    survey_text(a->owner, json_str(json_item(roles, i), "ID", "")), NULL);
    }
    settle_rights(a);
}

/* Up to 1.10.0 both a token nobody knows and ACLs that are off are 404, told by the text. */
void survey_take_token(struct survey_ask *a, const struct http_answer *answer)
{
    struct token_view *t = &region_of(a)->token;
    auto_json struct json *j = NULL;

    if (answer->status == 200 && survey_json(answer, &j) == 0) {
        read_token(a, j);
    } else if (answer->status != 0 && contains(answer, "ACL support disabled")) {
        t->asked = ASKED_YES;
        t->acl_off = true;
    } else if (answer->status == 403 || answer->status == 404 ||
               (answer->status != 0 && contains(answer, "missing secret id"))) {
        t->asked = ASKED_DENIED;
    }
}

void survey_take_token_policy(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_work *w = &a->owner->work[a->region];
    auto_json struct json *j = NULL;

    w->to_read--;
    if (answer->status != 200 || survey_json(answer, &j) < 0 ||
        acl_rules_read(json_str(j, "Rules", ""), &region_of(a)->token.rules) < 0)
        w->policy_lost = true;
    settle_rights(a);
}

void survey_take_token_role(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_work *w = &a->owner->work[a->region];
    auto_json struct json *j = NULL;

    w->to_read--;
    if (answer->status == 200 && survey_json(answer, &j) == 0)
        push_policies(a, json_get(j, "Policies"), true);
    else
        w->policy_lost = true;
    settle_rights(a);
}

/* ---- the region ---- */

void survey_take_keyring(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of(a);
    auto_json struct json *j = NULL;

    r->keyring = survey_asked(answer);
    if (r->keyring == ASKED_YES && (survey_json(answer, &j) < 0 || !json_is_array(j)))
        r->keyring = ASKED_NOT;
    for (size_t i = 0; r->keyring == ASKED_YES && i < json_len(j); i++) {
        const struct json *key = json_item(j, i);
        int64_t publish = json_int(key, "PublishTime", 0) / 1000000;
        const char *state = json_str(key, "State", "");
        r->active_keys += str_eq(state, "active");
        r->stuck_keys +=
            str_eq(state, "prepublished") && publish > 0 && publish < a->owner->out.wall_ms;
    }
}

/* Paged: what a later page does not say, the earlier did not either. */
void survey_take_deployments(struct survey_ask *a, const struct http_answer *answer)
{
    static const char *const moving[] = {"running", "blocked", "pending", "unblocking",
                                         "initializing"};
    struct region_survey *r = region_of(a);
    auto_json struct json *j = NULL;
    enum asked asked = survey_asked(answer);

    if (asked == ASKED_YES && (survey_json(answer, &j) < 0 || !json_is_array(j)))
        asked = ASKED_NOT;
    r->deployments = asked;
    for (size_t i = 0; asked == ASKED_YES && i < json_len(j); i++) {
        const struct json *d = json_item(j, i);
        const char *status = json_str(d, "Status", "");
        for (size_t k = 0; k < ARRAY_LEN(moving); k++)
            if (str_eq(status, moving[k]) && r->n_deploying++ == 0)
                r->deploying =
                    arena_printf(&a->owner->out.arena, "%.60s/%.80s is %s",
                                 json_str(d, "Namespace", ""), json_str(d, "JobID", ""), moving[k]);
    }
}

void survey_take_autopilot(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of(a);
    auto_json struct json *j = NULL;
    int64_t ns = 0;

    r->autopilot = survey_asked(answer);
    if (r->autopilot == ASKED_YES && (survey_json(answer, &j) < 0 || !json_is_object(j)))
        r->autopilot = ASKED_NOT;
    if (r->autopilot != ASKED_YES)
        return;
    r->cleanup_dead = json_bool(j, "CleanupDeadServers", false);
    r->migration_off = json_bool(j, "DisableUpgradeMigration", false);
    r->trailing_logs = json_int(j, "MaxTrailingLogs", 0);
    if (str_go_duration(json_str(j, "LastContactThreshold", ""), &ns) == 0)
        r->contact_ms = ns / 1000000;
}

static unsigned count(const struct json *j, const char *key)
{
    const struct json *list = json_get(j, key);
    return json_is_array(list) ? (unsigned)json_len(list) : 0;
}

void survey_take_vault(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of(a);
    auto_json struct json *j = NULL;

    r->vault_check = survey_asked(answer);
    if (r->vault_check == ASKED_YES && (survey_json(answer, &j) < 0 || !json_is_object(j)))
        r->vault_check = ASKED_NOT;
    if (r->vault_check != ASKED_YES)
        return;
    r->vault_jobs = count(j, "JobsWithoutVaultIdentity");
    r->vault_nodes = count(j, "OutdatedNodes");
    r->vault_tokens = count(j, "VaultTokens");
}

void survey_take_license(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of(a);
    auto_json struct json *j = NULL;

    r->license = survey_asked(answer);
    if (r->license == ASKED_YES && (survey_json(answer, &j) < 0 || !json_is_object(j)))
        r->license = ASKED_NOT;
    if (r->license == ASKED_YES)
        r->license_ends =
            survey_text(a->owner, json_str(json_get(j, "License"), "ExpirationTime", ""));
}

/* The list shows a token its own policies only; all of them take a management token. */
void survey_take_policies(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of(a);
    auto_json struct json *j = NULL;

    if (answer->status == 400) {
        r->policies = ASKED_ABSENT; /* ACLs are off */
        return;
    }
    r->policies = survey_asked(answer);
    if (r->policies == ASKED_YES &&
        (survey_json(answer, &j) < 0 || !json_is_array(j) || json_len(j) > SURVEY_POLICIES))
        r->policies = ASKED_NOT;
    for (size_t i = 0; r->policies == ASKED_YES && i < json_len(j); i++)
        survey_push(a->owner, Q_POLICY, a->region,
                    survey_text(a->owner, json_str(json_item(j, i), "Name", "")), NULL);
}

void survey_take_policy(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of(a);
    struct acl_rules rules = {.bare_namespace = false};
    auto_json struct json *j = NULL;

    if (answer->status != 200 || survey_json(answer, &j) < 0 ||
        acl_rules_read(json_str(j, "Rules", ""), &rules) < 0) {
        r->policies = ASKED_NOT;
        return;
    }
    if (rules.bare_namespace && r->bare_policy[0] == '\0')
        r->bare_policy = a->subject;
    if (rules.unknown[0] != '\0' && r->unknown_policy[0] == '\0')
        r->unknown_policy = a->subject;
}

void survey_take_regions(struct survey_ask *a, const struct http_answer *answer)
{
    struct survey *out = &a->owner->out;
    auto_json struct json *j = NULL;

    if (answer->status != 200 || survey_json(answer, &j) < 0 || !json_is_array(j))
        return;
    const char **names = arena_array(&out->arena, json_len(j) + 1, sizeof *names);
    for (size_t i = 0; i < json_len(j); i++)
        names[i] = survey_text(a->owner, json_text_of(json_item(j, i), ""));
    out->known_regions = names;
    out->n_known_regions = json_len(j);
}

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

static bool joins(const struct json *server)
{
    const struct json *join = json_get(server, "ServerJoin");
    return filled(server, "RetryJoin") || filled(server, "StartJoin") ||
           filled(join, "RetryJoin") || filled(join, "StartJoin");
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
    read_consul(config, switches);
    read_vault(config, switches);
}

void survey_take_self(struct survey_ask *a, const struct http_answer *answer)
{
    struct host_survey *h = &a->owner->out.hosts[a->host];
    auto_json struct json *j = NULL;
    uint64_t cpus = 0;

    h->config = survey_asked(answer);
    if (h->config == ASKED_YES &&
        (survey_json(answer, &j) < 0 || !json_is_object(json_get(j, "config"))))
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

    h->node = survey_asked(answer);
    if (h->node == ASKED_YES && (survey_json(answer, &j) < 0 || !json_is_object(j)))
        h->node = ASKED_NOT;
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
