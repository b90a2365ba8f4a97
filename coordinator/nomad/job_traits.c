#include "job_traits.h"

#include <ctype.h>

/* ---- words in texts ---- */

struct word {
    const char *text; /* "sprig_date*": every word that begins with sprig_date */
    enum job_trait trait;
};

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_job_word(const char *at, size_t n, const char *want)
{
    size_t len = strlen(want);
    if (want[len - 1] == '*')
        return n >= len - 1 && strncmp(at, want, len - 1) == 0;
    return n == len && strncmp(at, want, len) == 0;
}

/* Functions in the actions of a template. */
static const struct word functions[] = {
    {"plugin", JOB_TEMPLATE_PLUGIN},
    {"file", JOB_TEMPLATE_FILE},
    {"writeToFile", JOB_TEMPLATE_WRITE},
    {"executeTemplate", JOB_TEMPLATE_EXECUTE},
    {"key", JOB_TEMPLATE_CONSUL},
    {"keyOrDefault", JOB_TEMPLATE_CONSUL},
    {"keyExists", JOB_TEMPLATE_CONSUL},
    {"keyExistsGet", JOB_TEMPLATE_CONSUL},
    {"ls", JOB_TEMPLATE_CONSUL},
    {"safeLs", JOB_TEMPLATE_CONSUL},
    {"tree", JOB_TEMPLATE_CONSUL},
    {"safeTree", JOB_TEMPLATE_CONSUL},
    {"service", JOB_TEMPLATE_CONSUL},
    {"services", JOB_TEMPLATE_CONSUL},
    {"caRoots", JOB_TEMPLATE_CONSUL},
    {"caLeaf", JOB_TEMPLATE_CONSUL},
    {"secret", JOB_TEMPLATE_VAULT},
    {"secrets", JOB_TEMPLATE_VAULT},
    {"pkiCert", JOB_TEMPLATE_VAULT},
    {"sprig_date*", JOB_TEMPLATE_SPRIG},
    {"sprig_htmlDate*", JOB_TEMPLATE_SPRIG},
    {"sprig_rand*", JOB_TEMPLATE_SPRIG},
    {"sprig_uuidv4", JOB_TEMPLATE_SPRIG},
    {"sprig_env", JOB_TEMPLATE_SPRIG},
    {"sprig_expandenv", JOB_TEMPLATE_SPRIG},
    {"sprig_getHostByName", JOB_TEMPLATE_SPRIG},
};

static uint64_t functions_between(const char *at, const char *end)
{
    uint64_t traits = 0;

    while (at < end) {
        size_t n = 0;
        if (*at == '"' || *at == '`') { /* skip a quoted text */
            const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
            at = close != NULL ? close + 1 : end;
            continue;
        }
        while (at + n < end && is_word_char(at[n]))
            n++;
        bool field = n > 0 && (at[-1] == '.' || at[-1] == '$'); /* a field or a variable */
        for (size_t i = 0; n > 0 && !field && i < ARRAY_LEN(functions); i++)
            if (is_job_word(at, n, functions[i].text))
                traits |= TRAIT(functions[i].trait);
        at += n > 0 ? n : 1;
    }
    return traits;
}

/* A job may choose its own delimiters; both may be the same text. */
static uint64_t functions_in_template(const char *text, const char *left, const char *right)
{
    uint64_t traits = 0;

    for (const char *at = strstr(text, left); at != NULL; at = strstr(at, left)) {
        const char *inside = at + strlen(left), *end = strstr(inside, right);
        if (end == NULL)
            break;
        traits |= functions_between(inside, end);
        at = end + strlen(right);
    }
    return traits;
}

/* ---- parts of a job ---- */

static uint64_t trait_if(bool so, enum job_trait trait)
{
    return so ? TRAIT(trait) : 0;
}

static bool is_identifier(const char *s)
{
    if (isdigit((unsigned char)*s) || *s == '\0')
        return false;
    while (is_word_char(*s) || *s == '.' || *s == '-')
        s++;
    return *s == '\0';
}

static uint64_t meta_traits(const struct json *o)
{
    const struct json *m = json_get(o, "Meta");
    for (size_t i = 0; json_is_object(m) && i < json_len(m); i++) {
        const char *key = "";
        json_pair(m, i, &key);
        if (!is_identifier(key))
            return TRAIT(JOB_BAD_META);
    }
    return 0;
}

/* Attributes in constraints, affinities and spreads. */
static const struct word attributes[] = {
    {"unique.cgroup", JOB_ATTR_CGROUP},
    {"nomad.advertise.address", JOB_ATTR_ADVERTISE},
    {"consul.dns.addr", JOB_ATTR_ADVERTISE},
    {"unique.storage.bytesfree", JOB_ATTR_DISK},
};

static uint64_t attribute_traits(const char *target)
{
    uint64_t traits = 0;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        const char *at = strstr(target, attributes[i].text);
        /* The new names of two attributes are "unique." and the old names. */
        if (at != NULL && !(at - target >= 7 && strncmp(at - 7, "unique.", 7) == 0))
            traits |= TRAIT(attributes[i].trait);
    }
    return traits;
}

