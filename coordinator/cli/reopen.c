#include "reopen.h"

#include "carry_out.h"

static int load(struct reopened *r, struct err *err)
{
    r->ledger = xzalloc(1, sizeof *r->ledger);
    if (ledger_store_load(r->store, r->run.run_id, r->ledger, err) < 0) {
        free(take_ptr(&r->ledger));
        return -1;
    }
    if (plan_read(buf_str(&r->ledger->plan), r->ledger->plan.len, &r->plan, err) < 0)
        return err_wrap(err, "read the run's plan");
    r->planned = true;
    if (r->plan.n_hosts != r->ledger->n_hosts)
        return err_set(err, ERR_FORMAT, 0, "the ledger's plan has %zu hosts, its run %zu",
                       r->plan.n_hosts, r->ledger->n_hosts);
    return 0;
}

int reopen(struct console *c, const char *run, bool with_release, struct reopened *ret,
           struct err *err)
{
    const struct world *w = NULL;
    memset(ret, 0, sizeof *ret);
    ret->lock = -1;
    if (console_open(c, err) < 0)
        return -1;
    if (ledger_store_lock(&c->conf, &ret->lock, err) < 0)
        return err->kind == ERR_BUSY ? err_wrap(err, "a run is under way here and is not touched")
                                     : -1;
    if (ledger_store_open(&c->conf, true, c->clock, &ret->store, err) < 0 ||
        run_choose(ret->store, run, &ret->run, err) < 0 || load(ret, err) < 0)
        return -1;
    if (with_release && target_load(c, ret->run.target, &ret->stored, err) < 0)
        return -1;
    return console_look(c, NULL, PATIENCE_RUN, &w, err);
}

int reopen_read(struct console *c, const char *run, struct reopened *ret, struct err *err)
{
    memset(ret, 0, sizeof *ret);
    ret->lock = -1;
    if (console_conf(c, err) < 0 ||
        ledger_store_open(&c->conf, false, c->clock, &ret->store, err) < 0 ||
        ledger_store_find(ret->store, run, &ret->run, err) < 0)
        return -1;
    return load(ret, err);
}

void reopened_free(struct reopened *r)
{
    if (r->planned)
        plan_free(&r->plan);
    if (r->ledger != NULL)
        ledger_free(r->ledger);
    free(r->ledger);
    stored_release_free(&r->stored);
    ledger_store_close(r->store);
    if (r->lock >= 0)
        close(r->lock);
}
