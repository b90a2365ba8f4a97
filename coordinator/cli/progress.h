/*
 * progress.h - what changed in a run since it was last looked at.
 *
 * Folded after every tick. Tells each change of the run's state, of a host's state, each snapshot
 * taken, each keystore copied, and each region whose servers cannot go back any more (no_return.h)
 * exactly once.
 *
 * A wait has a reason, a host, and a text; it is the same wait while nothing but numbers differs. A
 * wait is told when it has lasted for PROGRESS_PATIENCE_MS, so that what is over at once makes no
 * line. While the same wait goes on it is told again every PROGRESS_REPEAT_MS, with its numbers. A
 * wait that comes back after others were told is told again after PROGRESS_AGAIN_MS. Where waits
 * change faster than that, one is told every PROGRESS_AGAIN_MS.
 *
 * The live view, plain lines and JSON events are three readers of it.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "run.h"

#define PROGRESS_PATIENCE_MS 1000
#define PROGRESS_REPEAT_MS   60000
#define PROGRESS_AGAIN_MS    15000
#define PROGRESS_WAITS       8 /* that were told last, kept to compare with */

enum change_kind {
    CHANGE_RUN,
    CHANGE_HOST,
    CHANGE_WAITING,
    CHANGE_SNAPSHOT,
    CHANGE_KEYSTORE,
    CHANGE_NO_RETURN
};

struct change {
    enum change_kind kind;
    size_t host;                        /* CHANGE_HOST, CHANGE_KEYSTORE: index in plan and ledger */
    const struct waiting *waiting;      /* CHANGE_WAITING */
    const struct ledger_region *region; /* CHANGE_SNAPSHOT: one was taken; CHANGE_NO_RETURN */
    const struct host *leader;          /* CHANGE_NO_RETURN: the new leader, on the target */
};

struct told_wait {
    enum reason reason;
    char key[UUID_MAX];
    char text[TEXT_MAX];
    int64_t at_ms; /* when it began, or was told last */
};

struct progress {
    const struct plan *plan;
    const struct ledger *ledger;
    int run_state;
    int *states;    /* by host */
    int64_t *since; /* by host: when its state began, clock.mono */
    int64_t begun;
    bool *copied;                      /* by host: its keystore was told */
    int64_t snapshots[LEDGER_REGIONS]; /* when those told were taken, wall clock */
    bool no_return[LEDGER_REGIONS];
    struct told_wait wait; /* what is waited for now */
    struct told_wait told[PROGRESS_WAITS];
    size_t n_told, last; /* last: the one of told that was told last */
    int64_t told_ms;
};

void progress_init(struct progress *p, const struct plan *plan, const struct ledger *l,
                   int64_t now);
void progress_free(struct progress *p);
/* w: what was decided upon; NULL: nothing is known. */
void progress_fold(struct progress *p, const struct decision *d, const struct world *w, int64_t now,
                   void (*tell)(void *ctx, const struct change *c), void *ctx);

#endif