static uint64_t wish_list_traits(const struct json *list)
{
    uint64_t traits = 0;
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++) {
        const struct json *w = json_item(list, i);
        traits |=
            attribute_traits(json_str(w, "LTarget", "")) |
            attribute_traits(json_str(w, "RTarget", "")) |
            attribute_traits(json_str(w, "Attribute", "")) |
            trait_if(str_eq(json_str(w, "Operand", ""), "distinct_hosts"), JOB_DISTINCT_HOSTS);
    }
    return traits;
}

static uint64_t wish_traits(const struct json *o)
{
    return wish_list_traits(json_get(o, "Constraints")) |
           wish_list_traits(json_get(o, "Affinities")) | wish_list_traits(json_get(o, "Spreads")) |
           meta_traits(o);
}

static uint64_t service_traits(const struct json *o)
{
    const struct json *list = json_get(o, "Services");
    uint64_t traits = 0;
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++) {
        const struct json *s = json_item(list, i);
        traits |= trait_if(json_has(s, "Connect"), JOB_CONNECT) |
                  trait_if(!str_eq(json_str(s, "Provider", "consul"), "nomad"), JOB_CONSUL);
    }
    return traits;
}

static uint64_t network_traits(const struct json *o)
{
    const struct json *list = json_get(o, "Networks");
    uint64_t traits = 0;
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++) {
        const char *mode = json_str(json_item(list, i), "Mode", "");
        traits |= trait_if(str_eq(mode, "bridge"), JOB_BRIDGE) |
                  trait_if(str_starts(mode, "cni/"), JOB_CNI);
    }
    return traits;
}

/* Does a path, which is relative to the directory of the task, lead out of this directory? */
static bool leads_out(const char *path)
{
    int depth = 0;
    for (const char *at = path; *at != '\0'; at += strspn(at, "/")) {
        size_t n = strcspn(at, "/");
        depth += n == 2 && strncmp(at, "..", 2) == 0 ? -1 : n == 1 && *at == '.' ? 0 : 1;
        if (depth < 0)
            return true;
        at += n;
    }
    return false;
}

static const char *not_empty(const char *s, const char *def)
{
    return s[0] != '\0' ? s : def;
}

static uint64_t template_traits(const struct json *task)
{
    const struct json *list = json_get(task, "Templates");
    uint64_t traits = 0;
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++) {
        const struct json *t = json_item(list, i);
        const char *text = json_str(t, "EmbeddedTmpl", "");
        traits |= functions_in_template(text, not_empty(json_str(t, "LeftDelim", ""), "{{"),
                                        not_empty(json_str(t, "RightDelim", ""), "}}")) |
                  trait_if(leads_out(json_str(t, "DestPath", "")), JOB_PATH_ESCAPES) |
                  trait_if(strstr(text, "NOMAD_ALLOC_DIR/logs") != NULL ||
                               strstr(text, "NOMAD_ALLOC_DIR}/logs") != NULL,
                           JOB_WRITES_LOGS);
    }
    return traits;
}

static uint64_t artifact_traits(const struct json *task)
{
    const struct json *list = json_get(task, "Artifacts");
    uint64_t traits = 0;
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++)
        traits |=
            TRAIT(JOB_ARTIFACT) |
            trait_if(leads_out(json_str(json_item(list, i), "RelativeDest", "")), JOB_PATH_ESCAPES);
    return traits;
}

/* In a driver's configuration HCL makes a list with one object of a block. */
static const struct json *first_block(const struct json *config, const char *key)
{
    const struct json *v = json_get(config, key);
    return json_is_array(v) ? json_item(v, 0) : v;
}

static bool has_bind(const struct json *config)
{
    const struct json *v = json_get(config, "volumes");
    for (size_t i = 0; json_is_array(v) && i < json_len(v); i++)
        if (json_text_of(json_item(v, i), "")[0] == '/')
            return true;
    return false;
}

static uint64_t docker_traits(const struct json *task, const struct json *config)
{
    static const char *const modes[] = {"ipc_mode", "pid_mode", "uts_mode", "userns_mode"};
    uint64_t traits = trait_if(has_bind(config), JOB_DOCKER_BINDS) |
                      trait_if(json_has(first_block(config, "auth"), "email"), JOB_DOCKER_EMAIL) |
                      trait_if(json_str(task, "KillSignal", "")[0] == '\0', JOB_DOCKER_SIGNAL);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        traits |= trait_if(str_eq(json_str(config, modes[i], ""), "host"), JOB_DOCKER_HOST_MODE);
    return traits;
}

static const struct word drivers[] = {
    {"lxc", JOB_LXC},   {"rkt", JOB_RKT},   {"ecs", JOB_REMOTE_DRIVER}, {"qemu", JOB_QEMU},
    {"exec", JOB_EXEC}, {"java", JOB_JAVA}, {"raw_exec", JOB_RAW_EXEC}, {"docker", JOB_DOCKER},
};

