/*
 * hello_plain.h - the unsealed hello, which asks an agent for its key during enrolment.
 *
 *     hello_plain(&trust, key, &head, &digest, &frame, &err)             makes the question
 *     hello_plain_read(answer, n, key, &head, &digest, &who, &r, &err)   reads the answer
 *
 * Only enrolment uses this question. It is signed like every order, but it cannot be sealed,
 * because the key of the agent is not known yet. Anybody who sees the question can therefore send
 * it again. The answer is sealed to the coordinator (agents of earlier versions answer unsealed).
 * The answer proves only that its sender has the key that the answer names. The operator must find
 * out whether this key is the host's key. The caller keeps head and digest in between. Any thread.
 */
#ifndef HELLO_PLAIN_H
#define HELLO_PLAIN_H

#include "message.h"
#include "trust.h"

MUST_CHECK int hello_plain(const struct trust *t, const struct keypair *key, struct header *ret,
                           struct digest *ret_digest, struct buf *ret_frame, struct err *err);
/* *ret_key: the key that signed the answer. After -1 neither *ret_key nor *ret counts. */
MUST_CHECK int hello_plain_read(const void *frame, size_t n, const struct keypair *key,
                                const struct header *order, const struct digest *digest,
                                struct pubkey *ret_key, struct receipt *ret, struct err *err);

#endif
