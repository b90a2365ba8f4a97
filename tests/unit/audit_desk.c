#include "audit_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include "envelope.h"
#include "file.h"
#include "keys.h"
#include "known_hosts.h"

static void must(int rc, const struct err *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "audit_desk: %s\n", err->text);
    abort();
}

void audit_desk_trust(struct audit_desk *d)
{
    auto_buf struct buf body = BUF_INIT;
    const struct keypair *root = d->keys[ROLE_ROOT];
    struct err err = ERR_INIT;
    char path[300];
    buf_clear(&d->trust_file);
    must(trust_pack(&d->trust, &body, &err), &err);
    must(container_pack(CONTAINER_TRUST, body.data, body.len, &root, 1, &d->trust_file, &err),
         &err);
    buf_add(&d->all_trust, d->trust_file.data, d->trust_file.len);
    must(conf_path(d->conf, TRUST_NAME, path, &err), &err);
    must(file_replace(path, d->trust_file.data, d->trust_file.len, 0644, &err), &err);
}

void audit_desk_all_trust(const struct audit_desk *d)
{
    struct err err = ERR_INIT;
    char path[300];
    must(conf_path(d->conf, TRUST_NAME, path, &err), &err);
    must(file_replace(path, d->all_trust.data, d->all_trust.len, 0644, &err), &err);
}

static void make_keys(struct audit_desk *d)
{
    crypto_random(d->trust.cluster, CLUSTER_ID_LEN);
    d->trust.version = 1;
    snprintf(d->trust.name, sizeof(d->trust.name), "test");
    for (int r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        struct role_keys *keys = &d->trust.roles[r];
        d->keys[r] = keypair_generate();
        keys->threshold = keys->n = 1;
        keys->keys[0] = *keypair_public(d->keys[r]);
    }
    d->stranger = keypair_generate();
    d->signer = d->keys[ROLE_OPERATOR];
    audit_desk_trust(d);
}

static void make_hosts(struct audit_desk *d)
{
    struct known_hosts known;
    struct err err = ERR_INIT;
    char path[300];
    must(state_path(d->conf, KNOWN_HOSTS_NAME, path, &err), &err);
    must(file_make_dirs(d->conf->state_dir, 0755, &err), &err);
    must(known_hosts_load(path, &known, &err), &err);
    for (size_t i = 0; i < d->n; i++) {
        struct plan_host *p = &d->plan.hosts[i];
        snprintf(p->key, sizeof(p->key), "%08zx-0000-4000-8000-000000000000", i);
        snprintf(p->name, sizeof(p->name), "c%zu", i);
        snprintf(p->region, sizeof(p->region), "global");
        memset(&p->digest, 0xd1, sizeof(p->digest));
        p->managed = true;
        d->hosts[i].key = keypair_generate();
        d->hosts[i].epoch = 3;
        d->hosts[i].sequence = 1;
        memset(d->hosts[i].session, 0x5e, SESSION_LEN);
        must(known_hosts_add(&known, p->key, p->name, keypair_public(d->hosts[i].key), &err), &err);
    }
    must(known_hosts_save(&known, &err), &err);
    known_hosts_free(&known);
}

void audit_desk_begin(struct audit_desk *d, const struct coord_conf *conf, size_t hosts)
{
    static const unsigned char run_id[RUN_ID_LEN] = {0xab, 0xcd};
    struct err err = ERR_INIT;
    memset(d, 0, sizeof(*d));
    d->conf = conf;
    d->n = d->plan.n_hosts = d->plan.n_clients = hosts;
    d->hosts = xzalloc(hosts, sizeof(*d->hosts));
    d->plan.hosts = xzalloc(hosts, sizeof(*d->plan.hosts));
    d->plan.server_on_not_ready = d->plan.client_on_not_ready = ON_REVERT;
    snprintf(d->plan.target, sizeof(d->plan.target), "1.11.4");
    make_keys(d);
    make_hosts(d);
    ledger_init(&d->ledger, &d->plan, run_id);
    must(ledger_store_open(conf, true, clock_system(), &d->store, &err), &err);
    must(ledger_store_trust(d->store, run_id, d->trust.version, &d->trust_file, &err), &err);
    audit_desk_commit(d);
}

