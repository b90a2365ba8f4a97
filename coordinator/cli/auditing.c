#include "auditing.h"

#include <stdlib.h>
#include "codec.h"
#include "envelope.h"
#include "file.h"

int auditing_open(struct command_context *c, struct auditing *ret, struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    ret->context = c;
    ret->asks = c->agents != NULL;
    if ((c->agents == NULL && context_load_files(c, err) < 0) ||
        ledger_store_open(&c->conf, false, c->clock, &ret->store, err) < 0 ||
        trust_kept_load(&c->conf, &ret->kept, err) < 0)
        return -1;
    /* Rows come one after the other: what was read need not be kept. */
    return ledger_db_execute(ledger_store_db(ret->store), "PRAGMA cache_size = -256; BEGIN", err);
}

void auditing_close(struct auditing *a)
{
    trust_kept_free(&a->kept);
    trust_kept_free(&a->before);
    free(take_ptr(&a->last));
    ledger_store_close(a->store);
    a->store = NULL;
}

/* ---- the trust of then ---- */

static bool same_trust(const struct trust *a, const struct trust *b)
{
    auto_buf struct buf x = BUF_INIT, y = BUF_INIT;
    struct err unused = ERR_INIT;
    return trust_pack(a, &x, &unused) == 0 && trust_pack(b, &y, &unused) == 0 && x.len == y.len &&
           memcmp(x.data, y.data, x.len) == 0;
}

/* Does the trust that this machine has come from that one, version by version? */
static bool leads_on(const struct trust_kept *kept, const struct trust *then)
{
    struct trust at = *then;
    struct trust_at unused;
    struct err err = ERR_INIT;
    uint32_t last;
    return trust_sequence_follow(kept->sequence.data, kept->sequence.len, TRUST_ANY_DAY, &at,
                                 &unused, &last, &err) == 0 &&
           at.version == kept->now.version;
}

static bool same_cluster(const struct trust_kept *kept, const struct trust *then)
{
    return memcmp(kept->now.cluster, then->cluster, CLUSTER_ID_LEN) == 0;
}

/* What this machine has of the cluster; NULL and why: nothing. */
static const struct trust_kept *kept_of(struct auditing *a, const struct trust *then,
                                        struct err *why)
{
    bool there = false;
    if (same_cluster(&a->kept, then))
        return &a->kept;
    if (a->before.sequence.len > 0 && same_cluster(&a->before, then))
        return &a->before;
    trust_kept_free(&a->before);
    if (trust_kept_load_before(&a->context->conf, then->cluster, &a->before, &there, why) == 0 &&
        there)
        return &a->before;
    if (why->kind == ERR_NONE)
        (void)err_set(why, ERR_NOTFOUND, 0,
                      "the trust file kept with the run is another cluster's");
    return NULL;
}

/* Why the kept file is not believed; NULL: it is. */
static const char *doubt(const struct trust_kept *kept, const struct trust *then, uint32_t version)
{
    const struct trust *now = &kept->now;
    if (then->version != version)
        return "the trust file kept with the run is of another version than the record says";
    if (then->version == now->version)
        return same_trust(then, now) ? NULL
                                     : "the trust file kept with the run has the version of this "
                                       "machine's, and says something else";
    if (then->version > now->version)
        return "the trust file kept with the run is newer than this machine's";
    return leads_on(kept, then)
               ? NULL
               : "the trust file of this machine does not follow, version by version, from the one "
                 "kept with the run";
}

/* The trust of this version into a->trust; what speaks against it into a->distrust. */
static void take_trust(struct auditing *a, uint32_t version)
{
    auto_buf struct buf file = BUF_INIT;
    struct err err = ERR_INIT;
    if (a->trusted == version && version != 0)
        return;
    a->trusted = version;
    a->distrust[0] = '\0';
    a->distrust_told = false;
    if (ledger_record_read_trust(ledger_store_db(a->store), a->run->run_id, version, &file, &err) <
            0 ||
        trust_from_anchor(file.data, file.len, &a->trust, &err) < 0) {
        str_cut(a->distrust, sizeof(a->distrust), err.text);
        return;
    }
    const struct trust_kept *kept = kept_of(a, &a->trust, &err);
    const char *why = kept != NULL ? doubt(kept, &a->trust, version) : err.text;
    str_cut(a->distrust, sizeof(a->distrust), why != NULL ? why : "");
}

