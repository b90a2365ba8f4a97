/* timeout: 400
 * Random worlds: seeds make fleets, faults and runs; the judge looks at each.
 *
 *     worlds --worlds N [--from SEED] [--jobs N] [--each | --first] [-q]
 *            (--each: every failing seed, not only the first; --first: ends with it)
 *     worlds --seed N -v        one world, with everything that happens in it
 *
 * The program prints TAP: one test for all worlds, and one test that every fault, action, reason
 * and refusal was seen and every invariant was judged. The counts come before the tests. For the
 * first failing seed it prints the command that replays the seed. */
#include "built_in.h"
#include "plan_make.h"
#include "truth_survey.h"
#include "truth.h"

#include <sys/mman.h>
#include <sys/wait.h>

#define JOBS_MAX 16
#define ENDS_MAX 12 /* a run is resumed at most so often */

struct tally {
    struct counts counts;
    uint64_t failed, first_seed, worlds;
    int invariant;
    char verdict[480];
};

static const char *intent_name(enum intent_kind k)
{
    static const char *const names[INTENT_KIND_COUNT] = {
        [0] = "none",
        [INTENT_CLAIM] = "claim",
        [INTENT_STAGE] = "stage",
        [INTENT_SWAP] = "swap",
        [INTENT_REVERT] = "revert",
        [INTENT_RESEND] = "resend",
        [INTENT_WITHDRAW] = "withdraw",
        [INTENT_DRAIN] = "drain",
        [INTENT_RESTORE] = "restore",
        [INTENT_TRANSFER] = "transfer",
        [INTENT_SERVICE] = "service",
        [INTENT_REMOVE_PEER] = "remove peer",
        [INTENT_FORCE_LEAVE] = "force leave",
        [INTENT_SNAPSHOT] = "snapshot",
        [INTENT_PRESERVE] = "preserve",
        [INTENT_MARK] = "mark",
        [INTENT_RUN] = "run",
        [INTENT_STOP] = "stop",
        [INTENT_PAUSE] = "pause",
    };
    return (unsigned)k < INTENT_KIND_COUNT ? names[k] : "unknown";
}

static void choose_policy(struct truth *t)
{
    struct policy *p = &t->policy;

    policy_default(p);
    p->parallel = (uint32_t)t_between(t, 1, 3);
    if (t_chance(t, 200)) {
        p->parallel = 0;
        p->parallel_percent = (uint32_t)t_between(t, 1, 100);
    }
    p->canary = (uint32_t)t_between(t, 0, 2);
    p->soak_ms = t_between(t, 0, 12000);
    p->settle_ms = t_between(t, 500, 6000);
    p->settle_answers = (uint32_t)t_between(t, 2, 3);
    p->server_deadline_ms = t_between(t, 60000, 120000);
    p->client_deadline_ms = t_between(t, 25000, 60000);
    p->hold_ms = t_between(t, 1000, 5000);
    p->max_failures = t_chance(t, 400) ? 1 : 0;
    p->max_skipped = t_chance(t, 300) ? 1 : 0;
    p->drain = t_chance(t, 350);
    p->drain_deadline_ms = 40000;
    p->stage_deadline_ms = 60000;
    p->accept_outage = t->n_regions == 1 && t->hosts[1].is_server == false;
    /* No random draw, so that the other worlds stay as they were. */
    p->replace.watch_ms = (int64_t)((t->seed * UINT64_C(0xd6e8feb86659fd93) >> 33) % 9000);
    p->stage_only = !t->replaces && (t->seed * UINT64_C(0xd6e8feb86659fd93) >> 33) % 64 == 0;
}

/* The versions are chosen at random, so the plan accepts every finding that may be accepted. */
static bool accept_all(struct truth *t)
{
    struct policy *p = &t->policy;

    p->n_accepted = 0;
    if (t->no_management)
        p->accepted[p->n_accepted++] = "no-snapshot";
    if (t->no_keystore)
        p->accepted[p->n_accepted++] = "no-keystore";
    if (p->max_skipped > 0)
        p->accepted[p->n_accepted++] = "law-refuses";
    for (size_t i = 0; i < t->plan.n_findings && p->n_accepted < ARRAY_LEN(p->accepted); i++)
        if (t->plan.findings[i].severity == SEVERITY_BLOCK)
            p->accepted[p->n_accepted++] = t->plan.findings[i].id;
    return p->n_accepted > 0;
}

