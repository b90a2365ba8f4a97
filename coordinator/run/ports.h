/*
 * ports.h - how this room reaches the outside: Nomad, agents, ledger, clock.
 *
 * cli/shell_ports.c implements the ports with curl, nng, SQLite and the machine's clock; the random
 * worlds implement them with a model and virtual time. All functions but next() return at once;
 * the result comes later from next() as an event. Events come in the order in which the results
 * became known. A port may lose, delay or double whatever a network may lose, delay or double.
 */
#ifndef PORTS_H
#define PORTS_H

#include "ledger.h"
#include "nomad_operation.h"

enum event_kind {
    EV_TIMEOUT,   /* nothing happened until the given time */
    EV_WORLD,     /* a round of observation finished; `world` is valid until the next EV_WORLD */
    EV_RECEIPT,   /* an authentic receipt that answers the order with this nonce */
    EV_NO_ANSWER, /* no authentic answer came in time: the result is unknown */
    EV_OPERATED,  /* Nomad answered an operation */
    EV_ALARM,     /* a server's log has a line that must stop the run: key, text, advice */
    EV_REQUEST,   /* the operator wants to pause, leave or abort */
};

enum operator_request { REQUEST_PAUSE = 1, REQUEST_LEAVE, REQUEST_ABORT };

struct event {
    enum event_kind kind;
    const struct world *world; /* EV_WORLD */
    const char *key;           /* EV_RECEIPT, EV_NO_ANSWER, EV_ALARM: the host's key */
    enum message_kind order;
    unsigned char nonce[NONCE_LEN];
    int64_t asked_ms;              /* when the order was sent (clock.mono) */
    const struct receipt *receipt; /* EV_RECEIPT */
    const struct buf *inner;       /* EV_RECEIPT: its signed bytes; NULL: the record has no use for
                                      them */
    uint32_t effect;               /* EV_OPERATED */
    bool ok;                       /* EV_OPERATED */
    const char *text;              /* EV_NO_ANSWER, EV_OPERATED: why it failed, for people; of a
                                      snapshot: its path */
    enum operation op;             /* EV_OPERATED */
    const char *region;            /* of a snapshot; so are bytes and wall_ms */
    bool final;                    /* asking again cannot help */
    uint64_t bytes;
    int64_t wall_ms;
    const char *advice;            /* EV_ALARM */
    enum operator_request request; /* EV_REQUEST */
};

struct ports {
    void *ctx;
    int64_t (*now)(void *ctx); /* clock.mono */
    void (*random)(void *ctx, void *p, size_t n);
    /* Writes the rows that are marked as dirty, makes them durable and clears the marks. After -1
     * the run must begin nothing more. */
    int (*commit)(void *ctx, struct ledger *l, struct err *err);
    /* Signs o into ret_inner and fills the digest of these bytes. The caller has set session,
     * epoch, sequence and nonce in the header. */
    int (*sign)(void *ctx, const char *key, const struct order *o, struct buf *ret_inner,
                struct digest *ret_digest, struct err *err);
    /* Seals and sends; the answer comes as EV_RECEIPT or EV_NO_ANSWER. If another key signed the
     * order, the port signs the same order again with the present key: the receipt then has the
     * digest of the new bytes. */
    void (*send)(void *ctx, const char *key, enum message_kind kind,
                 const unsigned char nonce[static NONCE_LEN], const struct buf *inner);
    /* Asks Nomad for one change or one snapshot; the answer comes as EV_OPERATED. */
    void (*operate)(void *ctx, const struct nomad_operation *o);
    /* Names the hosts that the next observations ask in detail. The port copies the keys. */
    void (*interest)(void *ctx, const char *const *keys, size_t n);
    /* Until this time (clock.mono) the run only waits: observations may be rare. 0: as usual. */
    void (*rest)(void *ctx, int64_t until_ms);
    /* Names the servers whose objects the next observations count. The port copies the keys. */
    void (*count)(void *ctx, const char *const *keys, size_t n);
    /* Names the servers whose logs the port reads. The port keeps the lines with `step`, the server
     * whose turn it is or was ("": none). The port copies the keys. */
    void (*listen)(void *ctx, const char *step, const char *const *keys, size_t n);
    /* Fills the release's manifest, and the places where this host gets the release. */
    void (*stage_order)(void *ctx, const char *key, struct order_stage *ret);
    /* Waits for an event, at most until `until` (clock.mono). */
    int (*next)(void *ctx, int64_t until_ms, struct event *ret, struct err *err);
};

#endif
