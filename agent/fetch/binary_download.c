#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include "file.h"
#include "binary_download.h"
#include "http.h"
#include "str.h"
#include "unpack.h"
#include "url_hide.h"
#include "url_plain.h"

#define PROGRESS_MS 250
#define REDIRECTS   5

AUTO_DEFINE(http, struct http, http_free)
#define auto_http CLEANUP(cleanup_http)

/* A download from one place. */
struct download {
    const struct binary_download *g;
    int fd;
    uint64_t done;
    struct digest_state hash;
    int64_t told; /* when progress was last reported */
    bool over;
    int status;
    bool failed_here; /* this side failed or refused: disk, too many bytes, a place root forbids */
    struct err err;
};

static const enum failure failure_of[ERR_KIND_COUNT] = {
    [ERR_USAGE] = FAILURE_IO,
    [ERR_CONFIG] = FAILURE_IO,
    [ERR_IO] = FAILURE_IO,
    [ERR_NOSPACE] = FAILURE_NO_SPACE,
    [ERR_LIMIT] = FAILURE_BAD_DIGEST,
    [ERR_FORMAT] = FAILURE_BAD_ARCHIVE,
    [ERR_CRYPTO] = FAILURE_BAD_DIGEST,
    [ERR_REFUSED] = FAILURE_REFUSED_BY_LAW,
    [ERR_NETWORK] = FAILURE_NO_NETWORK,
    [ERR_TIMEOUT] = FAILURE_TOO_SLOW,
    [ERR_STATE] = FAILURE_CANCELLED,
    [ERR_NOTFOUND] = FAILURE_NO_NETWORK,
    [ERR_BUSY] = FAILURE_IO,
};

static bool is_no_space(int sys)
{
    return sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
}

static enum failure failure_of_err(const struct err *err)
{
    return is_no_space(err->sys) ? FAILURE_NO_SPACE : failure_of[err->kind];
}

/* Does this failure end the job, because another place cannot help? */
static bool is_final_failure(enum failure f)
{
    return f == FAILURE_NO_SPACE || f == FAILURE_IO || f == FAILURE_CANCELLED;
}

static bool is_stop_requested(void *ctx)
{
    const struct binary_download *g = ctx;
    struct pollfd p = {g->stop_fd, POLLIN, 0};
    return g->stop_fd >= 0 && poll(&p, 1, 0) > 0;
}

static bool is_download_name(const char *name)
{
    unsigned char bytes[DIGEST_LEN];
    char hex[2 * DIGEST_LEN + 1];
    str_cut(hex, sizeof(hex), name);
    return str_unhex(hex, bytes, sizeof(bytes)) == 0 &&
           (name[2 * DIGEST_LEN] == '\0' || str_eq(name + 2 * DIGEST_LEN, ".part"));
}

static int open_download_dir(const char *path, int *ret_fd, struct err *err)
{
    autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "open %s", path);
    autodir DIR *d = opendir(path);
    if (d == NULL)
        return err_set(err, ERR_IO, errno, "list %s", path);
    const struct dirent *e;
    while ((e = readdir(d)) != NULL)
        if (is_download_name(e->d_name) && unlinkat(fd, e->d_name, 0) < 0)
            return err_set(err, ERR_IO, errno, "remove %s/%s", path, e->d_name);
    *ret_fd = take_fd(&fd);
    return 0;
}

static void write_part_name(char dst[static 80], const struct digest *d)
{
    char hex[65];
    digest_hex(hex, d);
    snprintf(dst, 80, "%s.part", hex);
}

/* Creates a new file and reserves room for size bytes, if the file system can do that. */
static int make_download_file(int dir, const char *name, uint64_t size, int *ret_fd,
                              struct err *err)
{
    if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
        return err_set(err, ERR_IO, errno, "remove %s", name);
    autoclose int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "create %s", name);
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) < 0 && is_no_space(errno))
        return err_set(err, ERR_NOSPACE, errno, "reserve %llu bytes for %s",
                       (unsigned long long)size, name);
    *ret_fd = take_fd(&fd);
    return 0;
}

static void report_download(struct download *d)
{
    const struct binary_download *g = d->g;
    int64_t now = clock_mono(g->clock);
    if (g->progress == NULL || (now - d->told < PROGRESS_MS && d->done < g->job->fetch_size))
        return;
    d->told = now;
    g->progress(g->ctx, d->done, g->job->fetch_size);
}

/* Refuses a file of another size before any of its bytes is read. */
static int on_download_head(void *ctx, const struct http_answer *head)
{
    struct download *d = ctx;

    if (head->status != 200 || head->length < 0 || (uint64_t)head->length == d->g->job->fetch_size)
        return 0;
    d->failed_here = true;
    return err_set(&d->err, ERR_LIMIT, 0, "the file there has %lld bytes; %llu were signed",
                   (long long)head->length, (unsigned long long)d->g->job->fetch_size);
}

