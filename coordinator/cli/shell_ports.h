/*
 * shell_ports.h - implements struct ports with the real world: Nomad, agents, ledger, clock.
 *
 * One thread owns everything. shell_ports_next waits in context_wait and returns one event at a
 * time, in the order in which the events came. What an event points to is valid until the next
 * call. The observer makes the worlds; a world is returned only when the run asks for an event, so
 * worlds do not queue up during a slow tick.
 */
#ifndef SHELL_PORTS_H
#define SHELL_PORTS_H

#include "command_context.h"
#include "ledger_store.h"
#include "ports.h"
#include "release_store.h"

struct shell_operated {
    struct event event; /* EV_OPERATED or EV_ALARM; its texts are those below */
    char key[UUID_MAX], region[NAME_MAX_LEN];
    char why[300];
    struct shell_operated *next;
};

struct shell {
    struct command_context *context;
    struct ledger_store *store;
    const struct stored_release *release; /* NULL: nothing is staged (abort) */
    struct agent_event current;           /* handed out; freed at the next call */
    struct shell_operated *operated, **last;
    struct shell_operated *given; /* handed out; freed at the next call */
    char step[UUID_MAX];          /* whose turn the logs are about */
    unsigned char run_id[RUN_ID_LEN];
};

void shell_init(struct shell *s, struct command_context *c, struct ledger_store *store,
                const struct stored_release *release,
                const unsigned char run_id[static RUN_ID_LEN]);
void shell_done(struct shell *s);
/* The table; s must outlive it. */
struct ports shell_ports(struct shell *s);

#endif
