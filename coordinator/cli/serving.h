/*
 * serving.h - releases that have no place of their own, served by the command that needs them.
 *
 *     serving_begin(c, w, false, &stored, &s, &err)   listens; every build without a place gets
 * one, here serving_end(&s)                          when the command ends
 *
 * Where all builds have a place, or none has a file here, nothing listens. Else the files of those
 * without one are checked and offered (file_server.h) at --listen, else [serve] listen, else port
 * SERVING_PORT of the local address from which most agents of the fleet are reached. What hosts
 * are told is in the places of *r from then on, in memory only: plan and stage orders have it from
 * there. That nobody can listen there is an error before anything was touched; but who only plans
 * (`plans`) is told, and plans with that address: a run that serves already must not forbid it.
 */
#ifndef SERVING_H
#define SERVING_H

#include "command_context.h"
#include "file_server.h"
#include "release_store.h"

#define SERVING_PORT 4651

struct serving {
    struct file_server *server; /* NULL: nothing is served */
    char url[256];              /* what hosts are told, up to the slash before the digest */
    /* To which of hosts' own addresses; all, where [serve] url names what stands between. */
    struct address_list allow;
};

MUST_CHECK int serving_begin(const struct command_context *c, const struct world *w, bool plans,
                             struct stored_release *r, struct serving *ret, struct err *err);
void serving_end(struct serving *s); /* an empty one is fine */

/* `release serve`: everything there is, until a signal comes. */
MUST_CHECK int serving_of_all(struct command_context *c, struct err *err);

#endif
