/*
 * observer.h - rounds of observation, each ending in a struct world.
 *
 * A round asks every server and, in a region, the list of nodes when it is due and
 * the hosts of interest; it ends when all have answered, or at its deadline, with
 * unknowns for the rest. The next begins a tenth of the time for which nothing has
 * happened after the last began, within ROUND_MIN_MS and ROUND_LATE_MS, but no sooner
 * than twice as long as the last one took; sooner when an agent told of a change or the
 * owner did something (observer_stir). While only time is awaited (observer_rest) a round is as
 * long ago as its questions are many: REST_ASK_MS for each, at most REST_MOST_MS. A world lives
 * until the next one is taken.
 *
 *     observer_tick(o)          drives: begins and ends rounds; gives when to come again
 *     observer_take(o)          a world not taken yet, or NULL
 *
 * The answers come inside http_wait, which the owner of the http calls between ticks.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "fleet.h"

#define ROUND_SOON_MS    25 /* from begin to begin, when something has happened */
#define ROUND_MIN_MS     50
#define ROUND_LATE_MS    150   /* while nothing happens, where Nomad is quick */
#define ROUND_MAX_MS     3000  /* deadline of a round in a run */
#define ROUND_PATIENT_MS 12000 /* of one for status and plan */
#define ROUND_GRACE_MS   150   /* for those who did not answer the last time */
#define ROUND_REST_MS    1000  /* most between two rounds */

#define REST_ASK_MS  50   /* 20 questions a second */
#define REST_MOST_MS 2500 /* half of what is fresh (gate.h) */

struct observer;

struct observer_config {
    const struct coord_conf *conf;
    struct nomad_http *nomad;
    struct agents *agents; /* NULL: without */
    const struct clock *clock;
    bool patient; /* a look, not a run: waits longer for every answer */
};

struct observer *observer_new(const struct observer_config *c);
void observer_free(struct observer *o); /* after nomad_http_free and links_free */
/* Keys of the hosts asked in detail from the next round on. Copied. */
void observer_interest(struct observer *o, const char *const *keys, size_t n);
/* Hosts that are to join, from the next round on. Copied; before the first round, and once. They
 * need the agents. */
void observer_joiners(struct observer *o, const struct joiner *joiners, size_t n);
/* Something was done that is to be seen: a round that begins after this moment, soon; with
 * hellos of the hosts of interest that are as young. */
void observer_stir(struct observer *o, bool hellos);
/* Until then (clock.mono; 0: not at all) nothing is to be seen that would be acted on: rounds are
 * rare. One begins at that moment, or earlier when something happens. */
void observer_rest(struct observer *o, int64_t until_ms);
int64_t observer_tick(struct observer *o);
const struct world *observer_take(struct observer *o);
/* The last one taken; NULL before. */
const struct world *observer_world(const struct observer *o);
/* Whom to ask to change something in a region: who spoke for it in the last round,
 * its leader if it answered; else NOMAD_ADDR. */
void observer_speaker(const struct observer *o, const char *region, struct nomad_base *ret);
/* The servers as known now, and those of an earlier look: asked when NOMAD_ADDR does not
 * answer. */
size_t observer_servers(const struct observer *o, struct server_place *ret, size_t max);
void observer_remember(struct observer *o, const struct server_place *places, size_t n);
/* Whose objects are counted, by host. Copied. */
void observer_count(struct observer *o, const char *const *keys, size_t n);
/* Where the server of this host answers; false: not known. */
bool observer_base(const struct observer *o, const char *key, struct nomad_base *ret);
/* In the last round nobody told anything, and NOMAD_ADDR answered that our token may not
 * ask: waiting does not help. */
bool observer_refused(const struct observer *o);
/* The world that was taken is needed no more: of ten thousand hosts two are dear. Its interest is
 * kept, for who is asked in the next round. */
void observer_give_back(struct observer *o);
/* From the next round on. */
void observer_patient(struct observer *o, bool patient);

#endif
