#include "vector_cases.h"

void vector_keys_init(struct vector_keys *keys)
{
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0)
        abort();
    for (size_t i = 0; i < KEY_COUNT; i++) {
        unsigned char seed[32];
        memset(seed, (int)i + 1, sizeof(seed));
        keys->k[i] = keypair_from_seed(seed);
    }
}

void vector_keys_free(struct vector_keys *keys)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        keypair_free(keys->k[i]);
}

void vector_set_free(struct vector_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        buf_free(&set->cases[i].bytes);
}

struct vector_case *vector_add(struct vector_set *set, const char *stage, const char *name,
                               const char *what)
{
    if (set->n == ARRAY_LEN(set->cases))
        abort();
    struct vector_case *c = &set->cases[set->n++];
    memset(c, 0, sizeof(*c));
    snprintf(c->name, sizeof(c->name), "%s", name);
    c->stage = stage;
    c->what = what;
    return c;
}

static void must(int rv, const struct err *err)
{
    if (rv == 0)
        return;
    fprintf(stderr, "# a vector cannot be made: %s\n", err->text);
    abort();
}

/* n bytes that count up from first: so every byte of a field shows its position. */
static void count_up(void *p, size_t n, unsigned first)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)p)[i] = (unsigned char)(first + i);
}

#define COUNT_UP(field, first) count_up(&(field), sizeof(field), (first))
#define TEXT(field, s)         snprintf((field), sizeof(field), "%s", (s))

static void head(const struct vector_keys *keys, enum message_kind kind, bool is_receipt,
                 struct header *h)
{
    memset(h, 0, sizeof(*h));
    h->kind = kind;
    h->is_receipt = is_receipt;
    h->version = kind == MSG_HELLO ? 1 : WIRE_MAX;
    COUNT_UP(h->cluster, 0xc0);
    h->receiver = *keypair_public(keys->k[is_receipt ? KEY_OPERATOR : KEY_HOST]);
    COUNT_UP(h->nonce, 0x10);
    COUNT_UP(h->session, 0xb0);
    h->epoch = 7;
    h->sequence = 41;
    h->time_ms = 3600000;
    if (is_receipt)
        COUNT_UP(h->order, 0x40);
}

void vector_manifest(struct manifest *m)
{
    memset(m, 0, sizeof(*m));
    TEXT(m->version, "2.0.5+ent");
    m->created_s = 1790000000;
    m->n_builds = 2;
    TEXT(m->builds[0].os, "linux");
    TEXT(m->builds[0].arch, "amd64");
    m->builds[0].packing = PACKING_ZIP;
    m->builds[0].fetch_size = 45000000;
    COUNT_UP(m->builds[0].fetch_digest, 0x20);
    m->builds[0].size = 150000000;
    COUNT_UP(m->builds[0].digest, 0x60);
    m->builds[1] = m->builds[0];
    TEXT(m->builds[1].arch, "arm64");
    m->builds[1].packing = PACKING_BARE;
    m->builds[1].fetch_size = 150000000;
    m->builds[1].fetch_digest = m->builds[1].digest;
    m->sums_len = 4;
    memcpy(m->sums, "sums", 4);
    m->sums_sig_len = 3;
    memcpy(m->sums_sig, "sig", 3);
}

void vector_container(const struct vector_keys *keys, enum container_type type,
                      const struct buf *body, enum vector_key a, enum vector_key b, struct buf *ret)
{
    const struct keypair *const signers[] = {keys->k[a], keys->k[b]};
    struct err err = ERR_INIT;
    must(container_pack(type, body->data, body->len, signers, 2, ret, &err), &err);
}

void vector_trust(const struct vector_keys *keys, struct trust *t)
{
    static const struct {
        enum role role;
        uint32_t n;
        enum vector_key first;
    } rows[] = {{ROLE_OBSERVER, 1, KEY_OBSERVER},
                {ROLE_OPERATOR, 1, KEY_OPERATOR},
                {ROLE_RELEASE, 2, KEY_RELEASE1},
                {ROLE_ROOT, 2, KEY_ROOT1}};

    memset(t, 0, sizeof(*t));
    COUNT_UP(t->cluster, 0xc0);
    t->version = 1;
    TEXT(t->name, "north");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct role_keys *r = &t->roles[rows[i].role];
        r->n = r->threshold = rows[i].n;
        for (uint32_t k = 0; k < r->n; k++)
            r->keys[k] = *keypair_public(keys->k[rows[i].first + k]);
    }
}

