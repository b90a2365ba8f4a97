/* When status reports a healthy fleet, and how it shows texts from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fleet_health.h"
#include "json.h"
#include "progress.h"
#include "small_fleet.h"
#include "str.h"
#include "table.h"
#include "world_dump.h"

#define S1 0
#define S2 1
#define S3 2
#define C1 SMALL_SERVERS

static struct small_fleet *well(void)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    return f;
}

static void done(struct small_fleet *f)
{
    small_fleet_free(f);
    free(f);
}

static void test_all_is_well(void **state)
{
    struct small_fleet *f = well();
    struct fleet_health h;
    (void)state;
    fleet_health(&f->w, &h);
    assert_true(h.equal);
    assert_string_equal(h.version, SMALL_FROM);
    assert_int_equal(h.servers, SMALL_SERVERS);
    assert_int_equal(h.clients, SMALL_HOSTS - SMALL_SERVERS);
    assert_int_equal(h.unwell + h.agents_unwell + h.drifting, 0);
    assert_string_equal(h.regions, "");
    done(f);
}

/* ---- one thing wrong at a time ---- */

static void not_a_voter(struct small_fleet *f)
{
    f->raft[S2].voter = f->autopilot[S2].voter = false;
}
static void candidate(struct small_fleet *f)
{
    f->hosts[S2].server.raft_state = "Candidate";
}
static void another_leader(struct small_fleet *f)
{
    f->hosts[S2].server.leader = "10.0.0.2:4647";
}
static void no_leader(struct small_fleet *f)
{
    f->hosts[S2].server.has_leader = false;
}
static void silent(struct small_fleet *f)
{
    struct server_view *v = &f->hosts[S2].server;
    v->self_at = v->leader_at = v->members_at = v->autopilot_at = v->raft_at = 0;
}
static void answers_of_before(struct small_fleet *f)
{
    struct server_view *v = &f->hosts[S2].server;
    v->self_at = v->leader_at = v->members_at = f->w.begun_ms - FRESH_MS - 1;
}
static void state_refused(struct small_fleet *f)
{
    f->hosts[S2].server.self_at = 0;
    f->hosts[S2].server.denied = f->regions[0].denied = "agent:read";
}
static void members_refused(struct small_fleet *f)
{
    f->hosts[S2].server.members_at = f->regions[0].servers_at = 0;
    f->hosts[S2].server.denied = f->regions[0].denied = "node:read";
}
/* The servers' own answers are enough and the gate passes, but the missing right is reported. */
static void operator_refused(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++) {
        f->hosts[i].server.autopilot_body = false;
        f->hosts[i].server.autopilot_status = f->hosts[i].server.raft_status = 403;
    }
    f->regions[0].denied = "operator:read";
}
static void autopilot_says_no(struct small_fleet *f)
{
    f->hosts[S1].server.healthy = false;
}
static void far_behind(struct small_fleet *f)
{
    f->hosts[S1].server.commit_index = 1000;
}
static void member_failed(struct small_fleet *f)
{
    f->members[S1][S3].status = MEMBER_FAILED;
}
static void client_down(struct small_fleet *f)
{
    f->hosts[C1].client.status = "down";
}
static void client_unlisted(struct small_fleet *f)
{
    f->hosts[C1].client.list_at = 0; /* an unknown version is not equal either */
}
static void client_newer(struct small_fleet *f)
{
    f->hosts[C1].client.version = SMALL_TO;
}
static void agent_silent(struct small_fleet *f)
{
    f->hosts[C1].agent.hello_at = 0;
}
static void clients_unlisted(struct small_fleet *f)
{
    f->regions[0].nodes_at = 0;
}
static void agent_elsewhere(struct small_fleet *f)
{
    f->hosts[C1].agent.misplaced = true;
}
static void agent_failed(struct small_fleet *f)
{
    f->hosts[C1].agent.work.phase = PHASE_FAILED;
}
static void disk_differs(struct small_fleet *f)
{
    f->hosts[C1].agent.hello.disk.bytes[0] = 2;
}
static void nothing_runs(struct small_fleet *f)
{
    memset(&f->hosts[C1].agent.hello.running, 0, DIGEST_LEN);
}

