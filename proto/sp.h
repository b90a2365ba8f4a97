/*
 * sp.h - the bytes that nng's REQ and REP sockets exchange on a TCP stream: the scalability
 * protocols (sp-tcp-mapping-01, sp-request-reply-01).
 *
 *   each side, once     00 'S' 'P' 00 | protocol u16 | 00 00
 *   each message        length u64 | request id u32 | bytes
 *
 * The length counts the id and the bytes. The requesting side chooses the id and sets its top bit;
 * the answer repeats the id. A request that came through a forwarding device has more than one id.
 * Caravan does not support such requests, because the coordinator connects to agents directly.
 *
 * link_server.h says why Caravan does not use nng's REQ and REP sockets for these bytes.
 */
#ifndef SP_H
#define SP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_HELLO_LEN 8
#define SP_HEAD_LEN  12
#define SP_REQ       0x30
#define SP_REP       0x31

void sp_hello(unsigned char dst[static SP_HELLO_LEN], unsigned protocol);
bool sp_is_hello(const unsigned char p[static SP_HELLO_LEN], unsigned protocol);
void sp_head(unsigned char dst[static SP_HEAD_LEN], uint32_t id, size_t n);
/* False: there is no id, or more than max bytes follow it. */
bool sp_read_head(const unsigned char p[static SP_HEAD_LEN], size_t max, uint32_t *ret_id,
                  size_t *ret_n);

#endif
