/*
 * console.h - everything that a command works with: configuration, keys, connections, one look.
 *
 *     console_conf(c, &err)         only the configuration (init, release, history)
 *     console_open(c, &err)         the rest: trust, key for questions, Nomad, agents
 *     console_sign(c, &err)         the operator's key, for orders
 *     console_look(c, &w, &err)     one whole observation; every agent is asked
 *     console_wait(c, until, &err)  the one place where the program waits
 *     console_close(c)
 *
 * From console_open on, signals are blocked and read from a descriptor. Call console_open before
 * anything that starts threads.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "control.h"
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

struct console {
    struct options opt;
    struct coord_conf conf;
    bool has_conf;
    struct hazards hazards;
    bool has_hazards;
    const struct clock *clock;
    struct trust trust;
    struct passphrase *passphrase;
    struct keypair *key;  /* the operator's: signs orders; NULL until console_sign */
    struct keypair *asks; /* the observer's: signs questions; NULL: key does */
    bool operator_asks;   /* set before console_open: hosts with an older trust may not know the
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

void console_init(struct console *c);
MUST_CHECK int console_conf(struct console *c, struct err *err);
/* Loads the hazards. strict (commands that begin something): a wrong file of hazards is an error.
 * Otherwise prints a warning and uses the built-in hazards. */
MUST_CHECK int console_hazards(struct console *c, bool strict, struct err *err);
/* The policy of the command line and the configuration. Opens no key and needs no trust file. */
MUST_CHECK int console_policy(struct console *c, struct policy *ret, struct err *err);
/* Opens the operator's key, and may ask for its passphrase. Call it before anything has an effect.
 * Afterwards orders can be sent to agents. */
MUST_CHECK int console_sign(struct console *c, struct err *err);
/* Writes the name that the trust file gives to the operator's key of this machine. Asks for no
 * passphrase. false, and dst is "": the key is not on this machine, or not in the trust file. */
bool console_operator(const struct console *c, char dst[static KEY_NAME_MAX]);
/* Returns the key that signs questions to agents. Valid after console_open. */
const struct keypair *console_asks(const struct console *c);
/* Loads the trust file and known_hosts, for commands that ask no host. console_open does it too. */
MUST_CHECK int console_files(struct console *c, struct err *err);
MUST_CHECK int console_open(struct console *c, struct err *err);
/* Asks the operator, unless --yes was given. 0: yes. ERR_REFUSED: no; `left` says what was not
 * done. */
MUST_CHECK int console_confirm(struct console *c, const char *question, const char *left,
                               struct err *err);
void console_close(struct console *c);
/* Fills keys with the hosts that a look also asks for details (at most max). Returns their number.
 */
typedef size_t look_choose(const struct world *w, const char **keys, size_t max);
/* Observes the fleet once. choose may be NULL. *ret is valid until the next look or follow. If
 * Nomad does not answer, asks again for patience_ms; if Nomad refuses the token, does not ask
 * again. ERR_STATE: interrupted by a signal. */
MUST_CHECK int console_look(struct console *c, look_choose *choose, int64_t patience_ms,
                            const struct world **ret, struct err *err);
/* Saves the addresses of the servers, for later commands when NOMAD_ADDR does not answer.
 * console_look calls it. */
void console_remember(struct console *c);
/* Waits for an event, at most until `until` (clock.mono), and lets agents and observer work. */
MUST_CHECK int console_wait(struct console *c, int64_t until, struct err *err);
/* Are colours wanted? Yes on a terminal, unless NO_COLOR or --no-color is given. */
bool console_color(const struct console *c, FILE *out);

#endif
