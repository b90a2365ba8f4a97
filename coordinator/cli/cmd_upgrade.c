#include "run_command.h"
#include "commands.h"
#include "events.h"
#include "planning.h"
#include "replacing.h"
#include "report_plan.h"
#include "report_run.h"
#include "table.h"

#define PLAN_AGAIN_MS 10000

enum begin {
    BEGIN_UPGRADE,
    BEGIN_STAGE,
    BEGIN_REPLACE,
};

struct upgrade {
    struct command_context *context;
    enum begin what;
    struct replacing replacing;
    struct stored_release stored;
    struct serving serving;
    struct ledger_store *store;
    struct policy policy;
    struct plan plan;
    bool planned;
    int lock;
};

/* Only one run at a time. The error names the pid of a run in progress, or the id of a run that has
 * not ended. */
static int check_ledger(struct upgrade *u, struct err *err)
{
    autofree struct stored_run *runs = NULL;
    size_t n = 0;
    if (ledger_store_lock(&u->context->conf, &u->lock, err) < 0)
        return err->kind == ERR_BUSY ? err_wrap(err, "another run is in progress on this machine")
                                     : -1;
    if (ledger_store_open(&u->context->conf, true, u->context->clock, &u->store, err) < 0 ||
        ledger_store_runs(u->store, &runs, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char hex[33];
        run_hex(hex, runs[i].run_id);
        if (!run_is_over(runs[i].state))
            return err_set(
                err, ERR_REFUSED, 0,
                "run %.8s to %s has not ended (%s). First continue it with `caravan resume %.8s`, "
                "or end it with `caravan abort %.8s`",
                hex, runs[i].target, run_state_name(runs[i].state), hex, hex);
    }
    return 0;
}

/* Refuses if the agent of a server obeys a run that is not in this ledger: another coordinator,
 * maybe on another machine, is working. */
static int check_holder(const struct world *w, struct err *err)
{
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        const struct lease_state *lease = &h->agent.lease;
        char hex[33], time[24];
        if (!h->is_server || h->agent.lease_at == 0 || !lease->held)
            continue;
        run_hex(hex, lease->run_id);
        str_for_ms(time, sizeof(time), lease->expires_in_ms);
        return err_set(err, ERR_REFUSED, 0,
                       "%s obeys run %.8s, which is not in the ledger of this machine: another "
                       "coordinator carries out that run. Wait until that run ends; if that "
                       "coordinator does not run any more, its lease ends in %s",
                       h->name, hex, time);
    }
    return 0;
}

static int make_plan(struct upgrade *u, struct err *err)
{
    if (u->planned)
        plan_free(&u->plan);
    u->planned = false;
    if (planning_make(u->context,
                      &(struct planning){.release = &u->stored,
                                         .serving = &u->serving,
                                         .policy = &u->policy,
                                         .patience_ms = PATIENCE_RUN,
                                         .check = check_holder},
                      &u->plan, err) < 0)
        return -1;
    u->planned = true;
    return 0;
}

static void print_plan_again(const char *why)
{
    print_safe(stderr, why);
    fprintf(stderr, "; Caravan looks again, for at most %d s\n", PLAN_AGAIN_MS / 1000);
}

/* Plans. If an election or a late answer refuses the plan, says so and plans again for some
 * seconds: such a state passes soon. */
static int plan_until_calm(struct upgrade *u, struct err *err)
{
    const struct command_context *c = u->context;
    int64_t end = clock_mono(c->clock) + PLAN_AGAIN_MS;
    if (make_plan(u, err) < 0)
        return -1;
    for (bool told = false; plan_may_pass(&u->plan) && clock_mono(c->clock) < end; told = true) {
        const struct finding *f = plan_refused(&u->plan);
        if (!told && !c->opt.json)
            print_plan_again(f->text);
        if (make_plan(u, err) < 0)
            return -1;
    }
    return 0;
}

static void show_plan(const struct upgrade *u)
{
    if (u->context->opt.json) {
        auto_json struct json *o = report_plan_json(&u->plan);
        json_set_str(o, "event", "plan");
        json_line(o, stdout);
    } else {
        report_plan(&u->plan, u->context->opt.verbose, context_has_color(u->context, stdout),
                    stdout);
        fputc('\n', stdout);
    }
    fflush(stdout);
}

