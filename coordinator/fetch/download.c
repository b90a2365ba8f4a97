#include "download.h"

#include <sys/statvfs.h>
#include "file.h"
#include "http.h"
#include "str.h"
#include "url_hide.h"

AUTO_DEFINE(http, struct http, http_free)
#define auto_http CLEANUP(cleanup_http)

/* One request of a download. */
struct attempt {
    const struct download *d;
    int fd;
    uint64_t done;  /* bytes in the file */
    uint64_t total; /* 0: not known */
    int64_t until;
    bool over;
    int status;
    struct err mine;   /* an error found here: of the disk, or a wrong range */
    struct err theirs; /* an error of the transfer */
};

int download_room(int fd, uint64_t more, struct err *err)
{
    struct statvfs v;
    char need[24], missing[24];
    if (fstatvfs(fd, &v) < 0)
        return err_set(err, ERR_IO, errno, "ask for the room on the disk");
    uint64_t room = (uint64_t)v.f_bavail * v.f_frsize;
    if (room >= more)
        return 0;
    str_for_bytes(need, sizeof(need), more);
    str_for_bytes(missing, sizeof(missing), more - room);
    return err_set(err, ERR_NOSPACE, 0, "the disk has no room for %s more: %s are missing", need,
                   missing);
}

/* "bytes 100-199/200": the part must begin at the byte that was asked for. */
static int check_range(const char *range, uint64_t from, uint64_t *ret_total, struct err *err)
{
    char want[40];
    snprintf(want, sizeof(want), "bytes %llu-", (unsigned long long)from);
    const char *slash = strchr(range, '/');
    if (!str_starts(range, want) || slash == NULL)
        return err_set(err, ERR_FORMAT, 0, "the server sends another part than was asked for");
    if (str_to_u64(slash + 1, INT64_MAX, ret_total) < 0)
        *ret_total = 0;
    return 0;
}

static int begin_again(struct attempt *a)
{
    if (ftruncate(a->fd, 0) < 0 || lseek(a->fd, 0, SEEK_SET) < 0)
        return err_set(&a->mine, ERR_IO, errno, "empty the part");
    a->done = 0;
    return 0;
}

static int on_file_head(void *ctx, const struct http_answer *head)
{
    struct attempt *a = ctx;
    a->status = head->status;
    if (head->status == 206)
        return check_range(head->range, a->done, &a->total, &a->mine) < 0 ||
                       (a->total > a->done &&
                        download_room(a->fd, a->total - a->done, &a->mine) < 0)
                   ? -1
                   : 0;
    if (head->status != 200)
        return -1;
    if (a->done > 0 && begin_again(a) < 0)
        return -1;
    a->total = head->length > 0 ? (uint64_t)head->length : 0;
    if (a->total > a->d->max)
        return err_set(&a->mine, ERR_LIMIT, 0,
                       "the server says that the file is larger than %llu bytes",
                       (unsigned long long)a->d->max);
    return download_room(a->fd, a->total, &a->mine);
}

static int no_space(struct attempt *a)
{
    struct err room = ERR_INIT;
    if (a->total > a->done && download_room(a->fd, a->total - a->done, &room) < 0)
        a->mine = room;
    else
        (void)err_wrap(&a->mine, "the disk is full after %llu bytes", (unsigned long long)a->done);
    a->mine.kind = ERR_NOSPACE;
    return -1;
}

static int on_file_data(void *ctx, const void *p, size_t n)
{
    struct attempt *a = ctx;
    if (n > a->d->max - a->done)
        return err_set(&a->mine, ERR_LIMIT, 0, "the file is larger than %llu bytes",
                       (unsigned long long)a->d->max);
    if (file_write_all(a->fd, p, n, &a->mine) < 0)
        return a->mine.kind == ERR_NOSPACE || a->mine.sys == EFBIG ? no_space(a) : -1;
    a->done += n;
    if (a->d->progress != NULL)
        a->d->progress(a->d->ctx, a->done, a->total);
    return 0;
}

