/* phases.h without a crash: how orders, faults and root change the course of the phases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "model_swap.h"
#include "phases.h"
#include "str.h"

struct bench {
    struct model_host m;
    struct phases p;
    char data_dir[32];
    unsigned told;
};

static const struct law law = {.gap_ms = 30000, .url_prefixes = ""};

static void on_changed(void *ctx)
{
    struct bench *b = ctx;

    b->told++;
}

static void open_phases(struct bench *b)
{
    struct phases_config conf = model_phases(&law);
    struct err err = ERR_INIT;

    conf.data_dir = b->data_dir;
    conf.session[0] = 1;
    conf.changed = on_changed;
    conf.ctx = b;
    if (phases_open(&b->m.host, &conf, &b->p, &err) < 0)
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    model_open(&b->m, "new");
    str_cut(b->data_dir, sizeof(b->data_dir), "/data");
    open_phases(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    phases_close(&b->p);
    free(b);
    return 0;
}

/* Does one step when its time has come. False: at rest. */
static bool step(struct bench *b)
{
    if (!phases_works(&b->p))
        return false;
    b->m.uptime_ms = MAX_OF(b->m.uptime_ms + 1, b->p.now.wake_ms);
    phases_step(&b->p);
    return phases_works(&b->p);
}

static void to_rest(struct bench *b)
{
    for (int i = 0; step(b); i++)
        assert_true(i < 5000);
}

static void accept(struct bench *b, const struct record *next, const struct stage_job *job)
{
    struct err err = ERR_INIT;

    if (phases_accept(&b->p, next, job, &err) < 0)
        fail_msg("%s", err.text);
}

static void begin_stage(struct bench *b)
{
    struct record next = b->p.rec;
    struct stage_job job = {.get = {.fetch_size = MODEL_BINARY, .deadline_ms = 10000}};

    next.phase = PHASE_FETCHING;
    next.order_sequence = 1;
    model_digest(b->m.offer, &next.target);
    next.target_size = MODEL_BINARY;
    next.previous = (struct digest){{0}};
    accept(b, &next, &job);
}

static struct record swap_record(const struct bench *b, enum on_not_ready policy)
{
    struct record next = b->p.rec;

    next.phase = PHASE_SWAPPING;
    next.rest = PHASE_STAGED;
    next.order_sequence = 2;
    next.on_not_ready = policy;
    next.hold_ms = 300;
    next.deadline_ms = 2000;
    next.was_active = true;
    next.verdict = (struct verdict){.failure = FAILURE_NONE};
    return next;
}

static void stage(struct bench *b)
{
    begin_stage(b);
    to_rest(b);
    assert_int_equal(b->p.rec.phase, PHASE_STAGED);
}

static void swap(struct bench *b, enum on_not_ready policy)
{
    struct record next;

    stage(b);
    next = swap_record(b, policy);
    accept(b, &next, NULL);
    to_rest(b);
}

static void ends(const struct bench *b, enum phase phase, enum failure failure, const char *target)
{
    if (b->p.rec.phase != phase || b->p.rec.verdict.failure != failure ||
        !str_eq(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), target))
        fail_msg("%s (%s) with %s: %s", phase_name(b->p.rec.phase),
                 failure_name(b->p.rec.verdict.failure),
                 model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), b->p.rec.verdict.text);
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_DIR "/" UNFINISHED_NAME), 0);
}

static void settles_and_measures_the_silence(void **state)
{
    struct bench *b = *state;

    swap(b, ON_REVERT);
    ends(b, PHASE_SETTLED, FAILURE_NONE, "new");
    assert_in_range(b->p.rec.silence_ms, 30, 150);
    assert_false(digest_is_zero(&b->p.rec.previous));
}

static void every_phase_has_a_row(void **state)
{
    struct bench *b = *state;

    for (int ph = PHASE_IDLE; ph < PHASE_COUNT; ph++) {
        struct record r = b->p.rec;
        struct err err = ERR_INIT;

        r.phase = (enum phase)ph;
        r.rest = PHASE_IDLE;
        assert_int_equal(record_save(&b->m.host, MODEL_DIR, &r, true, &err), 0);
        phases_close(&b->p);
        open_phases(b);
        assert_int_equal(phases_works(&b->p), !phase_rests((enum phase)ph));
        to_rest(b);
        assert_true(phase_rests(b->p.rec.phase));
    }
}

