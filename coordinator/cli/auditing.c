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
    /* The rows are read once, in order: a small cache is enough. */
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

/* ---- the trust file at the time of the run ---- */

static bool same_trust(const struct trust *a, const struct trust *b)
{
    auto_buf struct buf x = BUF_INIT, y = BUF_INIT;
    struct err unused = ERR_INIT;
    return trust_pack(a, &x, &unused) == 0 && trust_pack(b, &y, &unused) == 0 && x.len == y.len &&
           memcmp(x.data, y.data, x.len) == 0;
}

/* Does the trust file of this machine follow from the trust file `then`, version by version? */
static bool leads_to_ours(const struct trust_kept *kept, const struct trust *then)
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

/* Returns the trust files that this machine has of the cluster. NULL: it has none, and `why` says
 * why. */
static const struct trust_kept *find_kept_trust(struct auditing *a, const struct trust *then,
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
                      "the trust file kept with the run belongs to another cluster");
    return NULL;
}

/* Returns why the trust file kept with the run cannot be trusted; NULL: it can. */
static const char *find_doubt(const struct trust_kept *kept, const struct trust *then,
                              uint32_t version)
{
    const struct trust *now = &kept->now;
    if (then->version != version)
        return "the trust file kept with the run has another version than the record says";
    if (then->version == now->version)
        return same_trust(then, now)
                   ? NULL
                   : "the trust file kept with the run has the same version as the "
                     "trust file of this machine, but other contents";
    if (then->version > now->version)
        return "the trust file kept with the run is newer than the trust file of this machine";
    return leads_to_ours(kept, then)
               ? NULL
               : "the trust file of this machine does not follow, version by version, from the one "
                 "kept with the run";
}

/* Loads the trust file of this version into a->trust. a->distrust says why it cannot be trusted. */
static void load_audit_trust(struct auditing *a, uint32_t version)
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
    const struct trust_kept *kept = find_kept_trust(a, &a->trust, &err);
    const char *why = kept != NULL ? find_doubt(kept, &a->trust, version) : err.text;
    str_cut(a->distrust, sizeof(a->distrust), why != NULL ? why : "");
}

/* ---- one record ---- */

static void set_audit_run(struct auditing *a, const struct stored_run *run)
{
    if (a->run == run)
        return;
    a->run = run;
    a->trusted = 0;
}

static void set_fault(struct opened_record *o, enum audit_fault f, const char *why)
{
    o->entry.fault = f;
    str_cut(o->why, sizeof(o->why), why);
    o->entry.why = o->why;
}

/* lacks: the end of the sentence that begins with "version N of the trust file". */
static void set_key_fault(struct auditing *a, struct opened_record *o, enum audit_fault f,
                          const char *lacks)
{
    char fingerprint[FINGERPRINT_LEN], why[TEXT_MAX];
    pubkey_fingerprint(fingerprint, &o->order.head.sender);
    snprintf(why, sizeof(why), "it is signed by the key %s, which version %u of the trust file %s",
             fingerprint, (unsigned)a->trust.version, lacks);
    set_fault(o, f, why);
}

static void check_signer(struct auditing *a, int64_t wall_s, struct opened_record *o)
{
    const struct header *h = &o->order.head;
    enum role role;
    uint32_t i;
    if (a->distrust[0] != '\0') {
        if (!a->distrust_told) /* the same text holds for all records */
            set_fault(o, AUDIT_TRUST, a->distrust);
        a->distrust_told = true;
    } else if (memcmp(h->cluster, a->trust.cluster, CLUSTER_ID_LEN) != 0) {
        set_fault(o, AUDIT_MISPLACED, "it is an order of another cluster");
    } else if (!trust_find_key(&a->trust, &h->sender, &role, &i)) {
        set_key_fault(a, o, AUDIT_UNKNOWN_KEY, "does not name");
    } else if (!trust_may_order(&a->trust, &h->sender, h->kind, wall_s)) {
        set_key_fault(a, o, AUDIT_WRONG_ROLE, "did not allow to sign such orders at that time");
    }
}

/* Was the order for this host? A host that was enrolled again since then has a new key; so only the
 * known key of another host is a fault. */
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
        snprintf(why, sizeof(why), "it is an order for %s, not for this host",
                 known->items[i].name);
        set_fault(o, AUDIT_MISPLACED, why);
        return;
    }
}

/* Reads which binary a swap or revert puts in place. Leaves entry.to 0 for other orders, and if the
 * order cannot be read. */
static void read_order_target(struct opened_record *o)
{
    struct err unused = ERR_INIT;
    const struct verified *v = &o->order;
    if (v->head.kind != MSG_SWAP && v->head.kind != MSG_REVERT)
        return;
    o->body.head = v->head;
    if (codec_read_order(v->payload, v->payload_len, &o->body, &unused) == 0)
        o->entry.to = v->head.kind == MSG_SWAP ? o->body.u.swap.digest : o->body.u.revert.to;
}

