/* caravan.conf, Nomad's environment, the source of each value; options have priority over both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "built_in.h"
#include "coord_conf.h"
#include "file.h"
#include "options.h"
#include "scratch_dir.h"

static char dir[256];
static const char *env_addr, *env_home, *env_xdg;

static const char *fake_env(const char *name)
{
    if (str_eq(name, "NOMAD_ADDR"))
        return env_addr;
    if (str_eq(name, "HOME"))
        return env_home;
    return str_eq(name, "XDG_CONFIG_HOME") ? env_xdg : NULL;
}

static void write_conf_as(const char *text, mode_t mode)
{
    char path[300];
    struct err err = ERR_INIT;
    snprintf(path, sizeof(path), "%s/caravan.conf", dir);
    if (file_replace(path, text, strlen(text), mode, &err) < 0)
        fail_msg("%s", err.text);
}

static void write_conf(const char *text)
{
    write_conf_as(text, 0644);
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(dir, sizeof(dir));
    return 0;
}

static int tear_down(void **state)
{
    char path[300];
    (void)state;
    snprintf(path, sizeof(path), "%s/caravan.conf", dir);
    unlink(path);
    return rmdir(dir);
}

static enum conf_source source_of(const struct coord_conf *c, const char *key)
{
    for (size_t i = 0; i < coord_conf_table.n_keys; i++)
        if (str_eq(coord_conf_table.keys[i].key, key))
            return c->source[i];
    fail_msg("no key %s", key);
    return SOURCE_DEFAULT;
}

static void test_file_then_environment(void **state)
{
    struct coord_conf c;
    struct err err = ERR_INIT;
    (void)state;
    write_conf("[nomad]\naddress = http://10.0.0.1:4646\nregion = west\n[defaults]\ncanary = 3\n"
               "settle = 10s\ndrain = yes\n[agents]\ns1 = 10.1.0.1:99\n[servers]\ns1 = "
               "unix:///run/n.sock\n");
    env_addr = "https://[fd00::1]:1234";
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), 0);
    assert_string_equal(c.address, "https://[fd00::1]:1234");
    assert_int_equal(source_of(&c, "address"), SOURCE_ENVIRONMENT);
    assert_string_equal(c.region, "west");
    assert_int_equal(source_of(&c, "region"), SOURCE_FILE);
    assert_int_equal(c.canary, 3);
    assert_true(c.drain);
    /* a value equal to its default still comes from the file */
    assert_int_equal(source_of(&c, "settle"), SOURCE_FILE);
    assert_int_equal(source_of(&c, "soak"), SOURCE_DEFAULT);
    assert_string_equal(address_map_find(&c.agents, "some-id", "s1"), "10.1.0.1:99");
    assert_null(address_map_find(&c.agents, "some-id", "s2"));
    assert_null(address_map_find(&c.agents, "", ""));
    assert_string_equal(address_map_find(&c.servers, "", "s1"), "unix:///run/n.sock");
    char want[300];
    snprintf(want, sizeof(want), "%s/state", dir);
    assert_string_equal(c.state_dir, want);
    coord_conf_free(&c);
    env_addr = NULL;
}

static void test_a_typo_is_named(void **state)
{
    struct coord_conf c;
    struct err err = ERR_INIT;
    (void)state;
    write_conf("[defaults]\nmax_paralel = 3\n");
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "caravan.conf"));
    assert_non_null(strstr(err.text, "2"));
    assert_non_null(strstr(err.text, "max_parallel"));
}

static void test_wrong_values(void **state)
{
    static const char *const rows[] = {
        "[defaults]\nsettle = 10\n",       "[defaults]\ncanary = -1\n",
        "[paths]\nstate_dir = relative\n", "[agents]\ns1 =\n",
        "[defaults]\ndrain = perhaps\n",   "[defaults]\nunproven_days = 7d\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct coord_conf c;
        struct err err = ERR_INIT;
        write_conf(rows[i]);
        assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), -1);
        assert_int_equal(err.kind, ERR_CONFIG);
    }
}

/* In the order 0 means the agent's own 5 s: the value 0 must not be taken for no hold. */
static void test_hold_of_none(void **state)
{
    struct coord_conf c;
    struct err err = ERR_INIT;
    (void)state;
    write_conf("[defaults]\nhold = 0s\n");
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "hold must be 1 to"));
    write_conf("[defaults]\nhold = 1ms\n");
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), 0);
    assert_int_equal(c.hold_ms, 1);
}

