#include <pthread.h>
#include "envelope.h"
#include "link_call.h"
#include "link_client.h"
#include "link_error.h"

#define DEADLINE_MAX_MS (24 * 3600 * 1000)
#define TICK_MS         50 /* time between two checks of the deadlines of queued calls */

struct call_list {
    struct link_call *first, *last;
    size_t n;
};

struct links {
    void (*wake)(void *ctx);
    void *ctx;
    struct call_list queue, open;
    nng_aio *tick;
    bool ticking;

    pthread_mutex_t lock; /* guards what follows, and each call's `ready` */
    struct link_call *first_ready, *last_ready;
    bool ticked;
};

static void add_to_list(struct call_list *l, struct link_call *c)
{
    c->next = NULL;
    c->prev = l->last;
    *(l->last != NULL ? &l->last->next : &l->first) = c;
    l->last = c;
    l->n++;
}

static void remove_from_list(struct call_list *l, struct link_call *c)
{
    *(c->prev != NULL ? &c->prev->next : &l->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &l->last) = c->prev;
    c->next = c->prev = NULL;
    l->n--;
}

/* ---- on nng's threads: these functions only append and wake ---- */

static void on_call_completed(void *arg)
{
    struct link_call *c = arg;
    struct links *l = c->links;

    pthread_mutex_lock(&l->lock);
    bool first = l->first_ready == NULL; /* false: the owner was woken already and will take all */
    if (!c->ready) {
        c->ready = true;
        c->next_ready = NULL;
        *(l->last_ready != NULL ? &l->last_ready->next_ready : &l->first_ready) = c;
        l->last_ready = c;
    }
    pthread_mutex_unlock(&l->lock);
    if (first)
        l->wake(l->ctx);
}

static void on_tick(void *arg)
{
    struct links *l = arg;

    pthread_mutex_lock(&l->lock);
    l->ticked = true;
    pthread_mutex_unlock(&l->lock);
    l->wake(l->ctx);
}

/* ---- on the owner's thread ---- */