static void set_receipt_fault(struct opened_record *o, const char *why)
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
        set_receipt_fault(o, err.text);
        return;
    }
    o->answer.head = o->receipt.head;
    if (codec_read_receipt(o->receipt.payload, o->receipt.payload_len, &o->answer, &err) < 0)
        set_receipt_fault(o, err.text);
    else
        o->entry.done = &o->answer.u.done;
}

void auditing_record(struct auditing *a, const struct stored_run *run,
                     const struct stored_record *r, const char *key, struct opened_record *o)
{
    struct err err = ERR_INIT;
    set_audit_run(a, run);
    o->entry = (struct audit_entry){.told = r->told, .digest = r->digest};
    memcpy(o->entry.salt, r->salt, NONCE_LEN);
    if (envelope_verify(r->inner.data, r->inner.len, &o->order, &err) < 0) {
        set_fault(o, AUDIT_CHANGED, err.text);
    } else if (o->order.head.is_receipt || message_owner(o->order.head.kind) != OWNER_SWAP) {
        set_fault(o, AUDIT_MISPLACED, "it is not an order of a kind that the record keeps");
    } else {
        o->entry.head = &o->order.head;
        o->entry.digest = o->order.digest;
        load_audit_trust(a, r->trust);
        check_signer(a, r->wall_ms / 1000, o);
        if (o->entry.fault == AUDIT_SOUND && !digest_eq(&r->digest, &o->order.digest))
            set_fault(o, AUDIT_CHANGED, "the digest kept with it belongs to other bytes");
        if (o->entry.fault == AUDIT_SOUND && !str_eq(r->host, key))
            set_fault(o, AUDIT_MISPLACED,
                      "the ledger lists it under another host than the record says");
        check_receiver(a, key, o);
        read_order_target(o);
    }
    open_receipt(r, o);
}

/* ---- the last order of each host ---- */

static void keep_last_order(struct auditing *a, const char *key, const struct opened_record *o)
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

static void sort_last_orders(struct auditing *a)
{
    size_t n = 0;
    if (a->n_last > 0)
        qsort(a->last, a->n_last, sizeof(*a->last), by_key);
    for (size_t i = 0; i < a->n_last; i++) /* of the entries with one key the last counts */
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

static void pass_finding(void *ctx, const struct audit_finding *f)
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
    bool more; /* `record` contains a record that was not processed yet */
};

static int read_next_record(struct reading *r, struct err *err)
{
    int rc = ledger_record_next(r->records, &r->record, err);
    r->more = rc > 0;
    return MIN_OF(rc, 0);
}

static int read_host_records(struct auditing *a, struct reading *r, struct err *err)
{
    const struct ledger_walk *w = r->walk;
    audit_begin_host(&a->audit, w->plan.name, &w->host, &w->plan.digest);
    while (r->more && r->record.at <= w->at) {
        auditing_record(a, a->run, &r->record, w->host.key, &r->opened);
        audit_add(&a->audit, &r->opened.entry);
        keep_last_order(a, w->host.key, &r->opened);
        if (read_next_record(r, err) < 0)
            return -1;
    }
    audit_end_host(&a->audit);
    return 0;
}

static int read_run_records(struct auditing *a, struct reading *r, struct err *err)
{
    int rc = 0;
    if (ledger_record_open(a->store, a->run->run_id, &r->records, err) < 0 ||
        ledger_walk_open(a->store, a->run->run_id, &r->walk, err) < 0 ||
        read_next_record(r, err) < 0)
        return -1;
    a->audit.since = r->walk->since;
    while ((rc = ledger_walk_next(r->walk, err)) > 0)
        if (read_host_records(a, r, err) < 0)
            return -1;
    if (rc < 0)
        return -1;
    if (r->more || (a->audit.since == RECORD_NONE && a->audit.orders > 0))
        audit_report_unkept(&a->audit, r->more);
    return 0;
}

static void add_audit_totals(struct auditing *a)
{
    a->orders += a->audit.orders;
    a->receipts += a->audit.receipts;
    a->unanswered += a->audit.unanswered;
    a->wrong += a->audit.wrong;
}

int auditing_run(struct auditing *a, const struct stored_run *run, struct err *err)
{
    autofree struct reading *r = xzalloc(1, sizeof(*r));
    set_audit_run(a, run);
    a->audit = (struct audit){.say = pass_finding, .ctx = a, .run_id = run->run_id};
    int rc = read_run_records(a, r, err);
    ledger_record_close(r->records);
    ledger_walk_close(r->walk);
    stored_record_free(&r->record);
    a->runs++;
    a->without += a->audit.since != RECORD_WHOLE;
    add_audit_totals(a);
    sort_last_orders(a);
    return rc;
}

int auditing_alone(struct auditing *a, struct err *err)
{
    static const struct stored_run none; /* its id is ledger_no_run */
    autofree struct reading *r = xzalloc(1, sizeof(*r));
    int rc = ledger_record_open(a->store, none.run_id, &r->records, err);
    set_audit_run(a, &none);
    a->audit =
        (struct audit){.say = pass_finding, .ctx = a, .run_id = none.run_id, .since = RECORD_WHOLE};
    while (rc == 0 && (rc = read_next_record(r, err)) == 0 && r->more) {
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
    add_audit_totals(a);
    return rc;
}
