/*
 * agents.h - all agents of the fleet: questions to them, their answers, and orders to them.
 *
 * agents_sync gives this module the hosts that Nomad lists. Each host has an agent at its address,
 * port 4650, or at the address that [agents] maps to its id or name. Every enrolled agent
 * (known_hosts.h) is asked hello until it answers. Hosts of interest (agents_interest), and hosts
 * that are to join and that Nomad does not list yet, are asked hello every AGENT_FRESH_MS. Hosts of
 * interest are also asked for a status, which the agent holds back until something changes, so that
 * the coordinator need not poll. agents_tick sends the questions that are due. agents_fill writes
 * the answers into a host of the world. agents_send sends an order that agents_sign signed;
 * agents_next returns the outcome. After agents_ask_sooner the hosts of interest are asked hello
 * sooner, because older answers cannot prove the effect of what was done.
 *
 * Only an authentic receipt counts: sealed to the coordinator, signed by the enrolled key, and
 * answering exactly this order. Everything else counts as no answer, an answer signed by another
 * key included: only `caravan enroll` asks unsealed and compares keys. An agent is misplaced if its
 * ids are not those that Nomad lists for the host.
 *
 * Times are clock.mono of this machine, unless the name says uptime. For one thread.
 */
#ifndef AGENTS_H
#define AGENTS_H

#include "clock.h"
#include "coord_conf.h"
#include "known_hosts.h"
#include "link_client.h"
#include "trust.h"
#include "world.h"

#define AGENT_FRESH_MS   2000 /* between two hellos to a host of interest */
#define AGENT_STIRRED_MS 10   /* the same after agents_ask_sooner, times the number of such hosts */
#define AGENT_INSTANT_MS 5    /* between the receipt of an order and an instant status */
#define AGENT_RETRY_MS   1000 /* pause after a status without an answer */
#define AGENT_CALLS      200  /* open questions at once, of LINK_CALLS_MAX; orders use the rest */

struct agents;

struct agents_config {
    const struct coord_conf *conf;
    const struct trust *trust;
    const struct keypair *key;       /* an operator key, which signs orders; NULL: none yet */
    const struct keypair *asks;      /* signs questions; NULL: `key` signs them */
    const struct known_hosts *known; /* must live longer than struct agents */
    struct links *links;
    const struct clock *clock;
    bool once; /* ask each host for one status, which the agent does not hold back */
};

struct agents *agents_new(const struct agents_config *c);
void agents_free(struct agents *a); /* after links_free */

/* hosts: the rows of the last observation. Agents of other hosts are forgotten. */
void agents_sync(struct agents *a, const struct host *hosts, size_t n);
/* The keys of the hosts of interest from now on. */
void agents_interest(struct agents *a, const char *const *keys, size_t n);
void agents_ask_sooner(struct agents *a);
/* Sends the questions that are due. Returns the time of the next call (clock.mono). */
int64_t agents_tick(struct agents *a);
/* Has every enrolled host answered at least one hello, or failed to answer? With `once`: has every
 * status that was due been answered, too? */
bool agents_have_answered(const struct agents *a);
/* Only with `once`: also asks hosts that are not of interest for a status, because of the facts. */
void agents_ask_facts(struct agents *a);
/* Ends `once`: from now on agents hold statuses back. Forgets the facts that are needed only once
 * (agent_drop_facts). */
void agents_follow(struct agents *a);
/* Counts the changes after which a new observation is worthwhile: phases, sessions. */
uint64_t agents_changes(const struct agents *a);
/* Fills h->agent; the texts are in the arena. */
void agents_fill(const struct agents *a, struct host *h, struct arena *arena);
/* The node id and the server id that the agent of this host reports; "": unknown. */
const char *agents_client_of(const struct agents *a, const char *key);
const char *agents_server_of(const struct agents *a, const char *key);
/* The notes of side effects in the last status of this host; only hosts of interest have them. */
const struct note *agents_notes(const struct agents *a, const char *key, size_t *ret_n);

/* The key that signs orders from now on; it must live longer than struct agents. */
void agents_set_order_key(struct agents *a, const struct keypair *key);
/* Signs an order. This function sets cluster, receiver and version of the header; the caller has
 * set the rest. Appends the signed bytes to *ret_inner. ERR_STATE: the host has no enrolled agent,
 * the agent has not answered yet, or there is no operator key. */
MUST_CHECK int agents_sign(struct agents *a, const char *key, const struct order *o,
                           struct buf *ret_inner, struct digest *ret_digest, struct err *err);
/* Seals and sends a signed order. agents_next returns the outcome. If another key signed the order
 * (the operator's key was replaced, or another operator resumed the run), this function signs the
 * same order again with the present key, because hosts drop messages of a key that their trust does
 * not name. The receipt then has the digest of the new bytes. */
void agents_send(struct agents *a, const char *key, enum message_kind kind,
                 const unsigned char nonce[static NONCE_LEN], const void *inner, size_t n);

struct agent_event {
    char key[UUID_MAX];
    enum message_kind kind;
    unsigned char nonce[NONCE_LEN];
    int64_t asked_ms;
    struct receipt *receipt; /* NULL: no authentic receipt came; `text` says why */
    struct buf inner;        /* the signed bytes of the receipt */
    char text[TEXT_MAX];
};
/* Returns the oldest event; the caller frees it with agent_event_free. false: there is none. */
bool agents_next(struct agents *a, struct agent_event *ret);
void agent_event_free(struct agent_event *e);

/* Writes the address of a host's agent, such as "10.0.0.1:4650". -1: the address is not known. For
 * a host that joins this is h->agent.address, which joining_server.c sets when it makes the row. */
MUST_CHECK int agent_address(const struct coord_conf *c, const struct host *h, char *dst, size_t n);

#endif