static void fetching_fails_with_its_type(void **state)
{
    struct bench *b = *state;

    b->m.fetch_fails = FAILURE_TOO_SLOW;
    begin_stage(b);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_TOO_SLOW, "old");
    b->m.fetch_fails = FAILURE_NONE;
    b->m.room = 1 << 20;
    begin_stage(b);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_NO_SPACE, "old");
    b->m.room = 0;
    b->m.fetch_takes = 100000;
    begin_stage(b);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_TOO_SLOW, "old");
    b->m.fetch_takes = 0;
    b->m.try_fails = FAILURE_WRONG_BUILD;
    begin_stage(b);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_WRONG_BUILD, "old");
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_FRESH), 0);
    b->m.try_fails = FAILURE_NONE;
    stage(b);
}

static void only_the_digest_named_is_staged(void **state)
{
    struct bench *b = *state;
    struct record next;

    begin_stage(b);
    model_digest("mute", &b->p.rec.target);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_BAD_DIGEST, "old");
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_FRESH), 0);
    begin_stage(b);
    b->p.rec.target_size = MODEL_BINARY - 1; /* the fetched file is larger than the signed size */
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_BAD_DIGEST, "old");

    /* The staged file is changed on the shelf. */
    stage(b);
    b->m.fs.files[model_fs_find(&b->m.fs, MODEL_FRESH)].data[100] ^= 1;
    next = swap_record(b, ON_REVERT);
    accept(b, &next, NULL);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_BAD_DIGEST, "old");
}

/* The text blames the host. It does not say that the revert failed, because the revert worked. */
static void where_neither_starts_it_is_the_host(void **state)
{
    struct bench *b = *state;

    b->m.host_ails = true;
    swap(b, ON_REVERT);
    ends(b, PHASE_FAILED, FAILURE_WILL_NOT_START, "old");
    assert_non_null(strstr(b->p.rec.verdict.text, "it is this host, and not the release"));
    assert_non_null(strstr(b->p.rec.verdict.text, "back in place"));
    assert_true(b->p.rec.verdict.evidence[0] != '\0');
}

static void cancel_is_heard_before_the_rename_only(void **state)
{
    struct bench *b = *state;
    struct record next;

    begin_stage(b);
    (void)step(b);
    assert_false(phases_cancellable(&b->p, 7));
    assert_true(phases_cancellable(&b->p, 1));
    phases_cancel(&b->p);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_CANCELLED, "old");

    stage(b);
    next = swap_record(b, ON_REVERT);
    next.not_before = (uint64_t)b->m.uptime_ms + 60000;
    accept(b, &next, NULL);
    for (int i = 0; i < 20; i++) {
        b->m.uptime_ms++;
        phases_step(&b->p);
    }
    assert_int_equal(b->p.rec.phase, PHASE_SWAPPING);
    assert_true(phases_cancellable(&b->p, 2));
    phases_cancel(&b->p);
    to_rest(b);
    ends(b, PHASE_STAGED, FAILURE_CANCELLED, "old");
    assert_true(digest_is_zero(&b->p.rec.previous));

    next = swap_record(b, ON_REVERT);
    accept(b, &next, NULL);
    while (str_eq(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), "old"))
        (void)step(b);
    assert_false(phases_cancellable(&b->p, 2));
    to_rest(b);
    ends(b, PHASE_SETTLED, FAILURE_NONE, "new");
}

static void not_before_is_waited_for(void **state)
{
    struct bench *b = *state;
    struct record next;
    int64_t begun;

    stage(b);
    begun = b->m.uptime_ms;
    next = swap_record(b, ON_REVERT);
    next.not_before = (uint64_t)begun + 7000;
    accept(b, &next, NULL);
    while (b->m.uptime_ms < begun + 7000)
        (void)step(b);
    assert_in_range(b->p.now.read_ms, begun + 2000, begun + 7000); /* so the binary is in memory */
    to_rest(b);
    ends(b, PHASE_SETTLED, FAILURE_NONE, "new");
    assert_true(b->p.rec.swapped_ms >= begun + 7000);
    assert_true(b->p.rec.swapped_ms < begun + 7100);
}

/* The host was suspended until the time was over. */
static void too_late_is_not_begun(void **state)
{
    struct bench *b = *state;
    struct record next;

    stage(b);
    next = swap_record(b, ON_REVERT);
    next.not_before = (uint64_t)b->m.uptime_ms + 1000;
    accept(b, &next, NULL);
    b->m.uptime_ms += 3600000;
    to_rest(b);
    ends(b, PHASE_STAGED, FAILURE_OUT_OF_TIME, "old");
}

