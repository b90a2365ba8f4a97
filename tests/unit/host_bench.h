/*
 * host_bench.h - a small fleet whose hosts report facts, and the findings of a plan about them.
 *
 *     cmocka_unit_test_setup_teardown(f, host_bench_up, host_bench_down)
 *
 * The state is the bench. The caller owns the texts of facts, and they must outlive the bench.
 */
#ifndef HOST_BENCH_H
#define HOST_BENCH_H

#include "small_fleet.h"

#define BENCH_C1   3 /* a client of the small fleet; 0: a server */
#define BENCH_WELL SMALL_FACTS

struct host_bench {
    struct small_fleet f;
    struct fact_view facts[SMALL_HOSTS][BENCH_WELL + 12];
};

int host_bench_up(void **state);
int host_bench_down(void **state);
/* The host's agent reports this fact, in the place of an earlier one with the same name. */
void host_bench_set(struct host_bench *b, int host, const char *id, enum tri value,
                    const char *text);
/* Plans again and returns the plan's finding with this id; NULL: there is none. */
const struct finding *host_bench_plan(struct host_bench *b, const char *id);

#endif
