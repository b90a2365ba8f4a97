/*
 * main_attack.c - what a stranger, a thief of old messages or a muddled operator may try
 * against a live agent; each attempt is one TAP line.
 *
 *     attack CONFIG_DIR HOST_NAME ADDRESS
 *
 * Reads the operator's keys and remembered hosts from a coordinator's configuration
 * (as `caravan init` and `enroll` made them) and talks to the agent of HOST_NAME at
 * ADDRESS ("127.0.60.11:4650"). Nothing here swaps anything: at the end the agent's phase
 * and lease are what they were.
 */
#include <pthread.h>
#include "codec.h"
#include "envelope.h"
#include "file.h"
#include "keys.h"
#include "known_hosts.h"
#include "link_client.h"
#include "trust.h"

#define CALL_MS   3000
#define SILENT_MS 1500 /* how long a frame that deserves no answer is waited for */

struct attack {
    struct links *links;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool wake;
    const char *address;
    struct keypair *operator_key, *observer_key, *stranger;
    struct trust trust;
    struct pubkey host, other_host;
    unsigned char session[SESSION_LEN];
    uint64_t uptime_ms;
    struct lease_state lease;
    uint64_t agent_sequence;
    unsigned char run_id[RUN_ID_LEN];
    int n, failed;
};

struct answer {
    bool done;
    struct buf frame;
};

static void check(struct attack *a, const char *what, bool held)
{
    a->n++;
    if (!held)
        a->failed++;
    printf("%sok %d - %s\n", held ? "" : "not ", a->n, what);
}

static void on_wake(void *ctx)
{
    struct attack *a = ctx;
    pthread_mutex_lock(&a->lock);
    a->wake = true;
    pthread_cond_signal(&a->woken);
    pthread_mutex_unlock(&a->lock);
}

static void on_done(void *ctx, const void *frame, size_t n, const struct err *err)
{
    struct answer *ans = ctx;
    (void)err;
    ans->done = true;
    if (frame != NULL)
        (void)buf_add(&ans->frame, frame, n);
}

/* Sends a frame; the answer's frame, empty when there was none. */
static void call(struct attack *a, const struct buf *frame, int64_t wait_ms, struct buf *ret)
{
    struct answer ans = {false, BUF_INIT};
    struct err err = ERR_INIT;

    if (links_call(a->links, a->address, frame->data, frame->len, wait_ms, on_done, &ans, &err) < 0)
        return;
    while (!ans.done) {
        pthread_mutex_lock(&a->lock);
        while (!a->wake)
            pthread_cond_wait(&a->woken, &a->lock);
        a->wake = false;
        pthread_mutex_unlock(&a->lock);
        links_drain(a->links);
    }
    *ret = ans.frame;
}

static void new_order(const struct attack *a, enum message_kind kind, struct order *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->head.kind = kind;
    ret->head.version = kind == MSG_HELLO ? 1 : WIRE_MAX;
    memcpy(ret->head.cluster, a->trust.cluster, CLUSTER_ID_LEN);
    ret->head.receiver = a->host;
    memcpy(ret->head.session, a->session, SESSION_LEN);
    ret->head.epoch = a->lease.epoch;
    crypto_random(ret->head.nonce, NONCE_LEN);
    ret->u.hello.wire_min = WIRE_MIN;
    ret->u.hello.wire_max = WIRE_MAX;
}

static void sign(const struct order *o, const struct keypair *key, struct buf *ret)
{
    struct err err = ERR_INIT;
    if (envelope_sign_order(o, key, ret, &err) < 0)
        printf("# sign: %s\n", err.text);
}

/* The opened and verified receipt to these inner bytes. -1: no authentic answer. */
static int exchange(struct attack *a, const struct buf *inner, const struct keypair *key,
                    struct buf *ret_inner, struct receipt *ret)
{
    auto_buf struct buf frame = BUF_INIT, answer = BUF_INIT;
    enum frame_format format;
    struct verified v;
    struct err err = ERR_INIT;

    if (envelope_seal(inner->data, inner->len, &a->host, &frame, &err) < 0)
        return -1;
    call(a, &frame, CALL_MS, &answer);
    if (answer.len == 0 ||
        envelope_open(answer.data, answer.len, key, INNER_RECEIPT_MAX, ret_inner, &format, &err) <
            0 ||
        envelope_verify(ret_inner->data, ret_inner->len, &v, &err) < 0)
        return -1;
    memset(ret, 0, sizeof(*ret));
    ret->head = v.head;
    return codec_read_receipt(v.payload, v.payload_len, ret, &err);
}

