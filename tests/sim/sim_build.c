#include "sim_build.h"

struct from {
    int major, minor, patch;
};

/* First version with it; KEEP_STATUS also came to two older series. */
static const struct from since[SIM_FEATURE_COUNT] = {
    [SIM_FEATURE_LAST_DRAIN] = {1, 1, 0},      [SIM_FEATURE_PAGES] = {1, 3, 0},
    [SIM_FEATURE_VALIDATE] = {1, 3, 0},        [SIM_FEATURE_KEEP_STATUS] = {1, 5, 0},
    [SIM_FEATURE_BUILD_DATE] = {1, 5, 0},      [SIM_FEATURE_NODE_POOL] = {1, 6, 0},
    [SIM_FEATURE_TRANSFER] = {1, 7, 0},        [SIM_FEATURE_VOTERS] = {1, 4, 0},
    [SIM_FEATURE_TOKEN_SELF] = {1, 10, 1},     [SIM_FEATURE_SNAPSHOT_WRITE] = {1, 11, 3},
    [SIM_FEATURE_NO_RAFT_2] = {1, 4, 0},
};

static int parse(const char *version, struct from *ret)
{
    return sscanf(version, "%d.%d.%d", &ret->major, &ret->minor, &ret->patch) == 3 ? 0 : -1;
}

bool sim_build_at_least(const char *version, int major, int minor, int patch)
{
    struct from v;
    if (parse(version, &v) < 0)
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
    if (parse(version, &v) < 0)
        return false;
    if (f == SIM_FEATURE_KEEP_STATUS && v.major == 1 && (v.minor == 3 || v.minor == 4))
        return v.patch >= (v.minor == 3 ? 10 : 5);
    return sim_build_at_least(version, since[f].major, since[f].minor, since[f].patch);
}
