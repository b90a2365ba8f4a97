/* The file of [nomad] token_file is not safe, or the API is not Nomad's: nothing is sent, and the
 * facts contain no word of the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "facts_heartbeat.h"
#include "facts_servers.h"
#include "scratch_dir.h"
#include "str.h"
#include "swap_bench.h"

#define SECRET "SECRET-1111-2222"

struct at_token {
    struct swap_bench b; /* must be first: tests get a pointer to it */
    char file[300];
    struct fact told;
};

static int set_up(void **state)
{
    struct at_token *t = xzalloc(1, sizeof(*t));

    swap_bench_open(&t->b);
    scratch_path(t->b.dir, "token", t->file);
    t->b.m.heartbeat = (struct heartbeat){.age_ms = 1200, .ttl_ms = 15000};
    t->b.m.token = SECRET;
    t->b.s.phases.conf.api = "https://127.0.0.1:4646";
    t->b.s.nomad.stamp.main_pid = 42;
    str_cut(t->b.s.nomad.client_id, sizeof(t->b.s.nomad.client_id), "22222222-3333");
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    swap_bench_close(*state);
    free(*state);
    return 0;
}

static void ask(struct at_token *t, const char *file)
{
    assert_true(facts_heartbeat(&t->b.s.phases, &t->b.s.nomad, file, &t->told));
    assert_string_equal(t->told.id, "heartbeat");
    assert_null(strstr(t->told.text, "SECRET"));
}

static void is_told(struct at_token *t)
{
    unsigned asked = t->b.m.heartbeats_asked;

    ask(t, t->file);
    assert_int_equal(t->told.value, TRI_YES);
    assert_true(str_starts(t->told.text, "age=1200 ttl=15000 at="));
    assert_int_equal(t->b.m.heartbeats_asked, asked + 1);
}

static void is_refused(struct at_token *t, const char *why)
{
    unsigned asked = t->b.m.heartbeats_asked;

    ask(t, t->file);
    assert_int_equal(t->told.value, TRI_UNKNOWN);
    if (strstr(t->told.text, why) == NULL)
        fail_msg("\"%s\" says nothing of: %s", t->told.text, why);
    assert_int_equal(t->b.m.heartbeats_asked, asked); /* nothing was sent */
}

static void put(const struct at_token *t, const char *text, unsigned mode)
{
    (void)unlink(t->file);
    scratch_write(t->b.dir, "token", text, mode);
}

static void others_may_read_it(void **state)
{
    static const unsigned modes[] = {0644, 0640, 0604, 0660, 0601, 0610};
    struct at_token *t = *state;

    put(t, SECRET "\n", 0600);
    is_told(t);
    put(t, SECRET, 0400);
    is_told(t);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        put(t, SECRET "\n", modes[i]);
        is_refused(t, "may be read by others");
    }
}

static void it_is_somebody_elses(void **state)
{
    struct at_token *t = *state;

    if (geteuid() != 0)
        skip();
    put(t, SECRET "\n", 0600);
    assert_int_equal(chown(t->file, 65534, 65534), 0);
    is_refused(t, "belongs to user 65534");
}

static void it_is_no_file(void **state)
{
    struct at_token *t = *state;
    char other[300];

    is_refused(t, "No such file");
    scratch_write(t->b.dir, "other", SECRET "\n", 0600);
    scratch_path(t->b.dir, "other", other);
    assert_int_equal(symlink(other, t->file), 0);
    is_refused(t, "is a symbolic link");
    assert_int_equal(unlink(t->file), 0);
    assert_int_equal(mkfifo(t->file, 0600), 0); /* nobody writes to it; reading it must not wait */
    is_refused(t, "is not a regular file");
    assert_int_equal(unlink(t->file), 0);
    assert_int_equal(mkdir(t->file, 0700), 0);
    is_refused(t, "is not a regular file");
    assert_int_equal(rmdir(t->file), 0);
}

static void it_has_no_end(void **state)
{
    struct at_token *t = *state;

    put(t, SECRET "\n", 0600);
    assert_int_equal(truncate(t->file, (off_t)1 << 40), 0);
    is_refused(t, "is larger than");
    str_cut(t->file, sizeof(t->file), "/dev/zero");
    ask(t, t->file);
    assert_int_equal(t->told.value, TRI_UNKNOWN);
    /* A file whose size is reported as 0 although it has content. */
    str_cut(t->file, sizeof(t->file), "/proc/self/mountinfo");
    ask(t, t->file);
    assert_int_equal(t->told.value, TRI_UNKNOWN);
    assert_int_equal(t->b.m.heartbeats_asked, 0);
}