static void root_may_hold_until_the_last_moment(void **state)
{
    struct bench *b = *state;
    struct record next;

    stage(b);
    next = swap_record(b, ON_REVERT);
    accept(b, &next, NULL);
    b->m.held = true;
    to_rest(b);
    ends(b, PHASE_STAGED, FAILURE_REFUSED_BY_LAW, "old");
    b->m.held = false;
    next = swap_record(b, ON_REVERT);
    accept(b, &next, NULL);
    to_rest(b);
    ends(b, PHASE_SETTLED, FAILURE_NONE, "new");
}

/* While the swap waits for its time, other servers fail. */
static void without_a_quorum_nothing_is_renamed(void **state)
{
    static const char two[] = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\"]",
                      three[] = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]";
    static const struct {
        const char *leader, *peers, *odd;
        enum failure failure;
    } rows[] = {
        {"\"10.0.0.2:4647\"", three, "10.0.0.3:4647", FAILURE_REFUSED_BY_LAW},
        {"\"10.0.0.2:4647\"", two, NULL, FAILURE_REFUSED_BY_LAW},
        {"\"\"", three, NULL, FAILURE_REFUSED_BY_LAW},
        {"", three, NULL, FAILURE_REFUSED_BY_LAW},
        {"\"10.0.0.2:4647\"", three, NULL, FAILURE_NONE},
    };
    struct bench *b = *state;

    stage(b);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record next = swap_record(b, ON_REVERT);

        next.is_server = true;
        next.not_before = (uint64_t)b->m.uptime_ms + 60000;
        b->m.leader = "\"10.0.0.2:4647\"";
        b->m.peers = three;
        b->m.odd_peer = NULL;
        accept(b, &next, NULL);
        for (int k = 0; k < 20; k++) {
            b->m.uptime_ms++;
            phases_step(&b->p);
        }
        b->m.leader = rows[i].leader;
        b->m.peers = rows[i].peers;
        b->m.odd_peer = rows[i].odd;
        to_rest(b);
        ends(b, rows[i].failure == FAILURE_NONE ? PHASE_SETTLED : PHASE_STAGED, rows[i].failure,
             rows[i].failure == FAILURE_NONE ? "new" : "old");
        assert_true(rows[i].failure == FAILURE_NONE || b->m.last_pid == 1);
    }
}

static void what_ends_after_answering_is_a_crash_loop(void **state)
{
    struct bench *b = *state;

    b->m.ends_after_ms = 200;
    swap(b, ON_REVERT);
    ends(b, PHASE_REVERTED, FAILURE_CRASH_LOOP, "old");
    assert_true(str_starts(b->p.rec.verdict.text, "the service ended"));
}

static void being_started_twice_is_a_crash_loop(void **state)
{
    struct bench *b = *state;

    b->m.ends_after_ms = 100;
    b->m.restarts = true;
    swap(b, ON_LEAVE);
    ends(b, PHASE_FAILED, FAILURE_CRASH_LOOP, "new");
    assert_int_equal(b->p.rec.failed_in, PHASE_PROBING);
}

static void a_live_process_has_until_its_deadline(void **state)
{
    struct bench *b = *state;

    b->m.offer = "mute";
    b->m.tcp.list[b->m.tcp.n++] =
        (struct tcp_listener){.address = "10.0.0.5", .port = 4646, .own = true};
    b->p.conf.api = "http://127.0.0.1:4646";
    swap(b, ON_REVERT_IF_UNTOUCHED);
    ends(b, PHASE_FAILED, FAILURE_NOT_READY, "mute");
    assert_true(b->m.uptime_ms - b->p.rec.swapped_ms >= 2000);
    assert_true(str_starts(b->p.rec.verdict.text,
                           "[api-silent] Nomad runs")); /* the API listens at another address */
    assert_non_null(strstr(b->p.rec.verdict.text, "restoring"));
}

static void not_ready_is_put_back_where_that_is_harmless(void **state)
{
    struct bench *b = *state;

    b->m.offer = "mute";
    swap(b, ON_REVERT);
    ends(b, PHASE_REVERTED, FAILURE_NOT_READY, "old");
    assert_true(b->m.process.there);
    b->m.offer = "new"; /* another program answers there */
    b->m.health = "{\"status\":\"ok\"}";
    swap(b, ON_LEAVE);
    ends(b, PHASE_FAILED, FAILURE_NOT_READY, "new");
}

static void untouched_is_put_back(void **state)
{
    struct bench *b = *state;

    b->m.offer = "bad";
    swap(b, ON_REVERT_IF_UNTOUCHED);
    ends(b, PHASE_REVERTED, FAILURE_WILL_NOT_START, "old");
}

static void touched_is_left(void **state)
{
    struct bench *b = *state;

    b->m.offer = "bad";
    b->m.raft_newest_ns = INT64_MAX;
    swap(b, ON_REVERT_IF_UNTOUCHED);
    ends(b, PHASE_FAILED, FAILURE_WILL_NOT_START, "bad");
    assert_non_null(strstr(b->p.rec.verdict.text, "wrote to server/raft"));
}

