#include "service_order.h"
#include "nomad_on_host.h"
#include "str.h"

struct ordering {
    const struct phases *p;
    struct record *next;
    struct service_state is;
    bool acts;
    char *text;
};

static enum refusal refuse_service_order(struct ordering *o, enum refusal r, const char *why)
{
    str_cut(o->text, TEXT_MAX, why);
    return r;
}

/* ---- at boot ---- */

static enum refusal set_boot(struct ordering *o, bool starts)
{
    const struct service *s = o->p->host->service;
    struct err err = ERR_INIT;

    if (s->at_boot(s->self, starts, &err) == 0) {
        str_cut(o->text, TEXT_MAX,
                starts ? "Nomad starts when this host starts"
                       : "Nomad does not start when this host starts");
        return REFUSAL_NONE;
    }
    if (err.kind == ERR_REFUSED || err.kind == ERR_STATE)
        return refuse_service_order(o, REFUSAL_PHASE, err.text);
    return refuse_service_order(
        o, err.kind == ERR_NETWORK || err.kind == ERR_TIMEOUT ? REFUSAL_UNKNOWN : REFUSAL_IO,
        err.text);
}

static enum refusal obey_enable(struct ordering *o)
{
    enum refusal r = set_boot(o, true);

    if (r == REFUSAL_NONE) {
        o->next->disabled = (struct service_order){.sequence = 0};
        o->next->joining = 0;
    }
    return r;
}

static struct service_order this_order(const struct ordering *o)
{
    return (struct service_order){.epoch = o->next->epoch, .sequence = o->next->sequence};
}

static enum refusal obey_disable(struct ordering *o)
{
    enum refusal r = set_boot(o, false);

    if (r == REFUSAL_NONE)
        o->next->disabled = this_order(o);
    return r;
}

/* ---- stop and start ---- */

/* Makes sure that the digest of the file in place is known. Usually the file was hashed before.
 * False: the file cannot be read. */
static bool learn_disk_digest(struct ordering *o)
{
    const struct host *h = o->p->host;
    const struct shelf *shelf = &o->p->shelf;
    struct host_stat now = {.there = false};
    struct err err = ERR_INIT;

    if (h->stat_through(h->ctx, shelf->at, shelf->name, &now, &err) < 0 || !now.there)
        return false;
    return shelf_known(&o->next->disk, &now) ||
           nomad_on_host_hash(h, shelf, &o->next->disk, &err) == 0;
}

static enum refusal obey_stop(struct ordering *o)
{
    struct record *next = o->next;

    if (o->is.active == TRI_UNKNOWN)
        return refuse_service_order(o, REFUSAL_UNKNOWN,
                                    "caravan-swap could not find out whether Nomad runs here");
    if (o->is.ended && next->stopped.sequence == 0)
        return refuse_service_order(o, REFUSAL_PHASE,
                                    "Nomad does not run here: there is nothing to stop");
    if (o->is.ended) {
        str_cut(o->text, TEXT_MAX, "an earlier order has stopped Nomad");
        return REFUSAL_NONE;
    }
    next->stopped = this_order(o);
    next->stopped_disk = learn_disk_digest(o) ? next->disk.digest : (struct digest){{0}};
    next->stopped_main = o->is.main_start;
    next->stopping = 1;
    next->swapped_ms = o->p->host->uptime(o->p->host->ctx);
    o->acts = true;
    str_cut(o->text, TEXT_MAX, "Nomad is being stopped");
    return REFUSAL_NONE;
}

static enum refusal obey_start(struct ordering *o)
{
    const struct record *next = o->next;

    if (o->is.active == TRI_UNKNOWN)
        return refuse_service_order(o, REFUSAL_UNKNOWN,
                                    "caravan-swap could not find out whether Nomad runs here");
    if (o->is.active == TRI_YES)
        return refuse_service_order(o, REFUSAL_PHASE, "Nomad runs here");
    if (next->stopped.sequence == 0)
        return refuse_service_order(o, REFUSAL_PHASE,
                                    "no order of Caravan stopped Nomad here, and a start order "
                                    "only undoes such a stop: find out who "
                                    "stopped Nomad, then start it by hand");
    if (!learn_disk_digest(o) || digest_is_zero(&next->stopped_disk) ||
        !digest_eq(&next->disk.digest, &next->stopped_disk))
        return refuse_service_order(
            o, REFUSAL_DIGEST,
            "the binary in place has changed since an order stopped Nomad, or is not "
            "known: check the binary, then start Nomad by hand");
    o->acts = true;
    str_cut(o->text, TEXT_MAX, "Nomad is being started");
    return REFUSAL_NONE;
}

static const struct service_row {
    enum law_question question;
    enum service_act act;
    enum refusal (*obey)(struct ordering *o);
} rows[] = {
    [SERVICE_START] = {LAW_START, SERVICE_ACT_START, obey_start},
    [SERVICE_STOP] = {LAW_STOP, SERVICE_ACT_STOP, obey_stop},
    [SERVICE_ENABLE] = {.question = LAW_ENABLE, .obey = obey_enable},
    [SERVICE_DISABLE] = {.question = LAW_DISABLE, .obey = obey_disable},
};

enum law_question service_order_question(enum service_op op)
{
    return rows[op].question;
}

static struct service_state look_at_service(const struct phases *p)
{
    const struct service *s = p->host->service;
    struct service_state st = {.active = TRI_UNKNOWN};
    struct err err = ERR_INIT;

    if (s->state(s->self, &st, &err) < 0)
        st = (struct service_state){.active = TRI_UNKNOWN};
    return st;
}

enum refusal service_order_accept(const struct phases *p, enum service_op op, struct record *next,
                                  bool *ret_acts, enum service_act *ret_act,
                                  char text[static TEXT_MAX])
{
    struct ordering o = {.p = p, .next = next, .is = look_at_service(p), .text = text};
    enum refusal r = rows[op].obey(&o);

    *ret_acts = o.acts;
    *ret_act = rows[op].act;
    return r;
}

void service_order_forget_stop(const struct phases *p, struct record *next)
{
    struct service_state is;

    if (next->stopped.sequence == 0 || phases_works(p))
        return;
    is = look_at_service(p);
    if (is.active == TRI_YES)
        (void)record_runs(next, is.main_start);
}