void vector_named_trust(const struct vector_keys *keys, struct trust *t)
{
    static const char *const names[ROLE_COUNT][2] = {[ROLE_OBSERVER] = {"watch"},
                                                     [ROLE_OPERATOR] = {"anna"},
                                                     [ROLE_RELEASE] = {"rel-a", "rel-b"},
                                                     [ROLE_ROOT] = {"root-1", "root-2"}};

    vector_trust(keys, t);
    t->format = 2;
    t->created_s = 1800000000;
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        for (uint32_t i = 0; i < t->roles[r].n; i++)
            TEXT(t->roles[r].about[i].name, names[r][i]);
    }
    t->roles[ROLE_OPERATOR].about[0].expires_s = 1831536000;
}

void vector_trust_body(const struct trust *t, struct buf *ret)
{
    struct err err = ERR_INIT;
    must(trust_pack(t, ret, &err), &err);
}

static void make_manifest(const struct vector_keys *keys, struct buf *ret)
{
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    struct manifest m;
    vector_manifest(&m);
    must(manifest_pack(&m, &body, &err), &err);
    vector_container(keys, CONTAINER_MANIFEST, &body, KEY_RELEASE1, KEY_RELEASE2, ret);
}

static void make_trust(const struct vector_keys *keys, uint32_t version, struct buf *ret)
{
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    struct trust t;
    vector_trust(keys, &t);
    t.version = version;
    must(trust_pack(&t, &body, &err), &err);
    vector_container(keys, CONTAINER_TRUST, &body, KEY_ROOT1, KEY_ROOT2, ret);
}

static void stage_order(const struct vector_keys *keys, struct order_stage *s)
{
    auto_buf struct buf file = BUF_INIT;
    make_manifest(keys, &file);
    s->manifest_len = file.len;
    memcpy(s->manifest, file.data, file.len);
    s->n_urls = 2;
    TEXT(s->urls[0], "https://releases.example/nomad_2.0.5+ent_linux_amd64.zip");
    TEXT(s->urls[1], "file:///srv/mirror/nomad.zip");
    s->speed_min = 65536;
    s->deadline_ms = 600000;
}

void vector_order(const struct vector_keys *keys, enum message_kind kind, struct order *o)
{
    auto_buf struct buf file = BUF_INIT;

    memset(o, 0, sizeof(*o));
    head(keys, kind, false, &o->head);
    if (kind == MSG_HELLO) {
        o->u.hello = (struct order_hello){WIRE_MIN, WIRE_MAX};
    } else if (kind == MSG_STATUS) {
        o->u.status = (struct order_status){12, 60000, 300};
    } else if (kind == MSG_LEASE) {
        o->u.lease = (struct order_lease){
            .op = LEASE_TAKE, .expect = 5, .ttl_ms = 120000, .take_over = true, .paused = false};
        COUNT_UP(o->u.lease.run_id, 0xa0);
        COUNT_UP(o->u.lease.plan, 0x80);
    } else if (kind == MSG_STAGE) {
        stage_order(keys, &o->u.stage);
    } else if (kind == MSG_SWAP) {
        o->u.swap = (struct order_swap){.on_not_ready = ON_REVERT_IF_UNTOUCHED,
                                        .not_before = 3605000,
                                        .hold_ms = 5000,
                                        .deadline_ms = 600000,
                                        .is_server = true};
        COUNT_UP(o->u.swap.digest, 0x60);
    } else if (kind == MSG_CANCEL) {
        o->u.cancel.sequence = 40;
    } else if (kind == MSG_REVERT) {
        o->u.revert = (struct order_revert){
            .why = FAILURE_NOT_CAUGHT_UP, .hold_ms = 5000, .deadline_ms = 120000};
        COUNT_UP(o->u.revert.to, 0x70);
    } else if (kind == MSG_NOTE) {
        o->u.note = (struct order_note){.slot = 3, .len = 9, .text = "drain \0\xff\xfe"};
        COUNT_UP(o->u.note.run_id, 0xa0);
    } else if (kind == MSG_PRESERVE) {
        COUNT_UP(o->u.preserve.run_id, 0xa0);
    } else if (kind == MSG_SERVICE) {
        o->u.service.op = SERVICE_STOP;
    } else if (kind == MSG_TRUST) {
        make_trust(keys, 2, &file);
        o->u.trust.len = file.len;
        memcpy(o->u.trust.file, file.data, file.len);
    }
}

