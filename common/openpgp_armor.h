/*
 * openpgp_armor.h - decodes OpenPGP's ASCII armour.
 *
 * gpgv reads binary keyrings only. openpgp_dearmor appends the bytes of every block of the given
 * kind, one after the other. It skips text outside of blocks. A block must follow RFC 4880 (6.2);
 * if it has a checksum, the checksum must match. A block of another kind is an error (a secret key
 * does not belong in a keyring of public keys). Input whose first byte has the highest bit set is
 * binary; it is appended unchanged. ERR_FORMAT: the text says what is wrong; input without any
 * block is wrong, too.
 */
#ifndef OPENPGP_ARMOR_H
#define OPENPGP_ARMOR_H

#include "buf.h"

enum openpgp_kind { OPENPGP_KEYS, OPENPGP_SIGNATURES };

MUST_CHECK int openpgp_dearmor(enum openpgp_kind kind, const void *p, size_t n, struct buf *ret,
                               struct err *err);

#endif
