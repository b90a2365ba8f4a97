/*
 * count_reader.h - counts the objects in the state of single servers.
 *
 * The reader asks a server for four lists (jobs, nodes, allocations, namespaces), with ?stale, and
 * counts the objects while the answer comes (counts.h). The lists are not stored. A list of a
 * hundred thousand allocations is much work for Nomad. The reader therefore waits ten times as long
 * as the lists took, at most COUNT_REST_MAX_MS, before it counts this server again.
 *
 * Answers come inside http_wait. COUNT_DENIED: the token may not read this list, or Nomad does not
 * have it (403, 404, 405, 501). COUNT_UNKNOWN: any other failure.
 */
#ifndef COUNT_READER_H
#define COUNT_READER_H

#include "nomad_servers.h"

#define COUNT_SERVERS     64
#define COUNT_REST_MAX_MS 30000
#define COUNT_DEADLINE_MS 60000
#define COUNT_MAX         ((size_t)4 * 1024 * 1024 * 1024)

struct counting;

struct count_reader {
    struct nomad_http *nomad;
    const struct clock *clock;
    struct counting *list[COUNT_SERVERS];
    size_t n;
    uint64_t changes; /* how many counts have come */
};

void count_reader_init(struct count_reader *r, struct nomad_http *nomad, const struct clock *clock);
void count_reader_free(struct count_reader *r); /* after nomad_http_free */
/* The servers to count from now on, by raft id. The last counts of other servers stay. */
void count_reader_want(struct count_reader *r, const char *const *keys, size_t n);
/* Sends the questions that are due; s has the base addresses of the servers. */
void count_reader_tick(struct count_reader *r, const struct servers *s);
/* Writes the counts into the servers of a world. */
void count_reader_fill(const struct count_reader *r, struct world *w);

#endif
