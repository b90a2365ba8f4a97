/* status_update.h: the cost of a survey. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "scratch_dir.h"
#include "str.h"
#include "swap_bench.h"
#include "status_update.h"

/* data_dir is the bench's own directory: an id file there makes the host a server or a client. */
struct viewed {
    struct swap_bench b; /* the first member: a test gets a pointer to it */
    struct agent_conf conf;
};

static int set_up(void **state)
{
    struct viewed *v = xzalloc(1, sizeof(*v));
    struct swap *s = &v->b.s;

    swap_bench_open(&v->b);
    snprintf(v->conf.data_dir, sizeof(v->conf.data_dir), "%.200s", v->b.dir);
    snprintf(s->view_path, sizeof(s->view_path), "%.100s/view", v->b.dir);
    s->conf = &v->conf;
    *state = v;
    return 0;
}

static int tear_down(void **state)
{
    swap_bench_close(*state);
    free(*state);
    return 0;
}

static void survey(struct swap_bench *b, unsigned asked, enum tri not_nomad)
{
    b->s.survey.made_ms = 0;
    status_update(&b->s);
    assert_int_equal(b->m.versions_asked, asked);
    assert_int_equal(facts_survey_find(&b->s.survey, "not-nomad")->value, not_nomad);
}

/* Without an answer the question for metadata takes half a second: caravan-swap asks it only once,
 * and never on a server. */
static void a_client_asks_once_for_metadata(void **state)
{
    struct swap_bench *b = *state;
    char dir[300];

    b->m.metadata = PEER_MUTE;
    status_update(&b->s);
    assert_int_equal(b->m.metadata_asked, 0);
    assert_null(facts_survey_find(&b->s.survey, "metadata-probes"));
    scratch_path(b->dir, "client", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    scratch_write(b->dir, "client/client-id", "22222222-3333", 0600);
    for (int i = 0; i < 3; i++) {
        b->s.survey.made_ms = 0;
        status_update(&b->s);
        assert_int_equal(b->m.metadata_asked, 1);
        assert_non_null(facts_survey_find(&b->s.survey, "metadata-probes"));
    }
}

/* `version` of the file in place runs once for each file, never while root holds the host, and
 * never for a script. */
static void the_file_in_place_is_asked_once(void **state)
{
    struct swap_bench *b = *state;
    char other[MODEL_BINARY];

    model_fs_put(&b->m.fs, MODEL_HOLD, "", 0, 0644);
    survey(b, 0, TRI_UNKNOWN);
    model_fs_unlink(&b->m.fs, MODEL_HOLD);
    survey(b, 1, TRI_NO);
    survey(b, 1, TRI_NO);
    b->m.nomad = TRI_NO;
    model_binary("new", other);
    model_fs_put(&b->m.fs, MODEL_TARGET, other, sizeof(other), 0755);
    survey(b, 2, TRI_YES);
    model_fs_put(&b->m.fs, MODEL_TARGET, "#!/bin/sh\n", 10, 0755);
    survey(b, 2, TRI_YES);
}

static void bind(struct swap_bench *b, const char *active)
{
    struct service_about *a = &b->m.about;

    a->unit = a->bound.told = true;
    a->bound.n = 1;
    str_cut(a->bound.list[0].name, sizeof(a->bound.list[0].name), "a.service");
    str_cut(a->bound.list[0].active, sizeof(a->bound.list[0].active), active);
}

/* The operator has mended a fault of a staged host and resumes the run: the host is staged again,
 * and the survey is made again. */
static void staged_once_more_is_asked_once_more(void **state)
{
    struct swap_bench *b = *state;
    static const enum phase way[] = {PHASE_STAGED, PHASE_STAGED, PHASE_FETCHING, PHASE_STAGED};
    int64_t made[ARRAY_LEN(way)];

    for (size_t i = 0; i < ARRAY_LEN(way); i++) {
        b->m.uptime_ms += 1000;
        b->s.phases.rec.phase = way[i];
        status_update(&b->s);
        made[i] = b->s.survey.made_ms;
    }
    assert_int_equal(made[0], made[1]);
    assert_int_equal(made[1], made[2]); /* not while it works */
    assert_int_equal(made[3], made[2] + 3000);
}

/* If a bound unit comes up late, the view shows it at once, without a whole survey each second. */
static void units_that_went_down_are_watched(void **state)
{
    struct swap_bench *b = *state;
    int64_t made;

    bind(b, "active");
    status_update(&b->s);
    assert_null(facts_survey_find(&b->s.survey, "bound-down"));
    b->m.uptime_ms += 1000;
    bound_units_remember(&b->s.phases.bound, &b->m.about, b->m.uptime_ms);
    status_update(&b->s); /* at once, with the old survey */
    assert_int_equal(facts_survey_find(&b->s.survey, "bound-down")->value, TRI_NO);
    assert_false(status_awaits_units(&b->s));
    bind(b, "inactive");
    status_update(&b->s);
    assert_true(status_awaits_units(&b->s));
    made = b->s.survey.made_ms;
    b->m.uptime_ms += 1000;
    status_update_units(&b->s);
    assert_int_equal(b->s.survey.made_ms, made);
    bind(b, "active");
    status_update_units(&b->s);
    assert_int_equal(b->s.survey.made_ms, made);
    assert_int_equal(facts_survey_find(&b->s.survey, "bound-down")->value, TRI_NO);
    assert_false(status_awaits_units(&b->s));
    bind(b, "failed");
    status_update(&b->s);
    assert_true(status_awaits_units(&b->s));
    b->m.uptime_ms += BOUND_WAIT_MS;
    assert_false(status_awaits_units(&b->s));
}

static void swap_until(struct swap_bench *b, enum phase until)
{
    struct phases *p = &b->s.phases;

    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 2), b->desk.operator, NULL),
                     REFUSAL_NONE);
    while (p->rec.phase != until) {
        assert_true(phases_works(p));
        b->m.uptime_ms = MAX_OF(b->m.uptime_ms + 1, p->now.wake_ms);
        phases_step(p);
    }
}

