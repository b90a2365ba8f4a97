#include "run_command.h"
#include "commands.h"
#include "events.h"
#include "fleet_health.h"
#include "report_late_failures.h"
#include "report_run.h"
#include "table.h"
#include "world_dump.h"

/* Chooses the hosts whose notes are read. Servers keep the notes about the cluster. A client may
 * have a note if it is draining, not eligible, or has a lease. */
static size_t choose_noted_hosts(const struct world *w, const char **keys, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_hosts && n < max; i++) {
        const struct host *h = &w->hosts[i];
        if (h->is_server || h->client.draining || !h->client.eligible || h->agent.lease.held)
            keys[n++] = h->key;
    }
    return n;
}

static void add_status_row(struct table *t, const struct world *w, const struct host *h)
{
    struct host_health health;
    host_health(w, h, &health);
    const char *version = host_version(w, h);
    enum color shade = health.left                                     ? COLOR_DIM
                       : !health.well || h->agent.misplaced            ? COLOR_RED
                       : !health.agent_well || health.drift[0] != '\0' ? COLOR_YELLOW
                                                                       : COLOR_NONE;
    table_row(t, shade,
              (const char *[]){h->name, h->is_server ? "server" : "client", h->region,
                               version[0] != '\0' ? version : "?", health.text, health.agent,
                               health.drift});
}

static bool needs_no_row(const struct world *w, const struct host *h, const struct fleet_health *f)
{
    struct host_health health;
    host_health(w, h, &health);
    return !h->is_server && f->equal && health.well && health.agent_well &&
           health.drift[0] == '\0' && !h->client.draining && h->client.eligible;
}

static void print_status_hosts(const struct command_context *c, const struct world *w,
                               const struct fleet_health *f)
{
    struct table t;
    size_t hidden = 0;
    table_init(&t, (const char *[]){"HOST", "ROLE", "REGION", "VERSION", "NOMAD", "AGENT", ""}, 7);
    for (size_t i = 0; i < w->n_hosts; i++) {
        if (t.n_rows >= REPORT_ROWS && !c->opt.verbose && needs_no_row(w, &w->hosts[i], f))
            hidden++;
        else
            add_status_row(&t, w, &w->hosts[i]);
    }
    table_print(&t, context_has_color(c, stdout), stdout);
    table_free(&t);
    if (hidden > 0)
        printf("  ... and %zu more clients, all well (-v shows them)\n", hidden);
}

/* Calls tell for each note. A note is orphaned if its run has no lease any more: no run in progress
 * will undo the effect. Returns the number of orphaned notes. */
static size_t each_note(const struct command_context *c, const struct world *w,
                        void (*tell)(const struct host *, const struct note *, bool, void *),
                        void *ctx)
{
    size_t orphans = 0;
    for (size_t i = 0; i < w->n_hosts; i++) {
        size_t n = 0;
        const struct note *notes = agents_notes(c->agents, w->hosts[i].key, &n);
        for (size_t k = 0; k < n; k++) {
            bool live = false;
            for (size_t h = 0; h < w->n_hosts && !live; h++)
                live = w->hosts[h].agent.lease.held &&
                       memcmp(w->hosts[h].agent.lease.run_id, notes[k].run_id, RUN_ID_LEN) == 0;
            orphans += !live;
            tell(&w->hosts[i], &notes[k], !live, ctx);
        }
    }
    return orphans;
}

static void print_note(const struct host *h, const struct note *n, bool orphaned, void *ctx)
{
    char hex[33];
    (void)ctx;
    run_hex(hex, n->run_id);
    printf("%s effect of run %.8s on ", orphaned ? "Orphaned" : "Noted", hex);
    print_safe(stdout, h->name);
    fputs(": ", stdout);
    char text[NOTE_MAX + 1];
    size_t len = MIN_OF(n->len, (size_t)NOTE_MAX);
    memcpy(text, n->text, len);
    text[len] = '\0';
    print_safe(stdout, text);
    fputc('\n', stdout);
}

static void add_note(const struct host *h, const struct note *n, bool orphaned, void *ctx)
{
    struct json *o = json_new_object();
    char hex[33], text[NOTE_MAX + 1];
    size_t len = MIN_OF(n->len, (size_t)NOTE_MAX);
    run_hex(hex, n->run_id);
    memcpy(text, n->text, len);
    text[len] = '\0';
    json_set_str(o, "host", h->name);
    json_set_str(o, "run", hex);
    json_set_bool(o, "orphaned", orphaned);
    json_set_str(o, "text", text);
    json_add(ctx, o);
}

