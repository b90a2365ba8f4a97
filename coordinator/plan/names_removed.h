/*
 * names_removed.h - hosts that still name a server that leaves. Pure.
 *
 * Two facts of a host's agent can contain the address of such a server: `joins` (the servers that
 * Nomad's files say to join) at any time, and `knows-servers` (the servers that a client would use)
 * when the server has left for KNOWN_FOR_MS. Before that, clients still know the server: Nomad
 * gives them the new list at their next heartbeat, and the report of an agent may be some seconds
 * old.
 */
#ifndef NAMES_REMOVED_H
#define NAMES_REMOVED_H

#include "ledger.h"

#define KNOWN_FOR_MS 30000

struct names_removed {
    enum tri names;                 /* UNKNOWN: the function cannot tell */
    const struct plan_host *server; /* YES: the first server that the host names */
    bool files;      /* YES: true if Nomad's files name it, false if its Nomad knows it */
    const char *why; /* UNKNOWN; else "" */
};

/* Judges one host. l NULL: before the run, about all servers that leave; otherwise about the
 * servers that have left. */
struct names_removed names_removed(const struct world *w, const struct plan *p,
                                   const struct ledger *l, const struct host *h);
/* Does the check apply to this host? It does not apply to servers that leave or have left. */
bool names_removed_asks(const struct world *w, const struct plan *p, const struct host *h);
/* Returns how many hosts have this answer (YES or UNKNOWN), and writes the first of them for people
 * into dst: "c1 (s1, in its files), c2 (s1, known to its Nomad) and 3 more". */
size_t names_removed_text(const struct world *w, const struct plan *p, const struct ledger *l,
                          enum tri which, char dst[static TEXT_MAX]);

#endif
