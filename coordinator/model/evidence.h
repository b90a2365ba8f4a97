/*
 * evidence.h - for how long the gates have passed without a break. Pure.
 *
 * evidence_fold is called once with every observation: it asks the gate of every region and of
 * every host that settles, and keeps a streak for each. A streak that fails, cannot be told, or
 * began before what it is about was last disturbed begins anew; what is not asked any more is
 * forgotten. evidence_settled then says whether one has lasted. For how long what was waited for
 * stands here as well. It may all be lost, since losing it only delays: it is in no ledger.
 *
 * Begin with zero bytes (and begun_ms); evidence_free gives the streaks back. It keeps no pointer
 * into the observation, plan or ledger. A streak found is valid until the next fold. One thread.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "gate.h"

struct streak {
    char key[UUID_MAX + NAME_MAX_LEN]; /* "region/global", "host/<key>" */
    int64_t since_ms; /* begin of the observation that first passed; 0: not passing */
    int64_t last_ms;  /* begin of the last observation */
    uint32_t answers;
    uint64_t last_round;
    enum verdict_kind last;
    char text[TEXT_MAX]; /* of the last result */
    int64_t text_ms; /* begin of the observation since which it has been word for word the same */
};

/* One server refuses the token although it is not behind: by autopilot it is healthy. While it
 * restores, a server may not know the token yet, which is no reason. */
struct denial {
    char key[UUID_MAX], name[NAME_MAX_LEN];
    char text[TEXT_MAX];
    int64_t since_ms, last_ms; /* begin of the first and the last observation that showed it */
    uint32_t answers;          /* 0: nobody does */
};

/* What was waited for, each thing by itself, since something last moved. */
struct waited {
    int reason; /* enum reason of decide; 0: for nothing */
    char key[UUID_MAX];
    char text[TEXT_MAX]; /* the last that was told of it */
    int64_t ms;          /* in all */
};
#define WAITED_MAX 16

struct evidence {
    struct streak *streaks;
    size_t n, cap;
    int64_t begun_ms;                 /* when this process began to observe */
    struct waited waited[WAITED_MAX]; /* since waited_from_ms; kept by decide's note_waits */
    size_t n_waited, waits;           /* waits: which of them it is now, since waits_ms */
    int64_t waited_from_ms, waits_ms, noted_ms; /* noted: up to when they are counted */
    int64_t refused_ms;  /* since when nobody answers our token; 0: somebody does */
    int64_t counting_ms; /* since when nothing is missing but counts; 0: something is; note_waits */
    struct denial denial;
    int64_t progress_ms; /* when something last moved: intents, receipts; kept by run */
};

/* When a server was last swapped, reverted, found to run the target, taken out or asked to hand
 * over (clock.mono): streaks of regions begin after it. Staging disturbs nobody. */
int64_t servers_disturbed(const struct ledger *l, const struct plan *p);
/* Folds one observation in: evaluates region gates and the gates of hosts in flight. */
void evidence_fold(struct evidence *e, const struct world *w, const struct plan *p,
                   const struct ledger *l, int64_t now);
const struct streak *evidence_find(const struct evidence *e, const char *key);
/* Passed for settle_ms in at least settle_answers observations, all begun after `since`,
 * the last one fresh. */
bool evidence_settled(const struct evidence *e, const char *key, const struct policy *p,
                      int64_t since, int64_t now);
int64_t streak_ms(const struct streak *s); /* how long it has passed */
/* The text of what does not pass, and for how long it has been just that: "s3 is not a voter (for
 * 6.2 s)". Numbers that move begin anew: they tell of themselves. */
void streak_text(const struct streak *s, char *dst, size_t n);
void evidence_free(struct evidence *e);

#endif
