/*
 * progress.h - what changed in a run since it was last looked at.
 *
 * Folded after every tick; tells each change of the run's state, of a host's state,
 * each snapshot taken, each keystore copied, each region whose servers cannot go back any more
 * (no_return.h), and of what is waited for (another reason or host, or the same with news after
 * PROGRESS_REPEAT_MS) exactly once. What is known first when a wait begins is often that nothing
 * was asked yet: the first news that are more than other numbers are told at once. The live view,
 * plain lines and JSON events are three readers of it.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "run.h"

#define PROGRESS_REPEAT_MS 15000

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
    enum reason reason; /* last told */
    char key[UUID_MAX];
    char text[TEXT_MAX];
    int64_t told_ms;
    bool first; /* what was told is what was known when the wait began */
};

void progress_init(struct progress *p, const struct plan *plan, const struct ledger *l,
                   int64_t now);
void progress_free(struct progress *p);
/* w: what was decided upon; NULL: nothing is known. */
void progress_fold(struct progress *p, const struct decision *d, const struct world *w, int64_t now,
                   void (*tell)(void *ctx, const struct change *c), void *ctx);

#endif
