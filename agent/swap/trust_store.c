#include "trust_store.h"
#include "file.h"

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

    if (trust_adopt(now, file, n, &next, err) < 0 || file_replace(path, file, n, 0644, err) < 0)
        return -1;
    *now = next;
    return 0;
}

static void follow_anchor(const char *path, const char *anchor, const struct buf *b,
                          const struct log *log, struct trust *now)
{
    struct err err = ERR_INIT;

    if (trust_store_adopt(path, now, b->data, b->len, &err) == 0)
        log_say(log, LOG_INFO, EVENT_TRUST_ADOPTED, "trust version %u of %s is in force now",
                now->version, anchor);
    else
        log_say(log, LOG_WARNING, EVENT_TRUST_IGNORED,
                "%s is ignored, trust version %u stays in force: %s", anchor, now->version,
                err.text);
}

/* The anchor as it was adopted needs no word at every start. */
static bool is_what_is_in_force(const char *path, const struct buf *anchor)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    return file_read(path, TRUST_MAX, 0, &b, &err) == 0 && b.len == anchor->len &&
           memcmp(b.data, anchor->data, b.len) == 0;
}

int trust_store_open(const char *path, const char *anchor, const struct log *log, struct trust *ret,
                     struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    struct trust now;
    bool there = false, anchored = false;

    if (read_in_force(path, &now, &there, err) < 0)
        return -1;
    if (file_read_if(anchor, TRUST_MAX, FILE_FOLLOW, &b, &anchored, err) < 0)
        return err_wrap(err, "the trust anchor");
    if (!there && !anchored)
        return err_set(err, ERR_CONFIG, 0,
                       "there is no trust yet: put the cluster's trust file at %s", anchor);
    if (!there) {
        if (trust_from_anchor(b.data, b.len, &now, err) < 0 ||
            file_replace(path, b.data, b.len, 0644, err) < 0)
            return err_wrap(err, "the trust anchor %s", anchor);
        log_say(log, LOG_INFO, EVENT_TRUST_ADOPTED, "trust version %u of %s is in force",
                now.version, anchor);
    } else if (anchored && !is_what_is_in_force(path, &b)) {
        follow_anchor(path, anchor, &b, log, &now);
    }
    *ret = now;
    return 0;
}