static void it_holds_no_token(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        " " SECRET,
        SECRET " \n",
        SECRET "\r\n",
        SECRET "\n\n",
        SECRET "\nX: y\n",
        "\x1b[31m" SECRET,
        SECRET "\x7f",
        "\xc3\xa9" SECRET,
        "a\tb",
    };
    struct at_token *t = *state;
    char most[FETCH_TOKEN_MAX + 1];

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        put(t, texts[i], 0600);
        is_refused(t, "must contain one token and nothing else");
    }
    memset(most, 'a', sizeof(most) - 1);
    most[sizeof(most) - 1] = '\0';
    put(t, most, 0600);
    is_refused(t, "must contain one token and nothing else");
    most[FETCH_TOKEN_MAX - 1] = '\0';
    put(t, most, 0600);
    t->b.m.token = most;
    is_told(t);
    char ret[FETCH_TOKEN_MAX] = "";
    struct err err = ERR_INIT;
    assert_int_equal(heartbeat_token_parse("a\0b", 3, ret, &err), -1);
    assert_string_equal(ret, "");
}

/* Over plain http the token is sent only while Nomad's own process listens there. */
static void somebody_else_listens_there(void **state)
{
    struct at_token *t = *state;
    struct model_host *m = &t->b.m;

    put(t, SECRET "\n", 0600);
    t->b.s.phases.conf.api = "http://127.0.0.1:4646";
    is_refused(t, "did not see Nomad's own process listen there"); /* no process listens there */
    m->tcp.n = 1;
    m->tcp.list[0] = (struct tcp_listener){.address = "127.0.0.1", .port = 4646, .own = false};
    is_refused(t, "did not see Nomad's own process listen there");
    m->tcp.list[0].own = true;
    m->owner = (struct host_owner){.there = true, .own = true, .pid = 42};
    is_told(t);
    m->no_tcp = true;
    is_refused(t, "did not see Nomad's own process listen there");
    m->no_tcp = false;
    t->b.s.phases.conf.api = "http://nomad.example.org:4646";
    is_refused(t, "did not see Nomad's own process listen there");
    t->b.s.phases.conf.api = "unix:///run/nomad/api.sock";
    is_told(t);
}

static void there_is_no_client_to_ask(void **state)
{
    struct at_token *t = *state;
    struct fact f = {.value = TRI_NO};

    put(t, SECRET "\n", 0600);
    t->b.m.token = "another";
    ask(t, t->file);
    assert_int_equal(t->told.value, TRI_UNKNOWN);
    assert_non_null(strstr(t->told.text, "403"));
    t->b.s.nomad.stamp.main_pid = 0;
    is_refused(t, "Nomad does not run");
    t->b.s.nomad.client_id[0] = '\0';
    is_refused(t, "no client of Nomad");
    assert_false(facts_heartbeat(&t->b.s.phases, &t->b.s.nomad, "", &f)); /* the fact is absent */
    assert_int_equal(f.value, TRI_NO);
}

/* caravan-swap first asks Nomad for its servers without a token. If that is not enough, the rules
 * above apply. */
static void servers_are_asked_by_the_same_rules(void **state)
{
    struct at_token *t = *state;

    put(t, SECRET "\n", 0600);
    t->b.m.process.there = true;
    t->b.m.uptime_ms += 60000;
    t->b.s.phases.asked.api = TRI_YES;
    assert_true(facts_servers(&t->b.s.phases, &t->b.s.nomad, t->file, &t->told));
    assert_string_equal(t->told.text, "10.0.0.1:4647");
    assert_int_equal(t->b.m.heartbeats_asked, 0); /* nothing was sent */
    t->b.m.servers_refused = true;
    t->b.s.phases.conf.api = "http://127.0.0.1:4646"; /* Nomad does not listen there */
    assert_true(facts_servers(&t->b.s.phases, &t->b.s.nomad, t->file, &t->told));
    assert_int_equal(t->told.value, TRI_UNKNOWN);
    assert_non_null(strstr(t->told.text, "did not see Nomad's own process"));
    put(t, SECRET "\n", 0644);
    t->b.s.phases.conf.api = "https://127.0.0.1:4646";
    assert_true(facts_servers(&t->b.s.phases, &t->b.s.nomad, t->file, &t->told));
    assert_int_equal(t->told.value, TRI_UNKNOWN);
    assert_int_equal(t->b.m.heartbeats_asked, 0);
    assert_null(strstr(t->told.text, "SECRET"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(others_may_read_it),
        CASE(it_is_somebody_elses),
        CASE(it_is_no_file),
        CASE(it_has_no_end),
        CASE(it_holds_no_token),
        CASE(somebody_else_listens_there),
        CASE(there_is_no_client_to_ask),
        CASE(servers_are_asked_by_the_same_rules),
    };

    return cmocka_run_group_tests_name("attack_token_file", tests, NULL, NULL);
}
