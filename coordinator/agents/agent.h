/*
 * agent.h - one agent beside Nomad: who it is, when it is to be asked again, what it told last.
 *
 *     agent_new(key)                      one of the set (agents.h), which fills in ids and address
 *     agent_look_up(g, known)             its remembered key, when its ids are known or others
 *     agent_take_hello, agent_take_status what an authentic answer says
 *     agent_fill(g, &host, arena)         shows it in a host of the world
 *     agent_free(g)
 *
 * Nothing is sent here (agent_call.h) and nothing is scheduled: what is due is only noted. There
 * are many agents: what is kept of one is small. One thread.
 */
#ifndef AGENT_H
#define AGENT_H

#include "known_hosts.h"
#include "world.h"

#define AGENT_HOLD_MS        2500             /* how long a status is held back at most */
#define AGENT_SILENT_MOST_MS (15 * 60 * 1000) /* longest silence of a Nomad that is believed */
#define AGENT_CROWDED_MS     500 /* to a host that could not hold a status back: so much later */

struct agent {
    char key[UUID_MAX], server_id[UUID_MAX], node_id[UUID_MAX], name[NAME_MAX_LEN];
    char address[128];
    struct pubkey pub;
    bool seen, keyed, interest, doubled;
    bool joining; /* Nomad does not list it yet: what id it tells is waited for */
    bool hello_open, status_open, instant_open;
    bool tried, hello_wanted, instant_wanted;
    uint8_t wire; /* the highest version that both speak; 0: it said no hello yet, or none */
    unsigned failures, empty_answers;
    int64_t hello_due, status_due, instant_due;
    char problem[ERR_TEXT];
    struct agent_view view; /* its texts and facts are set by agent_fill */
    char *failure_text, *evidence;
    char *facts; /* "<value>id\0text\0" each, as small as can be: there are many hosts */
    size_t facts_len;
    struct note *notes;
    size_t n_notes;
};

/* How the status was asked for that is answered now. */
struct status_asked {
    int64_t at, now; /* when; and when its answer came */
    uint64_t after;  /* held back until the revision is another */
    bool instant;    /* answered at once, beside one that is held back */
    bool once;       /* it is not asked again */
};

struct agent *agent_new(const char *key);
void agent_free(struct agent *g);
/* The line of its key: by its ids, or as what is to join; NULL: none. */
const struct known_host *agent_line(const struct agent *g, const struct known_hosts *known);
/* The remembered key of its ids; two different ones are as good as none. */
void agent_look_up(struct agent *g, const struct known_hosts *known);
/* The highest version of the wire that both speak. false: there is none. */
bool agent_take_wire(struct agent *g, const struct receipt_hello *h, struct err *err);
/* true: the answer tells of a change worth a new look at the world. The uptime it tells is taken as
 * far as is plausible since the last answer. */
bool agent_take_hello(struct agent *g, const struct receipt *r, int64_t asked);
/* Takes the notes out of r. Sets status_due, unless it was an instant one. */
bool agent_take_status(struct agent *g, struct receipt *r, const struct status_asked *q);
/* Fills h->agent; texts in the arena. */
void agent_fill(const struct agent *g, struct host *h, struct arena *arena);
/* What is only looked at once is not kept: but for what stage orders are made by (seeds.h,
 * place_rule.h), and what is told at the end of a run (names_removed.h). */
void agent_drop_facts(struct agent *g);

#endif