/* The refusal the order meets; -1 when nothing authentic comes back. */
static int refusal_of(struct attack *a, const struct order *o, const struct keypair *key)
{
    auto_buf struct buf inner = BUF_INIT, back = BUF_INIT;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    sign(o, key, &inner);
    if (exchange(a, &inner, key, &back, r) < 0)
        return -1;
    if (o->head.kind == MSG_LEASE)
        a->lease = r->u.done.lease;
    return (int)r->u.done.refusal;
}

static bool silent(struct attack *a, const void *inner, size_t n)
{
    auto_buf struct buf frame = BUF_INIT, answer = BUF_INIT;
    struct err err = ERR_INIT;
    if (envelope_seal(inner, n, &a->host, &frame, &err) < 0)
        return false;
    call(a, &frame, SILENT_MS, &answer);
    return answer.len == 0;
}

static bool hello(struct attack *a)
{
    auto_buf struct buf inner = BUF_INIT, back = BUF_INIT;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    autofree struct order *o = xzalloc(1, sizeof(*o));
    new_order(a, MSG_HELLO, o);
    sign(o, a->operator_key, &inner);
    if (exchange(a, &inner, a->operator_key, &back, r) < 0)
        return false;
    memcpy(a->session, r->head.session, SESSION_LEN);
    a->uptime_ms = r->head.time_ms;
    a->lease = r->u.hello.lease;
    a->agent_sequence = r->u.hello.agent_sequence;
    return true;
}

static void try_unauthentic(struct attack *a)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    auto_buf struct buf forged = BUF_INIT, good = BUF_INIT, foreign = BUF_INIT, misled = BUF_INIT;
    auto_buf struct buf answer = BUF_INIT, garbage = BUF_INIT;

    new_order(a, MSG_HELLO, o);
    sign(o, a->stranger, &forged);
    check(a, "an order signed by an unknown key gets no answer",
          silent(a, forged.data, forged.len));
    sign(o, a->operator_key, &good);
    good.data[good.len - SIG_LEN - 1] ^= 1;
    check(a, "a changed order gets no answer", silent(a, good.data, good.len));
    o->head.cluster[0] ^= 1;
    sign(o, a->operator_key, &foreign);
    check(a, "an order for another cluster gets no answer", silent(a, foreign.data, foreign.len));
    o->head.cluster[0] ^= 1;
    o->head.receiver = a->other_host;
    sign(o, a->operator_key, &misled);
    check(a, "an order for another host gets no answer", silent(a, misled.data, misled.len));
    (void)buf_add_str(&garbage, "GET / HTTP/1.1\r\n\r\n");
    call(a, &garbage, SILENT_MS, &answer);
    check(a, "garbage gets no answer", answer.len == 0);
}

static int lease(struct attack *a, enum lease_op op, const struct keypair *key)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    new_order(a, MSG_LEASE, o);
    o->head.sequence = a->lease.revision;
    o->u.lease.op = op;
    o->u.lease.expect = a->lease.revision;
    memcpy(o->u.lease.run_id, a->run_id, RUN_ID_LEN);
    o->u.lease.ttl_ms = 60000;
    return refusal_of(a, o, key);
}

static void new_note(const struct attack *a, uint64_t sequence, struct order *o)
{
    new_order(a, MSG_NOTE, o);
    o->head.sequence = sequence;
    o->u.note.slot = 1;
    memcpy(o->u.note.run_id, a->run_id, RUN_ID_LEN);
    o->u.note.len = 4;
    memcpy(o->u.note.text, "note", 4);
}

