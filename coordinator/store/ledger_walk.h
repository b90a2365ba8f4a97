/*
 * ledger_walk.h - reads a run host by host, so that a reader needs memory for one host only.
 *
 *     ledger_walk_open(store, run_id, &w, &err)
 *     while ((rc = ledger_walk_next(w, &err)) > 0)
 *         ... w->at, w->plan, w->host
 *     ledger_walk_close(w)
 *
 * Each step gives the same values of one host as plan_read (`plan`) and ledger_store_load (`host`).
 * The plan and the ledger have the hosts in the same order. ERR_FORMAT: the plan and the ledger do
 * not have the same hosts. For one thread.
 */
#ifndef LEDGER_WALK_H
#define LEDGER_WALK_H

#include "ledger_db.h"
#include "ledger_store.h"

struct ledger_walk {
    size_t at; /* index of the host */
    struct plan_host plan;
    struct ledger_host host;
    enum record_since since; /* a value of the run; set by ledger_walk_open */
    /* Private. */
    struct ledger_db *db;
    sqlite3_stmt *hosts;
    sqlite3_blob *text; /* the plan's text */
    int read;           /* bytes of the text read so far */
    size_t n;           /* hosts so far */
    struct buf rest;    /* bytes read; those before `taken` are used up */
    size_t taken;
};

MUST_CHECK int ledger_walk_open(struct ledger_store *s, const unsigned char run_id[static 16],
                                struct ledger_walk **ret, struct err *err);
/* 1: w has the next host; 0: there is no further host. */
MUST_CHECK int ledger_walk_next(struct ledger_walk *w, struct err *err);
void ledger_walk_close(struct ledger_walk *w); /* NULL is fine */

#endif
