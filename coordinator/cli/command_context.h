/*
 * command_context.h - what a command works with: configuration, keys, connections, one look.
 *
 *     context_load_conf(c, &err)         configuration alone (init, release, history)
 *     context_open(c, &err)         the rest: trust, observer's key, Nomad, agents
 *     context_open_operator_key(c, &err)         the operator's key, for orders
 *     context_look(c, &w, &err)     one whole observation, every agent asked
 *     context_wait(c, until, &err)  the one place where the program waits
 *     context_close(c)
 *
 * Signals are blocked and read from a descriptor from context_open on; it must come
 * before anything that starts threads.
 */
#ifndef COMMAND_CONTEXT_H
#define COMMAND_CONTEXT_H

#include "signals.h"
#include "hazard_file.h"
#include "monitor.h"
#include "observer.h"
#include "keys.h"
#include "options.h"
#include "snapshot.h"

#define LOOK_MS      120000 /* the longest look: thousands of agents */
#define PATIENCE_MS  2000   /* for a Nomad that does not answer: who only looks */
#define PATIENCE_RUN 30000  /* who goes on with a run: a server may be restarting */

struct command_context {
    struct options opt;
    struct coord_conf conf;
    bool has_conf;
    struct hazards hazards;
    bool has_hazards;
    const struct clock *clock;
    struct trust trust;
    struct passphrase *passphrase;
    struct keypair *key;  /* the operator's: signs orders; NULL until context_open_operator_key */
    struct keypair *asks; /* the observer's: signs questions; NULL: key does */
    bool operator_asks;   /* set before: a host with an older trust may not know the observer's */
    struct known_hosts known;
    struct signals signals;
    bool signalled; /* a signal waits to be read */
    struct http *http;
    struct nomad_http *nomad;
    struct links *links;
    struct agents *agents;
    struct observer *observer;
    struct monitor *monitor;
    struct snapshots snapshots;
};

void context_init(struct command_context *c);
MUST_CHECK int context_load_conf(struct command_context *c, struct err *err);
/* The rows of hazards. strict: a file of them that is wrong is an error, as for whoever is to begin
 * something; else it is told, and what is built in holds. */
MUST_CHECK int context_load_hazards(struct command_context *c, bool strict, struct err *err);
/* The policy of the command line and the configuration. Opens no key and needs no trust file. */
MUST_CHECK int context_policy(struct command_context *c, struct policy *ret, struct err *err);
/* Opens the operator's key, and so may ask for its passphrase: before anything has an effect.
 * From then on agents can be sent orders. */
MUST_CHECK int context_open_operator_key(struct command_context *c, struct err *err);
/* What the trust file calls the operator's key of this machine; asks for no passphrase. false: the
 * key is not here, or the trust file does not have it; dst is "" then. */
bool context_operator_name(const struct command_context *c, char dst[static KEY_NAME_MAX]);
/* The key that questions to agents are signed with, after context_open. */
const struct keypair *context_question_key(const struct command_context *c);
/* What lies here of trust and hosts, for whoever asks nobody; context_open does it, too. */
MUST_CHECK int context_load_files(struct command_context *c, struct err *err);
MUST_CHECK int context_open(struct command_context *c, struct err *err);
/* 0: a person says yes, or --yes did. ERR_REFUSED: no, and `left` says what was not done. */
MUST_CHECK int context_confirm(struct command_context *c, const char *question, const char *left,
                               struct err *err);
void context_close(struct command_context *c);
/* What a finished look asks of whom: status of these hosts too. NULL: nobody. */
typedef size_t look_choose(const struct world *w, const char **keys, size_t max);
/* ret: valid until the console looks or follows again. ERR_STATE "interrupted". A Nomad that
 * cannot be asked is asked again for patience_ms; one that refuses our token is not. */
MUST_CHECK int context_look(struct command_context *c, look_choose *choose, int64_t patience_ms,
                            const struct world **ret, struct err *err);
/* Keeps where the servers are now, for when NOMAD_ADDR does not answer; a look does so itself. */
void context_remember(struct command_context *c);
/* Waits for something, at most until then (clock.mono), and lets everyone work. */
MUST_CHECK int context_wait(struct command_context *c, int64_t until, struct err *err);
/* Colours: on a terminal, unless NO_COLOR or --no-color. */
bool context_has_color(const struct command_context *c, FILE *out);

#endif