/* A view with the phase settled does not contain the version of the old binary; the next look adds
 * the version of the new one. */
static void a_new_file_in_place_is_asked_soon(void **state)
{
    struct swap_bench *b = *state;

    survey(b, 1, TRI_NO);
    assert_int_equal(facts_survey_find(&b->s.survey, "binary-version")->value, TRI_YES);
    swap_until(b, PHASE_SETTLED);
    status_update(&b->s);
    assert_int_equal(b->m.versions_asked, 1);
    assert_int_equal(facts_survey_find(&b->s.survey, "binary-version")->value, TRI_UNKNOWN);
    status_update(&b->s);
    assert_int_equal(b->m.versions_asked, 2);
    assert_int_equal(facts_survey_find(&b->s.survey, "binary-version")->value, TRI_YES);
}

/* Active units are remembered before the stop of a swap, and of a revert by order. After a failed
 * swap the revert must bring back the units that were active before the swap. */
static void what_was_up_is_remembered(void **state)
{
    struct swap_bench *b = *state;
    const struct bound_units *bound = &b->s.phases.bound;

    bind(b, "active");
    swap_until(b, PHASE_PROBING);
    assert_true(bound->known && bound->n == 1 && bound->at_ms > 0);
    assert_string_equal(bound->names[0], "a.service");
    bind(b, "inactive");
    b->m.ends_after_ms = 1;
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
    assert_true(bound->known && bound->n == 1);
}

static void a_revert_that_was_ordered_brings_back_what_is_up_then(void **state)
{
    struct swap_bench *b = *state;
    const struct bound_units *bound = &b->s.phases.bound;
    struct order *o;

    bind(b, "active");
    swap_until(b, PHASE_SETTLED);
    bind(b, "inactive");
    o = swap_bench_order(b, MSG_REVERT, 1, 3);
    o->u.revert =
        (struct order_revert){.to = b->s.phases.rec.previous, .hold_ms = 100, .deadline_ms = 2000};
    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
    assert_true(bound->known && bound->n == 0);
}

static const char *beat(const struct swap_bench *b)
{
    const struct fact *f = facts_survey_find(&b->s.survey, "heartbeat");

    return f == NULL ? "" : f->value == TRI_YES ? f->text : "unknown";
}

/* On a staged host the heartbeat alone is asked again when somebody looks and the next heartbeat
 * has come. Nomad is not asked while the age of the heartbeat can be computed. */
