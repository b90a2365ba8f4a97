/*
 * agent.h - one agent beside Nomad: its ids and key, its last answers, when to ask the agent again.
 *
 *     agent_new(key)                       makes an agent; agents.c fills in ids and address
 *     agent_look_up(g, known)              finds the enrolled key; call after the ids have changed
 *     agent_take_hello, agent_take_status  take the values of an authentic answer
 *     agent_fill(g, &host, arena)          writes the values into a host of the world
 *     agent_free(g)
 *
 * These functions send nothing (agent_call.h does) and schedule nothing: they only note what is
 * due. There are thousands of agents, so that this struct is small. For one thread.
 */
#ifndef AGENT_H
#define AGENT_H

#include "known_hosts.h"
#include "world.h"

#define AGENT_HOLD_MS        2500             /* how long an agent may hold a status back */
#define AGENT_SILENT_MOST_MS (15 * 60 * 1000) /* limit for a silence of Nomad that hosts report */
#define AGENT_CROWDED_MS     500 /* pause before asking an agent that cannot hold a status back */

struct agent {
    char key[UUID_MAX], server_id[UUID_MAX], node_id[UUID_MAX], name[NAME_MAX_LEN];
    char address[128];
    struct pubkey pub;
    bool seen, keyed, interest, doubled;
    bool joining; /* Nomad does not list the host yet; the agent is asked for its server id */
    bool hello_open, status_open, instant_open;
    bool tried, hello_wanted, instant_wanted;
    uint8_t wire; /* the highest version that both sides speak; 0: none, or no hello yet */
    unsigned failures, empty_answers;
    int64_t hello_due, status_due, instant_due;
    char problem[ERR_TEXT];
    struct agent_view view; /* without texts and facts; agent_fill sets these */
    char *failure_text, *evidence;
    char *facts; /* "<value>id\0text\0" for each fact; compact, because there are many hosts */
    size_t facts_len;
    struct note *notes;
    size_t n_notes;
};

/* How the coordinator asked for the status. */
struct status_asked {
    int64_t at, now; /* when the coordinator asked, and when the answer came */
    uint64_t after;  /* the agent holds the answer back while its revision is this one */
    bool instant;    /* the agent answers at once, although another status is held back */
    bool once;       /* the coordinator will not ask again */
};

struct agent *agent_new(const char *key);
void agent_free(struct agent *g);
/* The agent's line in known_hosts: by its ids, or by the address at which it was enrolled. NULL:
 * there is none. */
const struct known_host *agent_line(const struct agent *g, const struct known_hosts *known);
/* Looks up the key that was enrolled for the agent's ids. If the lines of its ids have different
 * keys, the agent counts as not enrolled, and `problem` says why. */
void agent_look_up(struct agent *g, const struct known_hosts *known);
/* Sets g->wire to the highest version of the wire that both sides speak. false: there is none. */
bool agent_take_wire(struct agent *g, const struct receipt_hello *h, struct err *err);
/* Takes the values of a hello. asked: when the coordinator asked. true: something has changed, so
 * that a new observation is worthwhile. The reported uptime counts only as far as it is plausible
 * since the last answer. */
bool agent_take_hello(struct agent *g, const struct receipt *r, int64_t asked);
/* Takes the values of a status, and moves the notes out of r. Sets status_due, except for an
 * instant status. true: as for agent_take_hello. */
bool agent_take_status(struct agent *g, struct receipt *r, const struct status_asked *q);
/* Fills h->agent; the texts are in the arena. */
void agent_fill(const struct agent *g, struct host *h, struct arena *arena);
/* Forgets the facts that are needed only once. Keeps those for stage orders (seeds.h, place_rule.h)
 * and those for the end of a run (names_removed.h). */
void agent_drop_facts(struct agent *g);

#endif
