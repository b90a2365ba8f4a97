/* Reads the record back: a fault that was planted in a real ledger is found and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "audit_desk.h"
#include "auditing.h"
#include "context_fixture.h"
#include "file.h"

#define FOUND_MAX 16

struct bench {
    struct context_fixture files;
    struct audit_desk desk;
    struct command_context context;
    struct auditing auditing;
    size_t n;
    struct audit_finding found[FOUND_MAX];
};

static struct bench *bench_with(size_t hosts)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    assert_int_equal(context_fixture_begin(&b->files), 0);
    audit_desk_begin(&b->desk, &b->files.conf, hosts);
    return b;
}

static void bench_end(struct bench *b)
{
    audit_desk_end(&b->desk);
    context_fixture_end(&b->files);
    free(b);
}

static void found(void *ctx, const struct stored_run *run, const struct audit_finding *f)
{
    struct bench *b = ctx;
    (void)run;
    assert_true(b->n < FOUND_MAX);
    b->found[b->n] = *f;
    b->found[b->n++].host = f->host[0] == 'c' ? "c" : "(run)"; /* its name is freed then */
}

static void audit(struct bench *b)
{
    struct err err = ERR_INIT;
    struct stored_run run;
    audit_desk_commit(&b->desk);
    b->n = 0;
    context_init(&b->context);
    b->context.opt.config = b->files.dir;
    int rc = auditing_open(&b->context, &b->auditing, &err);
    b->auditing.found = found;
    b->auditing.ctx = b;
    if (rc < 0 || ledger_store_find(b->auditing.store, NULL, &run, &err) < 0 ||
        auditing_run(&b->auditing, &run, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(b->auditing.wrong, b->n);
    auditing_close(&b->auditing);
    context_close(&b->context);
}

static void is_well(struct bench *b)
{
    audit(b);
    if (b->n > 0)
        fail_msg("%s: %s", audit_fault_name(b->found[0].fault), b->found[0].text);
}

/* Exactly one fault is found: this fault, with these words. */
static void finds(struct bench *b, enum audit_fault f, const char *words)
{
    audit(b);
    if (b->n != 1 || b->found[0].fault != f || strstr(b->found[0].text, words) == NULL)
        fail_msg("%zu findings; the first: %s: %s", b->n,
                 b->n > 0 ? audit_fault_name(b->found[0].fault) : "none",
                 b->n > 0 ? b->found[0].text : "");
    assert_true(audit_fault_advice(f)[0] != '\0');
}

static void a_whole_record_is_well(void **state)
{
    struct bench *b = bench_with(3);
    (void)state;
    is_well(b); /* no order was given yet */
    audit_desk_upgrade(&b->desk);
    is_well(b);
    assert_int_equal(b->auditing.orders, 6);
    assert_int_equal(b->auditing.receipts, 6);
    bench_end(b);
}

/* ---- who signed ---- */

static void a_key_that_trust_does_not_name(void **state)
{
    struct bench *b = bench_with(2);
    (void)state;
    b->desk.signer = b->desk.stranger;
    audit_desk_order(&b->desk, 1, MSG_STAGE);
    finds(b, AUDIT_UNKNOWN_KEY, "which version 1 of the trust file does not name");
    assert_int_equal(b->found[0].sequence, 1);
    assert_int_equal(b->found[0].kind, MSG_STAGE);
    bench_end(b);
}

static void a_key_of_the_wrong_role(void **state)
{
    static const enum role roles[] = {ROLE_OBSERVER, ROLE_RELEASE, ROLE_ROOT};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        struct bench *b = bench_with(2);
        b->desk.signer = b->desk.keys[roles[i]];
        audit_desk_order(&b->desk, 0, MSG_STAGE);
        finds(b, AUDIT_WRONG_ROLE, "did not allow to sign such orders at that time");
        bench_end(b);
    }
}

/* Each byte counts. A changed record is not believed; the next one is judged again. */
static void a_changed_record(void **state)
{
    static const size_t at[] = {0, 20, 100, 129, INNER_HEADER_LEN + 3, INNER_HEADER_LEN + 900};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        struct bench *b = bench_with(1);
        audit_desk_order(&b->desk, 0, MSG_STAGE);
        b->desk.ledger.kept[0].inner.data[at[i]] ^= 1;
        finds(b, AUDIT_CHANGED, "");
        audit_desk_order(&b->desk, 0, MSG_SWAP);
        finds(b, AUDIT_CHANGED, "");
        bench_end(b);
    }
}

