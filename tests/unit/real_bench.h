/*
 * real_bench.h - the phases on the real ports, below a scratch directory of root.
 *
 * The service does not run, there is no service manager, no binary can be tried, and a download
 * brings a text of the test. real_make makes all this, the test makes its changes, real_start opens
 * the phases, real_done closes and removes everything. One bench at a time. Failures fail the test.
 */
#ifndef REAL_BENCH_H
#define REAL_BENCH_H

#include "host_linux.h"
#include "phases.h"

struct real_bench {
    char *dir;
    char bin[300], fetch[300], swap[300], target[320];
    const char *brings; /* the text that a download brings */
    bool kept;          /* a stage finds the same file already staged */
    unsigned fetches;
    struct agent_conf agent;
    struct host_linux l;
    struct host host, real; /* the real ports, without the test's changes */
    struct service service; /* its self points to the bench */
    struct phases p;
    struct phases_config conf;
    char note[TEXT_MAX]; /* the last */
};

void real_make(struct real_bench *b, const char *brings);
void real_start(struct real_bench *b);
void real_done(struct real_bench *b);
void real_make_dir(const char *path, mode_t mode);
/* Enters this phase with the downloaded text as this version, and steps until the phases rest. */
void real_begin(struct real_bench *b, enum phase phase, const char *version);

#endif
