#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include "err.h"
#include "wire_limits.h"
#include "status_hold.h"

struct waiter {
    struct waiter *next; /* the next younger one */
    bool go;
};

struct status_hold {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct waiter *oldest;
    unsigned held;
    unsigned max_held;
    uint64_t revision;
    bool stopped;
};

struct status_hold *status_hold_new(unsigned max_held)
{
    struct status_hold *h = xzalloc(1, sizeof(*h));
    pthread_condattr_t attr;
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&h->changed, &attr);
    pthread_condattr_destroy(&attr);
    h->max_held = max_held;
    return h;
}

void status_hold_free(struct status_hold *h)
{
    if (h == NULL)
        return;
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static void release_waiters(struct status_hold *h)
{
    for (struct waiter *w = h->oldest; w != NULL; w = w->next)
        w->go = true;
    pthread_cond_broadcast(&h->changed);
}

static void add_waiter(struct status_hold *h, struct waiter *w)
{
    struct waiter **at = &h->oldest;
    while (*at != NULL)
        at = &(*at)->next;
    *at = w;
    h->held++;
    if (h->held <= h->max_held)
        return;
    for (struct waiter *old = h->oldest; old != NULL; old = old->next) {
        if (!old->go) {
            old->go = true;
            pthread_cond_broadcast(&h->changed);
            return;
        }
    }
}

static void remove_waiter(struct status_hold *h, const struct waiter *w)
{
    struct waiter **at = &h->oldest;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    h->held--;
}

static struct timespec make_wait_deadline(uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

void status_hold_wait(struct status_hold *h, uint64_t after, uint32_t wait_ms)
{
    struct waiter w = {NULL, false};
    struct timespec until = make_wait_deadline(MIN_OF(wait_ms, (uint32_t)STATUS_WAIT_MAX_MS));

    pthread_mutex_lock(&h->lock);
    if (h->revision <= after && !h->stopped && wait_ms > 0) {
        add_waiter(h, &w);
        while (h->revision <= after && !w.go && !h->stopped)
            if (pthread_cond_timedwait(&h->changed, &h->lock, &until) == ETIMEDOUT)
                break;
        remove_waiter(h, &w);
    }
    pthread_mutex_unlock(&h->lock);
}

void status_hold_revision(struct status_hold *h, uint64_t revision)
{
    pthread_mutex_lock(&h->lock);
    /* A view with a lower revision, or no view, is a change too. */
    if (revision < h->revision)
        release_waiters(h);
    h->revision = revision;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

void status_hold_release(struct status_hold *h)
{
    pthread_mutex_lock(&h->lock);
    release_waiters(h);
    pthread_mutex_unlock(&h->lock);
}

void status_hold_stop(struct status_hold *h)
{
    pthread_mutex_lock(&h->lock);
    h->stopped = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}
