#include "codec.h"
#include "listener_call.h"
#include "obey.h"
#include "stamp_check.h"
#include "str.h"
#include "tell.h"

int listener_new(const struct listener_config *c, struct listener **ret, struct err *err)
{
    struct listener *l = xzalloc(1, sizeof(*l));
    l->c = *c;
    str_cut(l->state_path, sizeof(l->state_path), c->state_path);
    l->state = xzalloc(1, sizeof(*l->state));
    str_cut(l->why, sizeof(l->why), "caravan-swap has not told its state yet");
    pthread_mutex_init(&l->lock, NULL);
    pthread_rwlock_init(&l->passing, NULL);
    l->hold = status_hold_new(c->max_held);
    if (agent_store_load(l->state_path, l->state, err) < 0) {
        listener_free(l);
        return -1;
    }
    *ret = l;
    return 0;
}

void listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    status_hold_free(l->hold);
    pthread_rwlock_destroy(&l->passing);
    pthread_mutex_destroy(&l->lock);
    free(l->view);
    free(l->state);
    free(l);
}

void listener_set_trust(struct listener *l, const struct trust *trust)
{
    pthread_mutex_lock(&l->lock);
    l->trust = *trust;
    l->trusted = true;
    pthread_mutex_unlock(&l->lock);
}

void listener_set_view(struct listener *l, const struct view *view, const char *why)
{
    pthread_mutex_lock(&l->lock);
    if (view != NULL && l->view == NULL)
        l->view = xalloc(sizeof(*l->view));
    if (view != NULL) {
        *l->view = *view;
    } else {
        free(take_ptr(&l->view));
        str_cut(l->why, sizeof(l->why), why);
    }
    pthread_mutex_unlock(&l->lock);
    status_hold_revision(l->hold, view != NULL ? view->status.revision : 0);
}

void listener_stop(struct listener *l)
{
    status_hold_stop(l->hold);
}

/* A view that tells of what is no more is made anew by waking swap, where it sleeps
 * behind a socket; the resident one looks by itself. */
static void freshen(struct listener *l)
{
    uint64_t revision = 0;
    enum stamp_age age = STAMP_OLD;

    pthread_mutex_lock(&l->lock);
    if (l->view != NULL) {
        revision = l->view->status.revision;
        age = phase_rests(l->view->status.phase)
                  ? stamp_check(&l->view->hello.stamp, l->c.binary)
                  : STAMP_FRESH; /* swap is awake, and tells as it goes */
        /* The rest of what it told of its host is looked at from time to time. When nobody
         * answers, the next who asks does not wait for it. */
        int64_t now = clock_mono(l->c.clock);
        if (age == STAMP_FRESH && phase_rests(l->view->status.phase) &&
            now > MAX_OF((int64_t)(revision / 1000), l->facts_asked_ms) + FACTS_AGE_MS) {
            l->facts_asked_ms = now;
            age = STAMP_OLD;
        }
    }
    pthread_mutex_unlock(&l->lock);
    if (age == STAMP_FRESH || !swap_link_nudge(l->c.swap))
        return;
    if (age == STAMP_OLD)
        status_hold_wait(l->hold, revision, FRESHEN_MS);
}

static int answer_hello(const struct call *c, struct buf *answer)
{
    struct listener *l = c->l;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));

    freshen(l);
    pthread_mutex_lock(&l->lock);
    const struct tell t = {l->view, l->why, l->state, call_lease_now(l)};
    tell_hello(&t, &r->u.hello);
    pthread_mutex_unlock(&l->lock);
    return call_answer(c, r, answer);
}

static void status_now(const struct call *c, const struct order_status *o, struct receipt *r)
{
    struct listener *l = c->l;
    pthread_mutex_lock(&l->lock);
    const struct tell t = {l->view, l->why, l->state, call_lease_now(l)};
    tell_status(&t, o, &r->u.status);
    pthread_mutex_unlock(&l->lock);
}

/* Notes, facts and log can be more than one receipt carries: the log waits then. */
static bool fits(const struct receipt *r)
{
    auto_buf struct buf payload = BUF_INIT;
    struct err err = ERR_INIT;
    return codec_pack_receipt(r, &payload, &err) == 0 && payload.len <= RECEIPT_PAYLOAD_MAX;
}

static int answer_status(const struct call *c, struct buf *answer)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    autofree struct order *o = xzalloc(1, sizeof(*o));
    struct err err = ERR_INIT;

    o->head = c->v.head;
    if (codec_read_order(c->v.payload, c->v.payload_len, o, &err) < 0)
        return -1;
    freshen(c->l);
    status_hold_wait(c->l->hold, o->u.status.after, o->u.status.wait_ms);
    status_now(c, &o->u.status, r);
    call_receipt_head(c, &r->head);
    while (!fits(r) && r->u.status.n_log > 0) {
        r->u.status.n_log /= 2;
        r->u.status.log_cursor = r->u.status.n_log > 0
                                     ? r->u.status.log[r->u.status.n_log - 1].cursor
                                     : o->u.status.log_after;
    }
    int rv = call_answer(c, r, answer);
    receipt_done_with(r);
    return rv;
}

/* Sealed to us, or the hello of enrolment: plain, and to nobody by name. */
static bool is_for_us(const struct call *c)
{
    const struct header *h = &c->v.head;
    if (c->format == FRAME_SEALED)
        return pubkey_eq(&h->receiver, keypair_public(c->l->c.key));
    return h->kind == MSG_HELLO && pubkey_is_zero(&h->receiver);
}

static bool is_genuine(struct call *c)
{
    struct listener *l = c->l;
    const struct header *h = &c->v.head;

    pthread_mutex_lock(&l->lock);
    c->named = l->trusted && trust_allows(&l->trust, &h->sender, ROLE_NONE);
    c->may = l->trusted && trust_allows(&l->trust, &h->sender, message_role(h->kind));
    memcpy(c->cluster, l->trust.cluster, CLUSTER_ID_LEN);
    pthread_mutex_unlock(&l->lock);
    return !h->is_receipt && c->named && memcmp(h->cluster, c->cluster, CLUSTER_ID_LEN) == 0 &&
           is_for_us(c);
}

static int answer_order(struct call *c, struct buf *answer)
{
    if (!is_genuine(c))
        return -1;
    if (c->v.head.kind == MSG_HELLO)
        return answer_hello(c, answer);
    if (c->v.head.kind == MSG_STATUS)
        return c->may ? answer_status(c, answer) : -1;
    return message_owner(c->v.head.kind) == OWNER_AGENT ? obey_order(c, answer)
                                                        : hand_on_order(c, answer);
}

int listener_handle(void *ctx, const void *frame, size_t n, struct buf *answer)
{
    struct call c = {.l = ctx, .inner = BUF_INIT};
    struct err err = ERR_INIT;
    int rv = -1;

    if (envelope_open(frame, n, c.l->c.key, INNER_ORDER_MAX, &c.inner, &c.format, &err) == 0 &&
        envelope_verify(c.inner.data, c.inner.len, &c.v, &err) == 0)
        rv = answer_order(&c, answer);
    buf_free(&c.inner);
    return rv;
}
