/*
 * seeds.h - hosts that serve the release to other hosts of their datacenter: which hosts are seeds,
 * and for which hosts. Pure.
 *
 * Root on a host switches the seed on (caravan-seed.socket, [seed] url). Its agent then reports the
 * fact `seed` as yes, with the base of its places: "http://10.0.0.5:4655/". A file that the host
 * has staged is at this base, under the SHA-256 of the file as it is fetched. A seed serves hosts
 * of its own region, datacenter, system and architecture.
 *
 * Hosts do not trust a seed: every host checks size and digest of the file, and goes on to the next
 * place of its order if they differ. A seed cannot send other hosts elsewhere: the host of its URL
 * is the address at which its agent answers, the URL has no query, and hosts follow no redirect
 * there (binary_download.h). So no host can make other hosts send requests to their own Nomad, or
 * to any other service.
 *
 * A host whose fact is unknown is no seed. If a host's law may refuse the place of a seed, the host
 * does not get that place, because a host refuses an order for one refused place.
 */
#ifndef SEEDS_H
#define SEEDS_H

#include "world.h"

#define SEEDS_TOLD 2 /* at most so many seeds in one order */

/* Returns the base of the seed's places, which ends in a slash. NULL: the host is not known to
 * be a seed, or its text is no plain http(s) URL of the host where its agent answers, without a
 * query and short enough for the digest. */
const char *seed_place_base(const struct host *h);
/* True if, by its agent, the host has staged this binary, and so serves the file that contained
 * the binary. */
bool seed_has(const struct host *seed, const struct digest *binary);
/* Compares by region, datacenter, system and architecture. 0: the same group (a host and itself
 * are one group); <0, >0: the order. */
int seed_group_cmp(const struct host *a, const struct host *b);

/* Writes the indexes of the hosts that are seeds into dst, which has room for n, sorted by
 * group. Hosts without a known datacenter are left out. Returns how many. For the code that
 * makes a world; the result becomes w->seeds. */
size_t seeds_find(const struct host *hosts, size_t n, uint32_t *dst);
/* Returns where the seeds of the host's group begin in w->seeds. If that is w->n_seeds, or a
 * seed of another group, the group has no seed. */
size_t seeds_from(const struct world *w, const struct host *h);

/* Puts the places of seeds that have the binary in front of the order's own places, which all
 * stay: at most SEEDS_TOLD places, fewer if URLS_MAX leaves no room, and never h's own place. If
 * there are more seeds, the keys of the hosts spread the hosts over the seeds. `file` is the
 * digest of the file as fetched. */
void seeds_lead(const struct world *w, const struct host *h, const struct digest *binary,
                const struct digest *file, struct order_stage *o);

#endif
