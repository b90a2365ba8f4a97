/* The coordinator's side of the wire: which answers count as the agent's, and which do not. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agents.h"
#include "codec.h"
#include "context_fixture.h"
#include "envelope.h"
#include "http.h"
#include "keys.h"
#include "link_server.h"
#include "str.h"

enum manner {
    HONEST,
    OTHER_KEY, /* installed again: it has another key */
    UNSEALED,  /* answers a sealed question without a seal */
    REPLAYS,   /* sends its first receipt again and again */
    GARBAGE,   /* bytes */
};

struct scene {
    struct context_fixture fixture;
    struct trust trust;
    struct keypair *officer, *observer, *host, *other;
    struct known_hosts known;
    struct link_server *server;
    struct http *http;
    struct links *links;
    struct agents *agents;
    pthread_mutex_t lock;
    enum manner manner;
    struct buf first; /* REPLAYS: the inner bytes of the first receipt */
    const char *server_id;
    unsigned orders; /* number of received orders that change something */
    unsigned unsealed;
    struct pubkey asked_by, ordered_by; /* the last of these orders */
    uint8_t wire_min, wire_max;         /* the version that it reports; 0: only the oldest */
    uint8_t spoken;                     /* the version of the last order that is no hello */
    struct host hosts[1];
};

static void receipt_for(const struct scene *s, const struct verified *v, struct receipt *r)
{
    memset(r, 0, sizeof(*r));
    r->head = v->head;
    r->head.is_receipt = true;
    r->head.receiver = v->head.sender;
    r->head.order = v->digest;
    r->head.time_ms = 5000;
    memset(r->head.session, 9, SESSION_LEN);
    if (v->head.kind == MSG_HELLO) {
        r->u.hello.wire_min = s->wire_min != 0 ? s->wire_min : 1;
        r->u.hello.wire_max = s->wire_max != 0 ? s->wire_max : 1;
        str_cut(r->u.hello.program, NAME_MAX_LEN, "0.1.0");
        str_cut(r->u.hello.host, NAME_MAX_LEN, "s1");
        str_cut(r->u.hello.os, 16, "linux");
        str_cut(r->u.hello.arch, 16, "amd64");
        str_cut(r->u.hello.server_id, UUID_MAX, s->server_id);
        r->u.hello.phase = PHASE_STAGED;
    } else if (v->head.kind == MSG_STATUS) {
        r->u.status.work.revision = 3;
        r->u.status.work.phase = PHASE_SETTLED;
        r->u.status.n_facts = message_facts_max(v->head.version);
    }
}

static int answer_as(struct scene *s, const struct verified *v, enum frame_format format,
                     struct buf *answer)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    auto_buf struct buf inner = BUF_INIT;
    struct err err = ERR_INIT;
    receipt_for(s, v, r);
    const struct keypair *key = s->manner == OTHER_KEY ? s->other : s->host;
    if (envelope_sign_receipt(r, key, &inner, &err) < 0)
        return -1;
    if (s->manner == REPLAYS && s->first.len == 0)
        buf_add(&s->first, inner.data, inner.len);
    const struct buf *give = s->manner == REPLAYS ? &s->first : &inner;
    if (s->manner == UNSEALED || format == FRAME_PLAIN)
        return envelope_plain(give->data, give->len, answer, &err);
    return envelope_seal(give->data, give->len, &v->head.sender, answer, &err);
}

