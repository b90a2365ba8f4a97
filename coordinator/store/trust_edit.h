/*
 * trust_edit.h - the next version of a trust file, made from the one in force. Pure.
 *
 *     trust_edit_begin(&now, now_s, &next)     version n + 1, every key with its name
 *     trust_edit_add, _remove, _rotate, _threshold
 *     trust_edit_end(&now, 0, &next)           the body's format that it needs
 *
 * ERR_REFUSED says why an edit would leave a cluster that nobody can steer.
 */
#ifndef TRUST_EDIT_H
#define TRUST_EDIT_H

#include "key_file.h"

/* The first version of a new cluster, without keys yet. ERR_USAGE: no name for one. */
MUST_CHECK int trust_edit_first(const char *name, struct trust *ret, struct err *err);
void trust_edit_begin(const struct trust *now, int64_t now_s, struct trust *ret);
/* A key for a purpose; expires_s 0: never. */
MUST_CHECK int trust_edit_add(struct trust *t, const struct key_public *k, enum role role,
                              int64_t expires_s, struct err *err);
MUST_CHECK int trust_edit_remove(struct trust *t, const char *name, struct err *err);
/* The key called `name` gives way to k, which has its purpose. */
MUST_CHECK int trust_edit_rotate(struct trust *t, const char *name, const struct key_public *k,
                                 int64_t expires_s, struct err *err);
MUST_CHECK int trust_edit_threshold(struct trust *t, enum role role, uint32_t threshold,
                                    struct err *err);
/* format 0: that of `now`, or the higher one that it needs. 1: names are left out; ERR_REFUSED
 * where a key expires. */
MUST_CHECK int trust_edit_end(const struct trust *now, uint32_t format, struct trust *t,
                              struct err *err);
/* ERR_REFUSED: keys of it expire, and it is dated ahead of this clock. Hosts whose clock says an
 * earlier day would obey none of these keys, but for a trust order. Neither signed nor pushed. */
MUST_CHECK int trust_edit_day(const struct trust *t, int64_t now_s, struct err *err);

#endif