/* ---- one record ---- */

static void take_run(struct auditing *a, const struct stored_run *run)
{
    if (a->run == run)
        return;
    a->run = run;
    a->trusted = 0;
}

static void fault(struct opened_record *o, enum audit_fault f, const char *why)
{
    o->entry.fault = f;
    str_cut(o->why, sizeof(o->why), why);
    o->entry.why = o->why;
}

/* lacks: what the key lacks, behind "version N of the trust file". */
static void fault_key(struct auditing *a, struct opened_record *o, enum audit_fault f,
                      const char *lacks)
{
    char fingerprint[FINGERPRINT_LEN], why[TEXT_MAX];
    pubkey_fingerprint(fingerprint, &o->order.head.sender);
    snprintf(why, sizeof(why), "it is signed by %s, which version %u of the trust file %s",
             fingerprint, (unsigned)a->trust.version, lacks);
    fault(o, f, why);
}

static void check_key(struct auditing *a, int64_t wall_s, struct opened_record *o)
{
    const struct header *h = &o->order.head;
    enum role role;
    uint32_t i;
    if (a->distrust[0] != '\0') {
        if (!a->distrust_told) /* it is the same of all */
            fault(o, AUDIT_TRUST, a->distrust);
        a->distrust_told = true;
    } else if (memcmp(h->cluster, a->trust.cluster, CLUSTER_ID_LEN) != 0) {
        fault(o, AUDIT_MISPLACED, "it is an order of another cluster");
    } else if (!trust_find_key(&a->trust, &h->sender, &role, &i)) {
        fault_key(a, o, AUDIT_UNKNOWN_KEY, "does not name");
    } else if (!trust_may_order(&a->trust, &h->sender, h->kind, wall_s)) {
        fault_key(a, o, AUDIT_WRONG_ROLE, "did not let give such orders then");
    }
}

/* Who it went to: a host that was enrolled anew since has another key, which is nobody else's. */
static void check_receiver(const struct auditing *a, const char *key, struct opened_record *o)
{
    const struct known_hosts *known = &a->context->known;
    const struct known_host *mine = known_hosts_find(known, key);
    char why[TEXT_MAX];
    if (o->entry.fault != AUDIT_SOUND || mine == NULL ||
        pubkey_eq(&mine->key, &o->order.head.receiver))
        return;
    for (size_t i = 0; i < known->n; i++) {
        if (!pubkey_eq(&known->items[i].key, &o->order.head.receiver))
            continue;
        snprintf(why, sizeof(why), "it is an order to %s, not to this host", known->items[i].name);
        fault(o, AUDIT_MISPLACED, why);
        return;
    }
}

/* What a swap or revert is to bring; 0: it cannot be read, or is another kind. */
static void take_order(struct opened_record *o)
{
    struct err unused = ERR_INIT;
    const struct verified *v = &o->order;
    if (v->head.kind != MSG_SWAP && v->head.kind != MSG_REVERT)
        return;
    o->body.head = v->head;
    if (codec_read_order(v->payload, v->payload_len, &o->body, &unused) == 0)
        o->entry.to = v->head.kind == MSG_SWAP ? o->body.u.swap.digest : o->body.u.revert.to;
}

static void receipt_fault(struct opened_record *o, const char *why)
{
    o->entry.receipt_fault = AUDIT_FALSE_RECEIPT;
    str_cut(o->receipt_why, sizeof(o->receipt_why), why);
    o->entry.receipt_why = o->receipt_why;
}

