/* The ids after --accept: typos are refused, ids without an effect are reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "command_context.h"
#include "hazard_ids.h"
#include "hazard_kinds.h"
#include "hazards.h"
#include "options.h"
#include "plan_make.h"
#include "report_plan.h"
#include "small_fleet.h"

static int check(const char *id, struct err *err)
{
    struct policy y;

    policy_default(&y);
    y.accepted[y.n_accepted++] = "no-way-back";
    y.accepted[y.n_accepted++] = id;
    return hazard_ids_check(&y, built_in(), err);
}

static void every_row_may_be_named(void **state)
{
    struct err err = ERR_INIT;
    size_t n = 0;
    (void)state;
    for (; n < built_in()->n_rows; n++) {
        char id[NAME_MAX_LEN];
        snprintf(id, sizeof(id), "%s%s", built_in()->rows[n].id,
                 built_in()->rows[n].kind->by_host ? ":s1" : "");
        assert_int_equal(check(id, &err), 0);
    }
    assert_true(n > 150);
}

static const struct {
    const char *word, *says;
} typos[] = {
    {"minor-distanse",
     "--accept minor-distanse: there is no such id; did you mean minor-distance?"},
    {"minors", "there is no such id"},
    {"distance", "did you mean minor-distance?"},
    {"bad-1.11.1", "did you mean bad-1.11.0, bad-1.1.0 or bad-1.9.1?"},
    {"kil-mode", "did you mean kill-mode?"},
    {"zzzzzzzzzz", "`caravan plan` shows the id of each finding in brackets"},
    {"", "there is no such id"},
    {"KEYRING", "there is no such id"},
};

static void a_typo_is_refused_with_what_is_near(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(typos); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(check(typos[i].word, &err), -1);
        assert_int_equal(exit_of(&err), EXIT_USAGE);
        if (strstr(err.text, typos[i].says) == NULL)
            fail_msg("%s: %s", typos[i].word, err.text);
    }
}

static void plan_accepting(struct small_fleet *f, const char *id)
{
    struct err err = ERR_INIT;
    f->policy.accepted[f->policy.n_accepted++] = id;
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
}

static void shows(const struct small_fleet *f, const char *line)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    report_plan(&f->plan, false, false, out);
    fclose(out);
    if (line == NULL && strstr(text, "accepted, but") != NULL)
        fail_msg("told without a reason: %s", text);
    if (line != NULL && strstr(text, line) == NULL)
        fail_msg("not told: %s in %s", line, text);
    free(text);
}

static void what_changes_nothing_is_told(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    small_fleet_init(f);
    plan_accepting(f, "minor-distance");
    shows(f, "accepted, but no finding has this id: minor-distance\n");
    plan_free(&f->plan);
    small_fleet_init(f);
    f->hosts[3].agent.misplaced = true;
    plan_accepting(f, "misplaced");
    shows(f, "accepted, but this finding cannot be accepted: misplaced\n");
    plan_free(&f->plan);
    small_fleet_init(f);
    f->hosts[3].client.draining = true;
    plan_accepting(f, "node-draining");
    shows(f, "accepted, but this finding does not stop the plan: node-draining\n");
    plan_free(&f->plan);
    small_fleet_init(f);
    small_fleet_version(f, "1.8.4");
    str_cut(f->release.version, sizeof(f->release.version), "1.9.2");
    plan_accepting(f, "bad-1.9.2");
    assert_null(hazard_id_idle(&f->plan, 0));
    shows(f, NULL);
    auto_json struct json *o = report_plan_json(&f->plan);
    const struct json *one = json_item(json_get(o, "accepted"), 0);
    assert_string_equal(json_str(one, "id", ""), "bad-1.9.2");
    assert_true(json_bool(one, "used", false));
    plan_free(&f->plan);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_may_be_named),
        cmocka_unit_test(a_typo_is_refused_with_what_is_near),
        cmocka_unit_test(what_changes_nothing_is_told),
    };
    return cmocka_run_group_tests_name("hazard_ids", tests, NULL, NULL);
}