static const struct {
    void (*change)(struct small_fleet *f);
    size_t unwell, agents, drift;
    bool equal;
    const char *region; /* "": well */
    const char *server; /* the text of s2's row; NULL: s2 is in order */
} rows[] = {
    {not_a_voter, 1, 0, 0, true, "region global: s2 is not a voter", "is not a voter"},
    {candidate, 1, 0, 0, true, "region global: s2 is Candidate", "is Candidate"},
    {another_leader, 0, 0, 0, true, "region global: s1 says 10.0.0.1:4647 leads, s2 says", NULL},
    {no_leader, 1, 0, 0, true, "region global: s2 knows no leader", "knows no leader"},
    {silent, 1, 0, 0, true, "region global: s2 did not report a leader", "its API does not answer"},
    {answers_of_before, 1, 0, 0, true, "s2 did not report a leader", "its API does not answer"},
    {state_refused, 1, 0, 0, true, "the token lacks agent:read",
     "refuses the token (403): it lacks agent:read there"},
    {members_refused, 0, 0, 0, true, "the token lacks node:read", NULL},
    {operator_refused, 0, 0, 0, true, "region global: the token lacks operator:read", NULL},
    {autopilot_says_no, 0, 0, 0, true, "autopilot by s1: not healthy", NULL},
    {far_behind, 0, 0, 0, true, "s1: index 500 of 1000", NULL},
    {member_failed, 0, 0, 0, true, "s3 is failed by s1", NULL},
    {clients_unlisted, 0, 0, 0, true, "region global: its clients are not listed", NULL},
    {client_down, 1, 0, 0, true, "", NULL},
    {client_unlisted, 1, 0, 0, false, "", NULL},
    {client_newer, 0, 0, 0, false, "", NULL},
    {agent_silent, 0, 1, 0, true, "", NULL},
    {agent_elsewhere, 0, 1, 0, true, "", NULL},
    {agent_failed, 0, 1, 0, true, "", NULL},
    {disk_differs, 0, 0, 1, true, "", NULL},
    {nothing_runs, 0, 0, 1, true, "", NULL},
};

static void test_one_thing_wrong_at_a_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct small_fleet *f = well();
        struct fleet_health h;
        struct host_health s2;
        rows[i].change(f);
        fleet_health(&f->w, &h);
        host_health(&f->w, &f->hosts[S2], &s2);
        if (h.unwell != rows[i].unwell || h.agents_unwell != rows[i].agents ||
            h.drifting != rows[i].drift || h.equal != rows[i].equal)
            fail_msg("row %zu: %zu, %zu, %zu, %d", i, h.unwell, h.agents_unwell, h.drifting,
                     h.equal);
        if ((h.regions[0] == '\0') != (rows[i].region[0] == '\0') ||
            strstr(h.regions, rows[i].region) == NULL)
            fail_msg("row %zu: %s", i, h.regions);
        assert_string_equal(s2.text, rows[i].server != NULL ? rows[i].server : "follower");
        assert_int_equal(s2.well, rows[i].server == NULL);
        done(f);
    }
}

static void test_an_empty_fleet_is_not_well(void **state)
{
    struct small_fleet *f = well();
    struct fleet_health h;
    (void)state;
    f->w.n_hosts = 0;
    fleet_health(&f->w, &h);
    assert_non_null(strstr(h.regions, "no server of region global is known"));
    done(f);
}

static void test_the_dump_is_json_with_ages(void **state)
{
    struct small_fleet *f = well();
    auto_buf struct buf text = BUF_INIT;
    auto_json struct json *back = NULL;
    struct err err = ERR_INIT;
    (void)state;
    f->hosts[C1].name = "c1\x1b[2J";
    f->hosts[S1].server.autopilot_at = 0;
    auto_json struct json *o = world_dump(&f->w, f->w.begun_ms + 50);
    json_text(o, &text);
    assert_null(strchr(buf_str(&text), '\x1b'));
    assert_int_equal(json_parse(text.data, text.len, 1 << 20, &back, &err), 0);
    const struct json *host = json_item(json_get(back, "hosts"), S1);
    assert_int_equal(json_int(json_get(host, "server"), "self_age_ms", 0), 50);
    assert_int_equal(json_int(json_get(host, "server"), "autopilot_age_ms", 0), -1);
    assert_string_equal(json_str(host, "version", ""), SMALL_FROM);
    done(f);
}

static void test_a_table_shows_what_is_hostile(void **state)
{
    struct table t;
    char *text = NULL;
    size_t n = 0;
    (void)state;
    table_init(&t, (const char *[]){"A", "B"}, 2);
    table_row(&t, COLOR_RED, (const char *[]){"x\x1b]0;title\x07", NULL});
    table_row(&t, COLOR_NONE, (const char *[]){"long enough", "b"});
    FILE *out = open_memstream(&text, &n);
    table_print(&t, false, out);
    fclose(out);
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_non_null(strstr(text, "long enough        b"));
    free(text);
    table_free(&t);
}

/* ---- changes of a run, each reported once ---- */

struct told {
    size_t runs, hosts, waitings;
};

