#include "sim_timing.h"
#include <string.h>

#define ROW(f, real, quick, sparse)                                                                \
    {                                                                                              \
#f, offsetof(struct sim_timing, f),                                                        \
        {                                                                                          \
            real, quick, sparse                                                                    \
        }                                                                                          \
    }

const struct sim_timing_row sim_timing_rows[] = {
    ROW(beat_ms, 100, 40, 250),
    ROW(election_ms, 1000, 250, 1000),
    ROW(lease_ms, 500, 200, 800),
    ROW(hold_ms, 5000, 5000, 5000),
    ROW(restore_ms, 50, 20, 50),
    ROW(probe_ms, 1000, 100, 2000),
    ROW(failed_after_ms, 30000, 6000, 30000),
    ROW(leave_ms, 800, 100, 800),
    ROW(rejoin_ms, 60000, 12000, 60000),
    ROW(reconcile_ms, 10000, 1000, 10000),
    ROW(stabilize_ms, 10000, 1000, 10000),
    ROW(autopilot_ms, 2000, 400, 2000),
    ROW(stats_wait_ms, 1000, 200, 1000),
    ROW(start_ms, 8000, 300, 8000),
    ROW(drivers_ms, 500, 150, 500),
    ROW(init_ms, 100, 60, 100),
    ROW(ttl_ms, 10000, 10000, 10000),
    ROW(grace_ms, 10000, 10000, 10000),
    ROW(failover_ttl_ms, 300000, 300000, 300000),
    ROW(retry_ms, 15000, 500, 15000),
    ROW(migrate_ms, 10000, 400, 10000),
    ROW(task_start_ms, 100, 30, 100),
    ROW(fleet_ms, 500, 50, 1000),
};
const size_t sim_timing_count = ARRAY_LEN(sim_timing_rows);

static int64_t *duration_field(struct sim_timing *t, size_t offset)
{
    return (int64_t *)(void *)((char *)t + offset);
}

struct sim_timing sim_timing_of(enum sim_preset preset)
{
    struct sim_timing t = {0};
    for (size_t i = 0; i < sim_timing_count; i++)
        *duration_field(&t, sim_timing_rows[i].offset) = sim_timing_rows[i].preset[preset];
    return t;
}

int sim_preset_named(const char *name, enum sim_preset *ret)
{
    static const char *const names[] = {"real", "quick", "sparse"};
    for (int i = 0; i < SIM_PRESET_COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (enum sim_preset)i;
            return 0;
        }
    return -1;
}

int sim_timing_set(struct sim_timing *t, const char *name, int64_t ms)
{
    for (size_t i = 0; i < sim_timing_count; i++)
        if (strcmp(sim_timing_rows[i].name, name) == 0) {
            *duration_field(t, sim_timing_rows[i].offset) = ms;
            return 0;
        }
    return -1;
}
