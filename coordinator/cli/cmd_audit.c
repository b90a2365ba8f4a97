#include "auditing.h"
#include "commands.h"
#include "report_audit.h"

static void report_to_stdout(void *ctx, const struct stored_run *run, const struct audit_finding *f)
{
    const struct command_context *c = ctx;
    report_finding(run, f, c->opt.json, stdout);
}

/* Reads the named run, or all runs if text is NULL; the newest is first. */
static int load_runs(struct ledger_store *s, const char *text, struct stored_run **ret,
                     size_t *ret_n, struct err *err)
{
    if (text == NULL)
        return ledger_store_runs(s, ret, ret_n, err);
    *ret = xzalloc(1, sizeof(**ret));
    *ret_n = 1;
    return ledger_store_find(s, text, *ret, err);
}

/* ---- verify: offline, then what the hosts say ---- */

static int verify_runs(struct auditing *a, const char *text, struct err *err)
{
    autofree struct stored_run *runs = NULL;
    size_t n = 0;
    if (load_runs(a->store, text, &runs, &n, err) < 0)
        return -1;
    for (size_t i = n; i-- > 0;) {
        if (auditing_run(a, &runs[i], err) < 0)
            return -1;
        report_audited(a, &runs[i], a->context->opt.json, stdout);
    }
    if (text != NULL)
        return 0;
    if (auditing_alone(a, err) < 0)
        return -1;
    if (a->audit.orders > 0)
        report_audited(a, NULL, a->context->opt.json, stdout);
    return 0;
}

static void compare_host(struct auditing *a, const struct host *h, struct audit_asked *io)
{
    char text[TEXT_MAX];
    enum audit_match m = AUDIT_CANNOT_TELL;
    if (h->agent.hello_at == 0 || h->agent.misplaced)
        snprintf(text, sizeof(text), "no answer from the agent of this host%s%.200s",
                 h->agent.problem[0] != '\0' ? ": " : "", h->agent.problem);
    else
        m = audit_compare(auditing_last_of(a, h->key), &h->agent.hello, h->agent.session,
                          a->without == 0, text);
    report_asked(h->name, m, text, a->context->opt.json, stdout);
    io->asked++;
    io->unknown += m == AUDIT_CANNOT_TELL;
    io->wrong += m == AUDIT_AHEAD || m == AUDIT_BEHIND;
}

/* Reports the hosts with a record that Nomad does not list any more: Caravan cannot ask them. */
static void report_absent(struct auditing *a, const struct world *w, struct audit_asked *io)
{
    for (size_t i = 0; i < a->n_last; i++) {
        if (world_host(w, a->last[i].key) != NULL)
            continue;
        const struct known_host *k = known_hosts_find(&a->context->known, a->last[i].key);
        report_asked(k != NULL ? k->name : a->last[i].key, AUDIT_CANNOT_TELL,
                     "Nomad does not list this host any more", a->context->opt.json, stdout);
        io->asked++;
        io->unknown++;
    }
}

static int ask_hosts(struct auditing *a, struct audit_asked *io, struct err *err)
{
    const struct world *w = NULL;
    if (context_look(a->context, NULL, PATIENCE_MS, &w, err) < 0)
        return err_wrap(err, "ask the hosts");
    for (size_t i = 0; i < w->n_hosts; i++)
        if (w->hosts[i].agent.enrolled)
            compare_host(a, &w->hosts[i], io);
    report_absent(a, w, io);
    return 0;
}

static int verify_record(struct command_context *c, const char *run, bool *ret_well,
                         struct err *err)
{
    struct auditing a;
    struct audit_asked asked = {0};
    int rc = c->opt.ask ? context_open(c, err) : 0;
    if (rc < 0)
        return -1;
    rc = auditing_open(c, &a, err);
    a.found = report_to_stdout;
    a.ctx = c;
    if (rc == 0)
        rc = verify_runs(&a, run, err);
    if (rc == 0 && c->opt.ask)
        rc = ask_hosts(&a, &asked, err);
    if (rc == 0)
        *ret_well = report_audit_end(&a, &asked, c->opt.json, stdout);
    auditing_close(&a);
    return rc;
}

/* ---- export ---- */

static int export_run(struct auditing *a, const struct stored_run *run, struct err *err)
{
    autofree struct opened_record *o = xzalloc(1, sizeof(*o));
    struct ledger_record *records = NULL;
    struct stored_record r = STORED_RECORD_INIT;
    if (ledger_record_open(a->store, run->run_id, &records, err) < 0)
        return -1;
    int rc;
    while ((rc = ledger_record_next(records, &r, err)) > 0) {
        const struct known_host *k = known_hosts_find(&a->context->known, r.host);
        auditing_record(a, run, &r, r.host, o);
        report_record(run, k != NULL ? k->name : r.host, &r, &o->entry, stdout);
    }
    ledger_record_close(records);
    stored_record_free(&r);
    return rc;
}

static int export_record(struct command_context *c, const char *run, bool *ret_well,
                         struct err *err)
{
    struct auditing a;
    autofree struct stored_run *runs = NULL;
    static const struct stored_run none; /* for the orders that belong to no run */
    size_t n = 0;
    int rc = auditing_open(c, &a, err);
    if (rc == 0)
        rc = load_runs(a.store, run, &runs, &n, err);
    for (size_t i = n; rc == 0 && i-- > 0;)
        rc = export_run(&a, &runs[i], err);
    if (rc == 0 && run == NULL)
        rc = export_run(&a, &none, err);
    auditing_close(&a);
    *ret_well = true;
    return rc;
}

/* ---- the verb ---- */

int cmd_audit(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    const char *run = argc > 1 ? argv[1] : NULL;
    bool well = false;
    int rc = str_eq(argv[0], "verify") ? verify_record(c, run, &well, &err)
                                       : export_record(c, run, &well, &err);
    if (rc < 0)
        return command_fail(&err);
    return well ? EXIT_DONE : EXIT_FAILED;
}
