/*
 * command_context.h - everything that a command works with: configuration, keys, connections, one
 * look.
 *
 *     context_load_conf(c, &err)         only the configuration (init, release, history)
 *     context_open(c, &err)         the rest: trust, key for questions, Nomad, agents
 *     context_open_operator_key(c, &err)         the operator's key, for orders
 *     context_look(c, &w, &err)     one whole observation; every agent is asked
 *     context_wait(c, until, &err)  the one place where the program waits
 *     context_close(c)
 *
 * From context_open on, signals are blocked and read from a descriptor. Call context_open before
 * anything that starts threads.
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

#define LOOK_MS 120000 /* milliseconds; the longest look, with thousands of agents */
#define PATIENCE_MS                                                                                \
    2000 /* milliseconds to wait for a Nomad that does not answer; commands that only look */
#define PATIENCE_RUN                                                                               \
    30000 /* the same for commands that continue a run: a server may be restarting */

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
    bool operator_asks;   /* set before context_open: hosts with an older trust may not know the
                             observer's key */
    struct known_hosts known;
    struct signals signals;
    bool signalled; /* a signal can be read */
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
/* Loads the hazards. strict (commands that begin something): a wrong file of hazards is an error.
 * Otherwise prints a warning and uses the built-in hazards. */
MUST_CHECK int context_load_hazards(struct command_context *c, bool strict, struct err *err);
/* The policy of the command line and the configuration. Opens no key and needs no trust file. */
MUST_CHECK int context_policy(struct command_context *c, struct policy *ret, struct err *err);
/* Opens the operator's key, and may ask for its passphrase. Call it before anything has an effect.
 * Afterwards orders can be sent to agents. */
MUST_CHECK int context_open_operator_key(struct command_context *c, struct err *err);
/* Writes the name that the trust file gives to the operator's key of this machine. Asks for no
 * passphrase. false, and dst is "": the key is not on this machine, or not in the trust file. */
bool context_operator_name(const struct command_context *c, char dst[static KEY_NAME_MAX]);
/* Returns the key that signs questions to agents. Valid after context_open. */
const struct keypair *context_question_key(const struct command_context *c);
/* Loads the trust file and known_hosts, for commands that ask no host. context_open does it too. */
MUST_CHECK int context_load_files(struct command_context *c, struct err *err);
MUST_CHECK int context_open(struct command_context *c, struct err *err);
/* Asks the operator, unless --yes was given. 0: yes. ERR_REFUSED: no; `left` says what was not
 * done. */
MUST_CHECK int context_confirm(struct command_context *c, const char *question, const char *left,
                               struct err *err);
void context_close(struct command_context *c);
/* Fills keys with the hosts that a look also asks for details (at most max). Returns their number.
 */
typedef size_t look_choose(const struct world *w, const char **keys, size_t max);
/* Observes the fleet once. choose may be NULL. *ret is valid until the next look or follow. If
 * Nomad does not answer, asks again for patience_ms; if Nomad refuses the token, does not ask
 * again. ERR_STATE: interrupted by a signal. */
MUST_CHECK int context_look(struct command_context *c, look_choose *choose, int64_t patience_ms,
                            const struct world **ret, struct err *err);
/* Saves the addresses of the servers, for later commands when NOMAD_ADDR does not answer.
 * context_look calls it. */
void context_remember(struct command_context *c);
/* Waits for an event, at most until `until` (clock.mono), and lets agents and observer work. */
MUST_CHECK int context_wait(struct command_context *c, int64_t until, struct err *err);
/* Are colours wanted? Yes on a terminal, unless NO_COLOR or --no-color is given. */
bool context_has_color(const struct command_context *c, FILE *out);

#endif
