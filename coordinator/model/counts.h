/*
 * counts.h - how many objects a region's state holds, and whether some got lost. Pure.
 *
 * A server can come back healthy by everything raft says and with an empty state (Nomad
 * 1.9.2). So jobs, nodes, allocations and namespaces are counted in the server's own state
 * (stale reads): before a server is swapped in its leader's, after it has settled in its
 * own and its leader's again.
 *
 * Lost is what a server has fewer of than its leader, beyond the few that change while one
 * asks. Lost is also what the leader itself has not any more: fewer than half since
 * before the swap, of more than one kind. People stop jobs, remove nodes and collect
 * garbage while a fleet is upgraded, but rarely all of that at once.
 *
 * The lists are long; count_scan counts the elements of a JSON array piece by piece and
 * keeps none of them. jansson would keep them all: its tree of 10,000 nodes as Nomad lists them
 * (11 MiB of text) took 87 MiB, that of 30,000 allocations (16 MiB) 107 MiB, and up to 64 servers
 * are counted at once by a program that is to stay within 64 MB.
 */
#ifndef COUNTS_H
#define COUNTS_H

#include "world.h"

#define COUNTS_SLACK 50 /* one in so many may differ between two servers; at least: */
#define COUNTS_FEW   2  /* so many, of nodes and allocations */

const char *object_name(enum object o, int64_t n); /* "jobs", "job" */
/* It was counted at all: a ledger's zeros were not. */
bool counts_taken(const int64_t n[static OBJECT_KINDS]);
/* Every kind has a number, or may not be asked. */
bool counts_known(const int64_t n[static OBJECT_KINDS]);
/* And what could be counted before still may be. */
bool counts_comparable(const int64_t before[static OBJECT_KINDS],
                       const int64_t n[static OBJECT_KINDS]);
/* "5 jobs, 3 nodes, 12 allocations, 1 namespace" */
void counts_text(const int64_t n[static OBJECT_KINDS], char *dst, size_t size);
/* True: `after` lost something that `before` had; text says what. */
bool counts_fell(const int64_t before[static OBJECT_KINDS],
                 const int64_t after[static OBJECT_KINDS], char *text, size_t size);
/* True: `mine` lacks what `others`, asked in the same moment, has. */
bool counts_lack(const int64_t others[static OBJECT_KINDS], const int64_t mine[static OBJECT_KINDS],
                 char *text, size_t size);

/* Of two servers' last two answers: each was asked once more after the other's older answer. What
 * was made or removed while one asks can show in one pair of such answers, never in both; what is
 * lost is missing in both. */
bool counts_in_turn(const struct counted a[static 2], const struct counted b[static 2]);

struct count_scan {
    int64_t n;
    int depth;
    bool in_text, escaped, element, over, bad;
    char word[5]; /* null */
    size_t n_word;
};

/* From zero bytes. Strict about brackets and texts only: Nomad made it. */
void count_scan_add(struct count_scan *c, const void *p, size_t n);
/* Elements of the one array (or null: none) that came whole; COUNT_UNKNOWN: it did not. */
int64_t count_scan_end(const struct count_scan *c);

#endif
