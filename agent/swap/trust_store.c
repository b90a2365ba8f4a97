#include "trust_store.h"
#include "clock.h"
#include "file.h"
#include "trust_sequence.h"

static int read_in_force(const char *path, struct trust *ret, bool *ret_there, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    struct container c;

    if (file_read_if(path, TRUST_MAX, 0, &b, ret_there, err) < 0)
        return -1;
    if (!*ret_there)
        return 0;
    if (container_split(CONTAINER_TRUST, b.data, b.len, &c, err) < 0 ||
        trust_read(c.body, c.body_len, ret, err) < 0)
        return err_wrap(err, "the trust in force %s (remove it to begin from the anchor again)",
                        path);
    return 0;
}

int trust_store_adopt(const char *path, struct trust *now, const void *file, size_t n,
                      struct err *err)
{
    struct trust next;

    if (trust_next_check(now, file, n, &next, err) < 0 ||
        file_replace(path, file, n, 0644, err) < 0)
        return -1;
    *now = next;
    return 0;
}

static void log_adopted(const struct log *log, const struct trust *now, const char *anchor)
{
    log_say(log, LOG_INFO, EVENT_TRUST_ADOPTED, "trust version %u of %s is in force now",
            (unsigned)now->version, anchor);
}

static void log_ahead(const struct log *log, const struct trust *now, int64_t wall_s)
{
    char made[21], says[21];

    clock_rfc3339(made, now->created_s * 1000);
    clock_rfc3339(says, wall_s * 1000);
    log_say(log, LOG_WARNING, EVENT_NONE,
            "trust version %u was made at %s, and this host's clock says %s: set the clock; of a "
            "key that expires only a trust order is obeyed until then",
            (unsigned)now->version, made, says);
}

static void log_ignored(const struct log *log, const struct trust *now, const char *anchor,
                        const char *why)
{
    log_say(log, LOG_WARNING, EVENT_TRUST_IGNORED,
            "%s is ignored, trust version %u stays in force: %s", anchor, (unsigned)now->version,
            why);
}

/* Is the container in force, byte for byte, the last one of the anchor? Then a start logs nothing
 * about the anchor. */
static bool ends_with_trust_in_force(const char *path, const struct buf *anchor)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    return file_read(path, TRUST_MAX, 0, &b, &err) == 0 && b.len <= anchor->len &&
           memcmp(b.data, anchor->data + anchor->len - b.len, b.len) == 0;
}

/* Adopts the versions that follow, also when a later version in the same file does not follow. */
static int follow_anchor(const char *path, const char *anchor, const struct buf *b, int64_t wall_s,
                         const struct log *log, struct trust *now, struct err *err)
{
    struct trust next = *now;
    struct trust_at at;
    struct err why = ERR_INIT;
    uint32_t last = 0;
    int rc = trust_sequence_follow(b->data, b->len, wall_s, &next, &at, &last, &why);

    if (at.len > 0) {
        if (file_replace(path, at.p, at.len, 0644, err) < 0)
            return -1;
        *now = next;
        log_adopted(log, now, anchor);
    } else if (rc == 0 && last < now->version) {
        rc = err_set(&why, ERR_STATE, 0, "the last version in the file is %u", (unsigned)last);
    } else if (rc == 0) {
        rc = err_set(&why, ERR_STATE, 0, "version %u in the file has another content",
                     (unsigned)last);
    }
    if (rc < 0)
        log_ignored(log, now, anchor, why.text);
    return 0;
}

static int begin_anchor(const char *path, const char *anchor, const struct buf *b, int64_t wall_s,
                        const struct log *log, struct trust *ret, struct err *err)
{
    struct trust_at at;
    struct err rest = ERR_INIT;

    if (trust_sequence_begin(b->data, b->len, ret, &at, &rest, err) < 0 ||
        file_replace(path, at.p, at.len, 0644, err) < 0)
        return err_wrap(err, "the trust anchor %s", anchor);
    log_adopted(log, ret, anchor);
    if (trust_is_ahead(ret, wall_s))
        log_ahead(log, ret, wall_s);
    if (rest.kind != ERR_NONE)
        log_ignored(log, ret, anchor, rest.text);
    return 0;
}

int trust_store_open(const char *path, const char *anchor, int64_t wall_s, const struct log *log,
                     struct trust *ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    struct trust now;
    bool there = false, anchored = false;

    if (read_in_force(path, &now, &there, err) < 0)
        return -1;
    if (file_read_if(anchor, TRUST_SEQUENCE_MAX, FILE_FOLLOW, &b, &anchored, err) < 0)
        return err_wrap(err, "the trust anchor");
    if (!there && !anchored)
        return err_set(err, ERR_CONFIG, 0,
                       "there is no trust yet: put the cluster's trust file at %s", anchor);
    if (!there && begin_anchor(path, anchor, &b, wall_s, log, &now, err) < 0)
        return -1;
    if (there && anchored && !ends_with_trust_in_force(path, &b) &&
        follow_anchor(path, anchor, &b, wall_s, log, &now, err) < 0)
        return -1;
    *ret = now;
    return 0;
}
