/*
 * ports.h - how run and act reach the outside: Nomad, agents, ledger, clock.
 *
 * The shell (shell_ports.c) implements them with curl, nng, SQLite and the
 * machine's clock; the random worlds with a model, one thread and virtual time. All
 * calls return at once; what happened comes back through next() as an event, in
 * the order it became known. A port may lose, delay or double anything that a
 * network may.
 */
#ifndef PORTS_H
#define PORTS_H

#include "ledger.h"
#include "operate.h"

enum event_kind {
    EV_TIMEOUT,   /* nothing happened until the time given */
    EV_WORLD,     /* a round of observation finished: world is the caller's until the next */
    EV_RECEIPT,   /* an authentic receipt that answers the order with this nonce */
    EV_NO_ANSWER, /* nothing authentic came back in time: unknown */
    EV_OPERATED,  /* Nomad answered an operation */
    EV_ALARM,     /* a server's log says what stops the run: key, text, advice */
    EV_CONTROL,   /* the operator: pause, leave, resume, abort */
};

enum control { CONTROL_PAUSE = 1, CONTROL_LEAVE, CONTROL_ABORT };

struct event {
    enum event_kind kind;
    const struct world *world; /* EV_WORLD */
    const char *key;           /* EV_RECEIPT, EV_NO_ANSWER: host; valid during handling */
    enum message_kind order;
    unsigned char nonce[NONCE_LEN];
    int64_t asked_ms;              /* when the answered order was sent */
    const struct receipt *receipt; /* EV_RECEIPT */
    const struct buf *inner;       /* EV_RECEIPT: its signed bytes; NULL: nobody keeps them */
    uint32_t effect;               /* EV_OPERATED */
    bool ok;                       /* EV_OPERATED */
    const char *text;              /* EV_NO_ANSWER, EV_OPERATED: why, for people; snapshot: path */
    enum operation op;             /* EV_OPERATED */
    const char *region;            /* of a snapshot, as its size and time */
    bool final;                    /* asking again does not help */
    uint64_t bytes;
    int64_t wall_ms;
    const char *advice;   /* EV_ALARM */
    enum control control; /* EV_CONTROL */
};

struct ports {
    void *ctx;
    int64_t (*now)(void *ctx); /* clock.mono */
    void (*random)(void *ctx, void *p, size_t n);
    /* Durable: writes what is dirty, clears the marks. After -1 nothing may be begun. */
    int (*commit)(void *ctx, struct ledger *l, struct err *err);
    /* Signs: fills inner and its digest; the header's session, epoch, sequence, nonce are set. */
    int (*sign)(void *ctx, const char *key, const struct order *o, struct buf *ret_inner,
                struct digest *ret_digest, struct err *err);
    /* Seals and sends; the answer comes as EV_RECEIPT or EV_NO_ANSWER. An order that another key
     * signed is signed anew first, with all else as it was: the receipt's digest shows that. */
    void (*send)(void *ctx, const char *key, enum message_kind kind,
                 const unsigned char nonce[static NONCE_LEN], const struct buf *inner);
    /* One Nomad write; the answer comes as EV_OPERATED. */
    void (*operate)(void *ctx, const struct operate *o);
    /* Which hosts the next observations ask in detail (copied). */
    void (*interest)(void *ctx, const char *const *keys, size_t n);
    /* Only time is awaited until then (clock.mono): looks may be rare. 0: as usual. */
    void (*rest)(void *ctx, int64_t until_ms);
    /* Whose objects the next observations count (copied). */
    void (*count)(void *ctx, const char *const *keys, size_t n);
    /* Whose logs to listen to; what they say is kept with the step: the server whose turn it is
     * or was, "" none (copied). */
    void (*listen)(void *ctx, const char *step, const char *const *keys, size_t n);
    /* The stage order's manifest and places for this release; filled once by the shell. */
    void (*stage_order)(void *ctx, const char *key, struct order_stage *ret);
    /* Waits until something happened or `until` (clock.mono). */
    int (*next)(void *ctx, int64_t until_ms, struct event *ret, struct err *err);
};

#endif
