#include "vendor_fixture.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include "clock.h"
#include "crypto.h"
#include "file.h"
#include "scratch_dir.h"
#include "spawn.h"
#include "str.h"

#define GPG       "/usr/bin/gpg"
#define REQUESTS  64
#define FILE_SIZE (64 * 1024 * 1024)

struct vendor {
    char *dir;
    char home[300], site[300], ring[300], old_ring[300];
    char redirect[300], ends[80];
    enum mirror_manner manner;
    struct MHD_Daemon *daemon;
    unsigned n_requests;
    char asked[REQUESTS][200];
    uint64_t last_from;
    bool stop;
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "vendor_fixture: %s failed\n", what);
        abort();
    }
}

/* ---- keys ---- */

static void run(const struct vendor *v, const char *program, const char *input,
                const char *const *args, struct buf *out)
{
    const char *argv[40] = {program};
    char home[320];
    snprintf(home, sizeof(home), "GNUPGHOME=%s", v->home);
    const char *env[] = {"PATH=/usr/bin:/bin", "LANG=C", home, NULL};
    for (size_t i = 0; args[i] != NULL && i + 2 < ARRAY_LEN(argv); i++)
        argv[i + 1] = args[i];
    const struct spawn s = {.argv = argv,
                            .env = env,
                            .deadline_ms = 30000,
                            .out_max = 1 << 20,
                            .pass_fd = -1,
                            .input = input};
    struct spawn_result r = {0};
    struct err err = ERR_INIT;
    int rc = spawn_run(&s, clock_system(), &r, &err);
    if (rc < 0 || r.exit_code != 0) {
        fprintf(stderr, "%s %s: %s %s\n", program, args[0], err.text, buf_str(&r.out));
        abort();
    }
    if (out != NULL)
        buf_add(out, r.out.data, r.out.len);
    buf_free(&r.out);
}

#define GPG_ALWAYS                                                                                 \
    "--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",           \
        "--faked-system-time"

static void gpg(const struct vendor *v, const char *at, const char *const *args)
{
    const char *all[40] = {GPG_ALWAYS, at};
    size_t n = 0;
    while (all[n] != NULL)
        n++;
    for (size_t i = 0; args[i] != NULL; i++)
        all[n++] = args[i];
    run(v, GPG, NULL, all, NULL);
}

void vendor_fingerprint(const struct vendor *v, const char *key, char dst[static 41])
{
    auto_buf struct buf out = BUF_INIT;
    run(v, GPG, NULL, (const char *[]){"--batch", "--with-colons", "--list-keys", key, NULL}, &out);
    const char *at = strstr(buf_str(&out), "\nfpr:");
    must(at != NULL && strlen(at) > 54, "a key's fingerprint");
    snprintf(dst, 41, "%.40s", strstr(at, ":::::::::") + 9);
}

static void make_key(const struct vendor *v, const char *user, const char *at)
{
    gpg(v, at, (const char *[]){"--quick-generate-key", user, "ed25519", "sign", "never", NULL});
}

/* gpg writes the revocation together with the key, with a colon before it, so that nobody imports
 * it by mistake. */
static void revoke_key(const struct vendor *v)
{
    char fpr[41], path[400];
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    vendor_fingerprint(v, "revoked", fpr);
    snprintf(path, sizeof(path), "%s/openpgp-revocs.d/%s.rev", v->home, fpr);
    must(file_read(path, 65536, 0, &text, &err) == 0, "the revocation");
    char *at = strstr((char *)text.data, ":-----BEGIN");
    must(at != NULL, "the revocation");
    run(v, GPG, at + 1, (const char *[]){"--batch", "--quiet", "--import", NULL}, NULL);
}