static bool make_world_plan(struct truth *t)
{
    struct release release = {.n_builds = 0};
    struct err err = ERR_INIT;

    str_cut(release.version, sizeof(release.version), t->versions[BIN_NEW]);
    for (int k = 0; k < T_ARCHES; k++) {
        struct manifest_build_ref *b = &release.builds[release.n_builds++];
        str_cut(b->os, sizeof(b->os), "linux");
        str_cut(b->arch, sizeof(b->arch), t_arch_names[k]);
        b->digest = t->digests[BIN_NEW][k];
        b->urls[b->n_urls++] = "https://mirror.example/nomad.zip";
    }
    t_sight_all(t);
    t->planning = true;
    const struct world *w = t_sight_done(t);
    struct truth_survey survey;
    truth_survey_init(&survey, w);
    int made = plan_make(w, &survey.survey, &release, &t->policy, built_in(), &t->plan, &err);
    if (made == 0 && accept_all(t)) {
        plan_free(&t->plan);
        made = plan_make(w, &survey.survey, &release, &t->policy, built_in(), &t->plan, &err);
    }
    truth_survey_free(&survey);
    t->planning = false;
    if (made < 0) {
        judge_says(t, INVARIANT_ENDS, "no plan: %s", err.text);
        return false;
    }
    const struct finding *f = plan_refused(&t->plan);
    if (f != NULL)
        judge_says(t, INVARIANT_ENDS, "the plan was refused: %s %s", f->id, f->text);
    else if (t->replaces && t_replace_plan(t, &err) < 0)
        judge_says(t, INVARIANT_ENDS, "no plan to replace by: %s", err.text);
    return t->violated == 0;
}

static void count_decision(void *ctx, const struct run *r, const struct event *ev,
                           const struct decision *d)
{
    const struct truth *t = ctx;

    (void)ev;
    for (size_t i = 0; i < d->n_intents; i++) {
        counts.intents[d->intents[i].kind]++;
        t_say(t, "   intent %s %.8s %s %s", intent_name(d->intents[i].kind), d->intents[i].key,
              d->intents[i].kind == INTENT_MARK  ? host_state_name(d->intents[i].state)
              : d->intents[i].kind == INTENT_RUN ? run_state_name(d->intents[i].run)
                                                 : "",
              d->intents[i].text);
    }
    for (size_t i = 0; i < d->n_waiting; i++)
        counts.reasons[d->waiting[i].reason]++;
    if (t->verbose && d->n_intents == 0 && d->n_waiting > 0 && ev->kind == EV_WORLD)
        t_say(t, "   %s: waits %s: %s", run_state_name(r->config->ledger->state),
              reason_name(d->waiting[0].reason), d->waiting[0].text);
    if (d->n_intents == 0 && d->n_waiting == 0 && !run_ended(r->config->ledger->state) &&
        r->config->ledger->state != RUN_STAGING)
        judge_says(ctx, INVARIANT_ENDS, "neither intent nor reason in state %s",
                   run_state_name(r->config->ledger->state));
}

/* The next process gets the committed ledger. */
static void reload_ledger(struct truth *t)
{
    t_ledger_drop(&t->ledger);
    for (size_t i = 0; i < t->committed.n_hosts; i++)
        t->committed.hosts[i].dirty = true;
    t_commit_copy(&t->ledger, &t->committed);
    t->dead = false;
    t->crash_at = 0;
    t->process++;
    memset(t->interest, 0, sizeof(t->interest));
    t->rest_until = 0;
    t_sight_blank(t);
    if (t->reboots)
        t->mono_base = t->now - t_between(t, 1000, 30000);
    t->reboots = false;
}

