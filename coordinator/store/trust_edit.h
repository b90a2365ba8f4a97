/*
 * trust_edit.h - makes the next version of a trust file from the version in force. Pure.
 *
 *     trust_edit_begin(&now, now_s, &next)     version n + 1, every key with its name
 *     trust_edit_add, _remove, _rotate, _threshold
 *     trust_edit_end(&now, 0, &next)           checks the result, chooses the format of the body
 *
 * ERR_REFUSED: the edit is not possible, for instance because nobody could order anything in the
 * cluster afterwards. The text says why.
 */
#ifndef TRUST_EDIT_H
#define TRUST_EDIT_H

#include "key_file.h"

/* The first version of a new cluster with this name, without keys. ERR_USAGE: the name is empty or
 * too long. */
MUST_CHECK int trust_edit_first(const char *name, struct trust *ret, struct err *err);
void trust_edit_begin(const struct trust *now, int64_t now_s, struct trust *ret);
/* Adds a key to a role. expires_s: seconds since 1970; 0: the key never expires. */
MUST_CHECK int trust_edit_add(struct trust *t, const struct key_public *k, enum role role,
                              int64_t expires_s, struct err *err);
MUST_CHECK int trust_edit_remove(struct trust *t, const char *name, struct err *err);
/* Replaces the key called `name` by k, which must have the same purpose. */
MUST_CHECK int trust_edit_rotate(struct trust *t, const char *name, const struct key_public *k,
                                 int64_t expires_s, struct err *err);
MUST_CHECK int trust_edit_threshold(struct trust *t, enum role role, uint32_t threshold,
                                    struct err *err);
/* format 0: keep the format of `now`, unless the new version needs a higher one. format 1: leave
 * the names out; ERR_REFUSED if a key has an expiry. */
MUST_CHECK int trust_edit_end(const struct trust *now, uint32_t format, struct trust *t,
                              struct err *err);
/* ERR_REFUSED: keys of this version expire, and its date is ahead of this machine's clock. Hosts
 * with an earlier clock would accept nothing from these keys except a trust order. The caller must
 * neither sign nor push such a version. */
MUST_CHECK int trust_edit_day(const struct trust *t, int64_t now_s, struct err *err);

#endif
