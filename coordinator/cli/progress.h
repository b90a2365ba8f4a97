/*
 * progress.h - finds out what changed in a run since the last tick.
 *
 * progress_fold is called after every tick. It reports exactly once: each change of the run's state
 * and of a host's state, each snapshot, each copied keystore, and each region whose servers cannot
 * go back any more (no_return.h).
 *
 * A wait has a reason, a host and a text. Two waits are the same if only numbers in their texts
 * differ. A wait is reported when it has lasted PROGRESS_PATIENCE_MS, so a short wait makes no
 * line. While the same wait goes on, it is reported again every PROGRESS_REPEAT_MS with its new
 * numbers. A wait that comes back after other waits is reported again after PROGRESS_AGAIN_MS. If
 * waits change faster than that, one wait is reported every PROGRESS_AGAIN_MS.
 *
 * The live view, the plain lines and the JSON events use it.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "run.h"

#define PROGRESS_PATIENCE_MS 1000
#define PROGRESS_REPEAT_MS   60000
#define PROGRESS_AGAIN_MS    15000
#define PROGRESS_WAITS       8 /* waits that were reported last, kept to compare with */

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
    int64_t at_ms; /* when the wait began, or was last reported */
};

struct progress {
    const struct plan *plan;
    const struct ledger *ledger;
    int run_state;
    int *states;    /* by host */
    int64_t *since; /* by host: when its state began, clock.mono */
    int64_t begun;
    bool *copied;                      /* by host: its keystore copy was reported */
    int64_t snapshots[LEDGER_REGIONS]; /* wall clock; when the reported snapshot was taken */
    bool no_return[LEDGER_REGIONS];
    struct told_wait wait; /* the wait of now */
    struct told_wait told[PROGRESS_WAITS];
    size_t n_told, last; /* last: index in told of the wait that was reported last */
    int64_t told_ms;
};

void progress_init(struct progress *p, const struct plan *plan, const struct ledger *l,
                   int64_t now);
void progress_free(struct progress *p);
/* w: the world of this tick; NULL: not known. Calls tell once for each change. */
void progress_fold(struct progress *p, const struct decision *d, const struct world *w, int64_t now,
                   void (*tell)(void *ctx, const struct change *c), void *ctx);

#endif
