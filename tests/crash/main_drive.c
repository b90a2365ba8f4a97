/*
 * drive - kills the real caravan-swap before each of its effects, and checks the result.
 *
 *   drive PROGRAMS SCENARIO FIRST STEP     kills before effect FIRST, FIRST + STEP, ... until a run
 *                                          ends without a kill
 *
 * Prints "SCENARIO: K kills" and exits with 0, or prints the first fault and exits with 1.
 */
#include <signal.h>
#include "crash_stage.h"
#include "file.h"
#include "str.h"

struct scenario {
    const char *name, *mode; /* mode of the new binary (main_pocket.c) */
    bool fresh;              /* begins without any state: the host's identity is made, too */
    bool stops_staged;       /* ends in phase staged */
    bool reverts;            /* begins settled; a revert order */
    bool preserves;          /* begins staged, with a copy of other keys; a preserve order */
    enum phase ends;
    enum stage_binary at_end;
    bool vendor;   /* root demands HashiCorp's signature */
    bool restages; /* begins staged; the same stage order again */
    bool seed;     /* fetched files are kept for other hosts */
    bool removes;  /* begins staged; an order stops Nomad */
    bool trusts;   /* begins staged, with version 1 of the trust file; an order brings version 2 */
    bool anchors;  /* begins staged, with version 1; the anchor holds later ones, too */
};

static const struct scenario scenarios[] = {
    {"stage", "good", .fresh = true, .stops_staged = true, .ends = PHASE_STAGED,
     .at_end = BINARY_OLD},
    {"swap", "good", .ends = PHASE_SETTLED, .at_end = BINARY_NEW},
    {"fail", "exits", .ends = PHASE_REVERTED, .at_end = BINARY_OLD},
    {"revert", "good", .reverts = true, .ends = PHASE_REVERTED, .at_end = BINARY_OLD},
    {"vendor", "good", .fresh = true, .stops_staged = true, .ends = PHASE_STAGED,
     .at_end = BINARY_OLD, .vendor = true},
    {"seed", "good", .fresh = true, .stops_staged = true, .ends = PHASE_STAGED,
     .at_end = BINARY_OLD, .seed = true},
    {"preserve", "good", .stops_staged = true, .preserves = true, .ends = PHASE_STAGED,
     .at_end = BINARY_OLD},
    {"stop", "good", .stops_staged = true, .ends = PHASE_STAGED, .at_end = BINARY_OLD,
     .removes = true},
    {"trust", "good", .stops_staged = true, .ends = PHASE_STAGED, .at_end = BINARY_OLD,
     .trusts = true},
    {"anchor", "good", .stops_staged = true, .ends = PHASE_STAGED, .at_end = BINARY_OLD,
     .restages = true, .anchors = true},
    {"restage", "good", .stops_staged = true, .ends = PHASE_STAGED, .at_end = BINARY_OLD,
     .restages = true, .seed = true},
};

struct run {
    const struct scenario *s;
    struct crash_stage st;
    struct buf inner, receipt; /* of the order under test */
    enum refusal refusal;
    unsigned at;
    char broken[200];
};

static void broken(struct run *r, const char *what, const struct swap_status *v)
{
    if (r->broken[0] == '\0')
        snprintf(r->broken, sizeof(r->broken), "%s: before effect %u: %s (%s, target %d: %.80s)",
                 r->s->name, r->at, what, phase_name(v->status.work.phase),
                 (int)stage_target(&r->st), v->status.verdict.text);
}

static void drop_anchor(const struct crash_stage *st)
{
    char path[256];

    stage_path(st, "trust", path);
    (void)unlink(path);
}

/* The version of the trust in force on disk; 0: the file is not whole. */
static uint32_t trust_version(const struct crash_stage *st)
{
    auto_buf struct buf b = BUF_INIT;
    struct container c;
    struct trust t;
    char path[256];
    struct err err = ERR_INIT;

    stage_path(st, "state/trust", path);
    if (file_read(path, TRUST_MAX, 0, &b, &err) < 0 ||
        container_split(CONTAINER_TRUST, b.data, b.len, &c, &err) < 0 ||
        trust_read(c.body, c.body_len, &t, &err) < 0)
        return 0;
    return t.version;
}

static void send_next(struct run *r, enum message_kind kind)
{
    if (kind == MSG_STAGE)
        stage_stage(&r->st, &r->inner);
    else if (kind == MSG_SWAP)
        stage_swap(&r->st, ON_REVERT, &r->inner);
    else if (kind == MSG_SERVICE)
        stage_end_service(&r->st, &r->inner);
    else if (kind == MSG_PRESERVE)
        stage_preserve(&r->st, &r->inner);
    else if (kind == MSG_TRUST)
        stage_trust(&r->st, &r->inner);
    else
        stage_revert(&r->st, &r->inner);
    r->refusal = stage_send(&r->st, &r->inner, &r->receipt);
}

