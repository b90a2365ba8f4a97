#include "survey_region.h"

#include "str.h"

static struct region_survey *region_of_ask(const struct survey_ask *a)
{
    return &a->owner->out.regions[a->region];
}

void survey_take_keyring(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of_ask(a);
    auto_json struct json *j = NULL;

    r->keyring = survey_asked(answer, json_is_array, &j);
    for (size_t i = 0; r->keyring == ASKED_YES && i < json_len(j); i++) {
        const struct json *key = json_item(j, i);
        int64_t publish = json_int(key, "PublishTime", 0) / 1000000;
        const char *state = json_str(key, "State", "");
        r->active_keys += str_eq(state, "active");
        r->stuck_keys +=
            str_eq(state, "prepublished") && publish > 0 && publish < a->owner->out.wall_ms;
    }
}

/* Called for each page. If a later page cannot be read, the whole list counts as not read. */
void survey_take_deployments(struct survey_ask *a, const struct http_answer *answer)
{
    static const char *const moving[] = {"running", "blocked", "pending", "unblocking",
                                         "initializing"};
    struct region_survey *r = region_of_ask(a);
    auto_json struct json *j = NULL;

    r->deployments = survey_asked(answer, json_is_array, &j);
    for (size_t i = 0; r->deployments == ASKED_YES && i < json_len(j); i++) {
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
    struct region_survey *r = region_of_ask(a);
    auto_json struct json *j = NULL;
    int64_t ns = 0;

    r->autopilot = survey_asked(answer, json_is_object, &j);
    if (r->autopilot != ASKED_YES)
        return;
    r->cleanup_dead = json_bool(j, "CleanupDeadServers", false);
    r->zones = json_bool(j, "EnableRedundancyZones", false);
    r->migration_off = json_bool(j, "DisableUpgradeMigration", false);
    r->trailing_logs = json_int(j, "MaxTrailingLogs", 0);
    if (str_go_duration(json_str(j, "LastContactThreshold", ""), &ns) == 0)
        r->contact_ms = ns / 1000000;
}

static unsigned count_listed(const struct json *j, const char *key)
{
    const struct json *list = json_get(j, key);
    return json_is_array(list) ? (unsigned)json_len(list) : 0;
}

void survey_take_vault(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of_ask(a);
    auto_json struct json *j = NULL;

    r->vault_check = survey_asked(answer, json_is_object, &j);
    if (r->vault_check != ASKED_YES)
        return;
    r->vault_jobs = count_listed(j, "JobsWithoutVaultIdentity");
    r->vault_nodes = count_listed(j, "OutdatedNodes");
    r->vault_tokens = count_listed(j, "VaultTokens");
}

void survey_take_license(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of_ask(a);
    auto_json struct json *j = NULL;

    r->license = survey_asked(answer, json_is_object, &j);
    if (r->license == ASKED_YES)
        r->license_ends =
            survey_text(a->owner, json_str(json_get(j, "License"), "ExpirationTime", ""));
}

void survey_take_policies(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of_ask(a);
    auto_json struct json *j = NULL;

    if (answer->status == 400) {
        r->policies = ASKED_ABSENT; /* ACLs are off */
        return;
    }
    r->policies = survey_asked(answer, json_is_array, &j);
    if (r->policies == ASKED_YES && json_len(j) > SURVEY_POLICIES)
        r->policies = ASKED_NOT;
    for (size_t i = 0; r->policies == ASKED_YES && i < json_len(j); i++)
        survey_push(a->owner, Q_POLICY, a->region,
                    survey_text(a->owner, json_str(json_item(j, i), "Name", "")), NULL);
}

void survey_take_policy(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of_ask(a);
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

/* A token without management rights sees only its own policies, with status 200. Nothing is known
 * of the other policies; findings in its own policies stay. */
void survey_finish_policies(struct survey_queue *s, size_t region)
{
    struct region_survey *r = &s->out.regions[region];

    if (r->policies == ASKED_YES && !r->token.management && !r->token.acl_off)
        r->policies = ASKED_DENIED;
}

void survey_take_regions(struct survey_ask *a, const struct http_answer *answer)
{
    struct survey *out = &a->owner->out;
    auto_json struct json *j = NULL;

    if (answer->status != 200 || survey_json(answer, &j) < 0 || !json_is_array(j))
        return;
    const char **names = arena_array(&out->arena, json_len(j) + 1, sizeof(*names));
    for (size_t i = 0; i < json_len(j); i++)
        names[i] = survey_text(a->owner, json_text_of(json_item(j, i), ""));
    out->known_regions = names;
    out->n_known_regions = json_len(j);
}
