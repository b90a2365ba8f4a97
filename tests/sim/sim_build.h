/*
 * sim_build.h - the features of a version of Nomad, as far as the model or its answers depend on
 * them (source of the facts: Nomad's changelog and source, by tag).
 */
#ifndef SIM_BUILD_H
#define SIM_BUILD_H

#include "compiler.h"
#include <stdbool.h>

#define SIM_BUILD_TEXT 32

enum sim_feature {
    SIM_FEATURE_LAST_DRAIN,  /* LastDrain, drain Meta */
    SIM_FEATURE_PAGES,       /* per_page, next_token */
    SIM_FEATURE_VALIDATE,    /* nomad config validate */
    SIM_FEATURE_KEEP_STATUS, /* a registration does not change the node's status */
    SIM_FEATURE_BUILD_DATE,  /* version prints three lines */
    SIM_FEATURE_NODE_POOL,
    SIM_FEATURE_TRANSFER,       /* operator/raft/transfer-leadership */
    SIM_FEATURE_VOTERS,         /* autopilot health contains Leader and Voters */
    SIM_FEATURE_TOKEN_SELF,     /* acl/token/self: 403 for a bad token, 200 without ACLs */
    SIM_FEATURE_SNAPSHOT_WRITE, /* operator:write may take snapshots */
    SIM_FEATURE_NO_RAFT_2,      /* raft protocol 2 is refused */
    SIM_FEATURE_COUNT
};

bool sim_build_at_least(const char *version, int major, int minor, int patch);
bool sim_build_has(const char *version, enum sim_feature f);

/* Splits "1.11.0-rc.1+ent" into "1.11.0", "rc.1" and "ent"; each has SIM_BUILD_TEXT bytes. */
void sim_build_parts(const char *version, char *number, char *pre, char *meta);
/* 40 hexadecimal digits and a date, computed from the version: not the real ones. */
void sim_build_revision(const char *version, char ret[static 41]);
const char *sim_build_date(const char *version);

#endif
