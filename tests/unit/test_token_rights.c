/* token_rights.h: what each use needs in each version, and that the printed policy is exactly
 * that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "str.h"
#include "token_rights.h"

#define SET(r) (1u << RIGHT_##r)
#define READS  (SET(NODE_READ) | SET(AGENT_READ) | SET(OPERATOR_READ) | SET(JOBS))

static struct version parse(const char *text)
{
    struct version v;
    struct err err = ERR_INIT;

    if (version_parse(text, &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

static const struct {
    const char *oldest;
    unsigned uses, rights;
} needs[] = {
    {"1.0.18", USE_ALWAYS, READS},
    {"2.0.5", USE_ALWAYS, READS},
    {"1.10.5", USE_ALWAYS | USE_DRAIN, READS | SET(NODE_WRITE)},
    {"1.11.2", USE_ALWAYS | USE_SNAPSHOT, READS | SET(MANAGEMENT)},
    {"1.11.3", USE_ALWAYS | USE_SNAPSHOT, READS | SET(SNAPSHOT_SAVE)},
    {"1.11.3", USE_ALWAYS | USE_REPLACE, READS | SET(AGENT_WRITE) | SET(MANAGEMENT)},
};

static void what_each_use_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        struct version v = parse(needs[i].oldest);

        assert_int_equal(token_rights_needed(needs[i].uses, &v), needs[i].rights);
    }
}

/* The reader that judges tokens reads the policy: it lacks no right, and has no unnecessary
 * right. */
static void the_policy_is_enough_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        struct version v = parse(needs[i].oldest);
        unsigned needed = token_rights_needed(needs[i].uses, &v);
        struct acl_rules rules = {.agent = ACL_NONE};
        auto_buf struct buf text = BUF_INIT;
        char spare[128];

        token_policy_text(needs[i].uses, &v, &text);
        assert_int_equal(acl_rules_read(buf_str(&text), &rules), 0);
        assert_string_equal(rules.unknown, "");
        assert_false(rules.bare_namespace);
        assert_int_equal(token_rights_lacking(needed, &rules), 0);
        token_rights_spare(needed, &rules, spare, sizeof(spare));
        assert_string_equal(spare, "");
    }
}

/* Policies of older versions do not contain rights that these versions refuse or do not know. */
static void finer_rights_only_where_they_are_known(void **state)
{
    static const char capability[] = "snapshot-save";
    struct version old = parse("1.11.2"), new = parse("1.11.3");
    auto_buf struct buf a = BUF_INIT, b = BUF_INIT, c = BUF_INIT;

    (void)state;
    token_policy_text(USE_ALWAYS | USE_SNAPSHOT, &old, &a);
    assert_null(strstr(buf_str(&a), capability));
    assert_non_null(strstr(buf_str(&a), "# - saving the snapshot"));
    token_policy_text(USE_ALWAYS | USE_SNAPSHOT, &new, &b);
    assert_non_null(strstr(buf_str(&b), "capabilities = [\"snapshot-save\"]"));
    assert_null(strstr(buf_str(&b), "# - saving the snapshot"));
    assert_non_null(strstr(buf_str(&b), "caravan replace needs it"));
    token_policy_text(USE_ALWAYS, &new, &c);
    assert_null(strstr(buf_str(&c), capability));
    assert_null(strstr(buf_str(&c), "\"write\""));
}

static void what_is_lacking(void **state)
{
    struct acl_rules r = {.agent = ACL_READ, .node = ACL_WRITE, .operator_ = ACL_WRITE};

    (void)state;
    assert_int_equal(token_rights_lacking(READS | SET(MANAGEMENT), &r), SET(JOBS));
    assert_int_equal(token_rights_lacking(SET(NODE_WRITE) | SET(SNAPSHOT_SAVE), &r), 0);
    r.operator_ = ACL_DENY;
    r.node = ACL_READ;
    assert_int_equal(token_rights_lacking(SET(NODE_WRITE) | SET(SNAPSHOT_SAVE), &r),
                     SET(NODE_WRITE) | SET(SNAPSHOT_SAVE));
    assert_int_equal(token_rights_first(SET(NODE_WRITE) | SET(SNAPSHOT_SAVE)), RIGHT_NODE_WRITE);
    assert_int_equal(token_rights_first(0), RIGHT_NONE);
}

