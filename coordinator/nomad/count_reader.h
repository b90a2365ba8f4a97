/*
 * count_reader.h - counts the objects in single servers' own state, where it is wanted.
 *
 * Four lists a server (jobs, nodes, allocations, namespaces), each asked with ?stale of the
 * server itself and counted as it comes (counts.h): nothing of it is kept. A list of a
 * hundred thousand allocations is dear to Nomad, so a server rests ten times as long as its
 * lists took, at most COUNT_REST_MAX_MS, before it is counted again.
 *
 * The answers come inside http_wait. What nobody may list (403, 404, 405, 501) is
 * COUNT_DENIED, every other failure COUNT_UNKNOWN.
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
    uint64_t changes; /* counts that have come */
};

void count_reader_init(struct count_reader *r, struct nomad_http *nomad, const struct clock *clock);
void count_reader_free(struct count_reader *r); /* after nomad_http_free */
/* Whose, by raft id, from now on. What is known of others stays as it is. */
void count_reader_want(struct count_reader *r, const char *const *keys, size_t n);
/* Asks what is due; slots say where a server answers. */
void count_reader_tick(struct count_reader *r, const struct servers *s);
/* Puts what is known into the servers of a world. */
void count_reader_fill(const struct count_reader *r, struct world *w);

#endif
