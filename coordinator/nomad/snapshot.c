#include "snapshot.h"

#include <fcntl.h>
#include "file.h"

#define PATH_ASKED "/v1/operator/snapshot"

struct snapshot_job {
    struct snapshot_job *next;
    struct snapshots *owner;
    char region[NAME_MAX_LEN];
    char temp[300], path[300], dir[256];
    int fd;
    struct digest_state digest;
    uint64_t bytes;
    char head[160]; /* the beginning of the body, which has the text of an error */
    size_t head_len;
    struct err failed; /* why a write failed */
    snapshot_done *on_done;
    void *ctx;
};

void snapshot_name(const char *run_hex, const char *region, char *dst, size_t n)
{
    snprintf(dst, n, "snapshot-%.8s-%.60s.snap", run_hex, region);
    for (char *c = strrchr(dst, '.') != NULL ? dst + strlen("snapshot-") : dst;
         !str_eq(c, ".snap") && *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              *c == '-'))
            *c = '_';
}

const char *snapshot_wrong(const char *header, const struct digest *got)
{
    static const char name[] = "sha-256=";
    struct digest want;
    size_t len = 0;
    if (header[0] == '\0')
        return "Nomad sent no Digest header with the snapshot";
    if (!str_starts(header, name) ||
        base64_decode(header + strlen(name), strlen(header) - strlen(name), want.bytes, DIGEST_LEN,
                      &len) < 0 ||
        len != DIGEST_LEN)
        return "the Digest header of the snapshot is not sha-256";
    return digest_eq(&want, got) ? NULL
                                 : "the digest of the snapshot is not the one that Nomad sent";
}

static void snapshot_job_free(struct snapshot_job *j)
{
    struct snapshot_job **at = &j->owner->jobs;
    struct err unused = ERR_INIT;
    while (*at != NULL && *at != j)
        at = &(*at)->next;
    if (*at == j)
        *at = j->next;
    if (j->fd >= 0)
        close(j->fd);
    if (j->temp[0] != '\0')
        (void)!file_remove(j->temp, &unused);
    free(j);
}

void snapshots_free(struct snapshots *s)
{
    while (s->jobs != NULL)
        snapshot_job_free(s->jobs);
}

static int got_piece(void *ctx, const void *p, size_t n)
{
    struct snapshot_job *j = ctx;
    size_t head = MIN_OF(n, sizeof(j->head) - j->head_len);
    memcpy(j->head + j->head_len, p, head);
    j->head_len += head;
    digest_add(&j->digest, p, n);
    j->bytes += n;
    return file_write_all(j->fd, p, n, &j->failed);
}

/* The file is complete and has the right digest: makes it durable and gives it its name. */
static int keep_snapshot(struct snapshot_job *j, struct err *err)
{
    if (fsync(j->fd) < 0)
        return err_set(err, errno == ENOSPC ? ERR_NOSPACE : ERR_IO, errno, "write %s", j->temp);
    if (rename(j->temp, j->path) < 0)
        return err_set(err, ERR_IO, errno, "rename %s to %s", j->temp, j->path);
    j->temp[0] = '\0';
    return file_sync_dir(j->dir, err);
}

static void explain_refusal(const struct snapshot_job *j, int status, char *dst, size_t n)
{
    char line[sizeof(j->head) + 1];
    memcpy(line, j->head, j->head_len);
    line[j->head_len] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (status == 403)
        snprintf(dst, n,
                 "Nomad refuses the snapshot (%d %.60s): it needs a management token; since 1.11.3 "
                 "operator:write or snapshot-save is enough",
                 status, line);
    else if (status == 404)
        snprintf(dst, n, "Nomad answered 404: Nomad has no snapshots before 0.12");
    else
        snprintf(dst, n, "Nomad answered %d%s%.100s", status, line[0] != '\0' ? ": " : "", line);
}