static void make_keys(struct vendor *v)
{
    char fpr[41];
    make_key(v, "good", "20250101T000000");
    make_key(v, "sub", "20250101T000000");
    make_key(v, "expired", "20200101T000000");
    make_key(v, "revoked", "20250101T000000");
    make_key(v, "young", "21000101T000000");
    make_key(v, "unknown", "20250101T000000");
    vendor_fingerprint(v, "sub", fpr);
    gpg(v, "20250102T000000",
        (const char *[]){"--quick-add-key", fpr, "ed25519", "sign", "never", NULL});
    snprintf(v->ring, sizeof(v->ring), "%s/ring.asc", v->dir);
    snprintf(v->old_ring, sizeof(v->old_ring), "%s/old.asc", v->dir);
}

/* Exports the keys in their present state. Call it after signing: an expired key signs nothing. */
static void export_ring(const struct vendor *v, const char *path)
{
    auto_buf struct buf ring = BUF_INIT;
    struct err err = ERR_INIT;
    run(v, GPG, NULL,
        (const char *[]){"--batch", "--quiet", "--armor", "--export", "good", "sub", "expired",
                         "revoked", "young", NULL},
        &ring);
    must(file_replace(path, ring.data, ring.len, 0644, &err) == 0, "the keyring");
}

static void age(struct vendor *v)
{
    char fpr[41];
    vendor_fingerprint(v, "expired", fpr);
    gpg(v, "20200102T000000", (const char *[]){"--quick-set-expire", fpr, "20210101T000000", NULL});
}

/* ---- the site ---- */

static void path_of(const struct vendor *v, const char *version, const char *name,
                    char dst[static 600])
{
    snprintf(dst, 600, "%s/nomad/%s/%s", v->site, version, name);
}

static void sums_path(const struct vendor *v, const char *version, const char *end,
                      char dst[static 600])
{
    char name[120];
    snprintf(name, sizeof(name), "nomad_%s_SHA256SUMS%s", version, end);
    path_of(v, version, name, dst);
}

void vendor_zip(struct vendor *v, const char *version, const char *arch,
                const struct zip_member *members, size_t n)
{
    char path[600], name[120], hex[65];
    auto_buf struct buf zip = BUF_INIT, text = BUF_INIT;
    struct digest d;
    struct err err = ERR_INIT;
    bool there = false;
    path_of(v, version, "", path);
    must(file_make_dirs(path, 0755, &err) == 0, "the site");
    snprintf(name, sizeof(name), "nomad_%s_linux_%s.zip", version, arch);
    path_of(v, version, name, path);
    unlink(path);
    zip_make(path, members, n);
    must(file_read(path, FILE_SIZE, 0, &zip, &err) == 0, "the zip");
    crypto_digest(zip.data, zip.len, &d);
    digest_hex(hex, &d);
    sums_path(v, version, "", path);
    must(file_read_if(path, 65536, 0, &text, &there, &err) == 0, "SHA256SUMS");
    buf_printf(&text, "%s  %s\n", hex, name);
    vendor_sums(v, version, buf_str(&text));
}

void vendor_sums(struct vendor *v, const char *version, const char *text)
{
    char path[600];
    struct err err = ERR_INIT;
    path_of(v, version, "", path);
    must(file_make_dirs(path, 0755, &err) == 0, "the site");
    sums_path(v, version, "", path);
    must(file_replace(path, text, strlen(text), 0644, &err) == 0, "SHA256SUMS");
}

void vendor_sign(struct vendor *v, const char *version, const char *keys, const char *at,
                 const char *id)
{
    char path[600], sig[600], end[60], now[21], *save = NULL;
    autofree char *copy = xstrdup(keys);
    const char *args[20] = {"--output", sig};
    size_t n = 2;
    snprintf(end, sizeof(end), "%s%s.sig", id != NULL ? "." : "", id != NULL ? id : "");
    sums_path(v, version, "", path);
    sums_path(v, version, end, sig);
    unlink(sig);
    for (char *key = strtok_r(copy, " ", &save); key != NULL; key = strtok_r(NULL, " ", &save)) {
        args[n++] = "--local-user";
        args[n++] = key;
    }
    args[n++] = "--detach-sign";
    args[n++] = path;
    snprintf(now, sizeof(now), "%lld", (long long)(clock_wall(clock_system()) / 1000));
    gpg(v, at != NULL ? at : now, args);
}

