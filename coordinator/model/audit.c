#include "audit.h"

#include <inttypes.h>

static const struct {
    const char *name, *advice;
} faults[AUDIT_FAULTS] = {
    [AUDIT_SOUND] = {"sound", "Nothing is to be done."},
    [AUDIT_CHANGED] = {"changed",
                       "A disk error or a person changed the ledger: compare this record with a "
                       "backup or with your log archive."},
    [AUDIT_UNKNOWN_KEY] = {"unknown-key",
                           "Find out whose key that is and who put this order into the ledger. Ask "
                           "the host which order it carried out last: caravan audit verify --ask"},
    [AUDIT_WRONG_ROLE] = {"wrong-role",
                          "Find out who uses that key for orders, and who put this order into the "
                          "ledger. The host itself refuses such an order."},
    [AUDIT_TRUST] =
        {"trust",
         "Compare the trust file of this machine with the trust file on the hosts. If they "
         "differ, nothing of this run can be judged. This finding is normal for runs from "
         "before all root keys were lost and a new trust was begun (LOST KEYS in "
         "caravan(1))."},
    [AUDIT_MISPLACED] = {"misplaced", "Somebody moved this record, or the host was enrolled again "
                                      "since: compare with a backup or with your log archive."},
    [AUDIT_REMOVED] = {"removed", "Somebody removed records from the ledger, or another machine "
                                  "gave orders in between: compare with a backup or with your log "
                                  "archive, and ask who else has an operator's key."},
    [AUDIT_REPEATED] = {"repeated",
                        "Somebody changed the ledger: compare with a backup or with your "
                        "log archive."},
    [AUDIT_REORDERED] = {"reordered", "Somebody changed the ledger: compare with a backup or with "
                                      "your log archive."},
    [AUDIT_ELSEWHERE] = {"elsewhere", "Ask who else has an operator's key, and look at the host's "
                                      "journal for the orders of caravan-swap."},
    [AUDIT_FALSE_RECEIPT] =
        {"false-receipt", "Do not trust this receipt. Ask the host which order it carried out last "
                          "(caravan audit verify --ask), and compare with a backup."},
    [AUDIT_NO_RECEIPT] = {"no-receipt",
                          "Somebody removed the receipt from the ledger: compare with "
                          "a backup or with your log archive."},
    [AUDIT_CONTRADICTION] = {"contradiction",
                             "Trust the signed bytes, and not what `caravan show` says about this "
                             "host. `caravan status` shows what the host runs."},
};

const char *audit_fault_name(enum audit_fault f)
{
    return (unsigned)f < AUDIT_FAULTS ? faults[f].name : "unknown";
}

const char *audit_fault_advice(enum audit_fault f)
{
    return (unsigned)f < AUDIT_FAULTS ? faults[f].advice : "";
}

/* ---- findings ---- */

static void report_audit_finding(struct audit *a, enum audit_fault fault,
                                 const struct header *about, const char *format, ...) PRINTF(4, 5);

static void report_audit_finding(struct audit *a, enum audit_fault fault,
                                 const struct header *about, const char *format, ...)
{
    struct audit_finding f = {.fault = fault, .host = a->name};
    va_list ap;

    if (about != NULL) {
        f.kind = about->kind;
        f.epoch = about->epoch;
        f.sequence = about->sequence;
    }
    va_start(ap, format);
    vsnprintf(f.text, sizeof(f.text), format, ap);
    va_end(ap);
    a->wrong++;
    a->say(a->ctx, &f);
}

void audit_begin_host(struct audit *a, const char *name, const struct ledger_host *row,
                      const struct digest *target)
{
    a->name = name;
    a->row = row;
    a->target = *target;
    a->any = a->blind = false;
    a->epoch = a->last = a->heard = 0;
    memset(&a->before, 0, sizeof(a->before));
    memset(&a->order, 0, sizeof(a->order));
}

/* ---- how sequences follow each other ---- */

static void say_removed(struct audit *a, const struct header *h, uint64_t before)
{
    if (h->sequence - before == 2)
        report_audit_finding(a, AUDIT_REMOVED, h,
                             "order %" PRIu64 ", which came before it, is not in the record",
                             before + 1);
    else
        report_audit_finding(a, AUDIT_REMOVED, h,
                             "orders %" PRIu64 " to %" PRIu64
                             ", which came before it, are not in the record",
                             before + 1, h->sequence - 1);
}

