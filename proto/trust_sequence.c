#include "trust_sequence.h"
#include "clock.h"

int trust_sequence_first(const void *p, size_t n, struct trust_at *ret, struct err *err)
{
    size_t len = container_length(p, n);

    if (n > TRUST_SEQUENCE_MAX)
        return err_set(err, ERR_LIMIT, 0, "a trust file of %zu bytes, at most %d are allowed", n,
                       TRUST_SEQUENCE_MAX);
    if (len == 0)
        return err_set(err, ERR_FORMAT, 0, "these %zu bytes are not a trust file, or not all of it",
                       n);
    *ret = (struct trust_at){p, len};
    return 0;
}

int trust_sequence_next(const unsigned char **io, size_t *io_n, struct trust_at *ret,
                        struct trust *ret_t, struct err *err)
{
    struct container c;

    if (*io_n == 0)
        return 0;
    if (trust_sequence_first(*io, *io_n, ret, err) < 0 ||
        container_split(CONTAINER_TRUST, ret->p, ret->len, &c, err) < 0 ||
        trust_read(c.body, c.body_len, ret_t, err) < 0)
        return -1;
    *io += ret->len;
    *io_n -= ret->len;
    return 1;
}

static int refuse_ahead(const struct trust *t, int64_t wall_s, struct err *err)
{
    char made[21], says[21];

    clock_rfc3339(made, t->created_s * 1000);
    clock_rfc3339(says, wall_s * 1000);
    return err_set(err, ERR_STATE, 0,
                   "its version %u was made at %s, and this host's clock says %s: see which clock "
                   "is wrong",
                   (unsigned)t->version, made, says);
}

int trust_sequence_follow(const void *p, size_t n, int64_t wall_s, struct trust *now,
                          struct trust_at *ret_at, uint32_t *ret_last, struct err *err)
{
    const unsigned char *at = p;
    struct trust_at one;
    struct trust step = *now, t;
    bool ahead = false;
    int rc;

    *ret_at = (struct trust_at){NULL, 0};
    *ret_last = 0;
    while ((rc = trust_sequence_next(&at, &n, &one, &t, err)) > 0) {
        *ret_last = MAX_OF(*ret_last, t.version);
        if (t.version <= step.version)
            continue;
        if (trust_next_check(&step, one.p, one.len, &step, err) < 0)
            return -1;
        ahead = trust_is_ahead(&step, wall_s);
        if (ahead)
            continue;
        *now = step;
        *ret_at = one;
    }
    return rc == 0 && ahead ? refuse_ahead(&step, wall_s, err) : rc;
}

int trust_sequence_begin(const void *p, size_t n, struct trust *ret, struct trust_at *ret_at,
                         struct err *rest, struct err *err)
{
    struct trust_at first, later;
    uint32_t unused;

    if (trust_sequence_first(p, n, &first, err) < 0 ||
        trust_from_anchor(first.p, first.len, ret, err) < 0)
        return -1;
    *ret_at = first;
    int rc = trust_sequence_follow(first.p + first.len, n - first.len, TRUST_ANY_DAY, ret, &later,
                                   &unused, rest);
    if (rc == 0)
        rest->kind = ERR_NONE;
    if (later.len > 0)
        *ret_at = later;
    return 0;
}