void vendor_unsign(struct vendor *v, const char *version)
{
    char path[600];
    sums_path(v, version, ".sig", path);
    unlink(path);
    sums_path(v, version, ".72D7468F.sig", path);
    unlink(path);
}

/* ---- mirrors ---- */

struct stream {
    struct vendor *v;
    struct buf body;
    uint64_t good; /* number of bytes before */
    bool hang, endless;
};

static void stream_free(void *p)
{
    struct stream *s = p;
    buf_free(&s->body);
    free(s);
}

static ssize_t feed(void *ctx, uint64_t at, char *dst, size_t max)
{
    struct stream *s = ctx;
    if (at < s->good) {
        size_t n = (size_t)MIN_OF((uint64_t)max, s->good - at);
        memcpy(dst, s->body.data + at, n);
        return (ssize_t)n;
    }
    if (s->endless) {
        memset(dst, 'x', max);
        return (ssize_t)max;
    }
    while (s->hang && !__atomic_load_n(&s->v->stop, __ATOMIC_SEQ_CST))
        poll(NULL, 0, 5); /* simulates a dead peer */
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *stream(struct vendor *v, const struct buf *body, uint64_t from,
                                   uint64_t good, uint64_t length, bool hang, bool endless)
{
    struct stream *s = xzalloc(1, sizeof(*s));
    s->v = v;
    s->good = good - MIN_OF(good, from);
    s->hang = hang;
    s->endless = endless;
    buf_add(&s->body, body->data + from, body->len - from);
    return MHD_create_response_from_callback(length, 4096, feed, s, stream_free);
}

static struct MHD_Response *whole(const struct buf *b, uint64_t from)
{
    return MHD_create_response_from_buffer(b->len - from, b->data + from, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
    enum MHD_Result rv = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return rv;
}

static enum MHD_Result reply_range(struct MHD_Connection *c, struct MHD_Response *r, uint64_t from,
                                   uint64_t said, uint64_t len)
{
    char range[80];
    snprintf(range, sizeof(range), "bytes %llu-%llu/%llu", (unsigned long long)said,
             (unsigned long long)len - 1, (unsigned long long)len);
    if (from > 0)
        MHD_add_response_header(r, "Content-Range", range);
    return reply(c, from > 0 ? 206 : 200, r);
}

static enum MHD_Result redirect(struct vendor *v, struct MHD_Connection *c)
{
    struct buf none = BUF_INIT;
    struct MHD_Response *r = whole(&none, 0);
    MHD_add_response_header(r, "Location", v->redirect);
    return reply(c, 302, r);
}

static enum MHD_Result misbehave(struct vendor *v, struct MHD_Connection *c, struct buf *b,
                                 uint64_t from)
{
    uint64_t len = b->len, half = from + (len - from) / 2;
    switch (v->manner) {
    case MIRROR_SLOW:
        return reply_range(c, stream(v, b, from, half, len - from, true, false), from, from, len);
    case MIRROR_ENDLESS:
        return reply(c, 200, stream(v, b, 0, len, MHD_SIZE_UNKNOWN, false, true));
    case MIRROR_BROKEN_ONCE:
        v->manner = MIRROR_PLAIN;
        return reply(c, 200, stream(v, b, 0, len / 2, len, false, false));
    case MIRROR_TRUNCATED:
        return reply(c, 200, stream(v, b, 0, len / 2, len, false, false));
    case MIRROR_SAYS_MORE:
        return reply(c, 200, stream(v, b, 0, len, len + 100, false, false));
    case MIRROR_SAYS_LESS:
        return reply(c, 200, stream(v, b, 0, len, len - 5, false, false));
    case MIRROR_SAYS_HUGE:
        return reply(c, 200, stream(v, b, 0, len, 1ULL << 40, false, false));
    case MIRROR_OTHER:
        b->data[b->len - 1] ^= 1;
        return reply_range(c, whole(b, from), from, from, len);
    case MIRROR_REDIRECTS:
        return redirect(v, c);
    case MIRROR_NO_RANGES:
        return reply(c, 200, whole(b, 0));
    case MIRROR_WRONG_RANGE:
        return reply_range(c, whole(b, from), from, from + 1, len);
    case MIRROR_FAILS:
        return reply(c, 503, whole(b, 0));
    case MIRROR_PLAIN:
        break;
    }
    return reply_range(c, whole(b, from), from, from, len);
}

static uint64_t range_of(struct MHD_Connection *c)
{
    const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Range");
    return text != NULL && str_starts(text, "bytes=") ? strtoull(text + 6, NULL, 10) : 0;
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **con)
{
    struct vendor *v = ctx;
    char path[600];
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    uint64_t from = range_of(c);
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_len;
    (void)con;
    if (str_starts(url, VENDOR_BEHIND_PROXY)) /* as a client asks a proxy */
        url += strlen(VENDOR_BEHIND_PROXY);
    str_cut(v->asked[v->n_requests++ % REQUESTS], sizeof(v->asked[0]), url);
    v->last_from = from;
    snprintf(path, sizeof(path), "%s%s", v->site, url);
    if (strstr(url, "..") != NULL || file_read(path, FILE_SIZE, 0, &body, &err) < 0)
        return reply(c, 404, whole(&body, 0));
    if (from > body.len)
        return reply(c, 416, whole(&(struct buf)BUF_INIT, 0));
    if (v->manner != MIRROR_PLAIN && str_ends(url, v->ends))
        return misbehave(v, c, &body, from);
    return reply_range(c, whole(&body, from), from, from, body.len);
}

void vendor_behave(struct vendor *v, enum mirror_manner manner, const char *ends)
{
    v->manner = manner;
    str_cut(v->ends, sizeof(v->ends), ends);
}

void vendor_redirect(struct vendor *v, const char *to)
{
    str_cut(v->redirect, sizeof(v->redirect), to);
}

unsigned vendor_requests(const struct vendor *v, const char *ends)
{
    unsigned n = 0;
    for (unsigned i = 0; i < MIN_OF(v->n_requests, (unsigned)REQUESTS); i++)
        n += str_ends(v->asked[i], ends);
    return n;
}

uint64_t vendor_last_from(const struct vendor *v)
{
    return v->last_from;
}

void vendor_url(const struct vendor *v, char dst[static 64])
{
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(v->daemon, MHD_DAEMON_INFO_BIND_PORT);
    snprintf(dst, 64, "http://127.0.0.1:%u", (unsigned)i->port);
}

const char *vendor_dir(const struct vendor *v)
{
    return v->dir;
}

const char *vendor_site(const struct vendor *v)
{
    return v->site;
}

const char *vendor_ring(const struct vendor *v)
{
    return v->ring;
}

const char *vendor_old_ring(const struct vendor *v)
{
    return v->old_ring;
}

struct vendor *vendor_open(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (access(GPG, X_OK) < 0)
        return NULL;
    struct vendor *v = xzalloc(1, sizeof(*v));
    v->dir = scratch_open();
    snprintf(v->home, sizeof(v->home), "%s/gpg", v->dir);
    snprintf(v->site, sizeof(v->site), "%s/site", v->dir);
    must(mkdir(v->home, 0700) == 0 && mkdir(v->site, 0755) == 0, "mkdir");
    make_keys(v);
    v->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0,
                                 NULL, NULL, answer, v, MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_END);
    must(v->daemon != NULL, "the site's server");
    return v;
}

void vendor_spoil_keys(struct vendor *v)
{
    export_ring(v, v->old_ring);
    revoke_key(v);
    age(v);
    export_ring(v, v->ring);
}

void vendor_close(struct vendor *v)
{
    if (v == NULL)
        return;
    __atomic_store_n(&v->stop, true, __ATOMIC_SEQ_CST);
    MHD_stop_daemon(v->daemon);
    run(v, "/usr/bin/gpgconf", NULL, (const char *[]){"--kill", "all", NULL}, NULL);
    scratch_close(v->dir);
    free(v);
}