static bool is_same_count(const struct audit *a, const struct header *h)
{
    return a->any && a->epoch == h->epoch && memcmp(a->session, h->session, SESSION_LEN) == 0;
}

static bool does_nonce_follow(const struct audit *a, const struct audit_entry *e)
{
    unsigned char nonce[NONCE_LEN];

    ledger_nonce(a->run_id, &a->before, e->salt, nonce);
    return memcmp(nonce, e->head->nonce, NONCE_LEN) == 0;
}

/* The nonce shows that an entry is missing. The sequences show which one, if that is known. */
static void check_order_place(struct audit *a, const struct audit_entry *e)
{
    const struct header *h = e->head;
    bool same = is_same_count(a, h), fits = does_nonce_follow(a, e);
    uint64_t before = MAX_OF(a->last, a->heard);

    if (a->any && (h->epoch < a->epoch || h->sequence < a->last))
        report_audit_finding(a, AUDIT_REORDERED, h,
                             "it comes after order %" PRIu64 " of epoch %" PRIu64, a->last,
                             a->epoch);
    else if (same && h->sequence == a->last)
        report_audit_finding(a, AUDIT_REPEATED, h, "another order has the same sequence");
    else if (!fits && same && !a->blind && h->sequence > before + 1)
        say_removed(a, h, before);
    else if (!fits)
        report_audit_finding(a, AUDIT_REMOVED, h, "it was signed to follow %s",
                             digest_is_zero(&a->before)
                                 ? "an order that is not in the record, as the host's first"
                                 : "another order than the one before it in the record");
    else if (same && !a->blind && e->told > before)
        report_audit_finding(a, AUDIT_ELSEWHERE, h,
                             "when this order was given, the host had reported order %" PRIu64
                             " of this epoch as carried out",
                             e->told);
}

/* The receipt may report orders that others gave. */
static void check_receipt_numbers(struct audit *a, const struct audit_entry *e)
{
    const struct receipt_done *done = e->done;

    if (done->last_epoch == e->head->epoch && done->last_sequence > e->head->sequence)
        report_audit_finding(a, AUDIT_ELSEWHERE, e->head,
                             "its receipt says that the host had already carried out order %" PRIu64
                             " of this epoch",
                             done->last_sequence);
    a->heard = MAX_OF(a->heard, done->last_sequence);
}

static void take_last(struct audit *a, const struct audit_entry *e)
{
    const struct header *h = e->head;

    if (h != NULL && h->kind == MSG_PRESERVE)
        return; /* not part of a turn */
    a->order = (struct audit_last){.there = true,
                                   .changed = h == NULL,
                                   .digest = e->digest,
                                   .to = e->to,
                                   .answered = e->answered,
                                   .genuine = e->done != NULL};
    if (h != NULL) {
        a->order.kind = h->kind;
        a->order.epoch = h->epoch;
        a->order.sequence = h->sequence;
    }
    if (e->done != NULL)
        a->order.refusal = e->done->refusal;
}

void audit_add(struct audit *a, const struct audit_entry *e)
{
    const struct header *h = e->head;

    a->orders++;
    a->receipts += e->answered;
    a->unanswered += !e->answered;
    if (e->fault != AUDIT_SOUND)
        report_audit_finding(a, e->fault, h, "%s", e->why);
    take_last(a, e);
    if (h == NULL) {
        a->before = e->digest; /* the digest in the ledger */
        a->blind = true;
        return;
    }
    check_order_place(a, e);
    a->before = e->digest;
    a->blind = false;
    a->any = true;
    a->last = MAX_OF(a->last, h->sequence);
    a->epoch = MAX_OF(a->epoch, h->epoch);
    memcpy(a->session, h->session, SESSION_LEN);
    if (e->receipt_fault != AUDIT_SOUND)
        report_audit_finding(a, e->receipt_fault, h, "%s", e->receipt_why);
    if (e->done != NULL)
        check_receipt_numbers(a, e);
}

/* ---- what the ledger says about the host ---- */

