#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "acl_rules.h"

static struct acl_rules read_rules(const char *text)
{
    struct acl_rules r = {.bare_namespace = false};
    if (acl_rules_read(text, &r) < 0)
        fail_msg("not understood: %s", text);
    return r;
}

static void rights(void **state)
{
    (void)state;
    struct acl_rules r = read_rules("# what the coordinator needs\n"
                                    "agent { policy = \"write\" }\n"
                                    "node {\n  policy = \"read\" // enough\n}\n"
                                    "operator { policy = \"read\" capabilities = "
                                    "[\"snapshot-save\", \"keyring-read\"] }\n"
                                    "/* all of them */ namespace \"*\" { policy = \"read\" }\n");
    assert_int_equal(r.agent, ACL_WRITE);
    assert_int_equal(r.node, ACL_READ);
    assert_int_equal(r.operator_, ACL_READ);
    assert_int_equal(r.all_jobs, ACL_READ);
    assert_true(r.snapshot_save);
    assert_false(r.bare_namespace);
    assert_string_equal(r.unknown, "");
}

static void namespaces(void **state)
{
    (void)state;
    struct acl_rules r = read_rules("namespace \"default\" { policy = \"write\" }");
    assert_int_equal(r.all_jobs, ACL_NONE);
    r = read_rules("namespace \"*\" { capabilities = [\"list-jobs\"] }");
    assert_int_equal(r.all_jobs, ACL_NONE);
    r = read_rules("namespace \"*\" { capabilities = [\"list-jobs\", \"read-job\"]\n"
                   "variables { path \"a/*\" { capabilities = [\"read\"] } } }");
    assert_int_equal(r.all_jobs, ACL_READ);
    assert_string_equal(r.unknown, "");
    r = read_rules("namespace { policy = \"read\" }");
    assert_true(r.bare_namespace);
    r = read_rules("namespace = { policy = \"read\" }");
    assert_true(r.bare_namespace);
}

static void policies_merge(void **state)
{
    (void)state;
    struct acl_rules r = read_rules("node { policy = \"read\" }");
    assert_int_equal(acl_rules_read("node { policy = \"write\" }", &r), 0);
    assert_int_equal(r.node, ACL_WRITE);
    assert_int_equal(acl_rules_read("node { policy = \"deny\" }", &r), 0);
    assert_int_equal(r.node, ACL_DENY);
    assert_int_equal(acl_rules_read("node { policy = \"write\" }", &r), 0);
    assert_int_equal(r.node, ACL_DENY); /* "deny" stays */
}

static void unknown_keys(void **state)
{
    (void)state;
    struct acl_rules r = read_rules("nodes { policy = \"read\" }");
    assert_string_equal(r.unknown, "nodes");
    r = read_rules("namespace \"x\" { polici = \"read\" }");
    assert_string_equal(r.unknown, "polici");
}

static void not_understood(void **state)
{
    static const char *const texts[] = {
        "{\"node\":{\"policy\":\"read\"}}",
        "node {",
        "node { policy = }",
        "node policy",
        "node { policy = \"read }",
        "}",
        "node { policy = [\"read\" }",
        "a { b { c { d { e { } } } } }",
        "node = <<EOF",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct acl_rules r = {.agent = ACL_READ};
        if (acl_rules_read(texts[i], &r) == 0)
            fail_msg("understood: %s", texts[i]);
        assert_int_equal(r.agent, ACL_READ);
        assert_int_equal(r.node, ACL_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights),         cmocka_unit_test(namespaces),
        cmocka_unit_test(policies_merge), cmocka_unit_test(unknown_keys),
        cmocka_unit_test(not_understood),
    };
    return cmocka_run_group_tests_name("acl_rules", tests, NULL, NULL);
}
