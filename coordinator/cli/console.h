/*
 * console.h - what a command works with: configuration, keys, connections, one look.
 *
 *     console_conf(c, &err)         configuration alone (init, release, history)
 *     console_open(c, &err)         the rest: trust, observer's key, Nomad, agents
 *     console_sign(c, &err)         the operator's key, for orders
 *     console_look(c, &w, &err)     one whole observation, every agent asked
 *     console_wait(c, until, &err)  the one place where the program waits
 *     console_close(c)
 *
 * Signals are blocked and read from a descriptor from console_open on; it must come
 * before anything that starts threads.
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

#define LOOK_MS      120000 /* the longest look: thousands of agents */
#define PATIENCE_MS  2000   /* for a Nomad that does not answer: who only looks */
#define PATIENCE_RUN 30000  /* who goes on with a run: a server may be restarting */

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

void console_init(struct console *c);
MUST_CHECK int console_conf(struct console *c, struct err *err);
/* The rows of hazards. strict: a file of them that is wrong is an error, as for whoever is to begin
 * something; else it is told, and what is built in holds. */
MUST_CHECK int console_hazards(struct console *c, bool strict, struct err *err);
/* The policy of the command line and the configuration. Opens no key and needs no trust file. */
MUST_CHECK int console_policy(struct console *c, struct policy *ret, struct err *err);
/* Opens the operator's key, and so may ask for its passphrase: before anything has an effect.
 * From then on agents can be sent orders. */
MUST_CHECK int console_sign(struct console *c, struct err *err);
/* What the trust file calls the operator's key of this machine; asks for no passphrase. false: the
 * key is not here, or the trust file does not have it; dst is "" then. */
bool console_operator(const struct console *c, char dst[static KEY_NAME_MAX]);
/* The key that questions to agents are signed with, after console_open. */
const struct keypair *console_asks(const struct console *c);
/* What lies here of trust and hosts, for whoever asks nobody; console_open does it, too. */
MUST_CHECK int console_files(struct console *c, struct err *err);
MUST_CHECK int console_open(struct console *c, struct err *err);
/* 0: a person says yes, or --yes did. ERR_REFUSED: no, and `left` says what was not done. */
MUST_CHECK int console_confirm(struct console *c, const char *question, const char *left,
                               struct err *err);
void console_close(struct console *c);
/* What a finished look asks of whom: status of these hosts too. NULL: nobody. */
typedef size_t look_choose(const struct world *w, const char **keys, size_t max);
/* ret: valid until the console looks or follows again. ERR_STATE "interrupted". A Nomad that
 * cannot be asked is asked again for patience_ms; one that refuses our token is not. */
MUST_CHECK int console_look(struct console *c, look_choose *choose, int64_t patience_ms,
                            const struct world **ret, struct err *err);
/* Keeps where the servers are now, for when NOMAD_ADDR does not answer; a look does so itself. */
void console_remember(struct console *c);
/* Waits for something, at most until then (clock.mono), and lets everyone work. */
MUST_CHECK int console_wait(struct console *c, int64_t until, struct err *err);
/* Colours: on a terminal, unless NO_COLOR or --no-color. */
bool console_color(const struct console *c, FILE *out);

#endif
