/*
 * names_removed.h - who still names a server that leaves. Pure.
 *
 * A host names one by its address in what its agent tells: `joins`, what Nomad's files say to join,
 * at any time; and `knows-servers`, the servers that a client would turn to, when that one has left
 * for KNOWN_FOR_MS. Until then clients know it: Nomad tells them at their next heartbeat, and what
 * an agent tells may be some seconds old.
 */
#ifndef NAMES_REMOVED_H
#define NAMES_REMOVED_H

#include "ledger.h"

#define KNOWN_FOR_MS 30000

struct names_removed {
    enum tri names;                 /* UNKNOWN: it cannot be told */
    const struct plan_host *server; /* YES: the first that it names */
    bool files;                     /* YES: by its files; else its Nomad knows it */
    const char *why;                /* UNKNOWN; else "" */
};

/* What this host says. l: NULL before the run: of all that leave; else of those that have left. */
struct names_removed names_removed(const struct world *w, const struct plan *p,
                                   const struct ledger *l, const struct host *h);
/* Is it asked at all? Not those that leave, nor servers that left before. */
bool names_removed_asks(const struct world *w, const struct plan *p, const struct host *h);
/* Of all hosts those with this answer, YES or UNKNOWN: how many; and the first of them, for people,
 * into dst: "c1 (s1, in its files), c2 (s1, known to its Nomad) and 3 more". */
size_t names_removed_text(const struct world *w, const struct plan *p, const struct ledger *l,
                          enum tri which, char dst[static TEXT_MAX]);

#endif
