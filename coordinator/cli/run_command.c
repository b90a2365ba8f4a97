#include "run_command.h"

#include "events.h"
#include "fetching.h"
#include "replacing.h"
#include "report_run.h"
#include "shell_ports.h"
#include "trust_files.h"
#include "table.h"
#include "screen.h"

static int exit_code(enum run_state s)
{
    return run_is_over(s) ? EXIT_DONE : EXIT_STOPPED;
}

static void report_run_end(const struct run_command *c, const struct world *w)
{
    if (c->context->opt.json) {
        auto_json struct json *o = report_run_json(c->plan, c->ledger, w);
        json_set_str(o, "event", "end");
        json_line(o, stdout);
        if (exit_code(c->ledger->state) != EXIT_DONE)
            report_cause(c->ledger, false, stderr);
        return;
    }
    fputc('\n', stdout);
    report_run(c->plan, c->ledger, w, context_has_color(c->context, stdout), stdout);
}

/* The servers, their addresses and their keys have changed. */
static void end_replacing(const struct run_command *c, const struct world *w)
{
    struct err err = ERR_INIT;
    replacing_tell_address(c->context, c->plan, c->ledger, w);
    if (replacing_enrol(c->context, c->plan, c->ledger, w, &err) == 0)
        return;
    fputs("caravan: warning: the new servers could not be enrolled; run `caravan enroll`: ",
          stderr);
    print_safe(stderr, err.text);
    fputc('\n', stderr);
}

struct watcher {
    const struct run_command *c;
    struct screen *screen;
    size_t replaced; /* servers that have joined or left */
};

/* Shows each tick. Saves the servers' addresses after each change: the coordinator may be killed.
 */
static void show_tick(void *ctx, const struct run *r, const struct event *ev,
                      const struct decision *d)
{
    struct watcher *w = ctx;
    size_t n = 0;

    screen_update(w->screen, r, ev, d);
    for (size_t i = 0; w->c->plan->replaces && i < w->c->ledger->n_hosts; i++)
        n += w->c->ledger->hosts[i].state == HOST_DONE;
    if (n != w->replaced)
        context_remember(w->c->context);
    w->replaced = n;
}

/* Keeps the trust file in force with the run: the audit judges the orders by it. */
static int keep_run_trust(const struct run_command *c, struct err *err)
{
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    auto_buf struct buf file = BUF_INIT;
    if (trust_kept_load(&c->context->conf, &kept, err) < 0)
        return -1;
    buf_add(&file, kept.last.p, kept.last.len);
    return ledger_store_trust(c->store, c->ledger->run_id, kept.now.version, &file, err);
}

static int loop_run(const struct run_command *c, struct screen *screen, const struct ports *ports,
                    struct err *err)
{
    return keep_run_trust(c, err) < 0
               ? -1
               : run_loop(
                     &(struct run_config){.plan = c->plan,
                                          .ledger = c->ledger,
                                          .ports = ports,
                                          .told = show_tick,
                                          .told_ctx = &(struct watcher){.c = c, .screen = screen}},
                     err);
}

int run_carry_out(const struct run_command *c)
{
    struct err err = ERR_INIT;
    struct shell shell;
    struct screen screen = {.json = c->context->opt.json,
                            .verbose = c->context->opt.verbose,
                            .color = context_has_color(c->context, stdout)};
    shell_init(&shell, c->context, c->store, c->release, c->ledger->run_id);
    const struct ports ports = shell_ports(&shell);
    screen.live = !screen.json && isatty(STDOUT_FILENO) == 1 && getenv("TERM") != NULL &&
                  !str_eq(getenv("TERM"), "dumb");
    screen_begin(&screen, c->plan, c->ledger, c->context->clock, stdout);
    agents_follow(c->context->agents);
    observer_set_patient(c->context->observer, false);
    int rc = loop_run(c, &screen, &ports, &err);
    screen_end(&screen);
    shell_done(&shell);
    if (rc < 0) {
        fprintf(stderr, "caravan: the run stopped: ");
        print_safe(stderr, err.text);
        fprintf(stderr,
                "\nHosts in flight finish or revert without the coordinator. To go on: caravan "
                "resume\n");
        return EXIT_STOPPED;
    }
    report_run_end(c, observer_world(c->context->observer));
    if (c->plan->replaces)
        end_replacing(c, observer_world(c->context->observer));
    if (!run_ended(c->ledger->state))
        fprintf(stderr,
                "caravan: ended at once, because a second signal came. Hosts in flight finish "
                "or revert without the coordinator. To go on: caravan resume\n");
    return exit_code(c->ledger->state);
}

int target_load(struct command_context *c, const char *version, struct stored_release *ret,
                struct err *err)
{
    struct err why = ERR_INIT;
    if (release_load(&c->conf, &c->trust, version, ret, &why) == 0)
        return 0;
    if (why.kind != ERR_NOTFOUND) {
        *err = why;
        return -1;
    }
    return offer_release(c, version, ret, err);
}