static bool has_nvidia(const struct json *resources)
{
    const struct json *list = json_get(resources, "Devices");
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++) {
        const char *name = json_str(json_item(list, i), "Name", "");
        if (str_starts(name, "nvidia/") || str_eq(name, "gpu"))
            return true;
    }
    return false;
}

/* Does any text below o contain this word? */
static bool speaks_of(const struct json *o, const char *word, int depth)
{
    if (json_is_text(o))
        return strstr(json_text_of(o, ""), word) != NULL;
    for (size_t i = 0; depth > 0 && i < json_len(o); i++) {
        const char *key = "";
        const struct json *v = json_is_array(o) ? json_item(o, i) : json_pair(o, i, &key);
        if (speaks_of(v, word, depth - 1))
            return true;
    }
    return false;
}

/* The default of change_mode restarts the task. */
static bool acts_on_vault(const struct json *task)
{
    return json_has(task, "Vault") &&
           !str_eq(json_str(json_get(task, "Vault"), "ChangeMode", ""), "noop");
}

static uint64_t task_traits(const struct json *t)
{
    const struct json *config = json_get(t, "Config"), *resources = json_get(t, "Resources");
    const char *driver = json_str(t, "Driver", "");
    uint64_t traits = wish_traits(t) | service_traits(t) | template_traits(t) | artifact_traits(t) |
                      network_traits(resources);
    bool logs = speaks_of(config, "NOMAD_ALLOC_DIR/logs", 4) ||
                speaks_of(config, "NOMAD_ALLOC_DIR}/logs", 4) ||
                speaks_of(json_get(t, "Env"), "NOMAD_ALLOC_DIR}/logs", 2);

    for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
        traits |= trait_if(str_eq(driver, drivers[i].text), drivers[i].trait);
    if (str_eq(driver, "docker"))
        traits |= docker_traits(t, config);
    return traits | trait_if(acts_on_vault(t), JOB_VAULT) |
           trait_if(json_has(t, "Consul"), JOB_CONSUL) |
           trait_if(has_nvidia(resources), JOB_NVIDIA) |
           trait_if(json_int(resources, "Cores", 0) > 0, JOB_CORES) |
           trait_if(json_int(t, "KillTimeout", 0) > INT64_C(30000000000), JOB_LONG_KILL) |
           trait_if(str_eq(json_str(t, "Name", ""), "alloc"), JOB_SYSTEM_RESCHEDULE) |
           trait_if(logs, JOB_WRITES_LOGS);
}

static uint64_t volume_traits(const struct json *group)
{
    const struct json *list = json_get(group, "Volumes");
    uint64_t traits = 0;
    for (size_t i = 0; json_is_object(list) && i < json_len(list); i++) {
        const char *name = "";
        const struct json *v = json_pair(list, i, &name);
        if (!str_eq(json_str(v, "Type", ""), "csi"))
            continue;
        traits |= TRAIT(JOB_CSI) | trait_if(json_str(v, "AccessMode", "")[0] == '\0' ||
                                                json_str(v, "AttachmentMode", "")[0] == '\0',
                                            JOB_CSI_NO_MODE);
    }
    return traits;
}

/* Nomad gives a system job no reschedule policy: a policy with attempts is in the job's file. */
static bool has_reschedule_policy(const struct json *group)
{
    const struct json *p = json_get(group, "ReschedulePolicy");
    return json_is_object(p) &&
           (json_int(p, "Attempts", 0) > 0 || json_bool(p, "Unlimited", false));
}

static uint64_t group_traits(const struct json *g, bool system)
{
    const struct json *tasks = json_get(g, "Tasks");
    uint64_t traits = wish_traits(g) | service_traits(g) | network_traits(g) | volume_traits(g);

    for (size_t i = 0; json_is_array(tasks) && i < json_len(tasks); i++)
        traits |= task_traits(json_item(tasks, i));
    return traits | trait_if(json_has(g, "Consul"), JOB_CONSUL) |
           trait_if(json_has(g, "MaxClientDisconnect") ||
                        json_has(g, "StopAfterClientDisconnect") ||
                        json_bool(g, "PreventRescheduleOnLost", false),
                    JOB_OLD_DISCONNECT) |
           trait_if((system && has_reschedule_policy(g)) || json_int(g, "Count", 0) > 50000,
                    JOB_SYSTEM_RESCHEDULE);
}

void job_traits_read(const struct json *job, struct job_traits *ret)
{
    const char *type = json_str(job, "Type", "");
    const struct json *groups = json_get(job, "TaskGroups");

    *ret = (struct job_traits){.version = json_int(job, "Version", 0),
                               .pool = json_str(job, "NodePool", ""),
                               .traits = wish_traits(job)};
    for (size_t i = 0; json_is_array(groups) && i < json_len(groups); i++)
        ret->traits |=
            group_traits(json_item(groups, i), str_eq(type, "system") || str_eq(type, "sysbatch"));
}
