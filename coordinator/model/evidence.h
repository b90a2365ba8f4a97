/*
 * evidence.h - how long the gates have passed without a break. Pure.
 *
 * The caller calls evidence_fold once for every observation. evidence_fold asks the gate of every
 * region and of every settling host, and keeps a streak for each. A streak begins again if its gate
 * fails or is unknown, or if the streak began before its region or host was last disturbed. A gate
 * that is not asked any more loses its streak. evidence_settled then says whether a streak has
 * lasted long enough. The evidence also counts how long the run waited for each thing. The evidence
 * is in no ledger, because losing it only delays the run.
 *
 * Begin with zero bytes (and begun_ms). evidence_free frees the streaks. The evidence keeps no
 * pointer into the observation, plan or ledger. A streak that was found is valid until the next
 * fold. One thread.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "gate.h"

struct streak {
    char key[UUID_MAX + NAME_MAX_LEN]; /* "region/global", "host/<key>" */
    int64_t since_ms; /* begin of the first observation that passed; 0: the gate does not pass */
    int64_t last_ms;  /* begin of the last observation */
    uint32_t answers;
    uint64_t last_round;
    enum verdict_kind last;
    char text[TEXT_MAX]; /* text of the last result */
    int64_t text_ms;     /* begin of the first observation with exactly this text */
};

/* A server refuses the token although autopilot lists the server as healthy, so the server is
 * not behind. A server that restores its state may not know the token yet; that is no denial. */
struct denial {
    char key[UUID_MAX], name[NAME_MAX_LEN];
    char text[TEXT_MAX];
    int64_t since_ms, last_ms; /* begin of the first and the last observation with this denial */
    uint32_t answers;          /* 0: no server denies */
};

/* One thing that the run waited for, since something last moved. */
struct waited {
    int reason; /* enum reason of decide; 0: the run waited for nothing */
    char key[UUID_MAX];
    char text[TEXT_MAX]; /* the last text of the wait */
    int64_t ms;          /* how long in all, milliseconds */
};
#define WAITED_MAX 16

struct evidence {
    struct streak *streaks;
    size_t n, cap;
    int64_t begun_ms;                 /* when this process began to observe */
    struct waited waited[WAITED_MAX]; /* since waited_from_ms; decide's note_waits fills it */
    size_t n_waited, waits; /* waits: index of the present wait, which began at waits_ms */
    int64_t waited_from_ms, waits_ms,
        noted_ms;        /* noted_ms: the waits are counted up to this time */
    int64_t refused_ms;  /* since when no server takes the token; 0: some server does */
    int64_t counting_ms; /* since when only counts are missing; 0: something else is missing, too;
                            note_waits */
    struct denial denial;
    int64_t progress_ms; /* time of the last intent or receipt; the run sets this member */
};

/* Returns when a server was last swapped, reverted, found to run the target, taken out, or asked
 * to hand leadership over (clock.mono). Streaks of regions begin after that. Staging disturbs no
 * server. */
int64_t servers_disturbed(const struct ledger *l, const struct plan *p);
/* Adds one observation: asks the gates of the regions and of the settling hosts. */
void evidence_fold(struct evidence *e, const struct world *w, const struct plan *p,
                   const struct ledger *l, int64_t now);
const struct streak *evidence_find(const struct evidence *e, const char *key);
/* True if the gate passed for settle_ms in at least settle_answers observations that all began
 * after `since`, and the last observation is fresh. */
bool evidence_settled(const struct evidence *e, const char *key, const struct policy *p,
                      int64_t since, int64_t now);
int64_t streak_ms(const struct streak *s); /* how long the gate has passed, milliseconds */
/* Writes the text of a gate that does not pass, and how long the text has been the same: "s3 is
 * not a voter (for 6.2 s)". A text with changing numbers starts again each time; the numbers
 * show the progress. */
void streak_text(const struct streak *s, char *dst, size_t n);
void evidence_free(struct evidence *e);

#endif
