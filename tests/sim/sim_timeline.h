/*
 * sim_timeline.h - polls of three servers, as lists of changes.
 *
 * A recorder polled real Nomad each 0.1 s and wrote the changes to files
 * (tests/fixtures/recordings/timelines). This code polls the model in the same way and brings both
 * to one form: for every server and topic the values in their order, with each host replaced by its
 * part in the scene:
 *
 *   X  the server that was stopped or restarted     L  the leader before
 *   N  the leader after, when it is another one     O  the rest
 *
 *   members    "alive" "alive,new" "failed" "left"  of X, "down" when there is no answer
 *   leader     "X" "L" "N" "O", "none", "500"
 *   autopilot  "200/1 X:alive,healthy,voter", "429/0 empty", "500"; a change of another
 *              server's health is ignored, because it is chance
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

/* Reads the lines between from_s and to_s of a recorded file. x: the number (1-3) of the server
 * that was stopped or restarted; before and after: the numbers of the leaders. The file decides
 * whether the polls used ?stale. */
MUST_CHECK int sim_timeline_read(const char *path, double from_s, double to_s, int x, int before,
                                 int after, struct sim_timeline *ret, struct err *err);

/* Polls the three servers of a cluster for for_ms; calls each act once, at its at_ms. */
struct sim_scene {
    struct sim_cluster *cluster;
    int x;      /* index of the server that is stopped or restarted */
    bool stale; /* ask for the leader with ?stale */
    int64_t for_ms;
    int n_acts;
    struct {
        int64_t at_ms;
        void (*act)(struct sim_cluster *c, int x);
    } acts[4];
};
void sim_timeline_poll(const struct sim_scene *scene, struct sim_timeline *ret);

/* NULL: every host and topic has the same values in the same order, and changes that are at least
 * apart_ms apart in `recorded` have the same order in `model`. Else the first difference as text. A
 * host that is O in one of them and missing in the other is skipped. */
const char *sim_timeline_differs(const struct sim_timeline *recorded,
                                 const struct sim_timeline *model, int64_t apart_ms,
                                 char text[static 400]);

/* ---- between reading and polling ---- */

/* Adds a value unless it equals the last value of this host and topic. */
void sim_timeline_add(struct sim_timeline *t, int64_t at_ms, char host, enum sim_topic topic,
                      const char *value);
char sim_timeline_part(int host, int x, int before, int after);
/* The number of the host in "s2", "10.99.0.12" or "127.0.0.12:4647"; 0: there is none. */
int sim_timeline_host(const char *s);

#endif