static void unreadable_counts_as_touched(void **state)
{
    struct bench *b = *state;

    b->m.offer = "bad";
    b->m.raft_newest_ns = -1;
    swap(b, ON_REVERT_IF_UNTOUCHED);
    ends(b, PHASE_FAILED, FAILURE_WILL_NOT_START, "bad");
}

static void an_unknown_data_dir_counts_as_touched(void **state)
{
    struct bench *b = *state;

    b->m.offer = "bad";
    b->data_dir[0] = '\0';
    swap(b, ON_REVERT_IF_UNTOUCHED);
    ends(b, PHASE_FAILED, FAILURE_WILL_NOT_START, "bad");
}

static void a_stepped_clock_counts_as_touched(void **state)
{
    struct bench *b = *state;
    struct record next;

    b->m.offer = "bad";
    stage(b);
    next = swap_record(b, ON_REVERT_IF_UNTOUCHED);
    accept(b, &next, NULL);
    while (str_eq(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), "old"))
        (void)step(b);
    b->m.wall_ns -= 5000000000;
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_WILL_NOT_START, "bad");
}

static void without_service_manager_the_old_file_comes_back(void **state)
{
    struct bench *b = *state;

    stage(b);
    struct record next = swap_record(b, ON_LEAVE);
    accept(b, &next, NULL);
    b->m.no_manager = true;
    while (!str_eq(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), "new"))
        (void)step(b);
    b->m.no_manager = false;
    to_rest(b);
    ends(b, PHASE_REVERTED, FAILURE_SERVICE, "old");
    assert_int_equal(b->m.last_pid, 1); /* Nomad was never restarted */
}

static void a_full_disk_stops_before_the_rename(void **state)
{
    struct bench *b = *state;
    struct record next;
    struct err err = ERR_INIT;

    stage(b);
    b->m.no_room_to_write = true;
    next = swap_record(b, ON_REVERT);
    assert_int_equal(phases_accept(&b->p, &next, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_NOSPACE);
    assert_int_equal(b->p.rec.phase, PHASE_STAGED);
    assert_false(phases_works(&b->p));
}

static void somebody_elses_hand_is_noticed(void **state)
{
    struct bench *b = *state;
    char other[MODEL_BINARY];
    struct record next;

    stage(b);
    next = swap_record(b, ON_REVERT);
    next.not_before = (uint64_t)b->m.uptime_ms + 1000;
    accept(b, &next, NULL);
    for (int i = 0; i < 20; i++) {
        b->m.uptime_ms++;
        phases_step(&b->p);
    }
    model_binary("mute", other); /* a package manager begins to work */
    model_fs_put(&b->m.fs, MODEL_TARGET, other, sizeof(other), 0755);
    to_rest(b);
    ends(b, PHASE_STAGED, FAILURE_IO, "mute");
}

/* ---- facts of the host ---- */

static void what_does_not_fit_is_found_while_staging(void **state)
{
    struct bench *b = *state;

    b->m.config_rejects = TRI_YES;
    b->m.config_text = "bogus";
    begin_stage(b);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_CONFIG_REJECTED, "old");
    assert_string_equal(b->p.rec.verdict.text, "bogus");
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_FRESH), 0);
    assert_int_equal(b->m.trials, 1);
    b->m.offer = "\177ELF\2\1\1";
    begin_stage(b);
    to_rest(b);
    ends(b, PHASE_FAILED, FAILURE_WRONG_BUILD, "old");
    assert_non_null(strstr(b->p.rec.verdict.text, "is for another machine, this host is"));
    assert_int_equal(b->m.trials, 1);
}

static void package_managers_at_work_are_waited_for(void **state)
{
    struct bench *b = *state;
    struct record next;

    b->m.lock = TRI_NO;
    b->p.packaged = TRI_YES;
    stage(b);
    next = swap_record(b, ON_REVERT);
    accept(b, &next, NULL);
    while (!b->p.now.waits_for_packages)
        assert_true(step(b));
    assert_true(step(b) && step(b));
    assert_int_equal(b->p.rec.phase, PHASE_SWAPPING);
    assert_string_equal(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), "old");
    b->m.lock = TRI_YES;
    to_rest(b);
    ends(b, PHASE_SETTLED, FAILURE_NONE, "new");
}

