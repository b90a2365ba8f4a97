/*
 * drive - ends real caravan-swap before every effect it makes, and judges what is left.
 *
 *   drive PROGRAMS SCENARIO FIRST STEP     N = FIRST, FIRST + STEP, ... until a run
 *                                          comes to its end undisturbed
 *
 * Prints "SCENARIO: K kills" and exits 0, or the first broken promise and exits 1.
 */
#include <signal.h>
#include "crash_stage.h"
#include "str.h"

struct scenario {
    const char *name, *mode; /* of the new binary: main_pocket.c */
    bool fresh;              /* from nothing: also the host's identity is made */
    bool stops_staged;       /* ends with staged */
    bool reverts;            /* begins settled, a revert order */
    bool preserves;          /* begins staged, with a copy of other keys */
    enum phase ends;
    enum stage_binary at_end;
    bool vendor;   /* root demands HashiCorp's signature */
    bool restages; /* begins staged, the same once more */
    bool seed;     /* what is fetched is kept for other hosts */
    bool removes;  /* begins staged, a stop by order */
};

static const struct scenario scenarios[] = {
    {"stage", "good", true, true, false, false, PHASE_STAGED, BINARY_OLD, false, false, false,
     false},
    {"swap", "good", false, false, false, false, PHASE_SETTLED, BINARY_NEW, false, false, false,
     false},
    {"fail", "exits", false, false, false, false, PHASE_REVERTED, BINARY_OLD, false, false, false,
     false},
    {"revert", "good", false, false, true, false, PHASE_REVERTED, BINARY_OLD, false, false, false,
     false},
    {"vendor", "good", true, true, false, false, PHASE_STAGED, BINARY_OLD, true, false, false,
     false},
    {"seed", "good", true, true, false, false, PHASE_STAGED, BINARY_OLD, false, false, true, false},
    {"preserve", "good", false, true, false, true, PHASE_STAGED, BINARY_OLD, false, false, false,
     false},
    {.name = "stop",
     .mode = "good",
     .stops_staged = true,
     .ends = PHASE_STAGED,
     .at_end = BINARY_OLD,
     .removes = true},
    {"restage", "good", false, true, false, false, PHASE_STAGED, BINARY_OLD, false, true, true,
     false},
};

struct run {
    const struct scenario *s;
    struct crash_stage st;
    struct buf inner, receipt; /* of the order under test */
    enum refusal refusal;
    unsigned at;
    char broken[200];
};

static void broken(struct run *r, const char *what, const struct view *v)
{
    if (r->broken[0] == '\0')
        snprintf(r->broken, sizeof(r->broken), "%s: before effect %u: %s (%s, target %d: %.80s)",
                 r->s->name, r->at, what, phase_name(v->status.work.phase),
                 (int)stage_target(&r->st), v->status.verdict.text);
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
    else
        stage_revert(&r->st, &r->inner);
    r->refusal = stage_send(&r->st, &r->inner, &r->receipt);
}

/* What has been done so far lies aside, so that each run begins there. */
static void prepare(struct run *r, struct view *v)
{
    stage_service(&r->st, true);
    if (r->s->preserves) /* before swap is started: then it looks for a server's id */
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
    stage_save(&r->st);
}

static void judge_rest(struct run *r, const struct view *v, enum stage_binary before)
{
    enum stage_binary now = stage_target(&r->st);
    enum phase p = v->status.work.phase;
    bool runs_target = false;
    bool is_new = p == PHASE_SETTLED;

    if (now != BINARY_OLD && now != BINARY_NEW)
        broken(r, "no whole binary is at the target", v);
    if ((now == BINARY_NEW) != is_new)
        broken(r, "phase and target do not fit", v);
    /* An order sent again may be obeyed now: that is no recovery alone. */
    if (!r->st.sent_twice && before == BINARY_OLD && now == BINARY_NEW)
        broken(r, "recovery alone crossed the rename", v);
    if (!r->st.sent_twice && before == BINARY_NEW && now == BINARY_OLD &&
        !str_eq(r->s->mode, "exits"))
        broken(r, "recovery alone took a good binary back", v);
    if (stage_kept(&r->st) == BINARY_TORN ||
        (r->s->seed && p == PHASE_STAGED && stage_kept(&r->st) != BINARY_NEW))
        broken(r, "what is kept for other hosts is not whole", v);
    if (!r->s->removes && (!stage_service_runs(&r->st, &runs_target) || !runs_target))
        broken(r, "the service does not run the binary at the target", v);
}