static int on_download_data(void *ctx, const void *p, size_t n)
{
    struct download *d = ctx;
    d->failed_here = true;
    if (n > d->g->job->fetch_size - d->done)
        return err_set(&d->err, ERR_LIMIT, 0,
                       "the file has more than the %llu bytes that were signed",
                       (unsigned long long)d->g->job->fetch_size);
    if (file_write_all(d->fd, p, n, &d->err) < 0)
        return -1;
    d->failed_here = false;
    digest_add(&d->hash, p, n);
    d->done += n;
    report_download(d);
    return 0;
}

static void on_download_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct download *d = ctx;
    d->over = true;
    d->status = answer != NULL ? answer->status : 0;
    if (err != NULL && err->kind != ERR_NONE && !d->failed_here)
        d->err = *err;
}

static int check_redirect_url(void *ctx, const char *url, struct err *err)
{
    struct download *d = ctx;
    const char *why = url_refused(d->g->url_prefixes, url);
    if (why == NULL)
        return 0;
    char shown[161];
    url_shown(shown, sizeof(shown), url);
    d->failed_here = true;
    err_set(&d->err, ERR_REFUSED, 0, "root does not allow the place %s ([law] url_prefixes): %s",
            shown, why);
    *err = d->err;
    return -1;
}

/* Is this a place of Caravan's own (release serve, a seed)? There the file's name is its digest.
 * Such a place never redirects; binary_download.h says why a redirect there is dangerous. */
static bool is_named_by_digest(const char *url, const struct digest *file)
{
    const char *name = strrchr(url, '/');
    char hex[65];

    digest_hex(hex, file);
    return name != NULL && str_eq(name + 1, hex);
}

static int start_download(struct http *h, const char *url, int64_t left, struct download *d,
                          struct err *err)
{
    const struct fetch_get *job = d->g->job;
    uint32_t window = d->g->speed_window_s > 0 ? d->g->speed_window_s : BINARY_SPEED_WINDOW_S;
    struct http_request r = {
        .url = url,
        .deadline_ms = left,
        .connect_deadline_ms = MIN_OF(left, BINARY_CONNECT_MS),
        .max = (size_t)job->fetch_size,
        .speed_min = (uint32_t)MIN_OF(job->speed_min, UINT32_MAX),
        .speed_window = job->speed_min > 0 ? window : 0,
        .redirects = is_named_by_digest(url, &job->fetch_digest) ? 0 : REDIRECTS,
        .allow_file = d->g->allow_file,
        .check_url = check_redirect_url,
        .on_head = on_download_head,
        .on_data = on_download_data,
        .on_done = on_download_done,
        .ctx = d,
    };
    return http_start(h, &r, err);
}

/* Makes one request and waits for its end. */
static int run_download(const char *url, int64_t until, struct download *d, struct err *err)
{
    const struct binary_download *g = d->g;
    auto_http struct http *h = NULL;
    bool stop = false;
    int64_t left = until - clock_mono(g->clock);

    if (left <= 0)
        return err_set(err, ERR_TIMEOUT, 0, "the deadline of %lld s has passed",
                       (long long)g->job->deadline_ms / 1000);
    if (http_new(&h, err) < 0)
        return -1;
    if (start_download(h, url, left, d, err) < 0) {
        err->kind = d->failed_here ? d->err.kind : ERR_NETWORK;
        return -1;
    }
    if (g->stop_fd >= 0 && http_watch(h, 0, g->stop_fd, &stop, err) < 0)
        return -1;
    while (!d->over) {
        if (http_wait(h, left + 1000, err) < 0)
            return -1;
        if (stop)
            return err_set(err, ERR_STATE, 0, "stopped on request");
    }
    return 0;
}

static int judge_download(struct download *d, int64_t until, struct err *err)
{
    const struct fetch_get *job = d->g->job;
    struct digest digest;

    if (d->status != 0 && d->status != 200 && !d->failed_here)
        return err_set(err, ERR_NETWORK, 0, "the answer is HTTP status %d", d->status);
    if (d->err.kind != ERR_NONE) {
        *err = d->err;
        /* A server that sends nothing counts as no-network; one that sends slowly, as too-slow. */
        bool slow = err->kind == ERR_TIMEOUT && (d->done > 0 || clock_mono(d->g->clock) >= until);
        if (!d->failed_here && err->kind == ERR_FORMAT)
            err->kind = ERR_CRYPTO; /* the answer is something else than the file */
        else if (!d->failed_here && err->kind != ERR_LIMIT)
            err->kind = slow ? ERR_TIMEOUT : ERR_NETWORK;
        return -1;
    }
    digest_final(&d->hash, &digest);
    if (d->done != job->fetch_size)
        return err_set(err, ERR_CRYPTO, 0, "the file has %llu bytes; %llu were signed",
                       (unsigned long long)d->done, (unsigned long long)job->fetch_size);
    if (!digest_eq(&digest, &job->fetch_digest)) {
        char hex[65];
        digest_hex(hex, &digest);
        return err_set(err, ERR_CRYPTO, 0,
                       "the SHA-256 of the file, %s, is not the one that was signed", hex);
    }
    return 0;
}