static void test_the_example_is_the_default(void **state)
{
    struct coord_conf c, plain;
    struct err err = ERR_INIT;
    char *text = NULL;
    size_t n = 0;
    (void)state;
    FILE *out = open_memstream(&text, &n);
    conf_print(&coord_conf_table, out);
    fclose(out);
    write_conf("");
    assert_int_equal(coord_conf_load(dir, fake_env, &plain, &err), 0);
    write_conf(text);
    if (coord_conf_load(dir, fake_env, &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(c.soak_ms, plain.soak_ms);
    assert_int_equal(c.lease_ms, 120000);
    assert_string_equal(c.max_parallel, plain.max_parallel);
    coord_conf_free(&c);
    coord_conf_free(&plain);
    free(text);
}

static void test_a_named_file_must_be_there(void **state)
{
    struct coord_conf c;
    struct err err = ERR_INIT;
    char path[300];
    (void)state;
    snprintf(path, sizeof(path), "%s/nothing.conf", dir);
    assert_int_equal(coord_conf_load(path, fake_env, &c, &err), -1);
    snprintf(path, sizeof(path), "%s/to-be-made", dir);
    assert_int_equal(coord_conf_load(path, fake_env, &c, &err), 0);
    assert_string_equal(c.dir, path);
    assert_false(c.file_there);
    coord_conf_free(&c);
}

static void test_secrets_are_not_shown(void **state)
{
    struct coord_conf c;
    struct err err = ERR_INIT;
    char *text = NULL;
    size_t n = 0;
    (void)state;
    write_conf_as("[nomad]\ntoken = 5f1c-secret\n", 0600);
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), 0);
    FILE *out = open_memstream(&text, &n);
    coord_conf_show(&c, out);
    fclose(out);
    assert_null(strstr(text, "5f1c-secret"));
    assert_non_null(strstr(text, "token"));
    free(text);
    coord_conf_free(&c);
}

/* A place that may contain a password: complete for the host that fetches, hidden for everybody
 * else. */
static void test_a_password_in_a_url(void **state)
{
    static const char conf[] = "[nomad]\naddress = http://joe:hunter2@h:1\n[vendor]\nfrom = "
                               "https://joe:hunter2@mirror.example/x\n[servers]\na = "
                               "http://joe:hunter2@h:2\n";
    struct coord_conf c;
    struct err err = ERR_INIT;
    char *text = NULL;
    size_t n = 0;
    (void)state;
    env_addr = NULL;
    write_conf(conf);
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), -1);
    assert_non_null(strstr(err.text, "[vendor] from"));
    write_conf_as(conf, 0600);
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), 0);
    assert_string_equal(c.vendor_from, "https://joe:hunter2@mirror.example/x");
    FILE *out = open_memstream(&text, &n);
    coord_conf_show(&c, out);
    fclose(out);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "https://***@mirror.example/x"));
    free(text);
    coord_conf_free(&c);
}

static void test_options_win(void **state)
{
    struct coord_conf c;
    struct options o;
    struct policy p;
    struct err err = ERR_INIT;
    (void)state;
    write_conf("[nomad]\nregion = west\n[defaults]\ncanary = 3\nmax_parallel = 20%\nsoak = 7s\n"
               "unproven_days = 14\n");
    assert_int_equal(coord_conf_load(dir, fake_env, &c, &err), 0);
    options_init(&o);
    assert_int_equal(options_policy(&o, &c, built_in(), &p, &err), 0);
    assert_int_equal(p.canary, 3);
    assert_int_equal(p.unproven_days, 14);
    assert_int_equal(p.parallel_percent, 20);
    assert_int_equal(p.soak_ms, 7000);
    assert_int_equal(p.filter.n_regions, 1);
    assert_string_equal(p.filter.regions[0], "west");
    o.canary = 0;
    o.max_parallel = "5";
    o.region = (struct cli_list){.n = 1, .items = {"east"}};
    o.accept = (struct cli_list){.n = 1, .items = {"minor-distance"}};
    assert_int_equal(options_policy(&o, &c, built_in(), &p, &err), 0);
    assert_int_equal(p.canary, 0);
    assert_int_equal(p.parallel, 5);
    assert_string_equal(p.filter.regions[0], "east");
    assert_true(policy_accepts(&p, "minor-distance"));
    o.accept.items[o.accept.n++] = "minor-distanse";
    assert_int_equal(options_policy(&o, &c, built_in(), &p, &err), -1);
    assert_int_equal(exit_of(&err), EXIT_USAGE);
    o.accept.n--;
    o.max_parallel = "0";
    assert_int_equal(options_policy(&o, &c, built_in(), &p, &err), -1);
    assert_int_equal(exit_of(&err), EXIT_USAGE);
    o.max_parallel = NULL;
    o.drain = true;
    o.deadline = 0;
    assert_int_equal(options_policy(&o, &c, built_in(), &p, &err), -1);
    coord_conf_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_then_environment),
        cmocka_unit_test(test_a_typo_is_named),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_hold_of_none),
        cmocka_unit_test(test_the_example_is_the_default),
        cmocka_unit_test(test_a_named_file_must_be_there),
        cmocka_unit_test(test_secrets_are_not_shown),
        cmocka_unit_test(test_a_password_in_a_url),
        cmocka_unit_test(test_options_win),
    };
    return cmocka_run_group_tests_name("coord_conf", tests, set_up, tear_down);
}