/* The operator after a stop repairs what is broken and resumes, or gives up. */
static bool goes_on(struct truth *t, int ends)
{
    if (ends >= ENDS_MAX)
        return false;
    if (run_is_over(t->ledger.state))
        return false;
    if (t->ledger.state == RUN_STOPPED && t_chance(t, 600) && !t_trust_resumes(t))
        return false;
    t_trust_mends(t);
    for (int i = 0; i < t->n_hosts && t_chance(t, 700); i++) {
        struct t_host *h = &t->hosts[i];
        if (h->defect != DEFECT_NONE || h->empty) {
            h->faulted = true;
            h->defect = DEFECT_NONE;
            h->empty = false;
            if (!t_agent_works(t, i) && (h->role == ROLE_UPGRADE || h->up))
                t_restart(t, i, 100);
        }
        t->hosts[i].agent.swap_gone = t->hosts[i].agent.held_by_root = false;
        t->hosts[i].agent.unready = false;
        t->hosts[i].agent.mute_ms = 0;
        t->hosts[i].agent.full_ms = 0;
    }
    for (int i = 0; i < t->n_hosts; i++)
        t->hosts[i].agent.lease.paused = false;
    return true;
}

static void run_once(struct truth *t)
{
    struct ports ports = truth_ports;
    struct run_config c = {.plan = &t->plan, .ledger = &t->ledger, .ports = &ports};
    struct err err = ERR_INIT;

    ports.ctx = t;
    t_seeds_new_process(t);
    c.told = count_decision;
    c.told_ctx = t;
    t->at_work = true;
    int rc = run_loop(&c, &err);
    t->at_work = false;
    if (rc < 0 && !t->dead && t->violated == 0)
        judge_says(t, INVARIANT_ENDS, "the loop gave up: %s", err.text);
}

/* If the run has reported lost tasks, a resumed run does not miss them. */
static void losses_told(struct truth *t)
{
    for (size_t i = 0; i < t->ledger.n_hosts; i++) {
        int k = t_host_of(t, t->ledger.hosts[i].key);
        if (k >= 0 && t->ledger.hosts[i].state == HOST_FAILED)
            t->hosts[k].tasks_lost = false;
    }
}

static void live_world(struct truth *t)
{
    ledger_init(&t->ledger, &t->plan, t->run_id);
    t_ledger_drop(&t->committed);
    t_commit_copy(&t->committed, &t->ledger);
    for (int ends = 0; t->violated == 0; ends++) {
        run_once(t);
        if (t->violated != 0)
            break;
        if (!t->dead && run_ended(t->ledger.state)) {
            t_say(t, "ended %s: %s | %s", run_state_name(t->ledger.state), t->ledger.cause,
                  t->ledger.advice);
            judge_end(t);
            counts.ends[t->ledger.state]++;
            if (!goes_on(t, ends))
                break;
        }
        t_pass(t, t_between(t, 0, 40000));
        reload_ledger(t);
        t->paused = t->agents_paused = false;
        t->aborted = t->ledger.state == RUN_ABORTING;
        losses_told(t); /* an abort forgets what failed, and may be resumed itself */
        if (run_ended(t->ledger.state) && t_chance(t, 300)) {
            t->aborted = true;
            ledger_abort(&t->ledger);
        } else {
            ledger_resume(&t->ledger);
        }
        t_moment(t, MOMENT_LEDGER, -1);
        t_moment(t, MOMENT_PROCESS, -1);
        t_moment(t, MOMENT_BEGUN, -1);
        t_say(t, "a new process of the coordinator: %s", run_state_name(t->ledger.state));
    }
}

/* Chooses one host that will not be ready, or will not report whether it is. No random draw, so
 * that the other worlds stay as they were. */
static void choose_unready(struct truth *t)
{
    uint64_t dice = t->seed * UINT64_C(0x9e3779b97f4a7c15) >> 33;
    struct t_host *h = &t->hosts[dice / 64 % (uint64_t)t->n_hosts];

    switch (dice % 64) {
    case 0:
        h->agent.unready = true;
        break;
    case 1:
        h->agent.mute_ms = t->now + (int64_t)(dice / 4096 % 60000);
        break;
    case 2:
        h->agent.mute_ms = t->now + T_LIFE;
        break;
    case 3:
        h->agent.held_by_root = true;
        break;
    default:
        return;
    }
    h->faulted = true;
    t_say(t, "%s is not ready, in way %d", h->name, (int)(dice % 64));
}

