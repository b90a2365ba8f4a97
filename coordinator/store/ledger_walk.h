/*
 * ledger_walk.h - a run read host by host, for who has no room for thousands of them.
 *
 *     ledger_walk_open(store, run_id, &w, &err)
 *     while ((rc = ledger_walk_next(w, &err)) > 0)
 *         ... w->at, w->plan, w->host
 *     ledger_walk_close(w)
 *
 * What ledger_store_load and plan_read have of a host, in the order of both, and of neither more
 * than one. ERR_FORMAT: the plan and the hosts of the ledger are not the same. One thread.
 */
#ifndef LEDGER_WALK_H
#define LEDGER_WALK_H

#include "ledger_db.h"
#include "ledger_store.h"

struct ledger_walk {
    size_t at; /* index of the host */
    struct plan_host plan;
    struct ledger_host host;
    enum record_since since; /* of the run; from ledger_walk_open on */
    /* Its own. */
    struct ledger_db *db;
    sqlite3_stmt *hosts;
    sqlite3_blob *text; /* of the plan */
    int read;           /* bytes of it */
    size_t n;           /* hosts so far */
    struct buf rest;    /* read, and not taken yet, from `taken` on */
    size_t taken;
};

MUST_CHECK int ledger_walk_open(struct ledger_store *s, const unsigned char run_id[static 16],
                                struct ledger_walk **ret, struct err *err);
/* 1: the next one; 0: that was the last. */
MUST_CHECK int ledger_walk_next(struct ledger_walk *w, struct err *err);
void ledger_walk_close(struct ledger_walk *w); /* NULL is fine */

#endif