/* Makes the state with which every run of the scenario begins, and saves it. */
static void prepare(struct run *r, struct swap_status *v)
{
    stage_service(&r->st, true);
    if (r->s->preserves) /* before caravan-swap starts, because it reads the id of the server then
                          */
        stage_keys(&r->st, 'o');
    if (!r->s->fresh) {
        stage_start(&r->st, 0);
        stage_rest(&r->st, v);
        send_next(r, MSG_STAGE);
        stage_rest(&r->st, v);
    }
    if (r->s->reverts) {
        send_next(r, MSG_SWAP);
        stage_rest(&r->st, v);
    }
    if (r->s->preserves) {
        send_next(r, MSG_PRESERVE);
        stage_keys(&r->st, 'n');
    }
    stage_stop(&r->st);
    if (r->s->trusts) /* caravan-swap must not be able to restore a lost trust from the anchor */
        drop_anchor(&r->st);
    if (r->s->anchors)
        stage_anchor(&r->st);
    stage_save(&r->st);
}

static void judge_rest(struct run *r, const struct swap_status *v, enum stage_binary before)
{
    enum stage_binary now = stage_target(&r->st);
    enum phase p = v->status.work.phase;
    bool runs_target = false;
    bool is_new = p == PHASE_SETTLED;

    if (now != BINARY_OLD && now != BINARY_NEW)
        broken(r, "no whole binary is at the target", v);
    if ((now == BINARY_NEW) != is_new)
        broken(r, "the phase does not match the binary at the target", v);
    /* If the order was sent twice, the second one may have been carried out; then this is not only
     * recovery. */
    if (!r->st.sent_twice && before == BINARY_OLD && now == BINARY_NEW)
        broken(r, "recovery alone crossed the rename", v);
    if (!r->st.sent_twice && before == BINARY_NEW && now == BINARY_OLD &&
        !str_eq(r->s->mode, "exits"))
        broken(r, "recovery alone took a good binary back", v);
    if (stage_kept(&r->st) == BINARY_TORN ||
        (r->s->seed && p == PHASE_STAGED && stage_kept(&r->st) != BINARY_NEW))
        broken(r, "the file that is kept for other hosts is not whole", v);
    if (!r->s->removes && (!stage_service_runs(&r->st, &runs_target) || !runs_target))
        broken(r, "the service does not run the binary at the target", v);
}

/* Sends the same bytes again: the receipt must be the same, and nothing may be done. */
static void judge_repeat(struct run *r, const struct swap_status *v)
{
    auto_buf struct buf again = BUF_INIT;
    struct swap_status *after = xzalloc(1, sizeof(*after));

    /* A trust file that is in force is refused the second time. */
    if (r->receipt.len > 0 && !r->s->trusts) {
        (void)stage_send(&r->st, &r->inner, &again);
        stage_rest(&r->st, after);
        if (again.len != r->receipt.len || memcmp(again.data, r->receipt.data, again.len) != 0)
            broken(r, "an answered order gets another receipt", v);
        if (after->status.work.phase != v->status.work.phase)
            broken(r, "an answered order was carried out again", after);
    }
    free(after);
}

/* Whatever happened, there must be a whole copy. Another order must copy the present keys. */
static void judge_copy(struct run *r, const struct swap_status *v)
{
    char is = stage_copy(&r->st);

    if (is != 'o' && is != 'n')
        broken(r, "there is no whole copy of the keystore", v);
    send_next(r, MSG_PRESERVE);
    if (r->refusal != REFUSAL_NONE || stage_copy(&r->st) != 'n')
        broken(r, "the keystore cannot be copied again", v);
}

/* The old trust or the new one must be in force, and whole. After an accepted order it must be the
 * new one. Another order must bring the new one into force, whatever happened. */
static void judge_trust(struct run *r, const struct swap_status *v, bool accepted)
{
    uint32_t was = trust_version(&r->st);

    if (was != 1 && was != 2)
        broken(r, "neither the old nor the new trust is in force", v);
    if (accepted && was != 2)
        broken(r, "the new trust was accepted, and is not in force", v);
    send_next(r, MSG_TRUST);
    if (r->refusal != (was == 1 ? REFUSAL_NONE : REFUSAL_MANIFEST) || trust_version(&r->st) != 2)
        broken(r, "the new trust cannot be sent again", v);
}

/* What the start that was ended has left: the old trust or the new one, whole. More: caravan-swap
 * was started again since. */
static void judge_anchor(struct run *r, const struct swap_status *v, bool more)
{
    uint32_t now = trust_version(&r->st);

    if (now != STAGE_ANCHOR && (more || now != 1))
        broken(r, more ? "the anchor is not in force" : "neither the old nor the new trust is", v);
}