static void one_world(struct truth *t, uint64_t seed)
{
    truth_make(t, seed);
    choose_policy(t);
    if (t->replaces)
        t_replace_choose(t);
    t_seeds_choose(t);
    if (make_world_plan(t)) {
        t_replace_dies(t);
        t_trust_choose(t);
        faults_plan(t);
        choose_unready(t);
        if (t->rotation != ROTATION_NONE)
            t_trust_plan(t);
        t_schedule(t, 10, T_OBSERVE, -1, 0, -1, 0);
        live_world(t);
        t_ledger_drop(&t->ledger);
        t_ledger_drop(&t->committed);
    }
    plan_free(&t->plan);
    t->plan = (struct plan){.hosts = NULL}; /* the accepted ids belonged to that plan */
}

/* The options of the command line. */
struct batch {
    uint64_t from, worlds, jobs;
    bool verbose, quiet, one, each;
    uint64_t failures; /* so many failures end it */
};

static void many_worlds(struct tally *o, const struct batch *a, uint64_t job)
{
    uint64_t n = (a->worlds + a->jobs - 1 - job) / a->jobs;
    struct truth *t = xzalloc(1, sizeof(*t));

    t->verbose = a->verbose;
    for (uint64_t i = 0; i < n; i++) {
        one_world(t, a->from + job + i * a->jobs);
        o->worlds++;
        if (t->violated == 0)
            continue;
        if (o->failed++ == 0) {
            o->first_seed = t->seed;
            o->invariant = t->violated;
            memcpy(o->verdict, t->verdict, sizeof(o->verdict));
        }
        if (a->each)
            printf("# seed %llu: invariant %d: %s\n", (unsigned long long)t->seed, t->violated,
                   t->verdict);
        else if (o->failed >= a->failures)
            break;
    }
    o->counts = counts;
    free(t);
}

/* ---- the report ---- */

static void add_counts(struct counts *to, const struct counts *from)
{
    uint64_t *a = (uint64_t *)to;
    const uint64_t *b = (const uint64_t *)from;
    for (size_t i = 0; i < sizeof(*to) / sizeof(*a); i++)
        a[i] += b[i];
}

static int report_count(const char *what, const char *name, uint64_t n, bool must)
{
    printf("# %-10s %-34s %10llu%s\n", what, name, (unsigned long long)n,
           must && n == 0 ? "   NEVER SEEN" : "");
    return must && n == 0;
}

static int report_counts(const struct counts *c)
{
    static const char *const defects[] = {"",
                                          "will not start",
                                          "crashes after 3 s",
                                          "slow restore",
                                          "never catches up",
                                          "API falls silent",
                                          "tasks lost",
                                          "empty state",
                                          "bad digest"};
    static const char *const trusts[TRUST_COUNTS] = {
        "stopped without a key that the trust names", "resumed in vain",
        "repaired, and resumed to its end", "nothing changes by keys of others",
        "it comes with a boot"};
    int zero = 0;

    for (int i = 0; i < FAULT_KINDS; i++)
        zero += report_count("fault", fault_name(i), c->faults[i], true);
    for (int i = 1; i < DEFECT_COUNT; i++)
        zero += report_count("defect", defects[i], c->defects[i], true);
    zero += report_count("network", "lost", c->lost, true);
    zero += report_count("network", "doubled", c->doubled, true);
    zero += report_count("network", "late", c->late, true);
    zero += report_count("crash", "before or after commits and effects", c->crashes, true);
    for (int i = 1; i < INTENT_KIND_COUNT; i++)
        zero += report_count("action", intent_name((enum intent_kind)i), c->intents[i], true);
    for (int i = 1; i < REASON_COUNT; i++)
        zero += report_count("reason", reason_name((enum reason)i), c->reasons[i], true);
    for (int i = 0; i < REFUSAL_COUNT; i++)
        zero += report_count("refusal", refusal_name((enum refusal)i), c->refused[i],
                             i <= REFUSAL_QUORUM || i == REFUSAL_IO);
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        if (run_ended((enum run_state)i))
            zero += report_count("end", run_state_name((enum run_state)i), c->ends[i], true);
    for (int i = 1; i <= INVARIANTS; i++)
        zero += report_count("invariant", invariant_name(i), c->judged[i], true);
    for (int i = 0; i < TRUST_COUNTS; i++)
        zero += report_count("trust", trusts[i], c->trust[i], true);
    zero += report_count("granted", "a quorum lost after the last look", c->granted[0], true);
    zero += report_count("granted", "a server not well after it", c->granted[1], true);
    printf("# events %llu\n", (unsigned long long)c->events);
    return zero;
}