static void fill_outcome(struct snapshot_job *j, const struct http_answer *answer,
                         const struct err *err, struct snapshot_taken *t)
{
    struct digest got;
    struct err bad = ERR_INIT;
    char size[24];
    int status = answer != NULL ? answer->status : 0;
    digest_final(&j->digest, &got);
    str_for_bytes(size, sizeof(size), j->bytes);
    if (j->failed.kind != ERR_NONE) {
        str_cut(t->why, sizeof(t->why), j->failed.text);
    } else if (err != NULL) {
        snprintf(t->why, sizeof(t->why), "after %s: %.180s", size, err->text);
    } else if (status != 200) {
        explain_refusal(j, status, t->why, sizeof(t->why));
        t->final = status >= 400 && status < 500 && status != 429;
    } else if (snapshot_wrong(answer->digest, &got) != NULL) {
        snprintf(t->why, sizeof(t->why), "%s (%s came)", snapshot_wrong(answer->digest, &got),
                 size);
        t->final = true;
    } else if (keep_snapshot(j, &bad) < 0) {
        str_cut(t->why, sizeof(t->why), bad.text);
    } else {
        t->ok = true;
        t->bytes = j->bytes;
        str_cut(t->path, sizeof(t->path), j->path);
    }
}

static void on_snapshot_finished(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct snapshot_job *j = ctx;
    struct snapshot_taken t = {.region = j->region};
    fill_outcome(j, answer, err, &t);
    j->on_done(j->ctx, &t);
    snapshot_job_free(j);
}

static int open_snapshot(struct snapshot_job *j, const struct snapshot_ask *a, struct err *err)
{
    char name[120];
    snapshot_name(a->run_hex, a->region, name, sizeof(name));
    if (str_copy(j->dir, sizeof(j->dir), a->dir) < 0 ||
        (size_t)snprintf(j->path, sizeof(j->path), "%s/%s", a->dir, name) >= sizeof(j->path) ||
        (size_t)snprintf(j->temp, sizeof(j->temp), "%s/.tmp-%s", a->dir, name) >= sizeof(j->temp)) {
        j->temp[0] = '\0';
        return err_set(err, ERR_LIMIT, 0, "the state directory's name is too long");
    }
    if (file_make_dirs(a->dir, 0755, err) < 0)
        return -1;
    /* A killed run may have left a file of this name. O_NOFOLLOW follows no link. */
    if (unlink(j->temp) < 0 && errno != ENOENT)
        return err_set(err, ERR_IO, errno, "remove %s", j->temp);
    j->fd = open(j->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return j->fd >= 0 ? 0 : err_set(err, ERR_IO, errno, "create %s", j->temp);
}

void snapshot_begin(struct snapshots *s, struct nomad_http *n, const struct snapshot_ask *a)
{
    auto_buf struct buf path = BUF_INIT;
    struct err err = ERR_INIT;
    struct snapshot_job *j = xzalloc(1, sizeof(*j));
    j->owner = s;
    j->fd = -1;
    j->on_done = a->on_done;
    j->ctx = a->ctx;
    j->next = s->jobs;
    s->jobs = j;
    str_cut(j->region, sizeof(j->region), a->region);
    digest_init(&j->digest);
    if (open_snapshot(j, a, &err) < 0) {
        j->failed = err;
        on_snapshot_finished(j, NULL, &err);
        return;
    }
    buf_add_str(&path, PATH_ASKED "?region=");
    http_escape(&path, a->region);
    nomad_ask(n, &(struct nomad_request){.base = a->base,
                                         .path = buf_str(&path),
                                         .deadline_ms = SNAPSHOT_MS,
                                         .max = SNAPSHOT_MAX,
                                         .speed_min = SNAPSHOT_SPEED,
                                         .speed_window = SNAPSHOT_WINDOW,
                                         .on_data = got_piece,
                                         .on_done = on_snapshot_finished,
                                         .ctx = j});
}
