/*
 * peer_answer.h - what is sent to a server's RPC port, and which answers are Nomad's. Pure.
 *
 * The first byte of a connection selects the protocol (RPCType in Nomad's helper/pool/conn.go, the
 * same from 1.2.16 to 2.0.5: 0x01 RPC, 0x02 raft, 0x03 yamux, 0x04 TLS, 0x05 streaming, 0x06 yamux
 * of version 2). handleConn in nomad/rpc.go of these versions reacts to the byte like this:
 *
 *   byte                        tls.rpc off            on                     rpc_upgrade_mode
 *   0x04, then a ClientHello    closes, having read    ServerHello, or an     as on
 *                               nothing but the byte   alert
 *   0x03, then a yamux ping     acknowledges           closes, likewise       acknowledges
 *
 * So each server that serves answers one of the two questions with bytes of its own, whatever its
 * configuration, and without a certificate from this host. The acknowledgement: handlePing in
 * yamux' session.go (v0.0.0-20211028200310 in Nomad 1.2 and 1.3, v0.1.1 from 1.4 to 1.8, v0.1.2
 * since 1.9), which needs no stream. The frame: yamux' spec.md.
 *
 * Only bytes count as an answer. A serving server that closes after the byte 0x04 has shown itself
 * too. But a proxy without its server closes as well, so does a server at its limit of
 * connections, and so does the kernel when a process ends with the connection in its backlog. (A
 * server that has not read all bytes resets the connection, as the kernel does.) Where Nomad
 * serves, the other question has an answer. So a close only means: ask the other question.
 *
 * Nothing is parsed beyond the first bytes of a TLS record, or one frame of yamux.
 */
#ifndef PEER_ANSWER_H
#define PEER_ANSWER_H

#include <stddef.h>
#include "compiler.h"

enum peer_question { PEER_QUESTION_TLS, PEER_QUESTION_YAMUX, PEER_QUESTIONS };

#define PEER_ANSWER_MAX 12 /* so many bytes are enough to recognise every answer */

enum peer_answer { PEER_ANSWER_MORE, PEER_ANSWER_NOMAD, PEER_ANSWER_OTHER };

/* The bytes to send; always the same. */
const unsigned char *peer_question_bytes(enum peer_question q, size_t *ret_n);
/* PEER_ANSWER_MORE: more bytes are needed; never returned if n >= PEER_ANSWER_MAX. */
enum peer_answer peer_answer_judge(enum peer_question q, const unsigned char *p, size_t n);

#endif
