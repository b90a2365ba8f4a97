/*
 * small_fleet.h - three servers and two clients in one region, all well, as one observation.
 *
 * For tests of the pure core. Call small_fleet_init, then change what the test is about. Times are
 * the coordinator's; now is SMALL_NOW, and every answer is fresh. s1 leads. Hosts 0-2 are the
 * servers s1..s3, hosts 3-4 the clients c1, c2. All run FROM, the release is TO, and every host has
 * an enrolled agent.
 */
#ifndef SMALL_FLEET_H
#define SMALL_FLEET_H

#include "built_in.h"
#include "decide.h"
#include "small_survey.h"

#define SMALL_HOSTS   5
#define SMALL_SERVERS 3
#define SMALL_NOW     100000
#define SMALL_FROM    "1.10.2"
#define SMALL_TO      "1.10.5"

enum small_feature {
    SMALL_ID,
    SMALL_NAME,
    SMALL_DC,
    SMALL_CLASS,
    SMALL_ELIGIBILITY,
    SMALL_DRAIN,
    SMALL_DRAINED,
    SMALL_DRIVER,
    SMALL_VOLUME,
    SMALL_CONSUL,
    SMALL_DISK,
    SMALL_META,
    SMALL_FEATURES
};

#define SMALL_FACTS 25
extern const struct fact_view small_fleet_facts[SMALL_FACTS]; /* of a host that is well */

struct small_fleet {
    struct world w;
    struct host hosts[SMALL_HOSTS];
    struct region regions[1];
    struct member members[SMALL_SERVERS][SMALL_SERVERS];
    struct peer raft[SMALL_SERVERS], autopilot[SMALL_SERVERS];
    struct driver_view drivers[2][1];
    struct alloc_view allocs[2][1];
    struct feature features[2][SMALL_FEATURES]; /* of c1 and c2: by enum small_feature */
    int64_t objects[SMALL_HOSTS][OBJECT_KINDS]; /* counted in each server's state */
    struct small_survey surveyed;
    struct survey survey;
    struct release release;
    struct policy policy;
    /* For decide: filled by small_fleet_run. */
    struct plan plan;
    struct ledger ledger;
    struct evidence evidence;
    struct lease_view lease;
    enum claim claims[SMALL_HOSTS];
    struct decision decision;
};

void small_fleet_init(struct small_fleet *f);
void small_fleet_version(struct small_fleet *f, const char *from); /* of all hosts */
void small_fleet_free(struct small_fleet *f);
/* Makes a plan and a ledger in this state, with every host staged, all leases held, and gates
 * that have passed for a minute. */
void small_fleet_run(struct small_fleet *f, enum run_state state);
/* Adds the same world to the evidence once more, observed `ms` later. */
void small_fleet_later(struct small_fleet *f, int64_t ms);
/* decide() at the world's time. */
const struct decision *small_fleet_decide(struct small_fleet *f);
/* Returns the first intent of this kind; NULL: none. */
const struct intent *small_fleet_intent(const struct small_fleet *f, enum intent_kind kind);
bool small_fleet_waits(const struct small_fleet *f, enum reason reason);

#endif
