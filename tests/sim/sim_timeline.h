/*
 * sim_timeline.h - polls of three servers, as lists of what changed.
 *
 * Real Nomad was polled each 0.1 s and the changes written down
 * (tests/fixtures/recordings/timelines). Here the model is polled the same way,
 * and both are brought to one form: for every server and topic the values it
 * showed, in order, with hosts replaced by the part they play in the scene:
 *
 *   X  the server that was stopped or restarted     L  the leader before
 *   N  the leader after, when it is another one     O  the rest
 *
 *   members    "alive" "alive,new" "failed" "left"  of X, "down" when there is no answer
 *   leader     "X" "L" "N" "O", "none", "500"
 *   autopilot  "200/1 X:alive,healthy,voter", "429/0 empty", "500"; with another
 *              server sick nothing changes: that is chance
 *   raft       "X:voter leader:L"
 */
#ifndef SIM_TIMELINE_H
#define SIM_TIMELINE_H

#include "sim_cluster.h"

#define SIM_TOPICS      4
#define SIM_CHANGES_MAX 400

enum sim_topic { SIM_TOPIC_MEMBERS, SIM_TOPIC_LEADER, SIM_TOPIC_AUTOPILOT, SIM_TOPIC_RAFT };

struct sim_change {
    int64_t at_ms;
    char host; /* X L N O */
    enum sim_topic topic;
    char value[64];
};

struct sim_timeline {
    int n;
    struct sim_change changes[SIM_CHANGES_MAX];
};

/* Reads the lines between from_s and to_s of a recorded file. x: number (1-3) of
 * the server acted on, before and after: numbers of the leaders. ?stale or not is
 * what the file has. */
MUST_CHECK int sim_timeline_read(const char *path, double from_s, double to_s, int x, int before,
                                 int after, struct sim_timeline *ret, struct err *err);

/* Polls the three servers of a cluster for so long; act is called once at act_ms. */
struct sim_scene {
    struct sim_cluster *cluster;
    int x;      /* index of the server acted on */
    bool stale; /* ask for the leader with ?stale */
    int64_t for_ms;
    int n_acts;
    struct {
        int64_t at_ms;
        void (*act)(struct sim_cluster *c, int x);
    } acts[4];
};
void sim_timeline_poll(const struct sim_scene *scene, struct sim_timeline *ret);

/* NULL: the same values in the same order for every host and topic, and whatever is
 * at least apart_ms apart in `recorded` comes in the same order in `model`. Else
 * what differs. A host that is O in one and not there in the other is skipped. */
const char *sim_timeline_differs(const struct sim_timeline *recorded,
                                 const struct sim_timeline *model, int64_t apart_ms,
                                 char text[static 400]);

/* ---- between reading and polling ---- */

/* Adds a value unless it is what this host and topic showed last. */
void sim_timeline_add(struct sim_timeline *t, int64_t at_ms, char host, enum sim_topic topic,
                      const char *value);
char sim_timeline_part(int host, int x, int before, int after);
/* Number of the host in "s2" or "10.99.0.12" or "127.0.0.12:4647"; 0: none. */
int sim_timeline_host(const char *s);

#endif