static int check_place_scheme(const struct binary_download *g, const char *url, struct err *err)
{
    if (str_starts(url, "https://") || str_starts(url, "http://"))
        return 0;
    if (!str_starts(url, "file://"))
        return err_set(err, ERR_REFUSED, 0,
                       "the place begins with none of https://, http://, file://");
    return g->allow_file ? 0
                         : err_set(err, ERR_REFUSED, 0,
                                   "file:// places are not allowed on this host "
                                   "([law] allow_file_urls)");
}

static int fetch_from_place(const struct binary_download *g, int dir, const char *url,
                            int64_t until, int *ret_fd, struct err *err)
{
    char name[80];
    autoclose int fd = -1;
    struct download d = {.g = g};

    write_part_name(name, &g->job->fetch_digest);
    digest_init(&d.hash);
    if (check_place_scheme(g, url, err) < 0 ||
        make_download_file(dir, name, g->job->fetch_size, &fd, err) < 0)
        return -1;
    d.fd = fd;
    if (run_download(url, until, &d, err) < 0 || judge_download(&d, until, err) < 0)
        return -1;
    *ret_fd = take_fd(&fd);
    return 0;
}

/* The end of this place's share of the time that is left. */
static int64_t find_place_deadline(const struct binary_download *g, uint32_t place, int64_t until)
{
    int64_t now = clock_mono(g->clock);

    return now + (until - now) / (int64_t)(g->job->n_urls - place);
}

static int fetch_from_any_place(const struct binary_download *g, int dir, int64_t until,
                                int *ret_fd, struct err *err)
{
    char shown[181];

    err_set(err, ERR_USAGE, 0, "the job names no place to fetch from");
    for (uint32_t i = 0; i < g->job->n_urls; i++) {
        struct err why = ERR_INIT;
        if (fetch_from_place(g, dir, g->job->urls[i], find_place_deadline(g, i, until), ret_fd,
                             &why) == 0)
            return 0;
        *err = why;
        url_shown(shown, sizeof(shown), g->job->urls[i]);
        err_wrap(err, "%s", shown);
        if (is_final_failure(failure_of_err(err)) || clock_mono(g->clock) >= until)
            break;
        if (i + 1 < g->job->n_urls && g->left != NULL)
            g->left(g->ctx, failure_of_err(err), err->text);
    }
    return -1;
}

static int unpack_download(const struct binary_download *g, int dir, int zip, struct err *err)
{
    char name[80];
    autoclose int fd = -1;
    struct unpack u = {
        .member = FETCH_MEMBER,
        .size = g->job->size,
        .digest = g->job->digest,
        .stop = is_stop_requested,
        .ctx = (void *)(uintptr_t)g,
    };
    write_part_name(name, &g->job->digest);
    if (make_download_file(dir, name, g->job->size, &fd, err) < 0)
        return -1;
    return unpack_member(zip, &u, fd, err);
}

static int fetch_into_dir(const struct binary_download *g, int dir, struct err *err)
{
    autoclose int fd = -1;
    char part[80], hex[65], zip_part[80];
    int64_t until = clock_mono(g->clock) + g->job->deadline_ms;

    write_part_name(zip_part, &g->job->fetch_digest);
    write_part_name(part, &g->job->digest);
    digest_hex(hex, &g->job->digest);
    int rv = fetch_from_any_place(g, dir, until, &fd, err);
    if (rv == 0 && g->job->packing == PACKING_ZIP) {
        rv = unpack_download(g, dir, fd, err);
        unlinkat(dir, zip_part, 0);
    }
    if (rv == 0 && renameat(dir, part, dir, hex) < 0)
        rv = err_set(err, ERR_IO, errno, "rename %s", part);
    if (rv < 0) {
        unlinkat(dir, zip_part, 0);
        unlinkat(dir, part, 0);
    }
    return rv;
}

int binary_download_run(const struct binary_download *g, char ret_path[static BINARY_PATH_MAX],
                        enum failure *ret_failure, struct err *err)
{
    autoclose int dir = -1;
    char hex[65];

    if (open_download_dir(g->job->dir, &dir, err) < 0 || fetch_into_dir(g, dir, err) < 0) {
        *ret_failure = failure_of_err(err);
        return -1;
    }
    digest_hex(hex, &g->job->digest);
    snprintf(ret_path, BINARY_PATH_MAX, "%s/%s", g->job->dir, hex);
    return 0;
}
