/*
 * counts.h - how many objects a region's state contains, and whether some were lost. Pure.
 *
 * A server can come back healthy by all that raft reports, but with an empty state (Nomad 1.9.2).
 * So Caravan counts jobs, nodes, allocations and namespaces in a server's own state (stale reads):
 * before a swap in the leader's state, and after the server has settled in its own state and again
 * in the leader's.
 *
 * State is lost if a server has fewer objects than its leader, apart from the few that change while
 * Caravan asks. State is also lost if the leader itself has fewer than half of the objects from
 * before the swap, of more than one kind. People stop jobs, remove nodes and collect garbage while
 * a fleet is upgraded, but rarely all of that at once.
 *
 * The lists are long. count_scan counts the elements of a JSON array piece by piece and keeps none
 * of them. jansson would keep them all: its tree of 10,000 nodes as Nomad lists them (11 MiB of
 * text) took 87 MiB, that of 30,000 allocations (16 MiB) 107 MiB, and a program that must stay
 * within 64 MB counts up to 64 servers at once.
 */
#ifndef COUNTS_H
#define COUNTS_H

#include "world.h"

#define COUNTS_SLACK 50 /* one object in so many may differ between two servers, but at least: */
#define COUNTS_FEW   2  /* so many nodes or allocations */

const char *object_name(enum object o, int64_t n); /* "jobs"; for n = 1 "job" */
/* True if the objects were counted. In a ledger, all zeros mean: not counted. */
bool counts_taken(const int64_t n[static OBJECT_KINDS]);
/* True if every kind has a number, or the token may not count it. */
bool counts_known(const int64_t n[static OBJECT_KINDS]);
/* True if counts_known(n), and each kind that was counted before was counted now. */
bool counts_comparable(const int64_t before[static OBJECT_KINDS],
                       const int64_t n[static OBJECT_KINDS]);
/* "5 jobs, 3 nodes, 12 allocations, 1 namespace" */
void counts_text(const int64_t n[static OBJECT_KINDS], char *dst, size_t size);
/* True if `after` lost something that `before` had. text: what was lost. */
bool counts_show_loss(const int64_t before[static OBJECT_KINDS],
                      const int64_t after[static OBJECT_KINDS], char *text, size_t size);
/* True if `mine` lacks objects that `others`, asked for at the same moment, has. text: what is
 * missing. */
bool counts_lack(const int64_t others[static OBJECT_KINDS], const int64_t mine[static OBJECT_KINDS],
                 char *text, size_t size);

/* True if, of the last two answers of two servers, each server was asked again after the other
 * server's older answer. An object that is made or removed during the questions can show in one
 * such pair of answers, never in both. A lost object is missing in both. */
bool counts_in_turn(const struct counted a[static 2], const struct counted b[static 2]);

struct count_scan {
    int64_t n;
    int depth;
    bool in_text, escaped, element, over, bad;
    char word[5]; /* null */
    size_t n_word;
};

/* Adds a piece of the text. Begin with a scan of zero bytes. The scan is strict only about
 * brackets and strings, because Nomad made the text. */
void count_scan_add(struct count_scan *c, const void *p, size_t n);
/* Returns the number of elements of the array (null: 0). COUNT_UNKNOWN: the array is not
 * complete. */
int64_t count_scan_end(const struct count_scan *c);

#endif
