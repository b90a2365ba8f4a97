/*
 * agent_call.h - one question or order to an agent: sealed, sent, its answer opened and verified.
 *
 *     agent_ask_hello, agent_ask_status
 *                     a question; built, signed and sealed by these functions
 *     agent_call_new, then agent_call_send or agent_call_fail
 *                     an order; signed and sealed by the caller
 *
 * Each call ends exactly once, with a call of `answered`: from links_drain, or from the function
 * that began the call if the call cannot be sent. Only an authentic receipt counts: sealed to the
 * coordinator, signed by the key for which the call was made, and answering exactly these bytes. In
 * every other case `answered` gets no receipt, and the reason.
 *
 * agents.c makes struct agent_calls; trust, keys, links and clock must live longer than the struct.
 * A call is freed when `answered` returns. The receipt is valid until then; `answered` frees what
 * it contains (receipt_done_with). Call agent_calls_free only after links_free. For one thread.
 */
#ifndef AGENT_CALL_H
#define AGENT_CALL_H

#include "agent.h"
#include "known_hosts.h"
#include "clock.h"
#include "link_client.h"
#include "trust.h"

#define AGENT_CALL_MS 10000 /* deadline of one call */

struct agent_calls;

struct agent_call {
    struct agent_calls *owner;
    struct agent_call *next, **from;
    char key[UUID_MAX]; /* of the host; struct agent may not exist any more when the answer comes */
    enum message_kind kind;
    bool order, instant;
    struct header head;
    struct digest digest;
    struct pubkey host;
    int64_t asked;
    uint64_t after;   /* of a status: held back while the revision is this one */
    struct buf inner; /* of an order: the signed bytes of its receipt, when it was verified */
};

/* r NULL: no authentic receipt came; `why` says why. */
typedef void agent_answered(void *ctx, const struct agent_call *call, struct receipt *r,
                            const char *why);

struct agent_calls {
    const struct trust *trust;
    const struct keypair *key, *asks; /* sign orders; sign questions */
    const struct known_hosts *known;
    struct links *links;
    const struct clock *clock;
    agent_answered *answered;
    void *ctx;
    struct receipt *scratch; /* tens of KiB, so that one is reused; owned by this struct */
    struct agent_call *list; /* the calls under way */
};

void agent_calls_free(struct agent_calls *s);

void agent_ask_hello(struct agent_calls *s, struct agent *g);
enum status_way {
    STATUS_HELD,   /* the agent holds the answer back until something changes, or AGENT_HOLD_MS */
    STATUS_ONCE,   /* the agent answers at once; the coordinator does not ask again */
    STATUS_INSTANT /* the agent answers at once, although another status is held back */
};
void agent_ask_status(struct agent_calls *s, struct agent *g, enum status_way way);
/* The member of g that says that such a question is open. Asking sets the mark; agents.c clears it
 * when the answer comes. */
bool *agent_call_mark(const struct agent_call *c, struct agent *g);

/* A call to the host with this id. host: the key that must have signed the answer. */
struct agent_call *agent_call_new(struct agent_calls *s, const char *key, const struct pubkey *host,
                                  enum message_kind kind);
/* Sends the sealed frame. address NULL: Nomad does not list the host any more; the call fails. */
void agent_call_send(struct agent_call *c, const char *address, const struct buf *frame);
/* Ends the call without sending anything. */
void agent_call_fail(struct agent_call *c, const struct err *why);

#endif