static void count(void *ctx, const struct change *c)
{
    struct told *t = ctx;
    t->runs += c->kind == CHANGE_RUN;
    t->hosts += c->kind == CHANGE_HOST;
    t->waitings += c->kind == CHANGE_WAITING;
}

static void test_changes_are_told_once(void **state)
{
    struct plan_host ph[2];
    struct ledger_host lh[2];
    struct plan plan = {.hosts = ph, .n_hosts = 2};
    autofree struct ledger *l = xzalloc(1, sizeof(*l));
    autofree struct decision *d = xzalloc(1, sizeof(*d));
    struct progress p;
    struct told t = {0, 0, 0};
    (void)state;
    memset(ph, 0, sizeof(ph));
    memset(lh, 0, sizeof(lh));
    l->hosts = lh;
    l->n_hosts = 2;
    l->state = RUN_STAGING;
    progress_init(&p, &plan, l, 0);
    progress_fold(&p, d, NULL, 1, count, &t);
    assert_int_equal(t.runs, 1);
    assert_int_equal(t.hosts, 0);
    lh[1].state = HOST_STAGED;
    progress_fold(&p, d, NULL, 2, count, &t);
    assert_int_equal(t.runs, 1);
    assert_int_equal(t.hosts, 1);
    assert_int_equal(p.since[1], 2);
    progress_free(&p);
}

/* Is this wait printed at this time? */
static bool tells_wait(struct progress *p, enum reason reason, const char *text, int64_t now)
{
    autofree struct decision *d = xzalloc(1, sizeof(*d));
    struct told t = {0, 0, 0};

    d->n_waiting = 1;
    d->waiting[0].reason = reason;
    str_cut(d->waiting[0].text, TEXT_MAX, text);
    progress_fold(p, d, NULL, now, count, &t);
    return t.waitings == 1;
}

#define PATIENCE PROGRESS_PATIENCE_MS
#define AGAIN    PROGRESS_AGAIN_MS
#define REPEAT   PROGRESS_REPEAT_MS

/* There is a tick about every 50 ms. A wait makes a line when it lasts, and then one line a
 * minute. */
static void test_waits_are_told_when_they_last(void **state)
{
    struct plan plan = {.n_hosts = 0};
    autofree struct ledger *l = xzalloc(1, sizeof(*l));
    struct progress p;
    int64_t now = 0;
    (void)state;
    progress_init(&p, &plan, l, 0);
    for (; now < PATIENCE; now += 50) /* it ended at once */
        assert_false(tells_wait(&p, REASON_GATE, "index 1 of 9", now));
    assert_false(tells_wait(&p, REASON_SETTLING, "well for 50 ms", now));
    now += PATIENCE;
    assert_true(tells_wait(&p, REASON_SETTLING, "well for 1.0 s", now));
    int64_t told = now;
    for (; now < told + REPEAT; now += 50) /* other numbers make no new line for a minute */
        assert_false(tells_wait(&p, REASON_SETTLING, "well for 2.0 s", now));
    assert_true(tells_wait(&p, REASON_SETTLING, "well for 1 min 1 s", now));
    /* other words are another wait */
    assert_false(tells_wait(&p, REASON_SETTLING, "s1 refuses the token (403)", now));
    assert_true(tells_wait(&p, REASON_SETTLING, "s1 refuses the token (403)", now + PATIENCE));
    now += PATIENCE;
    /* the same wait after others */
    told = now;
    for (; now < told + AGAIN - PATIENCE; now += 50)
        assert_false(tells_wait(&p, REASON_SETTLING, "well for 3.0 s", now));
    progress_free(&p);
}

/* Two waits alternate faster than either lasts: now and then one of them is printed. */
static void test_waits_that_take_turns(void **state)
{
    struct plan plan = {.n_hosts = 0};
    autofree struct ledger *l = xzalloc(1, sizeof(*l));
    struct progress p;
    size_t told = 0;
    (void)state;
    progress_init(&p, &plan, l, 0);
    for (int64_t now = 0; now <= 4 * AGAIN + 1000; now += 100)
        told += tells_wait(&p, now % 200 == 0 ? REASON_GATE : REASON_LEASE, "one", now);
    assert_int_equal(told, 4);
    progress_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_well),
        cmocka_unit_test(test_one_thing_wrong_at_a_time),
        cmocka_unit_test(test_an_empty_fleet_is_not_well),
        cmocka_unit_test(test_the_dump_is_json_with_ages),
        cmocka_unit_test(test_a_table_shows_what_is_hostile),
        cmocka_unit_test(test_changes_are_told_once),
        cmocka_unit_test(test_waits_are_told_when_they_last),
        cmocka_unit_test(test_waits_that_take_turns),
    };
    return cmocka_run_group_tests_name("fleet_health", tests, NULL, NULL);
}
