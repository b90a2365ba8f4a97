/*
 * openpgp_armor.h - OpenPGP's ASCII armour to the bytes in it.
 *
 * gpgv reads a binary keyring only. openpgp_dearmor appends the bytes of every block of
 * the kind asked for, one behind the other. Text outside of blocks is passed over; within
 * a block everything must be as RFC 4880 (6.2) has it, its checksum, where there is one,
 * must fit, and a block of another kind refuses (a secret key does not belong there).
 * Bytes whose first has its highest bit set are no text and pass through as they are.
 * ERR_FORMAT tells what is wrong; without any block, too.
 */
#ifndef OPENPGP_ARMOR_H
#define OPENPGP_ARMOR_H

#include "buf.h"

enum openpgp_kind { OPENPGP_KEYS, OPENPGP_SIGNATURES };

MUST_CHECK int openpgp_dearmor(enum openpgp_kind kind, const void *p, size_t n, struct buf *ret,
                               struct err *err);

#endif
