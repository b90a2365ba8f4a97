/*
 * crash_stage.h - the real caravan-swap with a pocket Nomad as its service; the test plays systemd
 * and caravan-agent.
 *
 * The stage has swap's socket (as systemd does), starts caravan-swap with or without the effect
 * counter that ends it, and passes orders. When caravan-swap has died, the stage starts it again
 * and sends the same bytes once more, as the coordinator would. Failures of the stage itself abort
 * with a reason.
 */
#ifndef CRASH_STAGE_H
#define CRASH_STAGE_H

#include <sys/types.h>
#include "order_desk.h"
#include "record.h"
#include "swap_status.h"

enum stage_binary { BINARY_NONE, BINARY_OLD, BINARY_NEW, BINARY_TORN };

struct crash_stage {
    char dir[128];      /* all files are below it */
    char programs[256]; /* build/<flavour> */
    char preload[300];
    uint16_t port;
    struct desk desk;
    struct digest old, fresh; /* of the binaries */
    uint64_t old_size, fresh_size;
    int listen, conn; /* -1 */
    pid_t swap;       /* 0: not running */
    int status;       /* exit status of the last one that ended */
    uint64_t sequence;
    bool seed;       /* the host keeps fetched files for other hosts */
    bool vendor;     /* root demands HashiCorp's signature: stage_sign */
    bool sent_twice; /* swap died while an order was sent, and the order was sent again */
};

/* mode: the behaviour of the new binary, main_pocket.c. */
void stage_open(struct crash_stage *st, const char *dir, const char *programs, const char *mode);
/* Call before any start: root demands HashiCorp's signature, and the new binary comes in a zip with
 * that signature, by a key made here. */
void stage_sign(struct crash_stage *st);
/* Call before any start: the host keeps fetched files for other hosts. stage_kept returns the kept
 * file: whole (BINARY_NEW), none (BINARY_NONE), or anything else. */
void stage_seed(struct crash_stage *st);
enum stage_binary stage_kept(const struct crash_stage *st);
void stage_close(struct crash_stage *st); /* ends swap and the service, removes dir */

void stage_path(const struct crash_stage *st, const char *name, char dst[static 256]);
void stage_service(struct crash_stage *st, bool start);
bool stage_service_runs(const struct crash_stage *st, bool *ret_runs_target);

/* at: end it with status 137 before its at-th effect; 0: never. */
void stage_start(struct crash_stage *st, unsigned at);
void stage_stop(struct crash_stage *st);  /* SIGTERM */
bool stage_alive(struct crash_stage *st); /* reaps */

/* Signs an order with the next sequence; the inner bytes stay, so that they can be sent again. */
void stage_stage(struct crash_stage *st, struct buf *ret_inner);
void stage_swap(struct crash_stage *st, enum on_not_ready policy, struct buf *ret_inner);
void stage_revert(struct crash_stage *st, struct buf *ret_inner);
void stage_preserve(struct crash_stage *st, struct buf *ret_inner);
void stage_end_service(struct crash_stage *st, struct buf *ret_inner); /* a stop by order */
/* Version 2 of the trust file, without the other operator. */
void stage_trust(struct crash_stage *st, struct buf *ret_inner);
/* From then on the anchor contains all versions of the trust file up to this one. */
#define STAGE_ANCHOR 3
void stage_anchor(const struct crash_stage *st);
/* Sends the order. If swap dies meanwhile, starts it again and sends the bytes again. */
enum refusal stage_send(struct crash_stage *st, const struct buf *inner, struct buf *ret_receipt);
/* Waits until the view shows a resting phase and no stop in progress. Starts swap again when it
 * dies. */
void stage_rest(struct crash_stage *st, struct swap_status *ret);
/* The same without starting it again; false: it has died. */
bool stage_await(struct crash_stage *st);
/* Saves a copy of the files, and restores it. */
void stage_save(struct crash_stage *st);
void stage_restore(struct crash_stage *st);

/* Two keys with this text in each. stage_copied returns the text of the only run's copy: 'x' if it
 * is such a pair with the text 'x', 0 if there is no copy, '?' for anything else. */
void stage_keys(const struct crash_stage *st, char text);
char stage_copy(const struct crash_stage *st);

enum stage_binary stage_target(const struct crash_stage *st);

#endif
