#include "sim_build.h"
#include <stdint.h>
#include "str.h"

struct from {
    int major, minor, patch;
};

/* The first version with each feature. KEEP_STATUS was also added to two older series. */
static const struct from since[SIM_FEATURE_COUNT] = {
    [SIM_FEATURE_LAST_DRAIN] = {1, 1, 0},  [SIM_FEATURE_PAGES] = {1, 3, 0},
    [SIM_FEATURE_VALIDATE] = {1, 3, 0},    [SIM_FEATURE_KEEP_STATUS] = {1, 5, 0},
    [SIM_FEATURE_BUILD_DATE] = {1, 5, 0},  [SIM_FEATURE_NODE_POOL] = {1, 6, 0},
    [SIM_FEATURE_TRANSFER] = {1, 7, 0},    [SIM_FEATURE_VOTERS] = {1, 4, 0},
    [SIM_FEATURE_TOKEN_SELF] = {1, 10, 1}, [SIM_FEATURE_SNAPSHOT_WRITE] = {1, 11, 3},
    [SIM_FEATURE_NO_RAFT_2] = {1, 4, 0},
};

static int parse_build(const char *version, struct from *ret)
{
    return sscanf(version, "%d.%d.%d", &ret->major, &ret->minor, &ret->patch) == 3 ? 0 : -1;
}

bool sim_build_at_least(const char *version, int major, int minor, int patch)
{
    struct from v;
    if (parse_build(version, &v) < 0)
        return false;
    if (v.major != major)
        return v.major > major;
    if (v.minor != minor)
        return v.minor > minor;
    return v.patch >= patch;
}

bool sim_build_has(const char *version, enum sim_feature f)
{
    struct from v;
    if (parse_build(version, &v) < 0)
        return false;
    if (f == SIM_FEATURE_KEEP_STATUS && v.major == 1 && (v.minor == 3 || v.minor == 4))
        return v.patch >= (v.minor == 3 ? 10 : 5);
    return sim_build_at_least(version, since[f].major, since[f].minor, since[f].patch);
}

void sim_build_parts(const char *version, char *number, char *pre, char *meta)
{
    size_t n = strcspn(version, "-+"), m = strcspn(version, "+");
    snprintf(number, SIM_BUILD_TEXT, "%.*s", (int)MIN_OF(n, 31u), version);
    snprintf(pre, SIM_BUILD_TEXT, "%.*s", (int)(m > n ? MIN_OF(m - n - 1, 31u) : 0),
             version + n + (m > n));
    str_cut(meta, SIM_BUILD_TEXT, version[m] == '+' ? version + m + 1 : "");
}

void sim_build_revision(const char *version, char ret[static 41])
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (const char *p = version; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
    for (int i = 0; i < 40; i++) {
        ret[i] = "0123456789abcdef"[h >> 60];
        h = h * UINT64_C(6364136223846793005) + 1442695040888963407u;
    }
    ret[40] = '\0';
}

const char *sim_build_date(const char *version)
{
    static const char *const dates[] = {"2023-05-17T10:20:30Z", "2024-06-03T10:20:30Z",
                                        "2025-04-09T10:20:30Z", "2026-03-11T10:20:30Z"};
    if (sim_build_at_least(version, 2, 0, 0))
        return dates[3];
    if (sim_build_at_least(version, 1, 10, 0))
        return dates[2];
    return dates[sim_build_at_least(version, 1, 7, 3)];
}