static void try_replays(struct attack *a)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    auto_buf struct buf inner = BUF_INIT, first = BUF_INIT, again = BUF_INIT;
    uint64_t next = a->agent_sequence + 1;

    new_note(a, next, o);
    sign(o, a->operator_key, &inner);
    check(a, "a note is accepted",
          exchange(a, &inner, a->operator_key, &first, r) == 0 && r->u.done.refusal == 0);
    check(a, "the same bytes again get the kept receipt, byte for byte",
          exchange(a, &inner, a->operator_key, &again, r) == 0 && first.len == again.len &&
              memcmp(first.data, again.data, first.len) == 0);
    o->u.note.text[0] = 'N';
    int refusal = refusal_of(a, o, a->operator_key);
    check(a, "the right sequence with other bytes is refused",
          refusal == REFUSAL_REPLAYED || refusal == REFUSAL_SEQUENCE);
    new_note(a, next, o);
    o->head.epoch = a->lease.epoch - 1;
    check(a, "an old epoch is refused", refusal_of(a, o, a->operator_key) == REFUSAL_EPOCH);
    new_note(a, next + 1, o);
    o->head.session[0] ^= 1;
    check(a, "another session is refused", refusal_of(a, o, a->operator_key) == REFUSAL_SESSION);
    new_note(a, next + 1, o);
    o->head.time_ms = 1;
    check(a, "an order past its start_by is refused",
          refusal_of(a, o, a->operator_key) == REFUSAL_LATE);
    new_note(a, next + 1, o);
    o->u.note.clear = true;
    o->u.note.len = 0;
    check(a, "the note is cleared", refusal_of(a, o, a->operator_key) == REFUSAL_NONE);
}

static void try_roles(struct attack *a)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    check(a, "an observer may not take a lease", lease(a, LEASE_TAKE, a->observer_key) != 0);
    new_order(a, MSG_SWAP, o);
    o->head.sequence = 1;
    o->u.swap.on_not_ready = ON_REVERT;
    o->u.swap.hold_ms = 100;
    o->u.swap.deadline_ms = 1000;
    check(a, "a swap without a lease is refused",
          refusal_of(a, o, a->operator_key) == REFUSAL_LEASE);
}

static int load(struct attack *a, char **argv, struct err *err)
{
    struct coord_conf conf;
    struct known_hosts known = {0};
    char path[300];

    memset(&conf, 0, sizeof(conf));
    if (crypto_init(err) < 0 || coord_conf_load(argv[1], NULL, &conf, err) < 0 ||
        keys_load(&conf, ROLE_OPERATOR, &a->operator_key, err) < 0 ||
        keys_load(&conf, ROLE_OBSERVER, &a->observer_key, err) < 0 ||
        keys_trust(&conf, &a->trust, err) < 0 ||
        state_path(&conf, KNOWN_HOSTS_NAME, path, err) < 0 ||
        known_hosts_load(path, &known, err) < 0)
        return -1;
    for (size_t i = 0; i < known.n; i++) {
        /* Nomad calls a server "s1.global" and its node "s1". */
        size_t n = strlen(argv[2]);
        bool ours = strncmp(known.items[i].name, argv[2], n) == 0 &&
                    (known.items[i].name[n] == '\0' || known.items[i].name[n] == '.');
        *(ours ? &a->host : &a->other_host) = known.items[i].key;
    }
    known_hosts_free(&known);
    coord_conf_free(&conf);
    a->address = argv[3];
    a->stranger = keypair_generate();
    crypto_random(a->run_id, RUN_ID_LEN);
    if (pubkey_is_zero(&a->host) || pubkey_is_zero(&a->other_host))
        return err_set(err, ERR_NOTFOUND, 0, "%s and one more host must be enrolled", argv[2]);
    return links_new(on_wake, a, &a->links, err);
}

static void attack(struct attack *a)
{
    check(a, "a genuine hello is answered", hello(a));
    try_unauthentic(a);
    try_roles(a);
    check(a, "the operator takes the lease", lease(a, LEASE_TAKE, a->operator_key) == 0);
    try_replays(a);
    unsigned char mine = a->run_id[0];
    a->run_id[0] ^= 1;
    check(a, "a second run cannot take a held lease",
          lease(a, LEASE_TAKE, a->operator_key) == REFUSAL_LEASE);
    a->run_id[0] = mine;
    check(a, "the genuine hello is still answered", hello(a));
    check(a, "the lease is given back", lease(a, LEASE_GIVE_BACK, a->operator_key) == 0);
}

int main(int argc, char **argv)
{
    static struct attack a = {.lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};
    struct err err = ERR_INIT;

    if (argc != 4) {
        fprintf(stderr, "usage: attack CONFIG_DIR HOST_NAME ADDRESS\n");
        return 2;
    }
    if (load(&a, argv, &err) < 0) {
        fprintf(stderr, "attack: %s\n", err.text);
        return 1;
    }
    attack(&a);
    printf("1..%d\n", a.n);
    links_free(a.links);
    keypair_free(a.operator_key);
    keypair_free(a.observer_key);
    keypair_free(a.stranger);
    return a.failed > 0;
}