static void a_digest_of_other_bytes(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.ledger.kept[0].order.bytes[0] ^= 1;
    finds(b, AUDIT_CHANGED, "the digest kept with it belongs to other bytes");
    bench_end(b);
}

static void an_order_of_another_cluster_or_host(void **state)
{
    struct bench *b = bench_with(2);
    unsigned char ours[CLUSTER_ID_LEN];
    (void)state;
    memcpy(ours, b->desk.trust.cluster, sizeof(ours));
    b->desk.trust.cluster[0] ^= 1;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    memcpy(b->desk.trust.cluster, ours, sizeof(ours));
    finds(b, AUDIT_MISPLACED, "another cluster");
    bench_end(b);
    b = bench_with(2);
    struct keypair *mine = b->desk.hosts[0].key;
    b->desk.hosts[0].key = b->desk.hosts[1].key;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.hosts[0].key = mine;
    finds(b, AUDIT_MISPLACED, "it is an order for c1, not for this host");
    bench_end(b);
}

/* ---- the trust at the time of the order ---- */

static void an_older_trust_is_believed_when_its_root_signed_the_new_one(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_upgrade(&b->desk);
    b->desk.trust.version = 2;
    b->desk.trust.roles[ROLE_OPERATOR].keys[0] = *keypair_public(b->desk.stranger);
    audit_desk_trust(&b->desk);
    is_well(b); /* by an operator at that time, who is no operator now */
    bench_end(b);
}

static void a_run_of_three_trust_files_ago(void **state)
{
    struct bench *b = bench_with(2);
    (void)state;
    audit_desk_upgrade(&b->desk);
    for (b->desk.trust.version = 2; b->desk.trust.version <= 4; b->desk.trust.version++)
        audit_desk_trust(&b->desk);
    finds(b, AUDIT_TRUST, "does not follow, version by version"); /* 2 and 3 are unknown */
    audit_desk_all_trust(&b->desk);
    is_well(b);
    bench_end(b);
}

static void a_trust_of_others_is_not_believed(void **state)
{
    struct bench *b = bench_with(2);
    struct keypair *root = b->desk.keys[ROLE_ROOT];
    (void)state;
    audit_desk_upgrade(&b->desk);
    b->desk.keys[ROLE_ROOT] = b->desk.stranger;
    b->desk.trust.roles[ROLE_ROOT].keys[0] = *keypair_public(b->desk.stranger);
    audit_desk_trust(&b->desk);
    finds(b, AUDIT_TRUST, "has the same version as the trust file of this machine");
    b->desk.trust.version = 2;
    audit_desk_trust(&b->desk);
    finds(b, AUDIT_TRUST, "does not follow, version by version, from the one kept");
    b->desk.trust.cluster[0] ^= 1;
    audit_desk_trust(&b->desk);
    finds(b, AUDIT_TRUST, "belongs to another cluster");
    b->desk.keys[ROLE_ROOT] = root;
    bench_end(b);
}

/* ---- how orders follow each other ---- */

static void a_removed_record(void **state)
{
    struct bench *b = bench_with(1);
    struct audit_desk *d = &b->desk;
    (void)state;
    audit_desk_order(d, 0, MSG_STAGE);
    audit_desk_answer(d, 0, REFUSAL_HELD);
    d->unkept = true;
    audit_desk_order(d, 0, MSG_STAGE);
    d->hosts[0].told = 2; /* it does not matter that the host has carried it out */
    audit_desk_order(d, 0, MSG_SWAP);
    finds(b, AUDIT_REMOVED, "order 2, which came before it, is not in the record");
    assert_int_equal(b->found[0].sequence, 3);
    for (int i = 0; i < 5; i++) {
        d->unkept = true;
        audit_desk_order(d, 0, MSG_SWAP);
    }
    audit_desk_order(d, 0, MSG_REVERT);
    audit(b);
    assert_int_equal(b->n, 2);
    assert_non_null(strstr(b->found[1].text, "orders 4 to 8, which came before it, are not"));
    bench_end(b);
}

