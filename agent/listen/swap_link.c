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

static void close_swap_link(struct swap_link *s)
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

static int connect_to_swap(struct swap_link *s, struct err *err)
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

/* 1: the caller may try again on a new connection. */
static int call_swap_once(struct swap_link *s, const struct swap_packet *p, struct buf *ret,
                          bool *delivered, struct err *err)
{
    if (s->fd < 0 && connect_to_swap(s, err) < 0)
        return -1;
    if (swap_channel_call(s->fd, p, ret, err) == 0)
        return 0;
    if (err->kind != ERR_STATE)
        *delivered = true;
    close_swap_link(s);
    return !s->pair && (err->kind == ERR_STATE || err->kind == ERR_NETWORK) ? 1 : -1;
}

int swap_link_call(struct swap_link *s, const struct swap_packet *p, struct buf *ret_receipt,
                   bool *ret_delivered, struct err *err)
{
    bool delivered = false;

    pthread_mutex_lock(&s->lock);
    int rv = call_swap_once(s, p, ret_receipt, &delivered, err);
    if (rv > 0)
        rv = call_swap_once(s, p, ret_receipt, &delivered, err);
    pthread_mutex_unlock(&s->lock);
    *ret_delivered = delivered;
    return rv == 0 ? 0 : -1;
}

bool swap_link_nudge(struct swap_link *s)
{
    struct err ignored = ERR_INIT;
    if (s->pair || pthread_mutex_trylock(&s->lock) != 0)
        return false;
    /* Only a new connection wakes caravan-swap; the other end of the old one may be gone. */
    close_swap_link(s);
    bool done = swap_channel_connect(s->path, &s->fd, &ignored) == 0;
    pthread_mutex_unlock(&s->lock);
    return done;
}
