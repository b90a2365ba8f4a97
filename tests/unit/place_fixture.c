#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdbool.h>
#include "err.h"
#include "place_fixture.h"
#include "str.h"

struct place {
    struct MHD_Daemon *daemon;
    const unsigned char *body;
    size_t len;
    unsigned requests;
    bool stop;
};

struct stream {
    struct place *p;
    size_t good; /* number of bytes of the body before */
    bool hang;   /* the server waits, or ends the connection */
    bool drip;   /* sends a byte at intervals, as long as the server lives */
};

static ssize_t feed(void *ctx, uint64_t at, char *dst, size_t max)
{
    struct stream *s = ctx;
    if (s->drip && !__atomic_load_n(&s->p->stop, __ATOMIC_SEQ_CST)) {
        poll(NULL, 0, 50); /* simulates a slow peer */
        dst[0] = (char)s->p->body[at % s->p->len];
        return 1;
    }
    if (at < s->good) {
        size_t n = MIN_OF(max, s->good - (size_t)at);
        memcpy(dst, s->p->body + (at % s->p->len), MIN_OF(n, s->p->len - at % s->p->len));
        return (ssize_t)MIN_OF(n, s->p->len - at % s->p->len);
    }
    while (s->hang && !__atomic_load_n(&s->p->stop, __ATOMIC_SEQ_CST))
        poll(NULL, 0, 5); /* simulates a dead peer */
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static enum MHD_Result queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
    enum MHD_Result rv = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return rv;
}

static struct MHD_Response *copy_of(const void *p, size_t n)
{
    return MHD_create_response_from_buffer(n, (void *)(uintptr_t)p, MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *broken(struct place *p, size_t good, bool hang)
{
    struct stream *s = xzalloc(1, sizeof(*s));
    *s = (struct stream){.p = p, .good = good, .hang = hang};
    return MHD_create_response_from_callback(p->len, 16384, feed, s, free);
}

static struct MHD_Response *dripping(struct place *p)
{
    struct stream *s = xzalloc(1, sizeof(*s));
    *s = (struct stream){.p = p, .drip = true};
    return MHD_create_response_from_callback(p->len, 16384, feed, s, free);
}

/* An answer without a length and without an end. */
static struct MHD_Response *endless(struct place *p)
{
    struct stream *s = xzalloc(1, sizeof(*s));
    *s = (struct stream){.p = p, .good = SIZE_MAX};
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, feed, s, free);
}

/* An answer with a length that is much too large. */
static struct MHD_Response *boasting(struct place *p)
{
    struct stream *s = xzalloc(1, sizeof(*s));
    *s = (struct stream){.p = p, .good = p->len};
    return MHD_create_response_from_callback(1000 * p->len, 16384, feed, s, free);
}

static struct MHD_Response *redirect(const char *to)
{
    struct MHD_Response *r = copy_of("", 0);
    MHD_add_response_header(r, "Location", to);
    return r;
}

/* A proxy that compresses what it passes on, also for clients that did not ask for it. */
static struct MHD_Response *encoded(struct place *p)
{
    struct MHD_Response *r = copy_of(p->body, p->len / 2);
    MHD_add_response_header(r, "Content-Encoding", "gzip");
    return r;
}

/* NULL: the path names none of these. */
static struct MHD_Response *bad_body(struct place *p, const char *url)
{
    if (str_eq(url, "/half"))
        return broken(p, p->len / 2, false);
    if (str_eq(url, "/slow"))
        return broken(p, 1024, true);
    if (str_eq(url, "/silent"))
        return broken(p, 0, true);
    if (str_eq(url, "/short"))
        return copy_of(p->body, p->len / 2);
    if (str_eq(url, "/boast"))
        return boasting(p);
    if (str_eq(url, "/endless"))
        return endless(p);
    return str_eq(url, "/drip") ? dripping(p) : NULL;
}

#define DIGEST_HEX 64
#define PATH_LEN   4096

/* A place may be followed by the digest of a file: then the server acts as for the place alone. */
static void without_digest(const char *url, char dst[static PATH_LEN])
{
    const char *last = strrchr(url, '/');

    str_cut(dst, PATH_LEN, url);
    if (last != NULL && last != url && strlen(last + 1) == DIGEST_HEX && last - url < PATH_LEN)
        dst[last - url] = '\0';
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *c, const char *asked,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **con)
{
    struct place *p = ctx;
    char url[PATH_LEN];

    without_digest(asked, url);
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_len;
    (void)con;
    __atomic_fetch_add(&p->requests, 1, __ATOMIC_SEQ_CST);
    if (str_eq(url, "/ok"))
        return queue(c, 200, copy_of(p->body, p->len));
    if (str_eq(url, "/twice")) {
        autofree unsigned char *two = xalloc(2 * p->len);
        memcpy(two, p->body, p->len);
        memcpy(two + p->len, p->body, p->len);
        return queue(c, 200, copy_of(two, 2 * p->len));
    }
    if (str_eq(url, "/other")) {
        autofree unsigned char *other = xalloc(p->len);
        memcpy(other, p->body, p->len);
        other[p->len - 1] ^= 1;
        return queue(c, 200, copy_of(other, p->len));
    }
    struct MHD_Response *bad = bad_body(p, url);
    if (bad != NULL)
        return queue(c, 200, bad);
    if (str_eq(url, "/encoded"))
        return queue(c, 200, encoded(p));
    if (str_eq(url, "/moved"))
        return queue(c, 302, redirect("/ok"));
    if (str_starts(url, "/to-file/")) {
        char to[300];
        snprintf(to, sizeof(to), "file:///%s", url + sizeof("/to-file/") - 1);
        return queue(c, 302, redirect(to));
    }
    if (str_eq(url, "/v1/large")) {
        autofree unsigned char *large = xzalloc(1, 64 * 1024 + 1);
        return queue(c, 200, copy_of(large, 64 * 1024 + 1));
    }
    if (str_starts(url, "/v1/"))
        return queue(c, 200, copy_of(url, strlen(url)));
    return queue(c, 404, copy_of("<html>no such page</html>", 25));
}

struct place *place_start(const void *body, size_t len)
{
    return place_start_at("127.0.0.1", body, len);
}

struct place *place_start_at(const char *address, const void *body, size_t len)
{
    struct place *p = xzalloc(1, sizeof(*p));
    struct sockaddr_in a = {.sin_family = AF_INET};

    if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
        abort();
    p->body = body;
    p->len = len;
    p->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0,
                                 NULL, NULL, answer, p, MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_END);
    if (p->daemon == NULL)
        abort();
    return p;
}

void place_stop(struct place *p)
{
    if (p == NULL)
        return;
    __atomic_store_n(&p->stop, true, __ATOMIC_SEQ_CST);
    MHD_stop_daemon(p->daemon);
    free(p);
}

int place_port(const struct place *p)
{
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(p->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return i->port;
}

unsigned place_requests(const struct place *p)
{
    return __atomic_load_n(&p->requests, __ATOMIC_SEQ_CST);
}