static void only_a_package_s_binary_waits(void **state)
{
    struct bench *b = *state;

    b->m.lock = TRI_NO;
    b->p.packaged = TRI_UNKNOWN;
    swap(b, ON_REVERT);
    ends(b, PHASE_STAGED, FAILURE_OUT_OF_TIME, "old");
    assert_non_null(strstr(b->p.rec.verdict.text, "package manager"));
    b->p.packaged = TRI_NO;
    swap(b, ON_REVERT);
    ends(b, PHASE_SETTLED, FAILURE_NONE, "new");
}

static void the_way_back_waits_for_nobody(void **state)
{
    struct bench *b = *state;

    b->m.offer = "bad"; /* packaged and lock: unknown */
    stage(b);
    struct record next = swap_record(b, ON_REVERT);
    accept(b, &next, NULL);
    while (b->p.rec.phase != PHASE_PROBING)
        assert_true(step(b));
    b->m.lock = TRI_NO;
    to_rest(b);
    ends(b, PHASE_REVERTED, FAILURE_WILL_NOT_START, "old");
}

static void what_was_put_in_place_is_remembered(void **state)
{
    struct bench *b = *state;
    struct digest d;

    swap(b, ON_REVERT);
    model_digest("new", &d);
    assert_true(digest_eq(&b->p.rec.placed, &d));
    b->m.offer = "bad";
    swap(b, ON_REVERT);
    assert_int_equal(b->p.rec.phase, PHASE_REVERTED);
    assert_true(digest_eq(&b->p.rec.placed, &d));
}

/* The link is the same, but its target has changed. */
static void the_file_behind_a_link_is_looked_at(void **state)
{
    struct bench *b = *state;
    struct record next;
    char binary[MODEL_BINARY];

    model_link(&b->m);
    stage(b);
    next = swap_record(b, ON_REVERT);
    next.not_before = (uint64_t)b->m.uptime_ms + 1000;
    accept(b, &next, NULL);
    while (b->p.now.wake_ms <= b->m.uptime_ms)
        assert_true(step(b));
    model_binary("mute", binary);
    model_fs_put(&b->m.fs, MODEL_STORE, binary, sizeof(binary), 0755);
    b->m.fs.files[model_fs_find(&b->m.fs, MODEL_TARGET)].leads_to =
        model_fs_find(&b->m.fs, MODEL_STORE);
    to_rest(b);
    assert_int_equal(b->p.rec.phase, PHASE_STAGED);
    assert_non_null(strstr(b->p.rec.verdict.text, "to which the link in place leads"));
}

static void the_previous_binary_goes_after_a_week(void **state)
{
    struct bench *b = *state;

    swap(b, ON_REVERT);
    phases_tidy(&b->p);
    assert_int_not_equal(model_fs_find(&b->m.fs, MODEL_OLD), 0);
    b->m.wall_ns += 7LL * 24 * 3600 * 1000000000;
    phases_tidy(&b->p);
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_OLD), 0);
    assert_true(digest_is_zero(&b->p.rec.previous));
    ends(b, PHASE_SETTLED, FAILURE_NONE, "new");
}

#define WAY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAY(settles_and_measures_the_silence),
        WAY(every_phase_has_a_row),
        WAY(fetching_fails_with_its_type),
        WAY(only_the_digest_named_is_staged),
        WAY(where_neither_starts_it_is_the_host),
        WAY(cancel_is_heard_before_the_rename_only),
        WAY(not_before_is_waited_for),
        WAY(too_late_is_not_begun),
        WAY(root_may_hold_until_the_last_moment),
        WAY(without_a_quorum_nothing_is_renamed),
        WAY(what_ends_after_answering_is_a_crash_loop),
        WAY(being_started_twice_is_a_crash_loop),
        WAY(a_live_process_has_until_its_deadline),
        WAY(not_ready_is_put_back_where_that_is_harmless),
        WAY(untouched_is_put_back),
        WAY(touched_is_left),
        WAY(unreadable_counts_as_touched),
        WAY(an_unknown_data_dir_counts_as_touched),
        WAY(a_stepped_clock_counts_as_touched),
        WAY(without_service_manager_the_old_file_comes_back),
        WAY(a_full_disk_stops_before_the_rename),
        WAY(somebody_elses_hand_is_noticed),
        WAY(what_does_not_fit_is_found_while_staging),
        WAY(package_managers_at_work_are_waited_for),
        WAY(only_a_package_s_binary_waits),
        WAY(the_way_back_waits_for_nobody),
        WAY(what_was_put_in_place_is_remembered),
        WAY(the_file_behind_a_link_is_looked_at),
        WAY(the_previous_binary_goes_after_a_week),
    };

    return cmocka_run_group_tests_name("phases_ways", tests, NULL, NULL);
}