static enum message_kind next_kind(const struct run *r, const struct swap_status *v)
{
    enum phase p = v->status.work.phase;

    if (p == PHASE_IDLE || (p == PHASE_FAILED && v->status.work.failed_in == PHASE_FETCHING))
        return MSG_STAGE;
    if (r->s->removes && v->status.work.stamp.main_pid != 0)
        return MSG_SERVICE;
    if (p == PHASE_STAGED && !r->s->stops_staged)
        return MSG_SWAP;
    return p == PHASE_SETTLED && r->s->reverts ? MSG_REVERT : MSG_NONE;
}

static void carry_on(struct run *r, struct swap_status *v)
{
    enum message_kind kind;

    for (int i = 0; i < 6 && (kind = next_kind(r, v)) != MSG_NONE; i++) {
        send_next(r, kind);
        stage_rest(&r->st, v);
    }
    if (v->status.work.phase != r->s->ends || stage_target(&r->st) != r->s->at_end)
        broken(r, "the scenario does not end as expected", v);
}

/* After an accepted order to stop, the service must be stopped. */
static void judge_stopped(struct run *r, const struct swap_status *v)
{
    bool runs_target = false;

    if (r->refusal != REFUSAL_NONE)
        broken(r, "the stop was refused", v);
    else if (stage_service_runs(&r->st, &runs_target) || v->status.work.stamp.main_pid != 0)
        broken(r, "an order has stopped the service, but the service runs", v);
}

/* Runs until the process under test has ended, or rests after its order was carried out. */
static bool play(struct run *r)
{
    enum message_kind kind = r->s->fresh || r->s->restages ? MSG_STAGE
                             : r->s->reverts               ? MSG_REVERT
                             : r->s->removes               ? MSG_SERVICE
                             : r->s->preserves             ? MSG_PRESERVE
                             : r->s->trusts                ? MSG_TRUST
                                                           : MSG_SWAP;
    pid_t under_test;

    stage_service(&r->st, true);
    r->st.sent_twice = false;
    stage_start(&r->st, r->at);
    under_test = r->st.swap;
    if (stage_await(&r->st)) {
        send_next(r, kind);
        if (r->st.swap == under_test)
            (void)stage_await(&r->st);
    }
    return !stage_alive(&r->st) || r->st.swap != under_test;
}

static bool one(struct run *r, struct swap_status *v)
{
    bool killed;
    enum stage_binary before;

    buf_clear(&r->receipt);
    stage_restore(&r->st);
    killed = play(r);
    before = stage_target(&r->st);
    if (r->s->anchors)
        judge_anchor(r, v, !killed || r->st.swap != 0);
    stage_rest(&r->st, v);
    if (r->s->anchors)
        judge_anchor(r, v, true);
    if (killed) {
        judge_rest(r, v, before);
        judge_repeat(r, v);
    }
    if (r->s->preserves)
        judge_copy(r, v);
    if (r->s->trusts)
        judge_trust(r, v, r->receipt.len > 0 && r->refusal == REFUSAL_NONE);
    if (r->s->removes && r->receipt.len > 0)
        judge_stopped(r, v);
    carry_on(r, v);
    if (r->s->removes)
        judge_stopped(r, v);
    return killed;
}

int main(int argc, char **argv)
{
    struct run r = {.inner = BUF_INIT, .receipt = BUF_INIT};
    autofree struct swap_status *v = xzalloc(1, sizeof(*v));
    char dir[128];
    uint64_t first = 0, step = 0;
    unsigned kills = 0;

    for (size_t i = 0; argc == 5 && i < ARRAY_LEN(scenarios); i++) {
        if (str_eq(scenarios[i].name, argv[2]))
            r.s = &scenarios[i];
    }
    if (r.s == NULL || str_to_u64(argv[3], 1000, &first) < 0 ||
        str_to_u64(argv[4], 1000, &step) < 0 || first == 0 || step == 0) {
        fprintf(stderr,
                "drive PROGRAMS stage|restage|vendor|seed|swap|fail|revert|preserve|stop|trust|"
                "anchor FIRST STEP\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    snprintf(dir, sizeof(dir), "%.80s/drive.XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(dir) == NULL)
        return 2;
    stage_open(&r.st, dir, argv[1], r.s->mode);
    if (r.s->vendor)
        stage_sign(&r.st);
    if (r.s->seed)
        stage_seed(&r.st);
    prepare(&r, v);
    r.at = (unsigned)first;
    while (r.broken[0] == '\0' && one(&r, v)) {
        r.at += (unsigned)step;
        kills++;
    }
    stage_close(&r.st);
    buf_free(&r.inner);
    buf_free(&r.receipt);
    printf("%s: %u kills%s%s\n", r.s->name, kills, r.broken[0] != '\0' ? ", then " : "", r.broken);
    return r.broken[0] != '\0';
}