/* Makes the header of the last order, for report_audit_finding. */
static struct header about_last(const struct audit *a)
{
    return (struct header){
        .kind = a->order.kind, .epoch = a->order.epoch, .sequence = a->order.sequence};
}

static void check_answer(struct audit *a, const struct header *about)
{
    const struct ledger_host *row = a->row;
    const struct audit_last *o = &a->order;
    /* A refusal as late can follow an earlier refusal because the host could not write (intents.c).
     */
    bool late = row->refusal == REFUSAL_IO && o->refusal == REFUSAL_LATE;

    if (row->answered && !o->answered)
        report_audit_finding(a, AUDIT_NO_RECEIPT, about,
                             "the ledger says that it was answered (%s), and no receipt is kept",
                             row->refusal == REFUSAL_NONE ? "accepted"
                                                          : refusal_name(row->refusal));
    else if (!row->answered && o->answered)
        report_audit_finding(a, AUDIT_CONTRADICTION, about,
                             "its receipt is kept, and the ledger says that it was not answered");
    else if (row->answered && o->genuine && row->refusal != o->refusal && !late)
        report_audit_finding(
            a, AUDIT_CONTRADICTION, about, "its receipt says %s, and the ledger says %s",
            o->refusal == REFUSAL_NONE ? "accepted" : refusal_name(o->refusal),
            row->refusal == REFUSAL_NONE ? "accepted" : refusal_name(row->refusal));
}

static void check_outcome(struct audit *a, const struct header *about)
{
    const struct audit_last *o = &a->order;
    char ordered[65], planned[65];

    if (a->row->state != HOST_DONE)
        return;
    digest_hex(ordered, &o->to);
    digest_hex(planned, &a->target);
    if (o->kind == MSG_SWAP && !digest_eq(&o->to, &a->target))
        report_audit_finding(
            a, AUDIT_CONTRADICTION, about,
            "the ledger says that the host was upgraded to the binary %.12s, and the order names "
            "%.12s",
            planned, ordered);
    else if (o->kind == MSG_REVERT && o->genuine && o->refusal == REFUSAL_NONE)
        report_audit_finding(
            a, AUDIT_CONTRADICTION, about,
            "the ledger says that the host was upgraded, and the host accepted this order to "
            "revert");
}

/* The row has the digest of the last order, whatever became of that order. */
static void check_ledger_row(struct audit *a)
{
    const struct ledger_host *row = a->row;
    const struct audit_last *o = &a->order;
    const struct header about = about_last(a);
    /* A turn may begin without an order, if the host has staged already. The row then says
     * stage, and its last order is from an earlier turn. */
    bool of_this_turn = row->order != MSG_NONE && (row->order != MSG_STAGE || o->kind == MSG_STAGE);

    if (digest_is_zero(&row->inner_digest) || (!o->there && a->since != RECORD_WHOLE))
        return; /* no order was ever given, or an earlier version gave it */
    if (!o->there)
        report_audit_finding(a, AUDIT_REMOVED, NULL,
                             "no order is kept, and the ledger says that order %" PRIu64
                             " was given",
                             row->call.sequence);
    else if (!o->changed && !digest_eq(&o->digest, &row->inner_digest))
        report_audit_finding(a, AUDIT_REMOVED, &about,
                             "the ledger's last order (sequence %" PRIu64
                             ") is a different order that is not kept",
                             row->call.sequence);
    else if (!o->changed && of_this_turn && row->order != o->kind)
        report_audit_finding(a, AUDIT_CONTRADICTION, &about,
                             "the ledger says that it was a %s order",
                             message_kind_name(row->order));
    else if (!o->changed && of_this_turn) {
        check_answer(a, &about);
        check_outcome(a, &about);
    }
}

void audit_end_host(struct audit *a)
{
    if (a->order.there && digest_is_zero(&a->row->inner_digest) && !a->order.changed) {
        const struct header about = about_last(a);
        report_audit_finding(a, AUDIT_CONTRADICTION, &about,
                             "the ledger says that this host never got an order");
        return;
    }
    check_ledger_row(a);
}

