/*
 * ready_bench.h - a survey of a model host with a healthy Nomad (server and client), after one
 * change.
 *
 * A row is one change and the one fact that must follow. A test file has one `struct ready_host
 * host`: a first change of the healthy host, and the rows. READY_ROWS tests each row on a new host.
 * READY_TEST(f) is a test that begins with such a host.
 */
#ifndef READY_BENCH_H
#define READY_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "facts_ready.h"
#include "model_swap.h"

#define READY_FILE "/etc/nomad.d/nomad.hcl"

struct ready_bench;
typedef void ready_change(struct ready_bench *b);

struct ready_bench {
    struct model_host m;
    struct phases p;
    struct nomad_on_host f;
    struct facts_survey s;
    struct law law;
    bool client, server;      /* the host has an id as client, as server */
    struct version_said says; /* the answer of the file in place to `version`; empty: not asked */
    const struct ready_host *host;
};

struct ready_row {
    ready_change *change; /* NULL: none */
    const char *id;
    enum tri value;
    const char *says; /* a part of the text */
};

struct ready_host {
    ready_change *made; /* the first change; NULL: none */
    const struct ready_row *rows;
    size_t n;
};

int ready_open(void **state); /* *state: the ready_host */
int ready_close(void **state);
void ready_each_row(void **state);
#define READY_TEST(f)                                                                              \
    cmocka_unit_test_prestate_setup_teardown(f, ready_open, ready_close, (void *)&host)
#define READY_ROWS READY_TEST(ready_each_row)

void ready_put_mode(struct ready_bench *b, const char *path, const char *text, uint32_t mode);
void ready_put(struct ready_bench *b, const char *path, const char *text);
/* Sets the unit's command line. A blank in `line` stands for the NUL after a word. */
void ready_start_by(struct ready_bench *b, const char *line);
void ready_survey(struct ready_bench *b);
const struct fact *ready_find(struct ready_bench *b,
                              const char *id); /* after a new survey; NULL: none */
void ready_is(struct ready_bench *b, const char *id, enum tri value, const char *says);
void ready_again(void **state); /* makes the host as it was opened */
#endif
