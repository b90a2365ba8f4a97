/*
 * ready_bench.h - a model host whose Nomad is well, server and client, surveyed after one change.
 *
 * ready_open and ready_close are set-up and tear-down; ready_open_as makes another host of it
 * first, and each row begins with that one. A row is one change and the one answer that it brings.
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
    struct facts f;
    struct facts_survey s;
    struct law law;
    bool client, server;      /* whether it has an id as such */
    struct version_said says; /* what the file in place says of itself; nothing: not asked */
    ready_change *made;       /* what ready_open_as was given */
};

struct ready_row {
    ready_change *change; /* NULL: none */
    const char *id;
    enum tri value;
    const char *says; /* a part of the text */
};

int ready_open(void **state);
int ready_open_as(void **state, ready_change *made);
int ready_close(void **state);
#define READY_BENCH(f) cmocka_unit_test_setup_teardown(f, ready_open, ready_close)

void ready_put_mode(struct ready_bench *b, const char *path, const char *text, uint32_t mode);
void ready_put(struct ready_bench *b, const char *path, const char *text);
/* The unit's words; line: blanks stand for NUL. */
void ready_start_by(struct ready_bench *b, const char *line);
void ready_survey(struct ready_bench *b);
const struct fact *ready_find(struct ready_bench *b, const char *id); /* surveyed anew; or NULL */
void ready_is(struct ready_bench *b, const char *id, enum tri value, const char *says);
void ready_again(void **state); /* the host as it was opened */
void ready_rows(void **state, const struct ready_row *rows, size_t n);

#endif