static int handle(void *ctx, const void *frame, size_t n, struct buf *answer)
{
    struct scene *s = ctx;
    auto_buf struct buf inner = BUF_INIT;
    enum frame_format format;
    struct verified v;
    struct err err = ERR_INIT;
    int rc = -1;
    pthread_mutex_lock(&s->lock);
    const struct keypair *key = s->manner == OTHER_KEY ? s->other : s->host;
    if (s->manner == GARBAGE)
        rc = buf_add(answer, "no receipt at all", 17);
    else if (envelope_open(frame, n, key, INNER_ORDER_MAX, &inner, &format, &err) == 0 &&
             envelope_verify(inner.data, inner.len, &v, &err) == 0) {
        s->orders += message_owner(v.head.kind) != OWNER_NOBODY;
        s->unsealed += format == FRAME_PLAIN;
        *(message_owner(v.head.kind) != OWNER_NOBODY ? &s->ordered_by : &s->asked_by) =
            v.head.sender;
        if (v.head.kind != MSG_HELLO)
            s->spoken = v.head.version;
        rc = answer_as(s, &v, format, answer);
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static void wake(void *ctx)
{
    http_wake(ctx);
}

static void set_manner(struct scene *s, enum manner m)
{
    pthread_mutex_lock(&s->lock);
    s->manner = m;
    pthread_mutex_unlock(&s->lock);
}

static struct scene *begin(enum manner manner, const char *server_id)
{
    struct scene *s = xzalloc(1, sizeof(*s));
    struct err err = ERR_INIT;
    char text[40];
    s->manner = manner;
    s->server_id = server_id;
    pthread_mutex_init(&s->lock, NULL);
    s->host = keypair_generate();
    s->other = keypair_generate();
    if (context_fixture_begin(&s->fixture) < 0 ||
        keys_make_solo(&s->fixture.conf, "t", &s->trust, &err) < 0 ||
        keys_load(&s->fixture.conf, ROLE_OPERATOR, &s->officer, &err) < 0 ||
        known_hosts_add(&s->known, "id-1", "s1", keypair_public(s->host), &err) < 0 ||
        http_new(&s->http, &err) < 0 || links_new(wake, s->http, &s->links, &err) < 0)
        fail_msg("%s", err.text);
    const struct link_server_config c = {.address = "127.0.0.1:0",
                                         .contexts = 8,
                                         .max_pipes = 64,
                                         .max_pipes_each = 64,
                                         .idle_ms = 5000,
                                         .handle = handle,
                                         .ctx = s};
    if (link_server_start(&c, &s->server, &err) < 0)
        fail_msg("%s", err.text);
    struct address_map *m = &s->fixture.conf.agents;
    m->items = xzalloc(1, sizeof(*m->items));
    m->n = 1;
    m->items[0].name = xstrdup("s1");
    snprintf(text, sizeof(text), "127.0.0.1:%d", link_server_port(s->server));
    m->items[0].address = xstrdup(text);
    s->hosts[0] = (struct host){.key = "id-1",
                                .name = "s1",
                                .server_id = "id-1",
                                .node_id = "",
                                .addr = "10.0.0.1",
                                .is_server = true};
    s->agents = agents_new(&(struct agents_config){.conf = &s->fixture.conf,
                                                   .trust = &s->trust,
                                                   .key = s->officer,
                                                   .known = &s->known,
                                                   .links = s->links,
                                                   .clock = clock_system()});
    agents_sync(s->agents, s->hosts, 1);
    return s;
}

static void end(struct scene *s)
{
    links_free(s->links);
    link_server_stop(s->server);
    http_free(s->http);
    agents_free(s->agents);
    known_hosts_free(&s->known);
    keypair_free(s->officer);
    keypair_free(s->observer);
    keypair_free(s->host);
    keypair_free(s->other);
    buf_free(&s->first);
    context_fixture_end(&s->fixture);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct agent_view view_of(const struct scene *s, struct arena *a)
{
    struct host h = s->hosts[0];
    agents_fill(s->agents, &h, a);
    return h.agent;
}

static void pump(struct scene *s, int64_t until)
{
    struct err err = ERR_INIT;
    agents_tick(s->agents);
    int64_t left = until - clock_mono(clock_system());
    if (http_wait(s->http, MAX_OF(MIN_OF(left, (int64_t)50), (int64_t)0), &err) < 0)
        fail_msg("%s", err.text);
    links_drain(s->links);
}

/* Waits until the agent's answer or failure is known, at most 20 s. */
static void until_told(struct scene *s)
{
    int64_t until = clock_mono(clock_system()) + 20000;
    while (!agents_have_answered(s->agents) && clock_mono(clock_system()) < until)
        pump(s, until);
    assert_true(agents_have_answered(s->agents));
}

static void test_an_honest_agent(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    struct scene *s = begin(HONEST, "id-1");
    const char *keys[] = {"id-1"};
    (void)state;
    until_told(s);
    struct agent_view v = view_of(s, &a);
    assert_true(v.enrolled && !v.misplaced);
    assert_true(v.hello_at > 0);
    assert_string_equal(v.problem, "");
    assert_string_equal(v.hello.os, "linux");
    assert_int_equal(v.uptime_ms, 5000);
    assert_int_equal(v.work.phase, PHASE_STAGED);
    agents_interest(s->agents, keys, 1);
    int64_t until = clock_mono(clock_system()) + 20000;
    while (view_of(s, &a).status_at == 0 && clock_mono(clock_system()) < until)
        pump(s, until);
    v = view_of(s, &a);
    assert_int_equal(v.work.phase, PHASE_SETTLED);
    assert_int_equal(v.work.revision, 3);
    end(s);
}

/* The agent is known by its address only. The coordinator asks at this address until the agent
 * reports an id. */
static void test_one_that_is_to_join(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    struct scene *s = begin(HONEST, "");
    struct err err = ERR_INIT;
    char key[UUID_MAX];
    (void)state;
    joining_key(key, keypair_public(s->host));
    assert_int_equal(known_hosts_add(&s->known, key, "10.0.0.9", keypair_public(s->host), &err), 1);
    s->hosts[0] = (struct host){.key = key, .name = "10.0.0.9", .joins = true};
    s->hosts[0].server_id = s->hosts[0].node_id = s->hosts[0].addr = "";
    s->hosts[0].agent.address = s->fixture.conf.agents.items[0].address;
    agents_sync(s->agents, s->hosts, 1);
    until_told(s);
    assert_true(view_of(s, &a).enrolled && view_of(s, &a).hello_at > 0);
    assert_string_equal(agents_server_of(s->agents, key), "");
    uint64_t changes = agents_changes(s->agents);
    pthread_mutex_lock(&s->lock);
    s->server_id = "id-new";
    pthread_mutex_unlock(&s->lock);
    int64_t until = clock_mono(clock_system()) + 20000;
    while (!str_eq(agents_server_of(s->agents, key), "id-new") &&
           clock_mono(clock_system()) < until)
        pump(s, until);
    assert_string_equal(agents_server_of(s->agents, key), "id-new");
    assert_true(agents_changes(s->agents) > changes);
    /* Nomad lists it. */
    s->hosts[0].server_id = "id-new";
    s->hosts[0].is_server = true;
    agents_sync(s->agents, s->hosts, 1);
    assert_true(view_of(s, &a).enrolled && !view_of(s, &a).misplaced);
    s->hosts[0].server_id = "id-2"; /* and then with another id */
    agents_sync(s->agents, s->hosts, 1);
    assert_true(view_of(s, &a).misplaced);
    /* For this id another key is known. */
    assert_int_equal(known_hosts_add(&s->known, "id-3", "", keypair_public(s->other), &err), 1);
    s->hosts[0].server_id = "id-3";
    agents_sync(s->agents, s->hosts, 1);
    assert_false(view_of(s, &a).enrolled);
    end(s);
}

static void test_an_agent_of_another_host(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    struct scene *s = begin(HONEST, "id-7");
    (void)state;
    until_told(s);
    struct agent_view v = view_of(s, &a);
    assert_true(v.misplaced);
    assert_non_null(strstr(v.problem, "id-7"));
    end(s);
}

/* The agent cannot open messages sealed for the enrolled key: there is no answer, and the text says
 * what to do. The coordinator sends no unsealed hello, because others could send it again. */
static void test_a_changed_key_is_silent(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    struct scene *s = begin(OTHER_KEY, "id-1");
    (void)state;
    until_told(s);
    int64_t until = clock_mono(clock_system()) + 20000;
    while (strstr(view_of(s, &a).problem, "caravan enroll") == NULL &&
           clock_mono(clock_system()) < until)
        pump(s, until);
    struct agent_view v = view_of(s, &a);
    assert_int_equal(v.hello_at, 0);
    assert_non_null(strstr(v.problem, "if its key has changed: `caravan enroll --rekey HOST`"));
    assert_int_equal(s->unsealed, 0);
    end(s);
}

static void nothing_counts(enum manner manner)
{
    auto_arena struct arena a = ARENA_INIT;
    struct scene *s = begin(manner, "id-1");
    until_told(s);
    struct agent_view v = view_of(s, &a);
    assert_int_equal(v.hello_at, 0);
    assert_non_null(strstr(v.problem, "another program"));
    end(s);
}

static void test_an_unsealed_answer_does_not_count(void **state)
{
    (void)state;
    nothing_counts(UNSEALED);
}

static void test_garbage_does_not_count(void **state)
{
    (void)state;
    nothing_counts(GARBAGE);
}

static struct agent_event send_note(struct scene *s)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    auto_buf struct buf inner = BUF_INIT;
    struct digest digest;
    struct err err = ERR_INIT;
    struct agent_event e;
    o->head.kind = MSG_CANCEL;
    o->u.cancel.sequence = 4;
    crypto_random(o->head.nonce, NONCE_LEN);
    if (agents_sign(s->agents, "id-1", o, &inner, &digest, &err) < 0)
        fail_msg("%s", err.text);
    agents_send(s->agents, "id-1", MSG_CANCEL, o->head.nonce, inner.data, inner.len);
    int64_t until = clock_mono(clock_system()) + 20000;
    while (!agents_next(s->agents, &e)) {
        assert_true(clock_mono(clock_system()) < until);
        pump(s, until);
    }
    assert_string_equal(e.key, "id-1");
    assert_int_equal(e.kind, MSG_CANCEL);
    assert_memory_equal(e.nonce, o->head.nonce, NONCE_LEN);
    return e;
}

static void test_an_order_and_its_receipt(void **state)
{
    struct scene *s = begin(HONEST, "id-1");
    (void)state;
    until_told(s);
    struct agent_event e = send_note(s);
    assert_non_null(e.receipt);
    assert_int_equal(e.receipt->u.done.refusal, REFUSAL_NONE);
    assert_int_equal(s->orders, 1);
    agent_event_free(&e);
    end(s);
}

/* The operator's key is opened late: until then the coordinator asks questions and sends no
 * orders. */
static void test_questions_and_orders_have_keys_of_their_own(void **state)
{
    auto_buf struct buf inner = BUF_INIT;
    struct scene *s = begin(HONEST, "id-1");
    struct order o = {.head.kind = MSG_NOTE};
    struct digest d;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(keys_load(&s->fixture.conf, ROLE_OBSERVER, &s->observer, &err), 0);
    agents_free(s->agents);
    s->agents = agents_new(&(struct agents_config){.conf = &s->fixture.conf,
                                                   .trust = &s->trust,
                                                   .asks = s->observer,
                                                   .known = &s->known,
                                                   .links = s->links,
                                                   .clock = clock_system()});
    agents_sync(s->agents, s->hosts, 1);
    until_told(s);
    assert_true(pubkey_eq(&s->asked_by, keypair_public(s->observer)));
    assert_int_equal(agents_sign(s->agents, "id-1", &o, &inner, &d, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
    agents_set_order_key(s->agents, s->officer);
    struct agent_event e = send_note(s);
    assert_non_null(e.receipt);
    assert_true(pubkey_eq(&s->ordered_by, keypair_public(s->officer)));
    assert_true(pubkey_eq(&s->asked_by, keypair_public(s->observer)));
    agent_event_free(&e);
    end(s);
}

/* Both sides use the highest version that both know, for questions and for orders. */
static void test_the_highest_version_that_both_speak(void **state)
{
    static const struct {
        uint8_t min, max, spoken;
    } rows[] = {{1, 1, 1}, {1, WIRE_MAX, WIRE_MAX}, {1, WIRE_MAX + 3, WIRE_MAX}};
    const char *keys[] = {"id-1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_arena struct arena a = ARENA_INIT;
        struct scene *s = begin(HONEST, "id-1");
        s->wire_min = rows[i].min;
        s->wire_max = rows[i].max;
        until_told(s);
        agents_interest(s->agents, keys, 1);
        int64_t until = clock_mono(clock_system()) + 20000;
        while (view_of(s, &a).status_at == 0 && clock_mono(clock_system()) < until)
            pump(s, until);
        assert_int_equal(s->spoken, rows[i].spoken);
        assert_int_equal(view_of(s, &a).n_facts, message_facts_max(rows[i].spoken));
        s->spoken = 0;
        agents_interest(s->agents, keys, 0);
        struct agent_event e = send_note(s);
        assert_non_null(e.receipt);
        assert_int_equal(e.receipt->head.version, rows[i].spoken);
        agent_event_free(&e);
        end(s);
    }
}

/* The agent answers in no version that both sides know: that counts as no answer, and the text says
 * why. */
static void test_no_version_that_both_speak(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    struct scene *s = begin(HONEST, "id-1");
    (void)state;
    s->wire_min = s->wire_max = WIRE_MAX + 1;
    until_told(s);
    struct agent_view v = view_of(s, &a);
    assert_int_equal(v.hello_at, 0);
    assert_non_null(strstr(v.problem, "upgrade the older"));
    end(s);
}

/* The receipt is genuine, signed and sealed, but answers an earlier order. */
static void test_an_old_receipt_is_no_answer(void **state)
{
    struct scene *s = begin(HONEST, "id-1");
    (void)state;
    until_told(s);
    set_manner(s, REPLAYS);
    struct agent_event first = send_note(s), second = send_note(s);
    assert_non_null(first.receipt);
    assert_null(second.receipt);
    assert_string_not_equal(second.text, "");
    agent_event_free(&first);
    agent_event_free(&second);
    end(s);
}

/* The host's trust may no longer name the key that signed the order: the present key asks for the
 * result. */
static void test_an_order_of_another_key_is_signed_anew(void **state)
{
    struct scene *s = begin(HONEST, "id-1");
    struct order o = {.head.kind = MSG_CANCEL, .u.cancel.sequence = 4};
    auto_buf struct buf inner = BUF_INIT;
    struct digest digest;
    struct agent_event e;
    struct err err = ERR_INIT;
    (void)state;
    until_told(s);
    crypto_random(o.head.nonce, NONCE_LEN);
    assert_int_equal(agents_sign(s->agents, "id-1", &o, &inner, &digest, &err), 0);
    for (int other = 0; other < 2; other++) {
        const struct keypair *now = other == 1 ? s->other : s->officer;
        agents_set_order_key(s->agents, now);
        agents_send(s->agents, "id-1", MSG_CANCEL, o.head.nonce, inner.data, inner.len);
        int64_t until = clock_mono(clock_system()) + 20000;
        while (!agents_next(s->agents, &e)) {
            assert_true(clock_mono(clock_system()) < until);
            pump(s, until);
        }
        assert_non_null(e.receipt);
        assert_memory_equal(e.nonce, o.head.nonce, NONCE_LEN);
        assert_int_equal(digest_eq(&e.receipt->head.order, &digest), other == 0);
        assert_true(pubkey_eq(&s->ordered_by, keypair_public(now)));
        agent_event_free(&e);
    }
    end(s);
}

static void test_an_order_to_a_host_that_left(void **state)
{
    struct scene *s = begin(HONEST, "id-1");
    autofree struct order *o = xzalloc(1, sizeof(*o));
    auto_buf struct buf inner = BUF_INIT;
    struct digest digest;
    struct agent_event e;
    struct err err = ERR_INIT;
    (void)state;
    until_told(s);
    o->head.kind = MSG_CANCEL;
    assert_int_equal(agents_sign(s->agents, "id-1", o, &inner, &digest, &err), 0);
    agents_sync(s->agents, s->hosts, 0);
    agents_send(s->agents, "id-1", MSG_CANCEL, o->head.nonce, inner.data, inner.len);
    assert_true(agents_next(s->agents, &e));
    assert_null(e.receipt);
    agent_event_free(&e);
    inner.data[inner.len - 1] ^= 1; /* damaged bytes from a ledger */
    agents_send(s->agents, "id-1", MSG_CANCEL, o->head.nonce, inner.data, inner.len);
    assert_true(agents_next(s->agents, &e));
    assert_null(e.receipt);
    agent_event_free(&e);
    assert_int_equal(agents_sign(s->agents, "id-1", o, &inner, &digest, &err), -1);
    assert_int_equal(s->orders, 0);
    end(s);
}

static int set_up(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    return crypto_init(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_honest_agent),
        cmocka_unit_test(test_one_that_is_to_join),
        cmocka_unit_test(test_an_agent_of_another_host),
        cmocka_unit_test(test_a_changed_key_is_silent),
        cmocka_unit_test(test_an_unsealed_answer_does_not_count),
        cmocka_unit_test(test_garbage_does_not_count),
        cmocka_unit_test(test_an_order_and_its_receipt),
        cmocka_unit_test(test_questions_and_orders_have_keys_of_their_own),
        cmocka_unit_test(test_the_highest_version_that_both_speak),
        cmocka_unit_test(test_no_version_that_both_speak),
        cmocka_unit_test(test_an_old_receipt_is_no_answer),
        cmocka_unit_test(test_an_order_of_another_key_is_signed_anew),
        cmocka_unit_test(test_an_order_to_a_host_that_left),
    };
    return cmocka_run_group_tests_name("agents", tests, set_up, NULL);
}
