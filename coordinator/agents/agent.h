/*
 * agent.h - what agents.c and agent_*.c share. Not for others.
 */
#ifndef AGENT_H
#define AGENT_H

#include "agents.h"
#include "box_keys.h"
#include "codec.h"
#include "envelope.h"

struct agent {
    char key[UUID_MAX], server_id[UUID_MAX], node_id[UUID_MAX], name[NAME_MAX_LEN];
    char address[128];
    struct pubkey pub;
    bool seen, keyed, interest, key_changed, doubled;
    bool hello_open, status_open, plain_open, instant_open;
    bool tried, hello_wanted, instant_wanted;
    unsigned failures, empty_answers;
    int64_t hello_due, status_due, instant_due;
    char problem[TEXT_MAX];
    /* Texts of view point into the arrays below or to heap owned here. */
    struct agent_view view;
    char program[NAME_MAX_LEN], os[16], arch[16], told_server[UUID_MAX], told_client[UUID_MAX];
    char *failure_text, *evidence;
    char *facts; /* "<value>id\0text\0" each, as small as can be: there are many hosts */
    size_t facts_len;
    struct note *notes;
    size_t n_notes;
};

/* One question or order under way; freed when its answer came. */
struct agent_call {
    struct agents *owner;
    struct agent_call *next, **from;
    char key[UUID_MAX];
    enum message_kind kind;
    bool plain, order, instant;
    struct header head;
    struct digest digest;
    struct pubkey host;
    int64_t asked;
    uint64_t after; /* status: held back until the revision is another */
};

struct agent_queued {
    struct agent_event event;
    struct agent_queued *next;
};

struct agents {
    struct agents_config c;
    bool all;            /* every host's status is asked, once */
    struct agent **list; /* sorted by key */
    size_t n, cap;
    size_t cursor; /* of a scan that ran out of calls */
    int64_t scan_due, least_due;
    bool interrupted; /* a scan stopped at cursor */
    int64_t stirred;  /* the last agents_stir */
    size_t n_interest;
    size_t untried;
    uint64_t changes;
    struct agent_call *calls;
    struct agent_queued *events, **last_event;
    struct box_keys *boxes;
    struct receipt *scratch; /* tens of KiB: one, reused */
};

struct agent *agents_find(const struct agents *a, const char *key);
/* Starts a call; on failure its outcome is handled at once as "no answer". */
void agent_ask_hello(struct agents *a, struct agent *g);
void agent_ask_plain(struct agents *a, struct agent *g);
/* instant: answered at once, beside one that is held back. */
void agent_ask_status(struct agents *a, struct agent *g, bool instant);
/* A call with these inner bytes. Takes ownership of nothing. */
void agent_call_start(struct agents *a, struct agent_call *call, const struct buf *frame);
struct agent_call *agent_call_new(struct agents *a, const struct agent *g, enum message_kind kind);
/* Facts kept of a status, shown in a world, forgotten (agent_facts.c). */
void agent_facts_take(struct agent *g, const struct receipt_status *s);
void agent_facts_fill(const struct agent *g, struct agent_view *v, struct arena *arena);
void agent_facts_drop(struct agent *g);
/* What an authentic answer says (agent.c). */
void agent_take_hello(struct agents *a, struct agent *g, const struct receipt *r, int64_t asked);
void agent_take_status(struct agents *a, struct agent *g, struct receipt *r,
                       const struct agent_call *call);
void agent_no_answer(struct agents *a, struct agent *g, const struct agent_call *call,
                     const char *why);
/* Moves a receipt's or failure's news to the queue (agent_orders.c). */
void agent_queue_event(struct agents *a, const struct agent_call *call, struct receipt *r,
                       const char *why);
void agents_wake_at(struct agents *a, int64_t due);

#endif