static int report_worlds(const struct tally *all, int jobs, bool counted, const char *program)
{
    struct tally sum = {0};
    int zero = 0;

    for (int j = 0; j < jobs; j++) {
        add_counts(&sum.counts, &all[j].counts);
        sum.failed += all[j].failed;
        sum.worlds += all[j].worlds;
        if (all[j].failed > 0)
            printf("# invariant %d: %s\n# replay: %s --seed %llu -v\n", all[j].invariant,
                   all[j].verdict, program, (unsigned long long)all[j].first_seed);
    }
    printf("1..%d\n", counted ? 2 : 1);
    if (counted)
        zero = report_counts(&sum.counts);
    printf("%sok 1 - %llu random worlds keep the invariants\n", sum.failed > 0 ? "not " : "",
           (unsigned long long)sum.worlds);
    if (counted)
        printf("%sok 2 - every fault, action, reason, refusal and end was seen, every invariant "
               "judged\n",
               zero > 0 ? "not " : "");
    return sum.failed > 0 || zero > 0;
}

static uint64_t parse_number(const char *s)
{
    uint64_t v = 0;
    if (s == NULL || str_to_u64(s, UINT64_MAX, &v) < 0) {
        fprintf(stderr, "worlds: not a number: %s\n", s != NULL ? s : "");
        exit(2);
    }
    return v;
}

static int print_usage(void)
{
    fprintf(stderr, "usage: worlds [--worlds N] [--from SEED] [--jobs N] [--each | --first] [-q] | "
                    "--seed N [-v]\n");
    return 2;
}

static bool read_world_arguments(int argc, char **argv, struct batch *ret)
{
    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--worlds"))
            ret->worlds = parse_number(argv[++i]);
        else if (str_eq(argv[i], "--from"))
            ret->from = parse_number(argv[++i]);
        else if (str_eq(argv[i], "--jobs"))
            ret->jobs = parse_number(argv[++i]);
        else if (str_eq(argv[i], "--seed")) {
            ret->from = parse_number(argv[++i]);
            ret->one = true;
        } else if (str_eq(argv[i], "-v"))
            ret->verbose = true;
        else if (str_eq(argv[i], "--each"))
            ret->each = true;
        else if (str_eq(argv[i], "--first"))
            ret->failures = 1;
        else if (str_eq(argv[i], "-q"))
            ret->quiet = true;
        else
            return false;
    }
    ret->jobs = ret->one ? 1 : MIN_OF(MAX_OF(ret->jobs, 1U), (uint64_t)JOBS_MAX);
    ret->worlds = ret->one ? 1 : ret->worlds;
    return true;
}

int main(int argc, char **argv)
{
    struct batch a = {.from = 1, .worlds = 1000, .jobs = 2, .failures = 5};

    if (!read_world_arguments(argc, argv, &a))
        return print_usage();
    struct tally *all = mmap(NULL, sizeof(*all) * JOBS_MAX, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        die_oom();
    for (uint64_t j = 1; j < a.jobs; j++)
        if (fork() == 0) {
            many_worlds(&all[j], &a, j);
            fflush(stdout);
            _exit(0);
        }
    many_worlds(&all[0], &a, 0);
    while (wait(NULL) > 0)
        ;
    return report_worlds(all, (int)a.jobs, !a.one && !a.quiet && a.worlds >= 20000, argv[0]);
}
