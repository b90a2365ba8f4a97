/*
 * serving.h - serves the releases that hosts cannot fetch elsewhere, from the command that needs
 * them.
 *
 *     serving_begin(c, w, false, &stored, &s, &err)   listens; adds a place to every build without
 * one serving_end(&s)                                 when the command ends
 *
 * If every build has a place, or no build has a file on this machine, nothing listens. Otherwise
 * the files of the builds without a place are checked and offered (file_server.h) at --listen, else
 * at [serve] listen, else at port SERVING_PORT of the local address from which most agents are
 * reached. The new places are added to *r, in memory only; plans and stage orders take them from
 * there.
 *
 * If this machine cannot listen there, serving_begin fails before any host was touched. Exception:
 * with `plans` (caravan plan), a warning is printed and the plan uses that address, because a run
 * that is in progress may serve there now.
 */
#ifndef SERVING_H
#define SERVING_H

#include "command_context.h"
#include "file_server.h"
#include "release_store.h"

#define SERVING_PORT 4651

struct serving {
    struct file_server *server; /* NULL: nothing is served */
    char url[256];              /* the URL for hosts, without the last slash and the digest */
    /* The addresses that may fetch; empty: all. Empty if [serve] url is set: then a proxy fetches.
     */
    struct address_list allow;
};

MUST_CHECK int serving_begin(const struct command_context *c, const struct world *w, bool plans,
                             struct stored_release *r, struct serving *ret, struct err *err);
void serving_end(struct serving *s); /* s may be zeroed and never begun */

/* `release serve`: serves all releases of this machine until a signal comes. */
MUST_CHECK int serving_of_all(struct command_context *c, struct err *err);

#endif