static void stamp(struct stamp *s)
{
    *s = (struct stamp){
        .dev = 65025, .ino = 1 << 20, .ctime_ns = -1, .main_pid = 4242, .main_start = 123456789};
}

static void lease(struct lease_state *l)
{
    *l = (struct lease_state){
        .revision = 6, .epoch = 7, .held = true, .paused = true, .expires_in_ms = 119999};
    COUNT_UP(l->run_id, 0xa0);
    COUNT_UP(l->plan, 0x80);
}

static void receipt_hello(struct receipt_hello *h)
{
    h->wire_min = WIRE_MIN;
    h->wire_max = WIRE_MAX;
    TEXT(h->program, "0.1.0");
    TEXT(h->host, "nomad-server-1");
    TEXT(h->os, "linux");
    TEXT(h->arch, "amd64");
    TEXT(h->server_id, "5f3c9c36-8a61-4f0e-9f5c-0d5f3f3cf0aa");
    COUNT_UP(h->disk, 0x60);
    COUNT_UP(h->running, 0x70);
    stamp(&h->stamp);
    h->phase = PHASE_STAGED;
    lease(&h->lease);
    h->agent_sequence = 3;
    h->swap_sequence = 40;
    h->swap_epoch = 7;
    h->trust_version = 1;
    h->view_revision = 99;
}

static void receipt_status(struct receipt_status *s)
{
    s->work.revision = 100;
    s->work.phase = PHASE_FAILED;
    s->work.failed_in = PHASE_PROBING;
    s->work.order_sequence = 41;
    COUNT_UP(s->work.target, 0x60);
    COUNT_UP(s->work.previous, 0x70);
    s->work.done = 45000000;
    s->work.total = 45000000;
    s->verdict.failure = FAILURE_CRASH_LOOP;
    TEXT(s->verdict.text, "the service was started 3 times in 12 s");
    TEXT(s->verdict.evidence, "panic: caf\xc3\xa9\nexit 2");
    s->work.silence_ms = 1234;
    stamp(&s->work.stamp);
    lease(&s->lease);
    s->n_facts = 3;
    for (uint32_t i = 0; i < s->n_facts; i++)
        s->facts[i].value = (enum tri)i;
    TEXT(s->facts[0].id, "peers");
    TEXT(s->facts[0].text, "could not be asked");
    TEXT(s->facts[1].id, "held");
    TEXT(s->facts[2].id, "room");
    s->n_notes = 1;
    s->notes = xzalloc(1, sizeof(*s->notes));
    s->notes[0].slot = 3;
    COUNT_UP(s->notes[0].run_id, 0xa0);
    s->notes[0].len = 5;
    memcpy(s->notes[0].text, "drain", 5);
    s->log_cursor = 301;
    s->n_log = 1;
    s->log[0].cursor = 301;
    TEXT(s->log[0].text, "nomad: started");
}

void vector_receipt(const struct vector_keys *keys, enum message_kind kind, struct receipt *r)
{
    memset(r, 0, sizeof(*r));
    head(keys, kind, true, &r->head);
    if (kind == MSG_HELLO) {
        receipt_hello(&r->u.hello);
    } else if (kind == MSG_STATUS) {
        receipt_status(&r->u.status);
    } else {
        r->u.done.refusal = (enum refusal)((unsigned)kind % REFUSAL_COUNT);
        TEXT(r->u.done.text, "because");
        lease(&r->u.done.lease);
        r->u.done.last_sequence = 41;
        r->u.done.last_epoch = 7;
        r->u.done.count = 2;
        COUNT_UP(r->u.done.digest, 0x30);
        r->u.done.trust_version = 1;
    }
}

