/*
 * agent_call.h - one question or order to an agent, under way: sealed, sent, its answer verified.
 *
 *     agent_ask_hello, agent_ask_status    a question, built here
 *     agent_call_new, then agent_call_send or _fail         an order, signed and sealed by the
 * caller
 *
 * Each call ends exactly once, by `answered`: from links_drain, or within the function that began
 * it when it cannot even begin. Nothing counts but an authentic receipt: sealed to us, signed by
 * the key the call was made for, answering these very bytes. All else is no receipt, and why.
 *
 * The set (agents.h) makes struct agent_calls; trust, keys, links and clock outlive it. A call is
 * freed when `answered` returns. The receipt is only lent; what hangs on it is the taker's
 * (receipt_done_with). agent_calls_free only after links_free. One thread.
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
    char key[UUID_MAX]; /* of the host; its agent may be gone when the answer comes */
    enum message_kind kind;
    bool order, instant;
    struct header head;
    struct digest digest;
    struct pubkey host;
    int64_t asked;
    uint64_t after;   /* status: held back until the revision is another */
    struct buf inner; /* order: the signed bytes of its receipt, once that is verified */
};

/* r NULL: nothing authentic came, and why. */
typedef void agent_answered(void *ctx, const struct agent_call *call, struct receipt *r,
                            const char *why);

struct agent_calls {
    const struct trust *trust;
    const struct keypair *key, *asks; /* of orders, of questions */
    const struct known_hosts *known;
    struct links *links;
    const struct clock *clock;
    agent_answered *answered;
    void *ctx;
    struct receipt *scratch; /* tens of KiB: one, reused; owned */
    struct agent_call *list; /* under way */
};

void agent_calls_free(struct agent_calls *s);

void agent_ask_hello(struct agent_calls *s, struct agent *g);
enum status_way {
    STATUS_HELD,   /* held back until something changes, AGENT_HOLD_MS at most */
    STATUS_ONCE,   /* at once, for who does not come again */
    STATUS_INSTANT /* at once, beside one that is held back */
};
void agent_ask_status(struct agent_calls *s, struct agent *g, enum status_way way);
/* The agent's mark that such a question is open: set by asking, cleared by the taker. */
bool *agent_call_mark(const struct agent_call *c, struct agent *g);

/* To the host of this key; host: who must have signed the answer. */
struct agent_call *agent_call_new(struct agent_calls *s, const char *key, const struct pubkey *host,
                                  enum message_kind kind);
/* address NULL: Nomad does not list the host any more. */
void agent_call_send(struct agent_call *c, const char *address, const struct buf *frame);
void agent_call_fail(struct agent_call *c, const struct err *why);

#endif