static void on_file_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct attempt *a = ctx;
    a->over = true;
    if (answer->status != 0)
        a->status = answer->status;
    if (err != NULL)
        a->theirs = *err;
}

static int wait_for_attempt(struct http *h, struct attempt *a, struct err *err)
{
    bool stop = false;
    if (a->d->stop_fd >= 0 && http_watch(h, 0, a->d->stop_fd, &stop, err) < 0)
        return -1;
    while (!a->over) {
        if (http_wait(h, a->d->deadline_ms, err) < 0)
            return -1;
        if (stop && !a->over)
            return err_set(err, ERR_STATE, 0, "interrupted");
    }
    return 0;
}

static int judge_attempt(const struct attempt *a, struct err *err)
{
    const struct err *e = a->mine.kind != ERR_NONE ? &a->mine : &a->theirs;
    /* A refused redirect also has a status, which says less. */
    if (e == &a->mine || e->kind == ERR_REFUSED) {
        *err = *e;
        return -1;
    }
    if (a->status == 416)
        return err_set(err, ERR_FORMAT, 0,
                       "the server's file is shorter than the part that is here already (HTTP "
                       "status 416)");
    if (a->status == 404)
        return err_set(err, ERR_NOTFOUND, 0, "the server has no such file (HTTP status 404)");
    if (a->status != 0 && a->status != 200 && a->status != 206)
        return err_set(err, ERR_NETWORK, 0, "the server answered with HTTP status %d", a->status);
    if (a->theirs.kind != ERR_NONE) {
        *err = a->theirs;
        return -1;
    }
    return 0;
}

static int make_attempt(struct attempt *a, struct err *err)
{
    const struct download *d = a->d;
    auto_http struct http *h = NULL;
    int64_t left = a->until - clock_mono(d->clock);
    if (left <= 0)
        return err_set(err, ERR_TIMEOUT, 0, "the deadline for the file has passed");
    const struct http_request r = {.url = d->url,
                                   .deadline_ms = left,
                                   .connect_deadline_ms = MIN_OF(left, DOWNLOAD_CONNECT_MS),
                                   .max = (size_t)d->max,
                                   .speed_min = (uint32_t)MIN_OF(d->speed_min, UINT32_MAX),
                                   .speed_window = d->speed_min > 0 ? d->speed_window_s : 0,
                                   .redirects = 5,
                                   .env_proxy = true,
                                   .from = a->done,
                                   .on_head = on_file_head,
                                   .on_data = on_file_data,
                                   .on_done = on_file_done,
                                   .ctx = a};
    if (lseek(a->fd, (off_t)a->done, SEEK_SET) < 0)
        return err_set(err, ERR_IO, errno, "seek in the part");
    if (http_new(&h, err) < 0 || http_start(h, &r, err) < 0 || wait_for_attempt(h, a, err) < 0)
        return -1;
    return judge_attempt(a, err);
}

/* Errors of a transfer name the URL already. A long URL twice would leave no room for the reason.
 */
static int name_url(const char *url, struct err *err)
{
    autofree char *shown = xstrdup(url);
    url_hide(shown);
    return strstr(err->text, shown) == NULL ? err_wrap(err, "%s", shown) : -1;
}

int download(const struct download *d, int fd, uint64_t *from, struct err *err)
{
    uint64_t done = *from;
    int64_t until = clock_mono(d->clock) + d->deadline_ms;
    int rc = -1;
    for (int i = 0; i < DOWNLOAD_TRIES; i++) {
        struct attempt a = {.d = d, .fd = fd, .done = done, .until = until};
        rc = make_attempt(&a, err);
        bool more = rc < 0 && err->kind == ERR_NETWORK && a.done > done;
        done = a.done;
        if (!more)
            break;
    }
    *from = done;
    return rc < 0 ? name_url(d->url, err) : 0;
}