static void add_messages(const struct vector_keys *keys, struct vector_set *set)
{
    struct err err = ERR_INIT;
    char name[64];

    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        struct order o;
        struct receipt r;
        vector_order(keys, k, &o);
        snprintf(name, sizeof(name), "order-%s", message_kind_name(k));
        struct vector_case *c = vector_add(set, "inner", name, "a signed order");
        must(envelope_sign_order(&o, keys->k[KEY_OPERATOR], &c->bytes, &err), &err);
        vector_receipt(keys, k, &r);
        snprintf(name, sizeof(name), "receipt-%s", message_kind_name(k));
        c = vector_add(set, "inner", name, "a signed receipt");
        must(envelope_sign_receipt(&r, keys->k[KEY_HOST], &c->bytes, &err), &err);
        receipt_done_with(&r);
    }
}

/* The largest number of facts in the present version. */
static void add_many_facts(const struct vector_keys *keys, struct vector_set *set)
{
    struct err err = ERR_INIT;
    struct receipt r;
    struct vector_case *c;

    vector_receipt(keys, MSG_STATUS, &r);
    r.u.status.n_facts = FACTS_MAX;
    for (uint32_t i = 0; i < FACTS_MAX; i++) {
        r.u.status.facts[i].value = (enum tri)(i % 3);
        snprintf(r.u.status.facts[i].id, sizeof(r.u.status.facts[i].id), "fact-%u", (unsigned)i);
    }
    c = vector_add(set, "inner", "receipt-status-96-facts", "a status with all the facts it holds");
    must(envelope_sign_receipt(&r, keys->k[KEY_HOST], &c->bytes, &err), &err);
    receipt_done_with(&r);
}

static void add_frames(const struct vector_keys *keys, struct vector_set *set)
{
    auto_buf struct buf inner = BUF_INIT, enrol = BUF_INIT;
    struct err err = ERR_INIT;
    struct vector_case *c;
    struct order o;

    vector_order(keys, MSG_SWAP, &o);
    must(envelope_sign_order(&o, keys->k[KEY_OPERATOR], &inner, &err), &err);
    c = vector_add(set, "frame", "frame-sealed", "a swap order, sealed to the host's key");
    c->sealed = true;
    must(envelope_seal(inner.data, inner.len, keypair_public(keys->k[KEY_HOST]), &c->bytes, &err),
         &err);
    vector_order(keys, MSG_HELLO, &o);
    memset(&o.head.receiver, 0, sizeof(o.head.receiver));
    memset(o.head.session, 0, sizeof(o.head.session));
    o.head.epoch = o.head.sequence = o.head.time_ms = 0;
    must(envelope_sign_order(&o, keys->k[KEY_OPERATOR], &enrol, &err), &err);
    c = vector_add(set, "frame", "frame-plain", "the hello of enrolment, unsealed");
    must(envelope_plain(enrol.data, enrol.len, &c->bytes, &err), &err);
}

void vector_valid(const struct vector_keys *keys, struct vector_set *set)
{
    struct vector_case *c;

    add_messages(keys, set);
    add_many_facts(keys, set);
    add_frames(keys, set);
    c = vector_add(set, "manifest", "manifest", "a release, signed by 2 of 2 release keys");
    make_manifest(keys, &c->bytes);
    c = vector_add(set, "anchor", "anchor", "a trust file, signed by its own root keys");
    make_trust(keys, 1, &c->bytes);
    c = vector_add(set, "trust", "trust-next", "the next version, signed by 2 of 2 root keys");
    make_trust(keys, 2, &c->bytes);

    auto_buf struct buf body = BUF_INIT, next = BUF_INIT;
    struct trust t;
    vector_named_trust(keys, &t);
    vector_trust_body(&t, &body);
    c = vector_add(set, "anchor", "anchor-named", "body format 2: keys have names, one expires");
    vector_container(keys, CONTAINER_TRUST, &body, KEY_ROOT1, KEY_ROOT2, &c->bytes);
    t.version = 2;
    t.roles[ROLE_ROOT].keys[0] = *keypair_public(keys->k[KEY_STRANGER]);
    TEXT(t.roles[ROLE_ROOT].about[0].name, "root-3");
    t.roles[ROLE_ROOT].threshold = 1;
    vector_trust_body(&t, &next);
    c = vector_add(
        set, "trust", "trust-rotated",
        "body format 2: 1 of 2 roots from now on, one of them new; both old ones signed");
    vector_container(keys, CONTAINER_TRUST, &next, KEY_ROOT1, KEY_ROOT2, &c->bytes);
}
