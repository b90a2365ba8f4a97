/*
 * wire_limits.h - all sizes and counts of the wire.
 *
 * Both sides enforce them: the sender before it sends, the receiver before it parses. To change one
 * of them is to change the wire (proto/README.md, tests/vectors).
 */
#ifndef WIRE_LIMITS_H
#define WIRE_LIMITS_H

#define WIRE_MIN 1 /* this build speaks versions WIRE_MIN to WIRE_MAX of the wire */
#define WIRE_MAX 2

#define AGENT_PORT 4650

#define ORDER_PAYLOAD_MAX   (16 * 1024)
#define RECEIPT_PAYLOAD_MAX (64 * 1024)
#define PAYLOAD_DEPTH_MAX   4

#define RUN_ID_LEN     16
#define CLUSTER_ID_LEN 16
#define NONCE_LEN      16
#define SESSION_LEN    16

#define TEXT_MAX      256 /* one line for people, with its NUL */
#define NAME_MAX_LEN  64  /* host, release and key names, with NUL */
#define UUID_MAX      40  /* Nomad's ids as text, with NUL */
#define URL_MAX_LEN   1024
#define URLS_MAX      8  /* places to get one binary */
#define FACTS_MAX     96 /* facts in a status receipt */
#define FACTS_MAX_V1  48 /* the same in version 1 of the wire */
#define NOTES_MAX     8
#define NOTE_MAX      (4 * 1024)
#define LOG_LINES_MAX 64 /* log lines in one status receipt */
#define MANIFEST_MAX  (8 * 1024)
#define TRUST_MAX     (8 * 1024)
#define SUMS_MAX      (4 * 1024) /* SHA256SUMS in a manifest */
#define SUMS_SIG_MAX  2048       /* two RSA-4096 signatures are 1,142 bytes */
#define BUILDS_MAX    16         /* os/arch pairs in a manifest */
#define KEYS_MAX      16         /* keys a role */
#define SIGS_MAX      8          /* signatures on a container */

#define LEASE_MAX_MS       (15 * 60 * 1000) /* the longest lease that the law allows */
#define STATUS_WAIT_MAX_MS (60 * 1000)      /* how long an agent may hold back a status */

#endif
