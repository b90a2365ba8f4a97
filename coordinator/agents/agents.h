/*
 * agents.h - the agents beside Nomad: who they are, what they say, orders to them.
 *
 * agents_sync tells which hosts Nomad has; each has an agent at its address, port
 * 4650, or where [agents] maps its id or name. One that was enrolled (known_hosts)
 * is asked hello until it answers; hosts of interest (agents_interest), and those that are to join
 * and are not listed yet, are asked hello every AGENT_FRESH_MS and have a status held back by them
 * until something changes, so that nothing is polled. agents_tick asks what is due; agents_fill
 * writes what was learned into a host of the world; agents_send sends an order signed by
 * agents_sign, whose outcome agents_next hands out. After agents_stir the hosts of interest are
 * asked hello sooner: something was done that their word of before cannot prove.
 *
 * Nothing counts but an authentic receipt: sealed to us, signed by the remembered
 * key, answering this very order. All else is "no answer", another key as well: only
 * `caravan enroll` asks unsealed, and compares. An agent whose ids are not those Nomad
 * has for the host is misplaced.
 *
 * Times: clock.mono of this machine unless they say uptime. One thread.
 */
#ifndef AGENTS_H
#define AGENTS_H

#include "clock.h"
#include "coord_conf.h"
#include "known_hosts.h"
#include "link_client.h"
#include "trust.h"
#include "world.h"

#define AGENT_FRESH_MS   2000 /* hellos to hosts of interest */
#define AGENT_STIRRED_MS 10   /* the same after agents_stir, for each such host there is */
#define AGENT_INSTANT_MS 5    /* after an order's receipt: a status at once */
#define AGENT_RETRY_MS   1000 /* after no answer to a status */
#define AGENT_CALLS      200  /* open at once, of LINK_CALLS_MAX; orders may use the rest */

struct agents;

struct agents_config {
    const struct coord_conf *conf;
    const struct trust *trust;
    const struct keypair *key;       /* signs orders: an operator's; NULL: none yet */
    const struct keypair *asks;      /* signs questions; NULL: key does */
    const struct known_hosts *known; /* longer-lived */
    struct links *links;
    const struct clock *clock;
    /* Whether statuses are held back; `caravan status` wants them once, at once. */
    bool once;
};

struct agents *agents_new(const struct agents_config *c);
void agents_free(struct agents *a); /* after links_free */

/* What Nomad lists, from the last observation. Hosts not named are forgotten. */
void agents_sync(struct agents *a, const struct host *hosts, size_t n);
void agents_interest(struct agents *a, const char *const *keys, size_t n);
void agents_stir(struct agents *a);
/* Asks what is due. Returns when to be called again at the latest. */
int64_t agents_tick(struct agents *a);
/* Every enrolled host answered hello, or did not, at least once. */
bool agents_told(const struct agents *a);
/* Looking once: asks the status of every host, not only of those of interest, for its facts. */
void agents_ask_facts(struct agents *a);
/* From looking once to following: what `once` says, from now on. Facts are forgotten, but for those
 * that stage orders are made by. */
void agents_follow(struct agents *a);
/* Counts changes worth a new look at the world: phases, sessions. */
uint64_t agents_changes(const struct agents *a);
/* Fills h->agent; texts in the arena. */
void agents_fill(const struct agents *a, struct host *h, struct arena *arena);
/* Which node id, which server id, the agent of this host says it serves; "" unknown. */
const char *agents_client_of(const struct agents *a, const char *key);
const char *agents_server_of(const struct agents *a, const char *key);
/* Notes of side effects its last status told (status is asked for hosts of interest). */
const struct note *agents_notes(const struct agents *a, const char *key, size_t *ret_n);

/* The key that signs orders from now on; longer-lived. */
void agents_orders_by(struct agents *a, const struct keypair *key);
/* Signs: cluster, receiver and version are set here, the rest of the header is given. */
MUST_CHECK int agents_sign(struct agents *a, const char *key, const struct order *o,
                           struct buf *ret_inner, struct digest *ret_digest, struct err *err);
/* Seals and sends; its outcome comes from agents_next. An order that another key signed (the
 * operator's key was replaced since, or another operator resumed the run) is signed anew by the
 * present one, with all else as it was: hosts drop what a key signed that their trust does not name
 * any more. The receipt then has the digest of those bytes. */
void agents_send(struct agents *a, const char *key, enum message_kind kind,
                 const unsigned char nonce[static NONCE_LEN], const void *inner, size_t n);

struct agent_event {
    char key[UUID_MAX];
    enum message_kind kind;
    unsigned char nonce[NONCE_LEN];
    int64_t asked_ms;
    struct receipt *receipt; /* NULL: nothing authentic came back */
    struct buf inner;        /* its signed bytes */
    char text[TEXT_MAX];     /* then: why */
};
/* The oldest event; the caller frees it with agent_event_free. false: none. */
bool agents_next(struct agents *a, struct agent_event *ret);
void agent_event_free(struct agent_event *e);

/* Where the agent of a host is: "10.0.0.1:4650". -1: no address known. A host that joins is asked
 * where it was given: agent.address, which whoever makes its row fills in. */
MUST_CHECK int agent_address(const struct coord_conf *c, const struct host *h, char *dst, size_t n);

#endif
