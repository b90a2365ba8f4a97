/*
 * seeds.h - hosts that serve the release to others of their datacenter: who is one, and for whom.
 * Pure.
 *
 * Root on a host switches it on (caravan-seed.socket, [seed] url); its agent then tells the fact
 * `seed`, yes, with the base of its places: "http://10.0.0.5:4655/". What the host has staged lies
 * there under the SHA-256 of the file as it is fetched. A seed is for hosts of its own region,
 * datacenter, system and architecture. Nobody believes it: every host checks size and digest of
 * what it gets, and goes on to the next place of its order. And it sends others to nobody but
 * itself: the host of its URL is the one of the address at which its agent answers, there is no
 * query, and hosts follow no redirect there (get.h). So no host can make the others ask their own
 * Nomad, or whatever else answers who asks, for something.
 *
 * Where a fact is not known there is no seed, and a host whose law may refuse a seed's place does
 * not get it: one refused place, and the host refuses the order.
 */
#ifndef SEEDS_H
#define SEEDS_H

#include "world.h"

#define SEEDS_TOLD 2 /* in one order, at most */

/* The base of its places, which ends in a slash; NULL: it is no seed, or not known to be one, or
 * what it tells is no plain http(s) URL of the host where its agent answers, without a query, that
 * leaves room for the digest. */
const char *seed_place_base(const struct host *h);
/* By its agent, it has staged this binary, and so serves the file that it came in. */
bool seed_has(const struct host *seed, const struct digest *binary);
/* Of the same region, datacenter, system and architecture (also a host and itself); <0, >0: which
 * comes first. */
int seed_group_cmp(const struct host *a, const struct host *b);

/* Into dst, which holds n: the indexes of those that are seeds, sorted by group; without those
 * whose datacenter is not known. How many. For whoever makes a world; it is w->seeds then. */
size_t seeds_find(const struct host *hosts, size_t n, uint32_t *dst);
/* Where in w->seeds the seeds of its group begin; w->n_seeds or another group's: it has none. */
size_t seeds_from(const struct world *w, const struct host *h);

/* Puts the places of seeds that have the binary in front of the order's own, which all stay: at
 * most SEEDS_TOLD, fewer where URLS_MAX leaves no room. Never h's own place. Which ones, where
 * there are more, is spread over the hosts by their keys. `file` is the digest of the file as
 * fetched. */
void seeds_lead(const struct world *w, const struct host *h, const struct digest *binary,
                const struct digest *file, struct order_stage *o);

#endif
