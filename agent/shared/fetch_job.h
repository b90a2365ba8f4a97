/*
 * fetch_job.h - how caravan-swap asks caravan-fetch, and what comes back.
 *
 * A stream of text lines in both directions, over standard input and output of
 * one caravan-fetch process: a child with rights dropped, or one instance of the
 * socket service (Accept=yes). Every line <= FETCH_LINE_MAX, no NUL; a text field
 * is the rest of its line. The asking side owns deadlines; caravan-fetch keeps its
 * own besides and ends when its input ends.
 *
 * get: one job, then the process exits
 *   > get
 *   > url URL                 1 to 8 times, tried in this order
 *   > fetch SIZE SHA256HEX    what is downloaded, known before
 *   > packing bare|zip
 *   > binary SIZE SHA256HEX   what is run
 *   > speed BYTES_PER_S       floor; 0 none
 *   > deadline MS
 *   > dir DIR                 where the result is put (writable to it alone)
 *   > go
 *   < progress DONE TOTAL     at most 4 a second
 *   < done PATH               size and digest of both were checked
 *   < failed FAILURE TEXT     FAILURE is failure_name() of message.h
 *
 * ask: a session, any number of questions, one at a time
 *   > ask DEADLINE_MS PATH    GET of the local Nomad API ("/v1/agent/health")
 *   < answer STATUS LEN       followed by LEN bytes (<= FETCH_ANSWER_MAX)
 *   < none TEXT               no HTTP answer: refused, timed out, TLS
 *   > ask-as DEADLINE_MS PATH the same with an ACL token:
 *   > TOKEN                   the next line, as below
 *   > heartbeat DEADLINE_MS   GET of /v1/agent/self there with an ACL token, which is all of
 *   > TOKEN                   the next line: 1 to FETCH_TOKEN_MAX - 1 signs, none of them a blank
 *   < heartbeat AGE_MS TTL_MS when this client last reached a server, and when it does next
 *   < none TEXT               neither is known
 *   > knock DEADLINE_MS HOST PORT [HOST PORT]...
 *                             do Nomad servers serve there? 1 to FETCH_KNOCKS_MAX, asked at once
 *   < heard WORD...           knock_word() of each, in that order
 *   > metadata DEADLINE_MS    does a cloud answer its instances here? One connection to
 *                             agent.conf's metadata_address; nothing is sent
 *   < heard WORD              serves: it was made; nobody: refused at once; mute: nothing came;
 *                             unknown: agent.conf names none, or no socket
 *
 * try: one run of a binary that nobody has run here yet, then the process exits
 *   > try DEADLINE_MS version      one descriptor comes with it: the binary, open
 *   > try DEADLINE_MS validate     further ones behind it: the files of Nomad's configuration,
 *                                  in Nomad's order, open; at most FETCH_FILES_MAX
 *   < ran STATUS SIGNAL LEN        followed by LEN bytes that it printed (<= FETCH_SAID_MAX);
 *                                  STATUS 255 and a SIGNAL: that ended it. File number I is
 *                                  TRY_FILE there
 *   < broken TEXT                  it could not be run to its end
 *   < late TEXT                    it did not come to its end in that time
 *   < none TEXT                    there is no safe place here to run it
 *
 * verify: behind the same wall, as a user who runs nothing else (agent/swap/vendor.h says why);
 * one of the two, then the process exits
 *   > verify DEADLINE_MS           three descriptors: a binary keyring, a signature, what was
 * signed < ran STATUS SIGNAL LEN        followed by gpgv's status lines; broken, late, none as
 * above > unzip DEADLINE_MS SIZE SHA256HEX    one descriptor: a zip, of which FETCH_MEMBER is to
 * have this size and digest < bytes SIZE                   followed by these < broken TEXT the zip
 * is not as it should be; none as above
 *
 * Descriptors come as SCM_RIGHTS with the line's first byte.
 *
 * The API's address and TLS files come from agent.conf, which caravan-fetch reads
 * itself: no order chooses what is asked of whom. Which agent.conf, where a host has
 * several, is told first, where the command line cannot tell it (the socket service):
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
#define FETCH_KNOCKS_MAX 32
#define FETCH_PEER_MAX   64 /* "[::1]:4647" */
#define FETCH_TOKEN_MAX  256
#define TRY_DIR          "/tmp/caravan-try"
#define TRY_FILE         "%s/%03u" /* TRY_DIR, the file's number from 0 */

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

/* What a server's RPC port showed within the deadline (agent/fetch/knock.h). */
enum knock {
    KNOCK_UNKNOWN, /* could not be asked */
    KNOCK_SERVES,  /* gave an answer of Nomad's */
    KNOCK_MUTE,    /* connected, then nothing: the kernel accepted, Nomad did not yet */
    KNOCK_CLOSES,  /* connected, then closed or answered as Nomad does not */
    KNOCK_NOBODY,  /* no connection */
    KNOCK_COUNT,
};
const char *knock_word(enum knock k);
/* "heard WORD...", exactly n of them. */
MUST_CHECK int fetch_heard_parse(const char *line, uint32_t n, enum knock *ret, struct err *err);

/* Is that a token as it may stand in a line of its own, and in a header of HTTP? */
bool fetch_token_fits(const char *token);

/* The text of a get job, as sent. */
void fetch_get_text(const struct fetch_get *g, struct buf *ret);
/* Parses the lines between "get" and "go" (fuzzed). */
MUST_CHECK int fetch_get_parse(const char *text, size_t n, struct fetch_get *ret, struct err *err);

#endif