static void open_receipt(const struct stored_record *r, struct opened_record *o)
{
    struct err err = ERR_INIT;
    o->entry.answered = r->receipt.len > 0;
    if (!o->entry.answered || o->entry.head == NULL)
        return;
    if (envelope_verify(r->receipt.data, r->receipt.len, &o->receipt, &err) < 0 ||
        envelope_answers(&o->receipt, &o->order.head, &o->order.digest, &o->order.head.receiver,
                         &err) < 0) {
        receipt_fault(o, err.text);
        return;
    }
    o->answer.head = o->receipt.head;
    if (codec_read_receipt(o->receipt.payload, o->receipt.payload_len, &o->answer, &err) < 0)
        receipt_fault(o, err.text);
    else
        o->entry.done = &o->answer.u.done;
}

void auditing_record(struct auditing *a, const struct stored_run *run,
                     const struct stored_record *r, const char *key, struct opened_record *o)
{
    struct err err = ERR_INIT;
    take_run(a, run);
    o->entry = (struct audit_entry){.told = r->told, .digest = r->digest};
    memcpy(o->entry.salt, r->salt, NONCE_LEN);
    if (envelope_verify(r->inner.data, r->inner.len, &o->order, &err) < 0) {
        fault(o, AUDIT_CHANGED, err.text);
    } else if (o->order.head.is_receipt || message_owner(o->order.head.kind) != OWNER_SWAP) {
        fault(o, AUDIT_MISPLACED, "it is no order of those that are kept");
    } else {
        o->entry.head = &o->order.head;
        o->entry.digest = o->order.digest;
        take_trust(a, r->trust);
        check_key(a, r->wall_ms / 1000, o);
        if (o->entry.fault == AUDIT_SOUND && !digest_eq(&r->digest, &o->order.digest))
            fault(o, AUDIT_CHANGED, "the digest kept with it is of other bytes");
        if (o->entry.fault == AUDIT_SOUND && !str_eq(r->host, key))
            fault(o, AUDIT_MISPLACED, "the ledger has it below another host than its own key says");
        check_receiver(a, key, o);
        take_order(o);
    }
    open_receipt(r, o);
}

/* ---- the last order of each host ---- */

static void note_last(struct auditing *a, const char *key, const struct opened_record *o)
{
    const struct header *h = o->entry.head;
    if (!a->asks || h == NULL || o->entry.fault != AUDIT_SOUND || h->kind == MSG_TRUST)
        return;
    struct audited_host *at = a->n_last > 0 ? &a->last[a->n_last - 1] : NULL;
    if (at == NULL || !str_eq(at->key, key)) {
        if (a->n_last == a->cap_last) {
            a->cap_last = 2 * a->cap_last + 64;
            a->last = xrealloc(a->last, a->cap_last * sizeof(*a->last));
        }
        at = &a->last[a->n_last++];
        memset(at, 0, sizeof(*at));
        str_cut(at->key, sizeof(at->key), key);
    }
    if (at->last.there && (h->epoch < at->last.epoch ||
                           (h->epoch == at->last.epoch && h->sequence <= at->last.sequence)))
        return;
    at->last = (struct audit_kept){.there = true,
                                   .epoch = h->epoch,
                                   .sequence = h->sequence,
                                   .obeyed = o->entry.done != NULL &&
                                             o->entry.done->refusal == REFUSAL_NONE};
    memcpy(at->last.session, h->session, SESSION_LEN);
}

static int by_key(const void *x, const void *y)
{
    const struct audited_host *a = x, *b = y;
    int rv = strcmp(a->key, b->key);
    if (rv == 0)
        rv = (a->last.epoch > b->last.epoch) - (a->last.epoch < b->last.epoch);
    return rv != 0 ? rv
                   : (a->last.sequence > b->last.sequence) - (a->last.sequence < b->last.sequence);
}

static void sort_last(struct auditing *a)
{
    size_t n = 0;
    if (a->n_last > 0)
        qsort(a->last, a->n_last, sizeof(*a->last), by_key);
    for (size_t i = 0; i < a->n_last; i++) /* of those with one key the last counts */
        if (i + 1 == a->n_last || !str_eq(a->last[i].key, a->last[i + 1].key))
            a->last[n++] = a->last[i];
    a->n_last = n;
}

static int by_name(const void *key, const void *item)
{
    return strcmp(key, ((const struct audited_host *)item)->key);
}

