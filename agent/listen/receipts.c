#include "caravan_version.h"
#include "str.h"
#include "receipts.h"

void receipts_fill_hello(const struct receipt_sources *t, struct receipt_hello *ret)
{
    if (t->shown != NULL) {
        *ret = t->shown->hello;
        /* caravan-swap may have another version. Report only versions that both programs speak. */
        ret->wire_max = MIN_OF(ret->wire_max, (uint8_t)WIRE_MAX);
    } else {
        memset(ret, 0, sizeof(*ret));
        ret->wire_min = WIRE_MIN;
        ret->wire_max = WIRE_MAX;
        str_cut(ret->program, sizeof(ret->program), CARAVAN_VERSION);
        if (gethostname(ret->host, sizeof(ret->host)) < 0)
            ret->host[0] = '\0';
        ret->host[sizeof(ret->host) - 1] = '\0';
        ret->phase = PHASE_FAILED;
        ret->view_revision = 0;
    }
    lease_describe(&t->state->lease, &t->now, &ret->lease);
    ret->agent_sequence = sequences_in(&t->state->noted, t->now.session, t->state->lease.epoch);
}

static void fill_unknown_status(const struct receipt_sources *t, struct receipt_status *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->work.phase = PHASE_FAILED;
    ret->verdict.failure = FAILURE_IO;
    str_cut(ret->verdict.text, sizeof(ret->verdict.text), t->why);
}

/* Adds the fact at the front: facts that do not fit into an older version are cut at the end. */
static void add_view_fact(const struct receipt_sources *t, struct receipt_status *ret)
{
    struct fact *f = &ret->facts[0];
    uint32_t others = MIN_OF(ret->n_facts, (uint32_t)FACTS_MAX - 1);

    memmove(f + 1, f, others * sizeof(*f));
    ret->n_facts = others + 1;
    memset(f, 0, sizeof(*f));
    str_cut(f->id, sizeof(f->id), "view");
    f->value = t->shown != NULL ? TRI_YES : TRI_UNKNOWN;
    str_cut(f->text, sizeof(f->text), t->shown != NULL ? "caravan-swap's state is known" : t->why);
}

static void drop_old_log_lines(struct receipt_status *ret, uint64_t after)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ret->n_log; i++)
        if (ret->log[i].cursor > after)
            ret->log[n++] = ret->log[i];
    ret->n_log = n;
}

void receipts_fill_status(const struct receipt_sources *t, const struct order_status *o,
                          struct receipt_status *ret)
{
    const struct notes *notes = &t->state->notes;

    if (t->shown != NULL)
        *ret = t->shown->status;
    else
        fill_unknown_status(t, ret);
    lease_describe(&t->state->lease, &t->now, &ret->lease);
    add_view_fact(t, ret);
    drop_old_log_lines(ret, o->log_after);
    ret->n_notes = notes->n;
    ret->notes = NULL;
    if (notes->n > 0) {
        ret->notes = xzalloc(notes->n, sizeof(ret->notes[0]));
        memcpy(ret->notes, notes->items, notes->n * sizeof(ret->notes[0]));
    }
}
