#include <pthread.h>
#include "str.h"
#include "swap_link.h"

struct swap_link {
    pthread_mutex_t lock;
    char path[160];
    bool pair;
    int fd; /* -1: not connected */
    const struct clock *clock;
};

struct swap_link *swap_link_new(const char *path, int fd, const struct clock *clock)
{
    struct swap_link *s = xzalloc(1, sizeof(*s));
    pthread_mutex_init(&s->lock, NULL);
    str_cut(s->path, sizeof(s->path), path != NULL ? path : "");
    s->pair = fd >= 0;
    s->fd = fd;
    s->clock = clock;
    return s;
}

static void hang_up(struct swap_link *s)
{
    if (s->fd >= 0 && !s->pair)
        close(take_fd(&s->fd));
}

void swap_link_free(struct swap_link *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static int connect_within(struct swap_link *s, struct err *err)
{
    int64_t until = clock_mono(s->clock) + SWAP_CONNECT_MS;
    int64_t pause_ms = 10;

    while (swap_channel_connect(s->path, &s->fd, err) < 0) {
        if (err->kind != ERR_NETWORK || clock_mono(s->clock) + pause_ms > until)
            return -1;
        clock_sleep(s->clock, pause_ms);
        pause_ms = MIN_OF(pause_ms * 2, 500);
    }
    return 0;
}

/* 1: worth another try on a new connection. */
static int call_once(struct swap_link *s, const void *inner, size_t n, struct buf *ret,
                     bool *delivered, struct err *err)
{
    if (s->fd < 0 && connect_within(s, err) < 0)
        return -1;
    if (swap_channel_call(s->fd, inner, n, ret, err) == 0)
        return 0;
    if (err->kind != ERR_STATE)
        *delivered = true;
    hang_up(s);
    return !s->pair && (err->kind == ERR_STATE || err->kind == ERR_NETWORK) ? 1 : -1;
}

int swap_link_call(struct swap_link *s, const void *inner, size_t n, struct buf *ret_receipt,
                   bool *ret_delivered, struct err *err)
{
    bool delivered = false;

    pthread_mutex_lock(&s->lock);
    int rv = call_once(s, inner, n, ret_receipt, &delivered, err);
    if (rv > 0)
        rv = call_once(s, inner, n, ret_receipt, &delivered, err);
    pthread_mutex_unlock(&s->lock);
    *ret_delivered = delivered;
    return rv == 0 ? 0 : -1;
}

bool swap_link_nudge(struct swap_link *s)
{
    struct err ignored = ERR_INIT;
    if (s->pair || pthread_mutex_trylock(&s->lock) != 0)
        return false;
    /* A connection whose other end has gone tells nothing to anybody. */
    hang_up(s);
    bool done = swap_channel_connect(s->path, &s->fd, &ignored) == 0;
    pthread_mutex_unlock(&s->lock);
    return done;
}
