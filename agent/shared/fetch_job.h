/*
 * fetch_job.h - the lines that caravan-swap and caravan-fetch exchange.
 *
 * A stream of text lines in both directions, over standard input and output of one caravan-fetch
 * process. The process is a child with dropped rights, or one instance of the socket service
 * (Accept=yes). A line has at most FETCH_LINE_MAX bytes and contains no NUL. A text field is the
 * rest of its line. caravan-swap has its own deadlines. caravan-fetch has deadlines too, and ends
 * when its input ends.
 *
 * In the tables, > is a line to caravan-fetch, < is a line from caravan-fetch.
 *
 * get: one job, then the process exits
 *   > get
 *   > url URL                 1 to 8 times; tried in this order
 *   > fetch SIZE SHA256HEX    size and digest of the download
 *   > packing bare|zip
 *   > binary SIZE SHA256HEX   size and digest of the binary
 *   > speed BYTES_PER_S       a slower place is given up; 0: no limit
 *   > deadline MS
 *   > dir DIR                 directory for the result; only caravan-fetch may write there
 *   > go
 *   < progress DONE TOTAL     at most 4 a second
 *   < done PATH               size and digest of download and binary are right
 *   < failed FAILURE TEXT     FAILURE is failure_name() of message.h
 *
 * ask: any number of questions, one at a time
 *   > ask DEADLINE_MS PATH    GET of the local Nomad API ("/v1/agent/health")
 *   < answer STATUS LEN       LEN bytes follow (<= FETCH_ANSWER_MAX)
 *   < none TEXT               no HTTP answer: refused, timed out, TLS
 *   > ask-as DEADLINE_MS PATH the same with an ACL token:
 *   > TOKEN                   the whole next line: 1 to FETCH_TOKEN_MAX - 1 signs, no blanks
 *   > heartbeat DEADLINE_MS   GET of /v1/agent/self of the local Nomad API, with an ACL token:
 *   > TOKEN                   as above
 *   < heartbeat AGE_MS TTL_MS the client last reached a server AGE_MS ago; next heartbeat in TTL_MS
 *   < none TEXT               the times are unknown
 *   > knock DEADLINE_MS HOST PORT [HOST PORT]...
 *                             does a Nomad server serve there? 1 to FETCH_PEERS_MAX at once
 *   < heard WORD...           peer_check_word() of each, in the same order
 *   > metadata DEADLINE_MS    does a cloud answer its instances here? One connection to
 *                             metadata_address of agent.conf; no bytes are sent
 *   < heard WORD              serves: connected; nobody: refused at once; mute: no reaction;
 *                             unknown: agent.conf names no address, or no socket could be made
 *
 * try: one run of a binary that has not run on this host yet, then the process exits
 *   > try DEADLINE_MS version      one descriptor comes with this line: the open binary
 *   > try DEADLINE_MS validate     after the binary's descriptor come those of Nomad's open
 *                                  configuration files, in Nomad's order; at most FETCH_FILES_MAX
 *   < ran STATUS SIGNAL LEN        LEN bytes of the binary's output follow (<= FETCH_SAID_MAX).
 *                                  STATUS 255 and a SIGNAL: the signal ended the binary. The
 *                                  output names configuration file number I as TRIAL_FILE
 *   < broken TEXT                  the binary could not be run to its end
 *   < late TEXT                    the binary did not end before the deadline
 *   < none TEXT                    this host has no safe place to run the binary
 *
 * verify: behind the same wall, as a user who runs nothing else (agent/swap/vendor.h says why);
 * one of these two, then the process exits
 *   > verify DEADLINE_MS           three descriptors: binary keyring, signature, signed file
 *   < ran STATUS SIGNAL LEN        gpgv's status lines follow
 *   < broken, late, none           as for try
 *   > unzip DEADLINE_MS SIZE SHA256HEX
 *                                  one descriptor: a zip; its member FETCH_MEMBER must have this
 *                                  size and digest
 *   < bytes SIZE                   the SIZE bytes of the member follow
 *   < broken TEXT                  the zip, or its member, is wrong
 *   < none TEXT                    as for try
 *
 * Descriptors come as SCM_RIGHTS with the first byte of their line.
 *
 * caravan-fetch reads the API's address and TLS files from agent.conf itself, so no order chooses
 * the place or the question. If the command line cannot name agent.conf (the socket service),
 * caravan-swap names the file in the first line:
 *
 *   > conf PATH
 */
#ifndef FETCH_JOB_H
#define FETCH_JOB_H

#include "manifest.h"

#define FETCH_LINE_MAX   2048
#define FETCH_ANSWER_MAX (64 * 1024)
#define FETCH_FILES_MAX  64
#define FETCH_SAID_MAX   (16 * 1024)
#define FETCH_TRY_MS     10000
#define FETCH_UNZIP_MS   (4 * 60 * 1000)
#define FETCH_MEMBER     "nomad"
#define FETCH_PEERS_MAX  32
#define FETCH_PEER_MAX   64 /* "[::1]:4647" */
#define FETCH_TOKEN_MAX  256
#define TRIAL_DIR        "/tmp/caravan-try"
#define TRIAL_FILE       "%s/%03u" /* TRIAL_DIR, the file's number from 0 */

struct fetch_get {
    uint32_t n_urls;
    char urls[URLS_MAX][URL_MAX_LEN];
    uint64_t fetch_size, size;
    struct digest fetch_digest, digest;
    enum packing packing;
    uint64_t speed_min;
    int64_t deadline_ms;
    char dir[256];
};

/* How a server's RPC port reacted before the deadline (agent/fetch/peer_check.h). */
enum peer_check {
    PEER_UNKNOWN, /* the port could not be asked */
    PEER_SERVES,  /* Nomad answered */
    PEER_MUTE,    /* connected, then silence: the kernel has accepted, Nomad has not yet */
    PEER_CLOSES,  /* connected, then closed, or an answer that is not Nomad's */
    PEER_NOBODY,  /* no connection */
    PEER_COUNT,
};
const char *peer_check_word(enum peer_check k);
/* Parses "heard WORD..." with exactly n words. */
MUST_CHECK int fetch_peers_parse(const char *line, uint32_t n, enum peer_check *ret,
                                 struct err *err);

/* Can this token stand alone in a line, and in an HTTP header? */
bool fetch_token_fits(const char *token);

/* The lines of a get job, from "get" to "go". */
void fetch_get_text(const struct fetch_get *g, struct buf *ret);
/* Parses the lines between "get" and "go" (fuzzed). */
MUST_CHECK int fetch_get_parse(const char *text, size_t n, struct fetch_get *ret, struct err *err);

#endif