static struct link_call *take_ready(struct links *l)
{
    pthread_mutex_lock(&l->lock);
    struct link_call *c = l->first_ready;
    if (c != NULL) {
        c->ready = false;
        l->first_ready = c->next_ready;
        if (l->first_ready == NULL)
            l->last_ready = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    return c;
}

/* Removes a closed call from the list of completed calls, if it is in that list. */
static void forget_ready(struct links *l, const struct link_call *gone)
{
    pthread_mutex_lock(&l->lock);
    struct link_call **p = &l->first_ready, *last = NULL;
    while (gone->ready && *p != NULL) {
        if (*p == gone)
            *p = gone->next_ready;
        else
            p = &(last = *p)->next_ready;
    }
    if (gone->ready)
        l->last_ready = last;
    pthread_mutex_unlock(&l->lock);
}

/* Removes the call from all lists, calls on_done, frees the call. on_done may start other calls.
 * err NULL: c->in is the answer. */
static void finish_call(struct links *l, struct link_call *c, const struct err *err)
{
    remove_from_list(c->stage == CALL_QUEUED ? &l->queue : &l->open, c);
    link_call_close(c);
    forget_ready(l, c);
    if (err == NULL)
        c->on_done(c->ctx, c->in.data, c->in.len, NULL);
    else
        c->on_done(c->ctx, NULL, 0, err);
    link_call_free(c);
}

static void finish_failed_call(struct links *l, struct link_call *c, int code)
{
    struct err err = ERR_INIT;
    link_call_error(c, code, &err);
    finish_call(l, c, &err);
}

/* Returns 1 when the call has ended. */
static size_t step_call(struct links *l, struct link_call *c)
{
    struct err err = ERR_INIT;

    int rv = link_call_step(c, &err);
    if (rv != 0)
        finish_call(l, c, rv > 0 ? NULL : &err);
    return rv != 0 ? 1 : 0;
}

static size_t start_queued_calls(struct links *l)
{
    size_t handed_out = 0;

    while (l->queue.first != NULL && l->open.n < LINK_CALLS_MAX) {
        struct link_call *c = l->queue.first;
        remove_from_list(&l->queue, c);
        add_to_list(&l->open, c);
        int rv = link_call_start(c, on_call_completed);
        if (rv == 0)
            continue;
        c->stage = CALL_DIALS; /* finish_call looks for it in the open list */
        finish_failed_call(l, c, rv);
        handed_out++;
    }
    return handed_out;
}

/* Ends the queued calls whose deadline has passed. */
static size_t end_late_calls(struct links *l)
{
    int64_t now = link_call_now_ms();
    size_t handed_out = 0;

    for (struct link_call *c = l->queue.first; c != NULL;) {
        if (c->until_ms > now) {
            c = c->next;
            continue;
        }
        finish_failed_call(l, c, NNG_ETIMEDOUT);
        handed_out++;
        c = l->queue.first; /* on_done may have changed the list */
    }
    return handed_out;
}

static bool take_tick(struct links *l)
{
    pthread_mutex_lock(&l->lock);
    bool ticked = l->ticked;
    l->ticked = false;
    pthread_mutex_unlock(&l->lock);
    if (ticked)
        l->ticking = false;
    return ticked;
}

size_t links_drain(struct links *l)
{
    struct link_call *c;
    size_t handed_out = 0;

    if (take_tick(l))
        handed_out += end_late_calls(l);
    while ((c = take_ready(l)) != NULL)
        handed_out += step_call(l, c);
    handed_out += start_queued_calls(l);
    if (l->queue.first != NULL && !l->ticking) {
        l->ticking = true;
        nng_sleep_aio(TICK_MS, l->tick);
    }
    return handed_out;
}

size_t links_open(const struct links *l)
{
    return l->queue.n + l->open.n;
}

/* ---- functions for the owner ---- */

static int check_call_address(const char *address, struct err *err)
{
    const char *port = strrchr(address, ':');

    if (port == NULL || port == address || port[1] == '\0' || strlen(address) >= ADDRESS_MAX ||
        strpbrk(address, "/;@ ") != NULL)
        return err_set(err, ERR_USAGE, 0, "\"%.100s\" is not HOST:PORT or [HOST]:PORT", address);
    return 0;
}

int links_call(struct links *l, const char *address, const void *frame, size_t n,
               int64_t deadline_ms,
               void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err),
               void *ctx, struct err *err)
{
    if (check_call_address(address, err) < 0)
        return -1;
    if (n > FRAME_ORDER_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: a frame of %zu bytes, at most %d", address, n,
                       FRAME_ORDER_MAX);
    if (deadline_ms < 1 || deadline_ms > DEADLINE_MAX_MS)
        return err_set(err, ERR_USAGE, 0, "%s: a deadline of %lld ms is out of range", address,
                       (long long)deadline_ms);
    struct link_call *c = link_call_new(address, frame, n, deadline_ms);
    c->links = l;
    c->on_done = on_done;
    c->ctx = ctx;
    add_to_list(&l->queue, c);
    l->wake(l->ctx); /* links_drain starts the call */
    return 0;
}

int links_new(void (*wake)(void *ctx), void *ctx, struct links **ret, struct err *err)
{
    struct links *l = xzalloc(1, sizeof(*l));
    int rv;

    l->wake = wake;
    l->ctx = ctx;
    pthread_mutex_init(&l->lock, NULL);
    if ((rv = nng_aio_alloc(&l->tick, on_tick, l)) != 0) {
        pthread_mutex_destroy(&l->lock);
        free(l);
        return link_error(err, rv, "start the links");
    }
    *ret = l;
    return 0;
}

static void free_call_list(struct links *l, struct call_list *list)
{
    struct link_call *c;
    while ((c = list->first) != NULL) {
        remove_from_list(list, c);
        link_call_close(c);
        forget_ready(l, c);
        link_call_free(c);
    }
}

void links_free(struct links *l)
{
    if (l == NULL)
        return;
    nng_aio_stop(l->tick);
    free_call_list(l, &l->open);
    free_call_list(l, &l->queue);
    nng_aio_free(l->tick);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