static void the_last_record_removed(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.unkept = true;
    audit_desk_order(&b->desk, 0, MSG_SWAP);
    finds(b, AUDIT_REMOVED,
          "the ledger's last order (sequence 2) is a different order that is not kept");
    bench_end(b);
    b = bench_with(2); /* also if all records of a host were removed */
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.unkept = true;
    audit_desk_order(&b->desk, 1, MSG_STAGE);
    finds(b, AUDIT_REMOVED, "no order is kept, and the ledger says that order 1 was given");
    bench_end(b);
}

/* Somebody without an operator's key inserted an order of another run. The record after it was
 * signed to follow another order. */
static void a_record_put_in(void **state)
{
    struct bench *b = bench_with(1);
    struct digest first;
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    first = b->desk.ledger.hosts[0].kept_last;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.ledger.hosts[0].kept_last = first;
    audit_desk_order(&b->desk, 0, MSG_SWAP);
    finds(b, AUDIT_REMOVED, "signed to follow another order than the one before it in the record");
    bench_end(b);
}

/* Somebody who removes a record and changes all numbers cannot change the next nonce. */
static void numbers_that_were_made_to_fit(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    b->desk.unkept = true;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.hosts[0].told = 1;
    audit_desk_order(&b->desk, 0, MSG_SWAP);
    finds(b, AUDIT_REMOVED,
          "signed to follow an order that is not in the record, as the host's first");
    bench_end(b);
}

static void a_record_of_another_run(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    b->desk.ledger.run_id[0] ^= 1;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.ledger.run_id[0] ^= 1;
    finds(b, AUDIT_REMOVED, "signed to follow an order that is not in the record");
    bench_end(b);
}

static void a_reordered_record(void **state)
{
    struct bench *b = bench_with(1);
    struct audit_desk *d = &b->desk;
    (void)state;
    d->hosts[0].told = 1;
    d->hosts[0].sequence = 2;
    audit_desk_order(d, 0, MSG_SWAP);
    d->hosts[0].sequence = 1;
    audit_desk_order(d, 0, MSG_STAGE);
    finds(b, AUDIT_REORDERED, "it comes after order 2 of epoch 3");
    d->hosts[0].epoch = 2;
    d->hosts[0].sequence = 7;
    audit_desk_order(d, 0, MSG_STAGE);
    audit(b);
    assert_int_equal(b->found[1].fault, AUDIT_REORDERED); /* epochs never fall */
    bench_end(b);
}

static void a_repeated_sequence(void **state)
{
    struct bench *b = bench_with(1);
    struct audit_desk *d = &b->desk;
    (void)state;
    audit_desk_order(d, 0, MSG_STAGE);
    d->hosts[0].sequence = 1;
    audit_desk_order(d, 0, MSG_SWAP);
    finds(b, AUDIT_REPEATED, "another order has the same sequence");
    bench_end(b);
}

/* A boot, or a new lease, begins a count above what the host reported. */
static void a_new_session_and_a_new_epoch(void **state)
{
    struct bench *b = bench_with(1);
    struct audit_desk_host *h = &b->desk.hosts[0];
    (void)state;
    h->told = 4;
    h->sequence = 5;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    memset(h->session, 0x11, SESSION_LEN);
    h->told = 0; /* after a boot a host has carried out nothing; the numbers go on all the same */
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    h->epoch = 4;
    h->told = 20; /* a run of another machine came in between */
    h->sequence = 21;
    audit_desk_order(&b->desk, 0, MSG_SWAP);
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    is_well(b);
    h->sequence = 30; /* its status reported an order from the boot before */
    audit_desk_order(&b->desk, 0, MSG_REVERT);
    is_well(b);
    h->epoch = 5;
    h->told = 31;
    b->desk.unkept = true;
    audit_desk_order(&b->desk, 0, MSG_REVERT);
    audit_desk_order(&b->desk, 0, MSG_REVERT);
    finds(b, AUDIT_REMOVED, "signed to follow another order than the one before it");
    bench_end(b);
}

/* Another machine goes on with the same run, from a copy of the ledger. */
static void a_host_that_had_obeyed_more(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.hosts[0].told = 2;
    b->desk.hosts[0].sequence = 3;
    audit_desk_order(&b->desk, 0, MSG_SWAP);
    finds(b, AUDIT_ELSEWHERE, "the host had reported order 2 of this epoch as carried out");
    bench_end(b);
}