static void a_heartbeat_is_asked_anew_when_it_has_come(void **state)
{
    struct swap_bench *b = *state;
    struct viewed *v = *state;
    char path[300];
    int64_t made;

    status_update(&b->s);
    assert_string_equal(beat(b), ""); /* no token file */
    scratch_path(b->dir, "client", path);
    assert_int_equal(mkdir(path, 0700), 0);
    scratch_write(b->dir, "client/client-id", "22222222-3333", 0600);
    scratch_write(b->dir, "token", "t\n", 0600);
    scratch_path(b->dir, "token", path);
    str_cut(v->conf.token_file, sizeof(v->conf.token_file), path);
    b->s.phases.conf.api = "https://127.0.0.1:4646";
    b->m.heartbeat = (struct heartbeat){.age_ms = 1000, .ttl_ms = 4000};
    b->m.uptime_ms = 100000;
    b->s.phases.rec.phase = PHASE_STAGED;
    b->s.survey.made_ms = 0;
    status_update(&b->s);
    made = b->s.survey.made_ms;
    assert_string_equal(beat(b), "age=1000 ttl=4000 at=100000");

    b->m.uptime_ms = 103000; /* the next heartbeat comes just now */
    assert_int_equal(status_update_due(&b->s), 1);
    status_update_if_old(&b->s, SURVEY_GREET_MS);
    assert_int_equal(b->m.heartbeats_asked, 1);
    b->m.uptime_ms = 103001;
    b->s.phases.rec.phase = PHASE_IDLE;        /* the host is not staged */
    assert_true(status_update_due(&b->s) > 1); /* caravan-swap does not wake up for it */
    status_update_if_old(&b->s, SURVEY_GREET_MS);
    assert_int_equal(b->m.heartbeats_asked, 1);
    b->s.phases.rec.phase = PHASE_STAGED;
    uint64_t revision = b->s.revision;
    status_update_if_old(&b->s, SURVEY_GREET_MS);
    assert_string_equal(beat(b), "age=1000 ttl=4000 at=103001");
    assert_true(b->s.revision > revision); /* the view changes for those who wait */
    assert_int_equal(b->s.survey.made_ms, made);
    b->m.heartbeat.ttl_ms = 0;
    b->m.uptime_ms = 107000;
    status_update_if_old(&b->s, SURVEY_GREET_MS);
    assert_string_equal(beat(b), "unknown"); /* not what it was */
    assert_true(status_update_due(&b->s) > 0);
    b->m.uptime_ms = 109000;
    status_update_if_old(&b->s, SURVEY_GREET_MS);
    assert_int_equal(b->m.heartbeats_asked, 3); /* not again before the next survey */
}

/* After a bad answer caravan-swap looks again soon; while the phases work it asks nothing. */
static void a_bad_answer_is_looked_at_again(void **state)
{
    struct swap_bench *b = *state;
    unsigned asks;
    char dir[300];

    scratch_path(b->dir, "server", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    scratch_write(b->dir, "server/node-id", "22222222-3333", 0600);
    b->m.leader = "\"\"";
    status_update(&b->s);
    assert_int_equal(facts_survey_find(&b->s.survey, "law-refuses")->value, TRI_YES);
    assert_true(status_update_due(&b->s) > 0 && status_update_due(&b->s) < SURVEY_GREET_MS);
    asks = b->m.asks;
    status_update_if_old(&b->s, SURVEY_REST_MS);
    assert_int_equal(b->m.asks, asks);
    b->m.leader = "\"10.0.0.1:4647\"";
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]";
    b->m.uptime_ms += status_update_due(&b->s);
    b->s.phases.rec.phase = PHASE_PROBING;
    assert_true(status_update_due(&b->s) == INT64_MAX);
    status_update_if_old(&b->s, SURVEY_REST_MS);
    assert_int_equal(b->m.asks, asks);
    b->s.phases.rec.phase = PHASE_IDLE;
    assert_int_equal(status_update_due(&b->s), 0);
    status_update_if_old(&b->s, SURVEY_REST_MS);
    assert_int_equal(facts_survey_find(&b->s.survey, "law-refuses")->value, TRI_NO);
    assert_true(status_update_due(&b->s) == INT64_MAX);
}

#define VIEWED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEWED(a_client_asks_once_for_metadata),
        VIEWED(a_bad_answer_is_looked_at_again),
        VIEWED(a_heartbeat_is_asked_anew_when_it_has_come),
        VIEWED(the_file_in_place_is_asked_once),
        VIEWED(staged_once_more_is_asked_once_more),
        VIEWED(units_that_went_down_are_watched),
        VIEWED(what_was_up_is_remembered),
        VIEWED(a_revert_that_was_ordered_brings_back_what_is_up_then),
        VIEWED(a_new_file_in_place_is_asked_soon),
    };

    return cmocka_run_group_tests_name("status_update", tests, NULL, NULL);
}
