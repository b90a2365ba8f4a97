/*
 * ledger_store.h - the ledger on disk, a SQLite database.
 *
 * The file is <state_dir>/ledger.db, with a write-ahead log and synchronous FULL. When
 * ledger_store_commit returned 0, the ledger survives a power cut. A commit writes only the rows
 * that are marked dirty, in one transaction, and then clears the marks. The store also records each
 * change of state with its time, for `caravan show`.
 *
 * A live run holds the lock <state_dir>/ledger.lock, which names its process id. Only the holder of
 * the lock may write. Readers (history, show, status) need no lock.
 *
 * The caller frees the lists that these functions return. A store belongs to one thread.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "clock.h"
#include "coord_conf.h"
#include "ledger.h"

struct ledger_store;

/* write: makes the ledger if there is none. Otherwise ERR_NOTFOUND: there is no ledger yet. */
MUST_CHECK int ledger_store_open(const struct coord_conf *c, bool write, const struct clock *clock,
                                 struct ledger_store **ret, struct err *err);
/* Opens the ledger for reading. *ret NULL: there is no ledger; no run was begun on this machine. */
MUST_CHECK int ledger_store_open_if(const struct coord_conf *c, const struct clock *clock,
                                    struct ledger_store **ret, struct err *err);
void ledger_store_close(struct ledger_store *s);
/* The database, for modules with tables of their own (ledger_record.h, ledger_walk.h). */
struct ledger_db;
struct ledger_db *ledger_store_db(struct ledger_store *s);
/* The caller closes *ret_fd to release the lock. The text of ERR_BUSY names the process id of the
 * live run. */
MUST_CHECK int ledger_store_lock(const struct coord_conf *c, int *ret_fd, struct err *err);

/* -1: nothing was written, and the caller may begin nothing. The first commit after the run has
 * ended also sets the time of the end in the ledger. */
MUST_CHECK int ledger_store_commit(struct ledger_store *s, struct ledger *l, struct err *err);
/* Stores the trust file in force with the run. Records of later commits name this version. */
MUST_CHECK int ledger_store_trust(struct ledger_store *s, const unsigned char run_id[static 16],
                                  uint32_t version, const struct buf *file, struct err *err);
/* Loads a run; the caller frees *ret with ledger_free. *ret must own nothing before the call. */
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
/* All runs, newest first, at most 1000. The caller frees *ret. */
MUST_CHECK int ledger_store_runs(struct ledger_store *s, struct stored_run **ret, size_t *ret_n,
                                 struct err *err);
/* Can this word begin the id of a run? Reads nothing. ERR_USAGE: it cannot. */
MUST_CHECK int ledger_run_word(const char *text, struct err *err);
/* Finds a run by the first digits of its id (at least 4); text NULL: the newest run. ERR_NOTFOUND:
 * there is no such run. ERR_USAGE: fewer than 4 digits, or several runs begin with them. */
MUST_CHECK int ledger_store_find(struct ledger_store *s, const char *text, struct stored_run *ret,
                                 struct err *err);

struct stored_change {
    int64_t wall_ms;
    char key[UUID_MAX]; /* of the host; "": the run itself changed */
    char state[32];
    char text[480];
};
MUST_CHECK int ledger_store_changes(struct ledger_store *s, const unsigned char run_id[static 16],
                                    struct stored_change **ret, size_t *ret_n, struct err *err);

#define HEARD_MAX (16 * 1024) /* bytes of log lines stored with one step */

#define HEARD_LINE 480

struct stored_log_line {
    int64_t wall_ms;
    char step[UUID_MAX], server[UUID_MAX];
    char line[HEARD_LINE];
};
/* Stores a line of `server`'s log that came while the host `step` changed. Lines beyond HEARD_MAX
 * bytes are dropped, and the last stored line says so. */
MUST_CHECK int ledger_store_add_log_line(struct ledger_store *s,
                                         const unsigned char run_id[static 16], const char *step,
                                         const char *server, const char *line, struct err *err);
MUST_CHECK int ledger_store_log_lines(struct ledger_store *s, const unsigned char run_id[static 16],
                                      struct stored_log_line **ret, size_t *ret_n, struct err *err);

#endif