/* The order to copy the keystore uses a sequence of the same count. */
static void preserve_counts(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    audit_desk_order(&b->desk, 0, MSG_PRESERVE);
    audit_desk_answer(&b->desk, 0, REFUSAL_IO);
    is_well(b); /* the ledger's last order is the stage */
    audit_desk_order(&b->desk, 0, MSG_SWAP);
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    is_well(b);
    assert_int_equal(b->auditing.orders, 3);
    bench_end(b);
}

/* ---- receipts, and what the ledger says ---- */

static void replace_receipt(struct bench *b, size_t host, const struct buf *receipt)
{
    ledger_keep_receipt(&b->desk.ledger, &b->desk.ledger.hosts[host],
                        &b->desk.hosts[host].order.head.order, receipt);
}

static void a_receipt_of_another_order(void **state)
{
    struct bench *b = bench_with(2);
    auto_buf struct buf old = BUF_INIT;
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    buf_add(&old, b->desk.hosts[0].receipt.data, b->desk.hosts[0].receipt.len);
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    is_well(b);
    replace_receipt(b, 0, &old);
    finds(b, AUDIT_FALSE_RECEIPT, "repeats another nonce");
    assert_int_equal(b->found[0].sequence, 2);
    bench_end(b);
}

static void a_receipt_by_another_host(void **state)
{
    struct bench *b = bench_with(2);
    struct keypair *mine = b->desk.hosts[0].key;
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.hosts[0].key = b->desk.hosts[1].key;
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    b->desk.hosts[0].key = mine;
    finds(b, AUDIT_FALSE_RECEIPT, "it is not signed by that host's key");
    bench_end(b);
}

static void a_changed_receipt(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    audit_desk_answer(&b->desk, 0, REFUSAL_HELD);
    b->desk.hosts[0].receipt.data[INNER_HEADER_LEN + 1] ^= 1; /* the refusal */
    replace_receipt(b, 0, &b->desk.hosts[0].receipt);
    finds(b, AUDIT_FALSE_RECEIPT, "the signature of a stage receipt does not match");
    bench_end(b);
}

static void an_order_nobody_answered_is_no_fault(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    is_well(b);
    assert_int_equal(b->auditing.unanswered, 2);
    b->desk.ledger.hosts[0].answered = b->desk.ledger.hosts[0].dirty = true;
    finds(b, AUDIT_NO_RECEIPT, "answered (accepted), and no receipt is kept");
    bench_end(b);
}

static void orders_from_elsewhere(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.hosts[0].order.head.sequence = 8; /* the last order by its receipt */
    audit_desk_answer(&b->desk, 0, REFUSAL_SEQUENCE);
    finds(b, AUDIT_ELSEWHERE, "the host had already carried out order 8 of this epoch");
    bench_end(b);
}