static void read_boot_id(char *dst, size_t n)
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    char line[64] = "";
    if (f != NULL) {
        if (fgets(line, sizeof(line), f) == NULL)
            line[0] = '\0';
        fclose(f);
    }
    line[strcspn(line, "\n")] = '\0';
    str_cut(dst, n, line);
}

static int begin_run(struct upgrade *u, struct err *err)
{
    unsigned char id[RUN_ID_LEN];
    autofree struct ledger *l = xzalloc(1, sizeof(*l));
    crypto_random(id, sizeof(id));
    ledger_init(l, &u->plan, id);
    l->begun_wall_ms = clock_wall(u->context->clock);
    l->hazards_digest = u->context->hazards.digest;
    read_boot_id(l->boot, sizeof(l->boot));
    l->dirty = true;
    int code = -1;
    if (ledger_store_commit(u->store, l, err) == 0)
        code = run_carry_out(&(struct run_command){.context = u->context,
                                                   .store = u->store,
                                                   .plan = &u->plan,
                                                   .ledger = l,
                                                   .release = &u->stored});
    ledger_free(l);
    return code;
}

/* Asks before the first effect. 1: go on; 0: nothing to do, and *ret_code is the exit code. */
static int confirm_plan(struct upgrade *u, int *ret_code, struct err *err)
{
    const struct options *o = &u->context->opt;
    *ret_code = EXIT_DONE;
    if (plan_refused(&u->plan) != NULL) {
        report_refusal(&u->plan, stderr);
        *ret_code = EXIT_REFUSED;
        return 0;
    }
    if (o->dry_run)
        return 0;
    if (u->plan.n_todo == 0) {
        fprintf(o->json ? stderr : stdout,
                "Every host of the plan already runs %s. There is nothing to do.\n",
                u->plan.target);
        return 0;
    }
    return context_confirm(u->context,
                           u->what == BEGIN_STAGE ? "Stage the new binary on these hosts?"
                                                  : "Carry out this plan?",
                           "nothing was touched", err) < 0
               ? -1
               : 1;
}

static int upgrade_fleet(struct upgrade *u, const char *version, struct err *err)
{
    struct command_context *c = u->context;
    int code = EXIT_DONE;
    if (context_policy(c, &u->policy, err) < 0 || context_open(c, err) < 0 ||
        target_load(c, version, &u->stored, err) < 0)
        return -1;
    u->policy.stage_only = u->what == BEGIN_STAGE;
    if (u->what == BEGIN_REPLACE && replacing_begin(c, &u->replacing, &u->policy, err) < 0)
        return -1;
    if (!c->opt.dry_run && check_ledger(u, err) < 0)
        return -1;
    if (plan_until_calm(u, err) < 0)
        return -1;
    show_plan(u);
    int rc = confirm_plan(u, &code, err);
    if (rc <= 0)
        return rc < 0 ? -1 : code;
    if (context_open_operator_key(c, err) < 0)
        return -1;
    return begin_run(u, err);
}

static int begin_command(struct command_context *c, const char *version, enum begin what)
{
    struct upgrade u = {.context = c, .lock = -1, .what = what};
    struct err err = ERR_INIT;
    int code = upgrade_fleet(&u, version, &err);
    if (u.planned)
        plan_free(&u.plan);
    serving_end(&u.serving);
    stored_release_free(&u.stored);
    ledger_store_close(u.store);
    if (u.lock >= 0)
        close(u.lock);
    return code < 0 ? command_fail(&err) : code;
}

int cmd_upgrade(void *ctx, int argc, char **argv)
{
    (void)argc;
    return begin_command(ctx, argv[0], BEGIN_UPGRADE);
}

int cmd_stage(void *ctx, int argc, char **argv)
{
    (void)argc;
    return begin_command(ctx, argv[0], BEGIN_STAGE);
}

int cmd_replace(void *ctx, int argc, char **argv)
{
    (void)argc;
    return begin_command(ctx, argv[0], BEGIN_REPLACE);
}