void audit_desk_order(struct audit_desk *d, size_t i, enum message_kind kind)
{
    struct audit_desk_host *h = &d->hosts[i];
    struct ledger_host *row = &d->ledger.hosts[i];
    struct order *o = &h->order;
    struct err err = ERR_INIT;
    memset(o, 0, sizeof(*o));
    o->head = (struct header){.kind = kind, .version = 1, .epoch = h->epoch};
    memcpy(o->head.cluster, d->trust.cluster, CLUSTER_ID_LEN);
    memcpy(o->head.session, h->session, SESSION_LEN);
    unsigned char salt[NONCE_LEN];
    crypto_random(salt, NONCE_LEN);
    ledger_nonce(d->ledger.run_id, &row->kept_last, salt, o->head.nonce);
    o->head.receiver = *keypair_public(h->key);
    o->head.sequence = h->sequence++;
    if (kind == MSG_STAGE) {
        o->u.stage.manifest_len = 1000;
        o->u.stage.deadline_ms = 1000;
    } else if (kind == MSG_SWAP) {
        o->u.swap =
            (struct order_swap){.digest = d->plan.hosts[i].digest, .on_not_ready = ON_REVERT};
    } else if (kind == MSG_REVERT) {
        memset(&o->u.revert.to, 0xb0, sizeof(o->u.revert.to));
    }
    buf_clear(&row->inner);
    must(envelope_sign_order(o, d->signer, &row->inner, &err), &err);
    struct digest digest;
    crypto_digest(row->inner.data, row->inner.len, &digest);
    if (kind != MSG_PRESERVE) {
        row->inner_digest = digest;
        row->order = kind;
        row->call.sequence = o->head.sequence;
        row->answered = false;
        row->refusal = REFUSAL_NONE;
    }
    o->head.order = digest; /* for the receipt */
    o->head.sender = *keypair_public(d->signer);
    row->dirty = true;
    if (!d->unkept)
        ledger_keep_order(&d->ledger, row, h->told, salt, &row->inner, &digest);
    row->kept_last = digest;
    d->unkept = false;
    d->signer = d->keys[ROLE_OPERATOR];
}

void audit_desk_answer(struct audit_desk *d, size_t i, enum refusal refusal)
{
    struct audit_desk_host *h = &d->hosts[i];
    struct ledger_host *row = &d->ledger.hosts[i];
    struct receipt r = {.head = h->order.head};
    struct err err = ERR_INIT;
    r.head.is_receipt = true;
    r.head.receiver = h->order.head.sender;
    r.u.done.refusal = refusal;
    r.u.done.last_sequence = h->order.head.sequence;
    r.u.done.last_epoch = h->order.head.epoch;
    buf_clear(&h->receipt);
    must(envelope_sign_receipt(&r, h->key, &h->receipt, &err), &err);
    ledger_keep_receipt(&d->ledger, row, &h->order.head.order, &h->receipt);
    if (h->order.head.kind == MSG_PRESERVE)
        return;
    row->answered = true;
    row->refusal = refusal;
    row->dirty = true;
}

void audit_desk_commit(struct audit_desk *d)
{
    struct err err = ERR_INIT;
    must(ledger_store_commit(d->store, &d->ledger, &err), &err);
}

void audit_desk_upgrade(struct audit_desk *d)
{
    for (size_t i = 0; i < d->n; i++) {
        audit_desk_order(d, i, MSG_STAGE);
        audit_desk_answer(d, i, REFUSAL_NONE);
        audit_desk_order(d, i, MSG_SWAP);
        audit_desk_answer(d, i, REFUSAL_NONE);
        d->ledger.hosts[i].state = HOST_DONE;
    }
    d->ledger.state = RUN_DONE;
    d->ledger.dirty = true;
    audit_desk_commit(d);
}

void audit_desk_end(struct audit_desk *d)
{
    ledger_store_close(d->store);
    ledger_free(&d->ledger);
    for (size_t i = 0; i < d->n; i++) {
        keypair_free(d->hosts[i].key);
        buf_free(&d->hosts[i].receipt);
    }
    for (int r = 0; r < ROLE_COUNT; r++)
        keypair_free(d->keys[r]);
    keypair_free(d->stranger);
    buf_free(&d->trust_file);
    buf_free(&d->all_trust);
    free(d->hosts);
    free(d->plan.hosts);
}