const struct audit_kept *auditing_last_of(const struct auditing *a, const char *key)
{
    static const struct audit_kept none;
    const struct audited_host *h =
        a->n_last > 0 ? bsearch(key, a->last, a->n_last, sizeof(*a->last), by_name) : NULL;
    return h != NULL ? &h->last : &none;
}

/* ---- one run ---- */

static void told(void *ctx, const struct audit_finding *f)
{
    struct auditing *a = ctx;
    if (a->found != NULL)
        a->found(a->ctx, a->run, f);
}

struct reading {
    struct ledger_record *records;
    struct ledger_walk *walk;
    struct stored_record record;
    struct opened_record opened;
    bool more; /* record holds one that was not taken yet */
};

static int next_record(struct reading *r, struct err *err)
{
    int rc = ledger_record_next(r->records, &r->record, err);
    r->more = rc > 0;
    return MIN_OF(rc, 0);
}

static int read_host(struct auditing *a, struct reading *r, struct err *err)
{
    const struct ledger_walk *w = r->walk;
    audit_begin_host(&a->audit, w->plan.name, &w->host, &w->plan.digest);
    while (r->more && r->record.at <= w->at) {
        auditing_record(a, a->run, &r->record, w->host.key, &r->opened);
        audit_add(&a->audit, &r->opened.entry);
        note_last(a, w->host.key, &r->opened);
        if (next_record(r, err) < 0)
            return -1;
    }
    audit_end_host(&a->audit);
    return 0;
}

static int read_run(struct auditing *a, struct reading *r, struct err *err)
{
    int rc = 0;
    if (ledger_record_open(a->store, a->run->run_id, &r->records, err) < 0 ||
        ledger_walk_open(a->store, a->run->run_id, &r->walk, err) < 0 || next_record(r, err) < 0)
        return -1;
    a->audit.since = r->walk->since;
    while ((rc = ledger_walk_next(r->walk, err)) > 0)
        if (read_host(a, r, err) < 0)
            return -1;
    if (rc < 0)
        return -1;
    if (r->more || (a->audit.since == RECORD_NONE && a->audit.orders > 0))
        audit_report_unkept(&a->audit, r->more);
    return 0;
}

static void add_up(struct auditing *a)
{
    a->orders += a->audit.orders;
    a->receipts += a->audit.receipts;
    a->unanswered += a->audit.unanswered;
    a->wrong += a->audit.wrong;
}

int auditing_run(struct auditing *a, const struct stored_run *run, struct err *err)
{
    autofree struct reading *r = xzalloc(1, sizeof(*r));
    take_run(a, run);
    a->audit = (struct audit){.say = told, .ctx = a, .run_id = run->run_id};
    int rc = read_run(a, r, err);
    ledger_record_close(r->records);
    ledger_walk_close(r->walk);
    stored_record_free(&r->record);
    a->runs++;
    a->without += a->audit.since != RECORD_WHOLE;
    add_up(a);
    sort_last(a);
    return rc;
}

int auditing_alone(struct auditing *a, struct err *err)
{
    static const struct stored_run none; /* its id is ledger_no_run */
    autofree struct reading *r = xzalloc(1, sizeof(*r));
    int rc = ledger_record_open(a->store, none.run_id, &r->records, err);
    take_run(a, &none);
    a->audit = (struct audit){.say = told, .ctx = a, .run_id = none.run_id, .since = RECORD_WHOLE};
    while (rc == 0 && (rc = next_record(r, err)) == 0 && r->more) {
        const char *key = r->record.host;
        const struct known_host *k = known_hosts_find(&a->context->known, key);
        auditing_record(a, &none, &r->record, key, &r->opened);
        audit_add_alone(&a->audit, k != NULL ? k->name : key, &r->opened.entry);
    }
    ledger_record_close(r->records);
    stored_record_free(&r->record);
    size_t orphans = 0;
    if (rc == 0)
        rc = ledger_record_orphans(a->store, &orphans, err);
    if (orphans > 0)
        audit_report_orphans(&a->audit, orphans);
    add_up(a);
    return rc;
}
