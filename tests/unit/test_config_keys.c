#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include "config_keys.h"
#include "host_linux_config.h"
#include "scratch_dir.h"

static const struct {
    const char *text, *key; /* key NULL: nothing is found */
    unsigned line;
} rows[] = {
    {"telemetry {\n  disable_tagged_metrics = true\n}", "disable_tagged_metrics", 2},
    {"{\"telemetry\":{\"disable_tagged_metrics\":true}}", "disable_tagged_metrics", 1},
    {"server {\n raft_boltdb {\n no_freelist_sync = true } }", "raft_boltdb", 2},
    {"\"raft_logstore\" = { backend = \"wal\" }", "raft_logstore", 1},
    {"license_path=\"/etc/nomad/x\"", "license_path", 1},
    {"# no_cgroups = true\n// no_cgroups = true\n/* no_cgroups\n= true */", NULL, 0},
    {"x = \"no_cgroups = true\"", NULL, 0},
    {"x = no_cgroups\ny = 1", NULL, 0},
    {"x = [\"no_cgroups\", 1]", NULL, 0},
    {"no_cgroups_at_all = 1\nno = 2", NULL, 0},
    {"x = <<EOF\nno_cgroups = true\nEOF\ny = 1", NULL, 0},
    {"x = <<-EOF\nraft_boltdb {\n  EOF\nno_cgroups = true", "no_cgroups", 4},
    {"x = \"a \\\" \" no_cgroups = true", "no_cgroups", 1},
    {"plugin \"raw_exec\" { config { no_cgroups = true } }", "no_cgroups", 1},
    {"", NULL, 0},
    {"\"", NULL, 0},
    {"/*", NULL, 0},
    {"x = <<", NULL, 0},
    {"no_cgroups", NULL, 0},
};

static void keys_outside_comments(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config_keys k;
        memset(&k, 0, sizeof(k));
        config_keys_scan(rows[i].text, strlen(rows[i].text), "nomad.hcl", &k);
        for (size_t j = 0; j < config_key_count; j++) {
            bool want = rows[i].key != NULL && str_eq(config_key_names[j], rows[i].key);
            if (k.keys[j].found != want || (want && k.keys[j].line != rows[i].line))
                fail_msg("%s: %s %d, line %u", rows[i].text, config_key_names[j], k.keys[j].found,
                         k.keys[j].line);
        }
    }
}

static void plugins_and_their_directory(void **state)
{
    static const char text[] = "plugin_dir = \"/opt/plugins\"\nplugin \"podman\" {}\n"
                               "# plugin \"ghost\" {}\nplugin \"lxc\" { config {} }";
    static const char json[] = "{\"plugin\":[{\"podman\":{}}]}";
    struct config_keys k;
    (void)state;
    memset(&k, 0, sizeof(k));
    config_keys_scan(text, sizeof(text) - 1, "a.hcl", &k);
    assert_string_equal(k.plugin_dir, "/opt/plugins");
    assert_int_equal(k.n_plugins, 2);
    assert_string_equal(k.plugins[1], "lxc");
    assert_false(k.odd);
    config_keys_scan(json, sizeof(json) - 1, "b.json", &k);
    assert_true(k.odd);
}

/* ---- on a host: a service that is started with -config DIR ---- */

static char words[512];
static size_t words_len;

static int about(void *self, struct service_about *ret, struct err *err)
{
    (void)self;
    (void)err;
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->words, words, words_len);
    ret->words_len = words_len;
    return 0;
}

static int no_state(void *self, struct service_state *ret, struct err *err)
{
    (void)self;
    (void)ret;
    return err_set(err, ERR_STATE, 0, "none");
}

static void look(const char *dir, struct host_config *ret)
{
    struct host_linux l = {.service = {.about = about, .state = no_state}};
    struct host h = {.ctx = &l};
    words_len =
        (size_t)snprintf(words, sizeof(words), "nomad%cagent%c-config%c%s", 0, 0, 0, dir) + 1;
    host_linux_config(&h);
    h.config(h.ctx, dir, ret);
}

static void a_directory_is_looked_through(void **state)
{
    char *d = scratch_open();
    struct host_config c;
    char plugins[300];
    (void)state;
    scratch_write(d, "a.hcl", "tls { tls_prefer_server_cipher_suites = true }", 0644);
    scratch_write(d, "b.json", "{\"datacenter\":\"dc1\"}", 0644);
    scratch_write(d, "old.hcl~", "no_cgroups = true", 0644);
    scratch_write(d, "notes.txt", "no_cgroups = true", 0644);
    look(d, &c);
    assert_int_equal(c.read, TRI_YES);
    assert_int_equal(c.files, 2);
    assert_int_equal(c.leftovers, 1);
    assert_string_equal(c.leftover, "old.hcl~");
    assert_int_equal(c.plugins, TRI_NO);
    for (size_t i = 0; i < config_key_count; i++)
        assert_int_equal(c.keys.keys[i].found,
                         str_eq(config_key_names[i], "tls_prefer_server_cipher_suites"));
    snprintf(plugins, sizeof(plugins), "%s/plugins", d);
    assert_int_equal(mkdir(plugins, 0755), 0);
    scratch_write(plugins, "readme", "x", 0644);
    scratch_write(plugins, "podman", "x", 0755);
    look(d, &c);
    assert_int_equal(c.plugins, TRI_YES);
    assert_string_equal(c.plugin, "podman");
    scratch_write(d, "b.json", "{\"plugin\":[{\"podman\":{}}]}", 0644);
    look(d, &c);
    assert_int_equal(c.plugins, TRI_UNKNOWN); /* the block may be there */
    scratch_write(d, "b.json", "{}", 0644);
    scratch_write(d, "c.hcl", "plugin \"podman\" {}", 0644);
    look(d, &c);
    assert_int_equal(c.plugins, TRI_NO);
    scratch_close(d);
}

static void what_cannot_be_read_is_told(void **state)
{
    struct host_config c;
    (void)state;
    look("/nonexistent/nomad.d", &c);
    assert_int_equal(c.read, TRI_NO);
    assert_non_null(strstr(c.why, "/nonexistent/nomad.d"));
    look("relative", &c);
    assert_int_equal(c.read, TRI_UNKNOWN);
    assert_true(c.why[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_outside_comments),
        cmocka_unit_test(plugins_and_their_directory),
        cmocka_unit_test(a_directory_is_looked_through),
        cmocka_unit_test(what_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests_name("config_keys", tests, NULL, NULL);
}