/* The same bytes once more: the same receipt, and nothing done. */
static void judge_repeat(struct run *r, const struct view *v)
{
    auto_buf struct buf again = BUF_INIT;
    struct view *after = xzalloc(1, sizeof(*after));

    if (r->receipt.len > 0) {
        (void)stage_send(&r->st, &r->inner, &again);
        stage_rest(&r->st, after);
        if (again.len != r->receipt.len || memcmp(again.data, r->receipt.data, again.len) != 0)
            broken(r, "an answered order gets another receipt", v);
        if (after->status.work.phase != v->status.work.phase)
            broken(r, "an answered order was obeyed again", after);
    }
    free(after);
}

/* Whatever happened, there is a whole copy; and doing it once more makes it that of now. */
static void judge_copy(struct run *r, const struct view *v)
{
    char is = stage_copy(&r->st);

    if (is != 'o' && is != 'n')
        broken(r, "there is no whole copy of the keystore", v);
    send_next(r, MSG_PRESERVE);
    if (r->refusal != REFUSAL_NONE || stage_copy(&r->st) != 'n')
        broken(r, "the keystore cannot be copied again", v);
}

static enum message_kind next_kind(const struct run *r, const struct view *v)
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

static void carry_on(struct run *r, struct view *v)
{
    enum message_kind kind;

    for (int i = 0; i < 6 && (kind = next_kind(r, v)) != MSG_NONE; i++) {
        send_next(r, kind);
        stage_rest(&r->st, v);
    }
    if (v->status.work.phase != r->s->ends || stage_target(&r->st) != r->s->at_end)
        broken(r, "it does not end as it should", v);
}

/* Whoever was told that it is stopped finds it so. */
static void judge_stopped(struct run *r, const struct view *v)
{
    bool runs_target = false;

    if (r->refusal != REFUSAL_NONE)
        broken(r, "the stop was refused", v);
    else if (stage_service_runs(&r->st, &runs_target) || v->status.work.stamp.main_pid != 0)
        broken(r, "an order stopped the service, and it runs", v);
}

/* Until the process under test has ended, or rests with its order carried out. */
static bool play(struct run *r)
{
    enum message_kind kind = r->s->fresh || r->s->restages ? MSG_STAGE
                             : r->s->reverts               ? MSG_REVERT
                             : r->s->removes               ? MSG_SERVICE
                             : r->s->preserves             ? MSG_PRESERVE
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

static bool one(struct run *r, struct view *v)
{
    bool killed;
    enum stage_binary before;

    buf_clear(&r->receipt);
    stage_restore(&r->st);
    killed = play(r);
    before = stage_target(&r->st);
    stage_rest(&r->st, v);
    if (killed) {
        judge_rest(r, v, before);
        judge_repeat(r, v);
    }
    if (r->s->preserves)
        judge_copy(r, v);
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
    autofree struct view *v = xzalloc(1, sizeof(*v));
    char dir[128];
    uint64_t first = 0, step = 0;
    unsigned kills = 0;

    for (size_t i = 0; argc == 5 && i < ARRAY_LEN(scenarios); i++) {
        if (str_eq(scenarios[i].name, argv[2]))
            r.s = &scenarios[i];
    }
    if (r.s == NULL || str_to_u64(argv[3], 1000, &first) < 0 ||
        str_to_u64(argv[4], 1000, &step) < 0 || first == 0 || step == 0) {
        fprintf(
            stderr,
            "drive PROGRAMS stage|restage|vendor|seed|swap|fail|revert|preserve|stop FIRST STEP\n");
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