static void a_receipt_that_contradicts_the_ledger(void **state)
{
    static const struct {
        enum refusal receipt, ledger;
        bool well;
    } cases[] = {{REFUSAL_NONE, REFUSAL_HELD, false},
                 {REFUSAL_HELD, REFUSAL_NONE, false},
                 {REFUSAL_LATE, REFUSAL_IO, true}, /* its first answer stands */
                 {REFUSAL_IO, REFUSAL_LATE, false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *b = bench_with(1);
        audit_desk_order(&b->desk, 0, MSG_STAGE);
        audit_desk_answer(&b->desk, 0, cases[i].receipt);
        b->desk.ledger.hosts[0].refusal = cases[i].ledger;
        if (cases[i].well)
            is_well(b);
        else
            finds(b, AUDIT_CONTRADICTION, "its receipt says ");
        bench_end(b);
    }
}

static void upgraded_to_another_binary(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    memset(&b->desk.plan.hosts[0].digest, 0xee, DIGEST_LEN);
    audit_desk_upgrade(&b->desk);
    finds(b, AUDIT_CONTRADICTION,
          "upgraded to the binary d1d1d1d1d1d1, and the order names eeeeeeeeeeee");
    bench_end(b);
}

static void upgraded_by_an_order_to_go_back(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    audit_desk_upgrade(&b->desk);
    audit_desk_order(&b->desk, 0, MSG_REVERT);
    audit_desk_answer(&b->desk, 0, REFUSAL_HELD);
    is_well(b); /* refused, so the host stayed upgraded */
    audit_desk_order(&b->desk, 0, MSG_REVERT);
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    finds(b, AUDIT_CONTRADICTION, "accepted this order to revert");
    bench_end(b);
}

static void a_ledger_that_says_something_else(void **state)
{
    struct bench *b = bench_with(1);
    struct ledger_host *row = &b->desk.ledger.hosts[0];
    (void)state;
    audit_desk_upgrade(&b->desk);
    row->order = MSG_STAGE; /* a turn that began without an order */
    row->dirty = true;
    is_well(b);
    row->order = MSG_REVERT;
    row->dirty = true;
    finds(b, AUDIT_CONTRADICTION, "the ledger says that it was a revert order");
    row->order = MSG_SWAP;
    row->answered = false;
    row->dirty = true;
    finds(b, AUDIT_CONTRADICTION, "the ledger says that it was not answered");
    memset(&row->inner_digest, 0, sizeof(row->inner_digest));
    row->dirty = true;
    finds(b, AUDIT_CONTRADICTION, "this host never got an order");
    bench_end(b);
}

/* ---- runs of earlier versions ---- */

static void a_run_without_a_record(void **state)
{
    struct bench *b = bench_with(1);
    (void)state;
    b->desk.unkept = true;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    b->desk.ledger.record = RECORD_NONE;
    memset(&b->desk.ledger.hosts[0].kept_last, 0, DIGEST_LEN);
    b->desk.ledger.dirty = true;
    is_well(b);
    assert_int_equal(b->auditing.without, 1);
    ledger_resume(&b->desk.ledger); /* by this version */
    assert_int_equal(b->desk.ledger.record, RECORD_PART);
    is_well(b);
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    is_well(b);
    b->desk.unkept = true;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    finds(b, AUDIT_REMOVED, "order 3, which");
    b->desk.ledger.record = RECORD_NONE;
    b->desk.ledger.dirty = true;
    audit(b);
    assert_int_equal(b->found[b->n - 1].fault, AUDIT_CONTRADICTION);
    assert_string_equal(b->found[b->n - 1].host, "(run)");
    bench_end(b);
}

/* ---- trust orders, which belong to no run ---- */

static void record_alone(struct bench *b, enum message_kind kind, struct stored_record *ret)
{
    struct audit_desk *d = &b->desk;
    struct err err = ERR_INIT;
    d->unkept = true;
    audit_desk_order(d, 0, kind);
    buf_add(&ret->inner, d->ledger.hosts[0].inner.data, d->ledger.hosts[0].inner.len);
    ret->digest = d->hosts[0].order.head.order;
    ret->trust = 1;
    str_cut(ret->host, sizeof(ret->host), d->plan.hosts[0].key);
    if (ledger_record_alone(d->store, ret, &err) < 0)
        fail_msg("%s", err.text);
}

static void audit_alone(struct bench *b)
{
    struct err err = ERR_INIT;
    b->n = 0;
    context_init(&b->context);
    b->context.opt.config = b->files.dir;
    assert_int_equal(auditing_open(&b->context, &b->auditing, &err), 0);
    b->auditing.found = found;
    b->auditing.ctx = b;
    if (auditing_alone(&b->auditing, &err) < 0)
        fail_msg("%s", err.text);
    auditing_close(&b->auditing);
    context_close(&b->context);
}

static void trust_orders_belong_to_no_run(void **state)
{
    struct bench *b = bench_with(1);
    struct stored_record first = STORED_RECORD_INIT, second = STORED_RECORD_INIT;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(ledger_store_trust(b->desk.store, ledger_no_run, 1, &b->desk.trust_file, &err),
                     0);
    record_alone(b, MSG_TRUST, &first);
    audit_desk_answer(&b->desk, 0, REFUSAL_NONE);
    buf_add(&first.receipt, b->desk.hosts[0].receipt.data, b->desk.hosts[0].receipt.len);
    assert_int_equal(ledger_record_alone(b->desk.store, &first, &err), 0);
    audit_alone(b);
    assert_int_equal(b->n, 0);
    assert_int_equal(b->auditing.orders, 1);
    assert_int_equal(b->auditing.receipts, 1);
    b->desk.signer = b->desk.stranger;
    record_alone(b, MSG_TRUST, &second);
    assert_int_equal(second.turn, 2);
    audit_alone(b);
    assert_int_equal(b->n, 1);
    assert_int_equal(b->found[0].fault, AUDIT_UNKNOWN_KEY);
    second.turn = 0;
    buf_clear(&second.inner);
    record_alone(b, MSG_SWAP, &second);
    audit_alone(b);
    assert_int_equal(b->n, 2);
    assert_int_equal(b->found[1].fault, AUDIT_MISPLACED);
    stored_record_free(&first);
    stored_record_free(&second);
    bench_end(b);
}

/* ---- the orders to compare with hosts' answers ---- */

static void the_last_order_over_all_runs(void **state)
{
    struct bench *b = bench_with(2);
    (void)state;
    audit_desk_upgrade(&b->desk);
    b->desk.hosts[0].epoch = 4;
    audit_desk_order(&b->desk, 0, MSG_STAGE);
    struct err err = ERR_INIT;
    struct stored_run run;
    audit_desk_commit(&b->desk);
    context_init(&b->context);
    b->context.opt.config = b->files.dir;
    assert_int_equal(auditing_open(&b->context, &b->auditing, &err), 0);
    b->auditing.asks = true;
    assert_int_equal(ledger_store_find(b->auditing.store, NULL, &run, &err), 0);
    for (int i = 0; i < 2; i++) /* reading a run again changes nothing */
        assert_int_equal(auditing_run(&b->auditing, &run, &err), 0);
    const struct audit_kept *k = auditing_last_of(&b->auditing, b->desk.plan.hosts[0].key);
    assert_true(k->there && k->epoch == 4 && k->sequence == 3 && !k->obeyed);
    k = auditing_last_of(&b->auditing, b->desk.plan.hosts[1].key);
    assert_true(k->there && k->epoch == 3 && k->sequence == 2 && k->obeyed);
    assert_false(auditing_last_of(&b->auditing, "nobody")->there);
    assert_int_equal(b->auditing.n_last, 2);
    auditing_close(&b->auditing);
    context_close(&b->context);
    bench_end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_record_is_well),
        cmocka_unit_test(a_key_that_trust_does_not_name),
        cmocka_unit_test(a_key_of_the_wrong_role),
        cmocka_unit_test(a_changed_record),
        cmocka_unit_test(a_digest_of_other_bytes),
        cmocka_unit_test(an_order_of_another_cluster_or_host),
        cmocka_unit_test(an_older_trust_is_believed_when_its_root_signed_the_new_one),
        cmocka_unit_test(a_run_of_three_trust_files_ago),
        cmocka_unit_test(a_trust_of_others_is_not_believed),
        cmocka_unit_test(a_removed_record),
        cmocka_unit_test(the_last_record_removed),
        cmocka_unit_test(a_record_put_in),
        cmocka_unit_test(numbers_that_were_made_to_fit),
        cmocka_unit_test(a_record_of_another_run),
        cmocka_unit_test(a_reordered_record),
        cmocka_unit_test(a_repeated_sequence),
        cmocka_unit_test(a_new_session_and_a_new_epoch),
        cmocka_unit_test(a_host_that_had_obeyed_more),
        cmocka_unit_test(preserve_counts),
        cmocka_unit_test(a_receipt_of_another_order),
        cmocka_unit_test(a_receipt_by_another_host),
        cmocka_unit_test(a_changed_receipt),
        cmocka_unit_test(an_order_nobody_answered_is_no_fault),
        cmocka_unit_test(orders_from_elsewhere),
        cmocka_unit_test(a_receipt_that_contradicts_the_ledger),
        cmocka_unit_test(upgraded_to_another_binary),
        cmocka_unit_test(upgraded_by_an_order_to_go_back),
        cmocka_unit_test(a_ledger_that_says_something_else),
        cmocka_unit_test(a_run_without_a_record),
        cmocka_unit_test(trust_orders_belong_to_no_run),
        cmocka_unit_test(the_last_order_over_all_runs),
    };
    struct err err = ERR_INIT;
    return crypto_init(&err) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