static void what_is_spare(void **state)
{
    static const struct {
        const char *policy, *spare;
        unsigned uses;
    } rows[] = {
        {"agent { policy = \"write\" }", "agent:write", USE_ALWAYS},
        {"node { policy = \"write\" }", "node:write", USE_ALWAYS},
        {"node { policy = \"write\" }", "", USE_ALWAYS | USE_DRAIN},
        {"operator { policy = \"write\" }", "operator:write", USE_ALWAYS | USE_SNAPSHOT},
        {"operator { capabilities = [\"snapshot-save\"] }", "snapshot-save", USE_ALWAYS},
        {"operator { capabilities = [\"snapshot-save\", \"keyring-read\"] }", "",
         USE_ALWAYS | USE_SNAPSHOT},
        {"operator { capabilities = [\"keyring-delete\"] }", "operator: keyring-delete",
         USE_ALWAYS},
        {"namespace \"*\" { policy = \"read\" }", "", USE_ALWAYS},
        {"namespace \"*\" { policy = \"write\" }", "namespace \"*\": write", USE_ALWAYS},
        {"namespace \"*\" { policy = \"scale\" }", "namespace \"*\": scale", USE_ALWAYS},
        {"namespace \"web\" { capabilities = [\"read-job\", \"submit-job\", \"read-fs\"] }",
         "namespace \"web\": submit-job, ...", USE_ALWAYS},
        {"namespace \"web\" { policy = \"deny\" }", "", USE_ALWAYS},
        {"namespace \"w\" { variables { path \"a/*\" { capabilities = [\"read\"] } } }",
         "variables \"a/*\": read", USE_ALWAYS},
        {"quota { policy = \"read\" }", "quota: read", USE_ALWAYS},
        {"plugin { policy = \"deny\" }", "", USE_ALWAYS},
        {"host_volume \"db\" { capabilities = [\"mount-readwrite\"] }",
         "host_volume \"db\": mount-readwrite", USE_ALWAYS},
        {"agent { policy = \"write\" } quota { policy = \"write\" }", "agent:write, quota: write",
         USE_ALWAYS},
    };
    struct version v = parse("2.0.5");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct acl_rules r = {.agent = ACL_NONE};
        char spare[128], shortest[12];

        assert_int_equal(acl_rules_read(rows[i].policy, &r), 0);
        token_rights_spare(token_rights_needed(rows[i].uses, &v), &r, spare, sizeof(spare));
        assert_string_equal(spare, rows[i].spare);
        token_rights_spare(token_rights_needed(rows[i].uses, &v), &r, shortest, sizeof(shortest));
        assert_int_equal(strncmp(shortest, spare, strlen(shortest)), 0);
    }
}

static void every_call_has_its_words(void **state)
{
    (void)state;
    for (const struct nomad_call *c = nomad_calls; c->path != NULL; c++) {
        assert_true(str_starts(c->path, "/v1/"));
        if (c->right == RIGHT_MANAGEMENT || c->before == RIGHT_MANAGEMENT)
            assert_non_null(c->without);
        if (c->right != RIGHT_NONE)
            assert_true(token_right_name(c->right)[0] != '\0' &&
                        token_right_purpose(c->right)[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_each_use_takes),
        cmocka_unit_test(the_policy_is_enough_and_no_more),
        cmocka_unit_test(finer_rights_only_where_they_are_known),
        cmocka_unit_test(what_is_lacking),
        cmocka_unit_test(what_is_spare),
        cmocka_unit_test(every_call_has_its_words),
    };
    return cmocka_run_group_tests_name("token_rights", tests, NULL, NULL);
}