/* ---- a run read from the ledger ---- */

static int load_run(const struct command_context *c, struct reopened_run *r, struct err *err)
{
    r->ledger = xzalloc(1, sizeof(*r->ledger));
    if (ledger_store_load(r->store, r->run.run_id, r->ledger, err) < 0) {
        free(take_ptr(&r->ledger));
        return -1;
    }
    if (plan_read(buf_str(&r->ledger->plan), r->ledger->plan.len, &c->hazards, &r->plan, err) < 0)
        return err_wrap(err, "read the run's plan");
    r->planned = true;
    if (r->plan.n_hosts != r->ledger->n_hosts)
        return err_set(err, ERR_FORMAT, 0,
                       "the plan in the ledger has %zu hosts, but the run has %zu", r->plan.n_hosts,
                       r->ledger->n_hosts);
    return 0;
}

/* Warns if the hazards have changed since the run began. What was accepted stays accepted; new
 * answers of hosts are judged by the hazards of now. */
static void warn_other_hazards(const struct hazards *h, const struct ledger *l)
{
    char then[65], now[65];
    if (digest_is_zero(&l->hazards_digest) || digest_eq(&l->hazards_digest, &h->digest))
        return;
    digest_hex(then, &l->hazards_digest);
    digest_hex(now, &h->digest);
    fprintf(
        stderr,
        "caravan: warning: the hazards (%.12s) have changed since the run began (%.12s). What you "
        "accepted stays accepted; `caravan plan ",
        now, then);
    print_safe(stderr, l->target);
    fputs("` shows what the new hazards find in this fleet\n", stderr);
}

/* Finds the run for resume and abort: the named run, or the newest. */
static int choose_run(struct ledger_store *s, const char *text, struct stored_run *ret,
                      struct err *err)
{
    char hex[33];
    if (ledger_store_find(s, text, ret, err) < 0)
        return -1;
    run_hex(hex, ret->run_id);
    if (run_is_over(ret->state))
        return err_set(err, ERR_REFUSED, 0, "run %.8s to %s is %s: there is nothing to do", hex,
                       ret->target, run_state_name(ret->state));
    return 0;
}

/* Will hosts still be staged? Stage orders need facts of hosts. Hosts that failed or were skipped
 * may be tried again. */
static bool still_stages(const struct ledger *l)
{
    static const bool stages[HOST_STATE_COUNT] = {
        [HOST_PENDING] = true, [HOST_STAGING] = true, [HOST_FAILED] = true, [HOST_SKIPPED] = true};

    for (size_t i = 0; i < l->n_hosts; i++)
        if (stages[l->hosts[i].state])
            return true;
    return false;
}

int run_reopen(struct command_context *c, const char *run, bool with_release,
               struct reopened_run *ret, struct err *err)
{
    const struct world *w = NULL;
    memset(ret, 0, sizeof(*ret));
    ret->lock = -1;
    if (context_open(c, err) < 0 || context_load_hazards(c, with_release, err) < 0)
        return -1;
    if (ledger_store_lock(&c->conf, &ret->lock, err) < 0)
        return err->kind == ERR_BUSY
                   ? err_wrap(err, "a run is in progress on this machine; it was not touched")
                   : -1;
    if (ledger_store_open(&c->conf, true, c->clock, &ret->store, err) < 0 ||
        choose_run(ret->store, run, &ret->run, err) < 0 || load_run(c, ret, err) < 0)
        return -1;
    if (context_open_operator_key(c, err) < 0)
        return -1; /* ask for the passphrase now: later the operator may be away */
    if (replacing_resume(c, &ret->plan, err) < 0)
        return -1;
    if (with_release && target_load(c, ret->run.target, &ret->stored, err) < 0)
        return -1;
    if (with_release)
        warn_other_hazards(&c->hazards, ret->ledger);
    if (with_release && still_stages(ret->ledger))
        agents_ask_facts(c->agents);
    if (context_look(c, NULL, PATIENCE_RUN, &w, err) < 0)
        return -1;
    return with_release ? serving_begin(c, w, false, &ret->stored, &ret->serving, err) : 0;
}

int run_reopen_to_read(struct command_context *c, const char *run, struct reopened_run *ret,
                       struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    ret->lock = -1;
    if (context_load_conf(c, err) < 0 || context_load_hazards(c, false, err) < 0 ||
        ledger_store_open(&c->conf, false, c->clock, &ret->store, err) < 0 ||
        ledger_store_find(ret->store, run, &ret->run, err) < 0)
        return -1;
    return load_run(c, ret, err);
}

void reopened_run_free(struct reopened_run *r)
{
    if (r->planned)
        plan_free(&r->plan);
    if (r->ledger != NULL)
        ledger_free(r->ledger);
    free(r->ledger);
    serving_end(&r->serving);
    stored_release_free(&r->stored);
    ledger_store_close(r->store);
    if (r->lock >= 0)
        close(r->lock);
}
