/*
 * real_bench.h - the phases on the real ports, below a scratch directory of root's.
 *
 * The service does not run and no manager tells of it, nothing can be tried, and a download brings
 * a text of the test's: real_make makes that, a test changes what it is about, real_start opens
 * the phases, real_done closes and removes all. One at a time. Failures fail the test.
 */
#ifndef REAL_BENCH_H
#define REAL_BENCH_H

#include "host_linux.h"
#include "phases.h"

struct real_bench {
    char *dir;
    char bin[300], fetch[300], swap[300], target[320];
    const char *brings; /* what a download brings */
    bool kept;          /* a stage finds the same staged already */
    unsigned fetches;
    struct agent_conf agent;
    struct host_linux l;
    struct host host, real; /* real: without what was changed */
    struct service service; /* its self is the bench */
    struct phases p;
    struct phases_config conf;
    char note[TEXT_MAX]; /* the last */
};

void real_make(struct real_bench *b, const char *brings);
void real_start(struct real_bench *b);
void real_done(struct real_bench *b);
void real_make_dir(const char *path, mode_t mode);
/* Enters this phase with what a download brings, as version; until the phases rest. */
void real_begin(struct real_bench *b, enum phase phase, const char *version);

#endif