/* The nonce shows that a trust order before this one is missing. */
static void check_place_alone(struct audit *a, const struct audit_entry *e)
{
    static const unsigned char no_salt[NONCE_LEN];
    bool has_salt = memcmp(e->salt, no_salt, NONCE_LEN) != 0;

    if ((has_salt || a->chained) && !does_nonce_follow(a, e))
        report_audit_finding(a, AUDIT_REMOVED, e->head, "it was signed to follow %s",
                             digest_is_zero(&a->before)
                                 ? "a trust order that is not in the record, as the first"
                                 : "another trust order than the one before it in the record");
    a->chained = a->chained || has_salt;
}

void audit_add_alone(struct audit *a, const char *name, const struct audit_entry *e)
{
    a->name = name;
    a->orders++;
    a->receipts += e->answered;
    a->unanswered += !e->answered;
    if (e->fault != AUDIT_SOUND)
        report_audit_finding(a, e->fault, e->head, "%s", e->why);
    else if (e->head->kind != MSG_TRUST)
        report_audit_finding(a, AUDIT_MISPLACED, e->head,
                             "such an order belongs to a run, but it is in no run");
    if (e->head != NULL)
        check_place_alone(a, e);
    a->before = e->digest;
    if (e->receipt_fault != AUDIT_SOUND)
        report_audit_finding(a, e->receipt_fault, e->head, "%s", e->receipt_why);
}

void audit_report_unkept(struct audit *a, bool of_others)
{
    a->name = "(run)";
    if (of_others)
        report_audit_finding(a, AUDIT_MISPLACED, NULL,
                             "there are records of hosts that are not of this run");
    else
        report_audit_finding(a, AUDIT_CONTRADICTION, NULL,
                             "the ledger says that no record is kept with this run");
}

void audit_report_orphans(struct audit *a, size_t runs)
{
    a->name = "(ledger)";
    report_audit_finding(a, AUDIT_REMOVED, NULL,
                         "there are records of %zu %s that the ledger does not have", runs,
                         runs == 1 ? "run" : "runs");
}

/* ---- asking the hosts ---- */

static enum audit_match compare_without_record(const struct receipt_hello *h, bool whole,
                                               char text[static TEXT_MAX])
{
    if (h->swap_epoch == 0 && h->swap_sequence == 0)
        return AUDIT_MATCHES; /* no order was ever given */
    snprintf(text, TEXT_MAX,
             "it carried out orders up to epoch %" PRIu64 ", sequence %" PRIu64
             ", and none of them is in this record",
             h->swap_epoch, h->swap_sequence);
    return whole ? AUDIT_AHEAD : AUDIT_CANNOT_TELL;
}

enum audit_match audit_compare(const struct audit_kept *k, const struct receipt_hello *h,
                               const unsigned char session[static SESSION_LEN], bool whole,
                               char text[static TEXT_MAX])
{
    text[0] = '\0';
    if (h->view_revision == 0) {
        snprintf(text, TEXT_MAX,
                 "its agent does not know which order caravan-swap carried out last");
        return AUDIT_CANNOT_TELL;
    }
    if (!k->there)
        return compare_without_record(h, whole, text);
    bool boot = memcmp(k->session, session, SESSION_LEN) == 0;
    uint64_t most = boot && h->swap_epoch == k->epoch ? k->sequence : 0;
    if (h->swap_epoch > k->epoch || (h->swap_epoch == k->epoch && h->swap_sequence > most)) {
        snprintf(text, TEXT_MAX,
                 "it carried out order %" PRIu64 " of epoch %" PRIu64
                 "; the last order kept here is %" PRIu64 " of epoch %" PRIu64 "%s",
                 h->swap_sequence, h->swap_epoch, k->sequence, k->epoch,
                 boot ? "" : ", before its last boot");
        return AUDIT_AHEAD;
    }
    bool lost = h->swap_epoch < k->epoch || (boot && h->swap_sequence < k->sequence);
    if (!k->obeyed || !lost)
        return AUDIT_MATCHES;
    snprintf(text, TEXT_MAX,
             "it reported order %" PRIu64 " of epoch %" PRIu64
             " as carried out, and now reports %" PRIu64 " of epoch %" PRIu64
             " as its last: an older state was put back, or another machine answers",
             k->sequence, k->epoch, h->swap_sequence, h->swap_epoch);
    return AUDIT_BEHIND;
}
