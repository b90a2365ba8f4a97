#include "survey_token.h"

#include "nomad_parse.h"

static struct region_survey *region_of_token_ask(const struct survey_ask *a)
{
    return &a->owner->out.regions[a->region];
}

static bool answer_contains(const struct http_answer *answer, const char *text)
{
    return memmem(answer->body, answer->body_len, text, strlen(text)) != NULL;
}

static void push_token_question(struct survey_ask *a, enum survey_question q, const char *subject)
{
    struct token_reading *w = &a->owner->tokens[a->region];
    if (w->asked == SURVEY_POLICIES) {
        w->policy_lost = true;
        return;
    }
    w->asked++;
    w->to_read++;
    survey_push(a->owner, q, a->region, survey_text(a->owner, subject), NULL);
}

static void push_policies(struct survey_ask *a, const struct json *names, bool objects)
{
    for (size_t i = 0; json_is_array(names) && i < json_len(names); i++) {
        const struct json *v = json_item(names, i);
        const char *name = objects ? json_str(v, "Name", "") : json_text_of(v, "");
        if (name[0] != '\0')
            push_token_question(a, Q_TOKEN_POLICY, name);
    }
}

static void settle_rights(struct survey_ask *a)
{
    const struct token_reading *w = &a->owner->tokens[a->region];
    region_of_token_ask(a)->token.rules_known = w->to_read == 0 && !w->policy_lost;
}

static void read_token_survey(struct survey_ask *a, const struct json *j)
{
    struct token_view *t = &region_of_token_ask(a)->token;
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
    for (size_t i = 0; json_is_array(roles) && i < json_len(roles); i++)
        push_token_question(a, Q_TOKEN_ROLE, json_str(json_item(roles, i), "ID", ""));
    settle_rights(a);
}

/* Up to 1.10.0 the status is 404 for an unknown token and for ACLs that are off; the text differs.
 */
void survey_take_token(struct survey_ask *a, const struct http_answer *answer)
{
    struct token_view *t = &region_of_token_ask(a)->token;
    auto_json struct json *j = NULL;

    if (answer->status == 200 && survey_json(answer, &j) == 0) {
        read_token_survey(a, j);
    } else if (answer->status != 0 && answer_contains(answer, "ACL support disabled")) {
        t->asked = ASKED_YES;
        t->acl_off = true;
    } else if (answer->status == 403 || answer->status == 404 ||
               (answer->status != 0 && answer_contains(answer, "missing secret id"))) {
        t->asked = ASKED_DENIED;
    }
}

void survey_take_token_policy(struct survey_ask *a, const struct http_answer *answer)
{
    struct token_reading *w = &a->owner->tokens[a->region];
    auto_json struct json *j = NULL;

    w->to_read--;
    if (answer->status != 200 || survey_json(answer, &j) < 0 ||
        acl_rules_read(json_str(j, "Rules", ""), &region_of_token_ask(a)->token.rules) < 0)
        w->policy_lost = true;
    settle_rights(a);
}

void survey_take_token_role(struct survey_ask *a, const struct http_answer *answer)
{
    struct token_reading *w = &a->owner->tokens[a->region];
    auto_json struct json *j = NULL;

    w->to_read--;
    if (answer->status == 200 && survey_json(answer, &j) == 0)
        push_policies(a, json_get(j, "Policies"), true);
    else
        w->policy_lost = true;
    settle_rights(a);
}