static void print_summary(const struct fleet_health *f, size_t orphans)
{
    char hex[33];
    printf("\n%zu %s, %zu %s", f->servers, str_count(f->servers, "server", "servers"), f->clients,
           str_count(f->clients, "client", "clients"));
    if (f->equal) {
        fputs(", all on ", stdout);
        print_safe(stdout, f->version);
    } else {
        fputs(", different versions", stdout);
    }
    if (f->unwell == 0 && f->agents_unwell == 0 && f->drifting == 0)
        puts("; Nomad reports all as healthy, every agent answers, no drift");
    else
        printf("; Nomad reports %zu as not healthy, %zu without a valid answer from the agent, %zu "
               "with "
               "drift\n",
               f->unwell, f->agents_unwell, f->drifting);
    if (f->agents_unwell > 0)
        puts(
            "If caravan-agent runs on such a host, its key may have changed. Run `caravan enroll`: "
            "it shows this. Then `caravan enroll --rekey HOST` shows both keys and asks whether "
            "to accept the new key.");
    if (f->regions[0] != '\0') {
        print_safe(stdout, f->regions);
        fputc('\n', stdout);
    }
    run_hex(hex, f->run_id);
    if (f->leases > 0)
        printf("A run is in progress or did not end: run %.8s holds the %s of %zu %s\n", hex,
               str_count(f->leases, "lease", "leases"), f->leases,
               str_count(f->leases, "agent", "agents"));
    if (orphans > 0)
        printf(
            "%zu orphaned %s: run `caravan resume` or `caravan abort` on the machine where the run "
            "began\n",
            orphans, str_count(orphans, "effect", "effects"));
}

static bool all_well(const struct fleet_health *f, size_t orphans)
{
    return f->hosts > 0 && f->equal && f->unwell == 0 && f->agents_unwell == 0 &&
           f->drifting == 0 && orphans == 0 && f->regions[0] == '\0';
}

static void print_stopped(const struct command_context *c, const struct ledger *l)
{
    char hex[33];
    run_hex(hex, l->run_id);
    printf("Run %.8s to %s is stopped.\n", hex, l->target);
    report_cause(l, context_has_color(c, stdout), stdout);
}

static struct json *stopped_json(const struct ledger *l)
{
    struct json *o = json_new_object();
    char hex[33];
    run_hex(hex, l->run_id);
    json_set_str(o, "run", hex);
    json_set_str(o, "cause", l->cause);
    json_set_str(o, "host", l->cause_host);
    json_set_str(o, "advice", l->advice);
    return o;
}

/* Reports why the newest run is stopped, and failures that may still come after it: into o, or to
 * standard output if o is NULL. Reports nothing if there is no ledger. */
static void report_newest_run(struct command_context *c, struct json *o)
{
    struct reopened_run r;
    struct err err = ERR_INIT;
    int64_t now = clock_wall(c->clock);
    bool known = run_reopen_to_read(c, NULL, &r, &err) == 0;
    bool stopped = known && r.ledger->state == RUN_STOPPED;
    if (known && o != NULL) {
        if (stopped)
            json_set(o, "stopped", stopped_json(r.ledger));
        json_set(o, "aftermath", report_late_failures_json(&r.plan, r.ledger, now));
    } else if (known) {
        if (stopped)
            print_stopped(c, r.ledger);
        report_late_failures(&r.plan, r.ledger, now, context_has_color(c, stdout), stdout);
    } else if (err.kind != ERR_NOTFOUND) {
        fputs("caravan: warning: cannot read the newest run from the ledger: ", stderr);
        print_safe(stderr, err.text);
        fputc('\n', stderr);
    }
    reopened_run_free(&r);
}

static bool print_json(struct command_context *c, const struct world *w,
                       const struct fleet_health *f)
{
    auto_json struct json *o = world_dump(w, clock_mono(c->clock));
    struct json *notes = json_new_array();
    size_t orphans = each_note(c, w, add_note, notes);
    json_set(o, "notes", notes);
    json_set_bool(o, "equal", f->equal);
    json_set_int(o, "unwell", (int64_t)f->unwell);
    json_set_int(o, "agents_unwell", (int64_t)f->agents_unwell);
    json_set_int(o, "drifting", (int64_t)f->drifting);
    json_set_int(o, "orphaned", (int64_t)orphans);
    json_set_str(o, "problem", f->regions);
    report_newest_run(c, o);
    bool well = all_well(f, orphans);
    json_set_bool(o, "well", well);
    json_line(o, stdout);
    return well;
}

int cmd_status(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    const struct world *w = NULL;
    struct fleet_health f;
    (void)argc;
    (void)argv;
    if (context_open(c, &err) < 0 || context_look(c, choose_noted_hosts, PATIENCE_MS, &w, &err) < 0)
        return command_fail(&err);
    fleet_health(w, &f);
    if (c->opt.json)
        return print_json(c, w, &f) ? EXIT_DONE : EXIT_FAILED;
    print_status_hosts(c, w, &f);
    size_t orphans = each_note(c, w, print_note, NULL);
    print_summary(&f, orphans);
    report_newest_run(c, NULL);
    return all_well(&f, orphans) ? EXIT_DONE : EXIT_FAILED;
}
