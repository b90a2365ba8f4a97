#include "peer_answer.h"
#include <stdbool.h>
#include <string.h>

#define RPC_YAMUX 0x03
#define RPC_TLS   0x04

#define RECORD_ALERT     21
#define RECORD_HANDSHAKE 22
#define SERVER_HELLO     2
#define RECORD_MAX       (16384 + 2048)

/* A ClientHello for TLS 1.3 and 1.2 as Go's server speaks them. No handshake is ever completed with
 * it, so random and key share need not be secret. The key share is the base point of the curve, a
 * valid point. */
static const unsigned char tls[] = {
    RPC_TLS, /* Nomad's byte */
    RECORD_HANDSHAKE,
    3,
    1,
    0,
    148, /* the record and its length */
    1,
    0,
    0,
    144, /* ClientHello and its length */
    3,
    3, /* TLS 1.2; 1.3 is an extension */
    'c',
    'a',
    'r',
    'a',
    'v',
    'a',
    'n',
    ' ', /* 32 bytes of random */
    'a',
    's',
    'k',
    's',
    ':',
    ' ',
    'd',
    'o', /* */
    ' ',
    'y',
    'o',
    'u',
    ' ',
    's',
    'e',
    'r', /* */
    'v',
    'e',
    ' ',
    'y',
    'e',
    't',
    ' ',
    '?', /* */
    0,   /* no session */
    0,
    18, /* nine suites */
    0x13,
    0x01,
    0x13,
    0x02,
    0x13,
    0x03,
    0xc0,
    0x2b, /* 1.3; ECDHE-ECDSA-AES128-GCM */
    0xc0,
    0x2f,
    0xc0,
    0x2c,
    0xc0,
    0x30,
    0xcc,
    0xa9, /* ECDHE-RSA, AES256, ChaCha20 */
    0xcc,
    0xa8, /* */
    1,
    0, /* no compression */
    0,
    85, /* extensions */
    0,
    10,
    0,
    6,
    0,
    4,
    0,
    29,
    0,
    23, /* groups: x25519, P-256 */
    0,
    11,
    0,
    2,
    1,
    0, /* points: uncompressed */
    0,
    13,
    0,
    14,
    0,
    12,
    4,
    3,
    5,
    3,
    8,
    4,
    8,
    5,
    4,
    1, /* signatures: ECDSA, RSA-PSS, RSA */
    5,
    1, /* */
    0,
    43,
    0,
    5,
    4,
    3,
    4,
    3,
    3, /* versions: 1.3, 1.2 */
    0,
    51,
    0,
    38,
    0,
    36,
    0,
    29,
    0,
    32,
    9,
    0,
    0,
    0,
    0, /* key share: x25519 */
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0, /* */
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0, /* */
};

#define YAMUX_PING 2
#define PING_SYN   1
#define PING_ACK   2
#define PING_VALUE 'c', 'r', 'v', 'n' /* the acknowledgement repeats it */

static const unsigned char yamux[] = {RPC_YAMUX, 0, YAMUX_PING, 0, PING_SYN,
                                      0,         0, 0,          0, PING_VALUE};
static const unsigned char yamux_answer[] = {0, YAMUX_PING, 0, PING_ACK, 0, 0, 0, 0, PING_VALUE};

const unsigned char *peer_question_bytes(enum peer_question q, size_t *ret_n)
{
    *ret_n = q == PEER_QUESTION_TLS ? sizeof(tls) : sizeof(yamux);
    return q == PEER_QUESTION_TLS ? tls : yamux;
}

/* Nomad's answer is a record that begins with a ServerHello, or an alert. */
static enum peer_answer judge_tls_answer(const unsigned char *p, size_t n)
{
    bool alert = p[0] == RECORD_ALERT;

    if ((!alert && p[0] != RECORD_HANDSHAKE) || (n > 1 && p[1] != 3) || (n > 2 && p[2] > 4))
        return PEER_ANSWER_OTHER;
    if (n < 6)
        return PEER_ANSWER_MORE;
    size_t len = (size_t)p[3] << 8 | p[4];
    bool is = alert ? len == 2 && (p[5] == 1 || p[5] == 2)
                    : len >= 4 && len <= RECORD_MAX && p[5] == SERVER_HELLO;
    return is ? PEER_ANSWER_NOMAD : PEER_ANSWER_OTHER;
}

enum peer_answer peer_answer_judge(enum peer_question q, const unsigned char *p, size_t n)
{
    size_t whole = sizeof(yamux_answer);

    if (n == 0)
        return PEER_ANSWER_MORE;
    if (q == PEER_QUESTION_TLS)
        return judge_tls_answer(p, n);
    if (memcmp(p, yamux_answer, n < whole ? n : whole) != 0)
        return PEER_ANSWER_OTHER;
    return n < whole ? PEER_ANSWER_MORE : PEER_ANSWER_NOMAD;
}
