/*
 * observer.h - observes the fleet in rounds; each round gives a struct world.
 *
 * A round asks every server, the list of nodes of each region when the list is due, and the hosts
 * of interest. A round ends when all have answered, or at its deadline; then the missing values are
 * unknown. The next round begins some time after this one began: a tenth of the time for which
 * nothing has happened, between ROUND_MIN_MS and ROUND_LATE_MS. The pause after a round is also at
 * least twice as long as the round took, but no longer than ROUND_REST_MS for this reason. A round
 * begins sooner when an agent reports a change, or when the caller did something
 * (observer_look_sooner). While the run only waits for a time (observer_set_rest), rounds are rare:
 * REST_ASK_MS for each question of the last round, at most REST_MOST_MS. A world is valid until the
 * next one is taken.
 *
 *     observer_tick(o)          begins and ends rounds; returns the time of the next call
 *     observer_take(o)          the newest world, if it was not taken yet; else NULL
 *
 * Answers come inside http_wait, which the owner of the struct http calls between ticks.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "fleet.h"

#define ROUND_SOON_MS    25 /* from begin to begin, when something has happened */
#define ROUND_MIN_MS     50
#define ROUND_LATE_MS    150   /* from begin to begin, while nothing happens and Nomad is quick */
#define ROUND_MAX_MS     3000  /* deadline of a round in a run */
#define ROUND_PATIENT_MS 12000 /* deadline of a round for status and plan */
#define ROUND_GRACE_MS   150   /* wait for servers that did not answer the last time */
#define ROUND_REST_MS    1000  /* longest pause between two rounds */

#define REST_ASK_MS  50   /* 20 questions a second */
#define REST_MOST_MS 2500 /* half of the time for which an observation is fresh (gate.h) */

struct observer;

struct observer_config {
    const struct coord_conf *conf;
    struct nomad_http *nomad;
    struct agents *agents; /* NULL: ask no agents */
    const struct clock *clock;
    bool patient; /* for status and plan: wait longer for every answer */
};

struct observer *observer_new(const struct observer_config *c);
void observer_free(struct observer *o); /* after nomad_http_free and links_free */
/* The keys of the hosts of interest from the next round on. Copied. */
void observer_interest(struct observer *o, const char *const *keys, size_t n);
/* The hosts that are to join. Copied. Call this once, before the first round; needs agents. */
void observer_set_joining(struct observer *o, const struct joining_server *joining, size_t n);
/* The caller did something whose effect must be seen: a new round begins soon. hellos: also ask the
 * hosts of interest for new hellos. */
void observer_look_sooner(struct observer *o, bool hellos);
/* Until this time (clock.mono; 0: off) no observation would change what the run does, so that
 * rounds are rare. A round begins at this time, or earlier when something happens. */
void observer_set_rest(struct observer *o, int64_t until_ms);
int64_t observer_tick(struct observer *o);
const struct world *observer_take(struct observer *o);
/* The world that was taken last; NULL: none was taken yet. */
const struct world *observer_world(const struct observer *o);
/* The server to which writes for a region are sent: the region's leader if it answered in the last
 * round, else another server of the region that answered, else NOMAD_ADDR. */
void observer_server_to_ask(const struct observer *o, const char *region, struct nomad_base *ret);
/* The servers of the last ended round, to be stored by the caller; and the stored servers of an
 * earlier run, which are asked when NOMAD_ADDR does not answer. */
size_t observer_servers(const struct observer *o, struct server_place *ret, size_t max);
void observer_remember(struct observer *o, const struct server_place *places, size_t n);
/* The servers, by the keys of their hosts, whose objects are counted. Copied. */
void observer_count(struct observer *o, const char *const *keys, size_t n);
/* The base address of this host's server. false: not known. */
bool observer_base(const struct observer *o, const char *key, struct nomad_base *ret);
/* true: in the last round no server answered, and NOMAD_ADDR answered that the token may not ask.
 * Waiting does not help then. */
bool observer_refused(const struct observer *o);
/* Frees the world that was taken, because two worlds of ten thousand hosts need much memory. The
 * hosts of interest stay the same. */
void observer_give_back(struct observer *o);
/* Changes `patient` from the next round on. */
void observer_set_patient(struct observer *o, bool patient);

#endif
