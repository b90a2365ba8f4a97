/*
 * ledger_store.h - the ledger on disk: SQLite, and only here and in ledger_rows.
 *
 * <state_dir>/ledger.db, write-ahead log, synchronous FULL: what ledger_store_commit
 * returned 0 for survives a power cut. Only what is marked dirty is written, in one
 * transaction, and only then are the marks cleared. Changes of state are kept beside
 * it with their time, for `caravan show`.
 *
 * <state_dir>/ledger.lock is held by a live run and names its pid: who has it may
 * write. Readers (history, show, status) need no lock.
 *
 * Lists that are handed out are the caller's, to be freed. A store belongs to one thread.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "clock.h"
#include "coord_conf.h"
#include "ledger.h"

struct ledger_store;

/* For reading: ERR_NOTFOUND when there is no ledger yet. For writing: made when absent. */
MUST_CHECK int ledger_store_open(const struct coord_conf *c, bool write, const struct clock *clock,
                                 struct ledger_store **ret, struct err *err);
/* To read; NULL where there is no ledger: nothing was ever begun from here. */
MUST_CHECK int ledger_store_open_if(const struct coord_conf *c, const struct clock *clock,
                                    struct ledger_store **ret, struct err *err);
void ledger_store_close(struct ledger_store *s);
/* For what is kept beside, in a table of its own (ledger_record.h). */
struct ledger_db;
struct ledger_db *ledger_store_db(struct ledger_store *s);
/* ERR_BUSY names the pid of the live run. */
MUST_CHECK int ledger_store_lock(const struct coord_conf *c, int *ret_fd, struct err *err);

/* After -1 nothing was written, and nothing may be begun. The first commit of a run's end puts its
 * time into the ledger. */
MUST_CHECK int ledger_store_commit(struct ledger_store *s, struct ledger *l, struct err *err);
/* Keeps the trust file in force with the run; orders that are committed from here on are signed by
 * it. */
MUST_CHECK int ledger_store_trust(struct ledger_store *s, const unsigned char run_id[static 16],
                                  uint32_t version, const struct buf *file, struct err *err);
/* ret must not own anything yet. */
MUST_CHECK int ledger_store_load(struct ledger_store *s, const unsigned char run_id[static 16],
                                 struct ledger *ret, struct err *err);

struct stored_run {
    unsigned char run_id[RUN_ID_LEN];
    char target[NAME_MAX_LEN];
    enum run_state state;
    int64_t begun_wall_ms, ended_wall_ms;
    char cause[480], cause_host[NAME_MAX_LEN];
    int64_t hosts, done;
};
/* Newest first. The caller frees *ret. */
MUST_CHECK int ledger_store_runs(struct ledger_store *s, struct stored_run **ret, size_t *ret_n,
                                 struct err *err);
/* Can this word be the beginning of a run's id? ERR_USAGE. Reads nothing. */
MUST_CHECK int ledger_run_word(const char *text, struct err *err);
/* By the id's first digits (>= 4), or the newest when text is NULL. ERR_NOTFOUND. */
MUST_CHECK int ledger_store_find(struct ledger_store *s, const char *text, struct stored_run *ret,
                                 struct err *err);

struct stored_change {
    int64_t wall_ms;
    char key[UUID_MAX]; /* "" the run */
    char state[32];
    char text[480];
};
MUST_CHECK int ledger_store_changes(struct ledger_store *s, const unsigned char run_id[static 16],
                                    struct stored_change **ret, size_t *ret_n, struct err *err);

#define HEARD_MAX (16 * 1024) /* of log lines kept with a step */

#define HEARD_LINE 480

struct stored_heard {
    int64_t wall_ms;
    char step[UUID_MAX], server[UUID_MAX];
    char line[HEARD_LINE];
};
/* A line of `server`'s log while `step` changed. What a step has beyond HEARD_MAX is dropped, and
 * its last line says so. */
MUST_CHECK int ledger_store_hear(struct ledger_store *s, const unsigned char run_id[static 16],
                                 const char *step, const char *server, const char *line,
                                 struct err *err);
MUST_CHECK int ledger_store_heard(struct ledger_store *s, const unsigned char run_id[static 16],
                                  struct stored_heard **ret, size_t *ret_n, struct err *err);

#endif
