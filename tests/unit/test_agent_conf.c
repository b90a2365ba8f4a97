#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "agent_conf.h"
#include "file.h"
#include "scratch_dir.h"
#include "str.h"

static char path[96];

static int make_file(void **state)
{
    (void)state;
    scratch_file(path, sizeof(path));
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static int load(const char *text, struct agent_conf *ret, struct err *err)
{
    if (file_replace(path, text, strlen(text), 0644, err) < 0)
        fail_msg("%s", err->text);
    return agent_conf_load(path, ret, err);
}

static void empty_is_the_defaults(void **state)
{
    (void)state;
    struct agent_conf c;
    struct err err = ERR_INIT;
    if (load("", &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(c.listen, "0.0.0.0:4650");
    assert_string_equal(c.user, "caravan");
    assert_string_equal(c.unit, "nomad.service");
    assert_string_equal(c.data_dir, "");
    assert_int_equal(c.gap_ms, 30000);
    assert_int_equal(c.max_lease_ms, 900000);
    assert_int_equal(c.max_connections, 256);
    assert_false(c.allow_outage);
    assert_false(c.start_stopped);
    assert_false(c.allow_stop);
    assert_false(c.require_vendor_signature);
    assert_string_equal(c.min_version, "");
    assert_string_equal(c.hours, "");
    assert_int_equal(c.release_threshold, 0);
    assert_string_equal(c.operators, "");
    assert_string_equal(c.vendor_keyring, "/usr/share/caravan-agent/hashicorp.asc");
    assert_int_equal(agent_conf_service(&c), SERVICE_KIND_SYSTEMD);
}

#define COMMAND                                                                                    \
    "[nomad]\nservice = command\n[command]\nstart = /a b\nstop = /a\nstatus = /a\n"                \
    "pid_file = /p\n"

static void commands_are_refused_in_the_unit(void **state)
{
    (void)state;
    struct agent_conf c;
    struct err err = ERR_INIT;
    if (load(COMMAND "[fetch]\nfetch_socket = /run/x\n", &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(agent_conf_fits_unit(&c, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "service = command does not work in the packaged unit"));

    err = (struct err)ERR_INIT;
    if (load("", &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(agent_conf_fits_unit(&c, &err), -1);
    assert_non_null(strstr(err.text, "fetch_socket is not set"));

    if (load("[fetch]\nfetch_socket = /run/caravan/fetch.sock\n", &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(agent_conf_fits_unit(&c, &err), 0);
}

static void values_are_read(void **state)
{
    (void)state;
    struct agent_conf c;
    struct err err = ERR_INIT;
    if (load(COMMAND "[law]\ngap = 2m\nallow_outage = yes\nstart_stopped = yes\n"
                     "allow_stop = yes\n[command]\nenable = /a on\ndisable = /a off\n",
             &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(agent_conf_service(&c), SERVICE_KIND_COMMAND);
    assert_string_equal(c.start, "/a b");
    assert_int_equal(c.gap_ms, 120000);
    assert_true(c.allow_outage);
    assert_true(c.start_stopped);
    assert_true(c.allow_stop);
    assert_string_equal(c.enable, "/a on");
    assert_string_equal(c.disable, "/a off");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"[nomad]\nservise = systemd\n", "service"},
        {"[law]\ngap = 30\n", "gap"},
        {"[law]\nmax_lease = 16m\n", "max_lease"},
        {"[law]\nmin_version = newest\n", "is not a version"},
        {"[law]\nrequire_vendor_signature = maybe\n", "require_vendor_signature"},
        {"[law]\noperators = Anna\n", "[law] operators: \"Anna\": name 1 is not"},
        {"[law]\noperators = anna berta\n", "name 1"},
        {"[law]\noperators = anna,\n", "name 2"},
        {"[law]\nhours = 22-05\n", "[law] hours: \"22-05\": window 1 is not like 22:00-05:00"},
        {"[law]\nhours = 22:00-05:00, fri\n", "window 2"},
        {"[law]\nrelease_threshold = 17\n", "release_threshold"},
        {"[law]\nrelease_threshold = two\n", "release_threshold"},
        {"[nomad]\nservice = upstart\n", "neither systemd nor command"},
        {"[nomad]\nservice = command\n", "start is not set"},
        {"[nomad]\nservice = command\n[command]\nstart = sh -c x\n", "absolute path"},
        {"[nomad]\naddress = 127.0.0.1:4646\n", "none of http://"},
        {"[nomad]\naddress = unix://nomad.sock\n", "absolute path"},
        {"[nomad]\nclient_cert = /c\n", "go together"},
        {"[nomad]\nbinary = nomad\n", "binary"},
        {"[agent]\nmax_connections = 20\nmax_connections_each = 30\n", "exceeds"},
        {"[agent]\nuser =\n", "user"},
        {"[agent]\nlisten = a\nlisten = b\n", "listen"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct agent_conf c;
        struct err err = ERR_INIT;
        assert_int_equal(load(rows[i].text, &c, &err), -1);
        if (err.kind != ERR_CONFIG || strstr(err.text, rows[i].why) == NULL ||
            strstr(err.text, path) == NULL)
            fail_msg("%s -> %s: %s", rows[i].text, err_kind_name(err.kind), err.text);
    }
}

static void only_root_may_write_it(void **state)
{
    (void)state;
    struct agent_conf c;
    struct err err = ERR_INIT;
    assert_int_equal(load("", &c, &err), 0);
    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(agent_conf_load(path, &c, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_int_equal(chmod(path, 0646), 0);
    assert_int_equal(agent_conf_load(path, &c, &err), -1);
    assert_int_equal(agent_conf_load("/nonexistent/agent.conf", &c, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
}

/* The example of --print-config must contain the defaults. */
static void example_reads_back(void **state)
{
    (void)state;
    struct agent_conf plain, from_example;
    struct err err = ERR_INIT;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    conf_print(&agent_conf_table, f);
    fclose(f);
    /* "#key = value" lines become keys; "# words" stay comments. */
    for (char *p = text; p != NULL && *p != '\0';) {
        if (p[0] == '#' && p[1] != ' ')
            p[0] = ' ';
        p = strchr(p, '\n');
        p = p != NULL ? p + 1 : NULL;
    }
    auto_buf struct buf keys = BUF_INIT;
    for (const char *p = text; *p != '\0'; p = strchr(p, '\n') + 1) {
        size_t len = strcspn(p, "\n");
        const char *from = *p == ' ' ? p + 1 : p;
        size_t rest = len - (size_t)(from - p);
        if (rest > 2 && memcmp(from + rest - 2, "= ", 2) == 0)
            continue; /* this key has no default to show */
        buf_add(&keys, from, rest);
        buf_add_byte(&keys, '\n');
    }
    free(text);
    assert_int_equal(load("", &plain, &err), 0);
    if (load(buf_str(&keys), &from_example, &err) < 0)
        fail_msg("%s", err.text);
    assert_memory_equal(&plain, &from_example, sizeof(plain));
}

/* Without ask_user, as in an older agent.conf, caravan-fetch asks the questions. */
static void each_purpose_has_its_socket(void **state)
{
    struct agent_conf c = {.fetch_socket = "/run/caravan/fetch.sock", .ask_user = "caravan-ask"};
    char socket_path[160];

    (void)state;
    agent_conf_socket(&c, FETCH_GETS, socket_path);
    assert_string_equal(socket_path, "/run/caravan/fetch.sock");
    agent_conf_socket(&c, FETCH_ASKS, socket_path);
    assert_string_equal(socket_path, "/run/caravan/ask.sock");
    agent_conf_socket(&c, FETCH_TRIES, socket_path);
    assert_string_equal(socket_path, "/run/caravan/try.sock");
    c.ask_user[0] = '\0';
    agent_conf_socket(&c, FETCH_ASKS, socket_path);
    assert_string_equal(socket_path, "/run/caravan/fetch.sock");
    agent_conf_socket(&c, FETCH_TRIES, socket_path);
    assert_string_equal(socket_path, "/run/caravan/try.sock");
    agent_conf_socket(&c, FETCH_VERIFIES, socket_path);
    assert_string_equal(socket_path, "/run/caravan/verify.sock");
    c.fetch_socket[0] = '\0';
    agent_conf_socket(&c, FETCH_TRIES, socket_path);
    assert_string_equal(socket_path, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_the_defaults),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(commands_are_refused_in_the_unit),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(only_root_may_write_it),
        cmocka_unit_test(example_reads_back),
        cmocka_unit_test(each_purpose_has_its_socket),
    };
    return cmocka_run_group_tests_name("agent_conf", tests, make_file, remove_file);
}
