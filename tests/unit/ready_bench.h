/*
 * ready_bench.h - a model host whose Nomad is well, server and client, surveyed after one change.
 *
 * A row is one change and the one answer that it brings. A test file has one `struct ready_host
 * host`: what it makes of the well one first, and its rows; READY_ROWS walks them, each on a host
 * of its own, and READY_TEST(f) is a test that begins with such a host.
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
    const struct ready_host *host;
};

struct ready_row {
    ready_change *change; /* NULL: none */
    const char *id;
    enum tri value;
    const char *says; /* a part of the text */
};

struct ready_host {
    ready_change *made; /* NULL: it stays the well one */
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
/* The unit's words; line: blanks stand for NUL. */
void ready_start_by(struct ready_bench *b, const char *line);
void ready_survey(struct ready_bench *b);
const struct fact *ready_find(struct ready_bench *b, const char *id); /* surveyed anew; or NULL */
void ready_is(struct ready_bench *b, const char *id, enum tri value, const char *says);
void ready_again(void **state); /* the host as it was opened */
#endif
