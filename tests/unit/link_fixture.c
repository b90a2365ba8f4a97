#include <string.h>
#include "link_fixture.h"

int64_t fixture_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void give_up(const char *what, const struct err *err)
{
    fprintf(stderr, "# %s: %s\n", what, err->text);
    abort();
}

static int handle(void *ctx, const void *frame, size_t n, struct buf *answer)
{
    struct fixture *f = ctx;
    bool hold = n >= 4 && memcmp(frame, "hold", 4) == 0;

    pthread_mutex_lock(&f->lock);
    f->held++;
    pthread_cond_broadcast(&f->changed);
    while (hold && !f->released)
        pthread_cond_wait(&f->changed, &f->lock);
    f->handled++;
    pthread_mutex_unlock(&f->lock);
    if (n >= 4 && memcmp(frame, "drop", 4) == 0)
        return -1;
    return buf_add(answer, frame, n);
}

static void wake(void *ctx)
{
    struct fixture *f = ctx;
    pthread_mutex_lock(&f->lock);
    f->woken = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void fixture_init(struct fixture *f)
{
    struct err err = ERR_INIT;
    pthread_condattr_t attr;

    memset(f, 0, sizeof(*f));
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&f->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (links_new(wake, f, &f->links, &err) < 0)
        give_up("links_new", &err);
}

void fixture_listen(struct fixture *f, struct link_server_config config, const char *host)
{
    struct err err = ERR_INIT;
    char at[48];

    snprintf(at, sizeof(at), "%.40s:0", host);
    config.address = at;
    config.handle = handle;
    config.ctx = f;
    if (link_server_start(&config, &f->server, &err) < 0)
        give_up("link_server_start", &err);
    snprintf(f->address, sizeof(f->address), "%.40s:%d", host, link_server_port(f->server));
}

void fixture_done(struct fixture *f)
{
    fixture_release(f);
    links_free(f->links);
    link_server_stop(f->server);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
}

void fixture_release(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    f->released = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void on_done(void *ctx, const void *frame, size_t n, const struct err *err)
{
    struct outcome *o = ctx;
    o->done = true;
    o->took_ms = fixture_ms() - o->started_ms;
    o->kind = frame != NULL ? ERR_NONE : err->kind;
    buf_clear(&o->answer);
    if (frame != NULL)
        (void)buf_add(&o->answer, frame, n);
    else
        memcpy(o->text, err->text, sizeof(o->text));
}

void fixture_call(struct fixture *f, const char *address, const void *frame, size_t n,
                  int64_t deadline_ms, struct outcome *o)
{
    struct err err = ERR_INIT;

    o->done = false;
    o->fixture = f;
    o->started_ms = fixture_ms();
    if (links_call(f->links, address, frame, n, deadline_ms, on_done, o, &err) < 0)
        give_up("links_call", &err);
}

/* Waits for a wake-up, at most until end. */
static void sleep_until_woken(struct fixture *f, int64_t end)
{
    struct timespec t = {.tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000};
    int rv = 0;

    pthread_mutex_lock(&f->lock);
    while (!f->woken && rv == 0)
        rv = pthread_cond_timedwait(&f->changed, &f->lock, &t);
    f->woken = false;
    pthread_mutex_unlock(&f->lock);
}

bool fixture_wait(struct fixture *f, struct outcome *o)
{
    int64_t end = fixture_ms() + 20000;

    while (!o->done && fixture_ms() < end) {
        (void)links_drain(f->links);
        if (!o->done)
            sleep_until_woken(f, end);
    }
    return o->done;
}

void fixture_wait_held(struct fixture *f, int n)
{
    int64_t end = fixture_ms() + 20000;

    for (;;) {
        (void)links_drain(f->links);
        pthread_mutex_lock(&f->lock);
        bool there = f->held >= n;
        pthread_mutex_unlock(&f->lock);
        if (there || fixture_ms() >= end)
            return;
        sleep_until_woken(f, MIN_OF(end, fixture_ms() + 10));
    }
}

void fixture_ask(struct fixture *f, const char *frame, int64_t deadline_ms, struct outcome *o)
{
    fixture_call(f, f->address, frame, strlen(frame), deadline_ms, o);
    (void)fixture_wait(f, o);
}

/* nng passes its dialers between threads with atomic counts. The thread sanitizer cannot see these
 * in a library that it did not compile, and reports the last owner's destruction of a lock as a
 * race. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:pthread_mutex_destroy\n";
}
