/*
 * hello_plain.h - the unsealed hello: asks an agent who it is, before anything is known of it.
 *
 *     hello_plain(&trust, key, &head, &digest, &frame, &err)          what to send
 *     hello_plain_read(answer, n, key, &head, &digest, &who, &r, &err)   what came back
 *
 * For enrolment alone. Signed like every order, but not sealed, for the key of whoever answers is
 * not known; so whoever sees it can send it again. Its answer comes sealed to us (agents of before
 * answer unsealed). The answer is authentic by the key that it names itself, no more:
 * whether that is the host's key somebody else must know. The caller keeps head and digest in
 * between; nothing is kept here. Any thread.
 */
#ifndef HELLO_PLAIN_H
#define HELLO_PLAIN_H

#include "message.h"
#include "trust.h"

MUST_CHECK int hello_plain(const struct trust *t, const struct keypair *key, struct header *ret,
                           struct digest *ret_digest, struct buf *ret_frame, struct err *err);
/* ret_key: whose word *ret is. After -1 neither counts. */
MUST_CHECK int hello_plain_read(const void *frame, size_t n, const struct keypair *key,
                                const struct header *order, const struct digest *digest,
                                struct pubkey *ret_key, struct receipt *ret, struct err *err);

#endif
