#include <stdatomic.h>
#include "clock.h"
#include "http_transfer.h"

#define WATCHES 8

struct http {
    CURLM *multi;
    struct transfer *open; /* all that are under way */
    size_t n_open;
    struct transfer *last; /* http_do's, whose answer is still being read */
    bool single;           /* http_do waits: watches and wakes are left for http_wait */
    atomic_bool woken;
    struct {
        int fd; /* -1: free */
        bool *ready;
    } watches[WATCHES];
};

int http_new(struct http **ret, struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_STATE, 0, "libcurl does not work on this machine");
    struct http *h = xzalloc(1, sizeof(*h));
    h->multi = curl_multi_init();
    if (h->multi == NULL)
        die_oom();
    for (size_t i = 0; i < WATCHES; i++)
        h->watches[i].fd = -1;
    *ret = h;
    return 0;
}

static void unlink_transfer(struct http *h, struct transfer *t)
{
    struct transfer **at = &h->open;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    h->n_open--;
    curl_multi_remove_handle(h->multi, t->easy);
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    while (h->open != NULL) {
        struct transfer *t = h->open;
        unlink_transfer(h, t);
        transfer_free(t);
    }
    transfer_free(h->last);
    curl_multi_cleanup(h->multi);
    free(h);
}

static int start(struct http *h, const struct http_request *r, bool keep, struct err *err)
{
    struct transfer *t = NULL;
    if (transfer_new(r, &t, err) < 0)
        return -1;
    t->keep = keep;
    CURLMcode rv = curl_multi_add_handle(h->multi, t->easy);
    if (rv != CURLM_OK) {
        transfer_free(t);
        return err_set(err, ERR_STATE, 0, "libcurl: %s", curl_multi_strerror(rv));
    }
    t->next = h->open;
    h->open = t;
    h->n_open++;
    return 0;
}

int http_start(struct http *h, const struct http_request *r, struct err *err)
{
    return start(h, r, false, err);
}

size_t http_open(const struct http *h)
{
    return h->n_open;
}

static void finish(struct http *h, CURL *easy, CURLcode code)
{
    struct transfer *t = NULL;
    struct http_answer answer;
    struct err why = ERR_INIT;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
    int rv = transfer_judge(t, code, &answer, &why);
    unlink_transfer(h, t);
    if (t->on_done != NULL)
        t->on_done(t->ctx, &answer, rv < 0 ? &why : NULL);
    if (t->keep) {
        transfer_free(h->last);
        h->last = t;
    } else {
        transfer_free(t);
    }
}

/* Moves what can move; returns how many requests ended, or -1. */
static int perform(struct http *h, struct err *err)
{
    int running, left;
    int finished = 0;
    CURLMcode rv = curl_multi_perform(h->multi, &running);
    if (rv != CURLM_OK)
        return err_set(err, ERR_STATE, 0, "libcurl: %s", curl_multi_strerror(rv));
    for (CURLMsg *m = curl_multi_info_read(h->multi, &left); m != NULL;
         m = curl_multi_info_read(h->multi, &left)) {
        if (m->msg != CURLMSG_DONE)
            continue;
        /* The message lives in the handle that finish frees. */
        CURL *easy = m->easy_handle;
        CURLcode code = m->data.result;
        finish(h, easy, code);
        finished++;
    }
    return finished;
}

/* One sleep; tells whether something besides a request wants attention. */
static int sleep_once(struct http *h, int timeout, bool *ret_called, struct err *err)
{
    struct curl_waitfd fds[WATCHES];
    bool *ready[WATCHES];
    unsigned n = 0;
    for (size_t i = 0; i < WATCHES; i++) {
        if (h->watches[i].fd < 0 || h->single)
            continue;
        fds[n] = (struct curl_waitfd){h->watches[i].fd, CURL_WAIT_POLLIN, 0};
        ready[n++] = h->watches[i].ready;
    }
    CURLMcode rv = curl_multi_poll(h->multi, fds, n, timeout, NULL);
    if (rv != CURLM_OK)
        return err_set(err, ERR_STATE, 0, "libcurl: %s", curl_multi_strerror(rv));
    for (unsigned i = 0; i < n; i++) {
        *ready[i] = fds[i].revents != 0;
        *ret_called |= *ready[i];
    }
    if (!h->single)
        *ret_called |= atomic_exchange(&h->woken, false);
    return 0;
}

int http_wait(struct http *h, int64_t timeout_ms, struct err *err)
{
    const struct clock *clock = clock_system();
    int64_t until = timeout_ms < 0 ? INT64_MAX : clock_mono(clock) + timeout_ms;
    bool called = !h->single && atomic_exchange(&h->woken, false);
    for (;;) {
        int finished = perform(h, err);
        if (finished < 0)
            return -1;
        int64_t left = until - clock_mono(clock);
        bool over = finished > 0 || called || left <= 0;
        /* Also when it is over: the watched descriptors are looked at in every call. */
        if (sleep_once(h, over ? 0 : (int)MIN_OF(left, (int64_t)60000), &called, err) < 0)
            return -1;
        if (over)
            return finished;
    }
}

void http_wake(struct http *h)
{
    atomic_store(&h->woken, true);
    curl_multi_wakeup(h->multi);
}

int http_watch(struct http *h, int slot, int fd, bool *ready, struct err *err)
{
    if (slot < 0 || slot >= WATCHES)
        return err_set(err, ERR_USAGE, 0, "there are %d places for descriptors", WATCHES);
    h->watches[slot].fd = fd;
    h->watches[slot].ready = ready;
    return 0;
}

/* ---- one request, waited for ---- */

struct single {
    bool over;
    bool failed;
    struct http_answer answer;
    struct err err;
};

static void on_single(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct single *s = ctx;
    s->over = true;
    s->failed = err != NULL;
    s->answer = *answer;
    if (err != NULL)
        s->err = *err;
}

/* The multi handle broke: the request must not outlive what its ctx points to. */
static void forget_kept(struct http *h)
{
    struct transfer *t = h->open;
    while (t != NULL && !t->keep)
        t = t->next;
    if (t != NULL) {
        unlink_transfer(h, t);
        transfer_free(t);
    }
}

int http_do(struct http *h, const struct http_request *r, struct http_answer *ret, struct err *err)
{
    struct single s = {.err = ERR_INIT};
    struct http_request mine = *r;
    mine.on_done = on_single;
    mine.ctx = &s;
    if (r->on_data != NULL)
        return err_set(err, ERR_USAGE, 0, "http_do collects the body: use http_start");
    if (start(h, &mine, true, err) < 0)
        return -1;
    h->single = true;
    int rv = 0;
    while (rv >= 0 && !s.over)
        rv = http_wait(h, -1, err);
    h->single = false;
    if (rv < 0) {
        forget_kept(h);
        return -1;
    }
    if (s.failed) {
        *err = s.err;
        return -1;
    }
    *ret = s.answer;
    return 0;
}

void http_escape(struct buf *out, const char *s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *s != '\0'; s++) {
        if (strchr(plain, *s) != NULL)
            buf_add(out, s, 1);
        else
            buf_printf(out, "%%%02X", (unsigned char)*s);
    }
}
