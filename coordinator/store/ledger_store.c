#include "ledger_store.h"

#include <fcntl.h>
#include "file.h"
#include "ledger_db.h"
#include "ledger_record.h"
#include "str.h"

#define LEDGER_NAME "ledger.db"
#define LOCK_NAME   "ledger.lock"
#define BUSY_MS     5000
#define RUNS_MAX    1000 /* runs that are listed */

struct ledger_store {
    struct ledger_db db;
    const struct clock *clock;
    /* The states that were last written, to find changes of state. */
    unsigned char run_id[RUN_ID_LEN];
    int run_state;
    int *host_states;
    size_t n_states;
    uint32_t trust_version; /* version of the trust file in force */
};

static int make_tables(struct ledger_store *s, struct err *err)
{
    return ledger_db_execute(&s->db,
                             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN IMMEDIATE",
                             err) < 0 ||
                   ledger_db_make(&s->db, &run_columns, err) < 0 ||
                   ledger_db_make(&s->db, &host_columns, err) < 0 ||
                   ledger_db_make(&s->db, &effect_columns, err) < 0 ||
                   ledger_db_make(&s->db, &region_columns, err) < 0 ||
                   ledger_record_make(&s->db, err) < 0 ||
                   ledger_db_execute(
                       &s->db,
                       "CREATE TABLE IF NOT EXISTS change (run BLOB, wall INTEGER, key TEXT, "
                       "state TEXT, text TEXT); "
                       "CREATE TABLE IF NOT EXISTS heard (run BLOB, step TEXT, server TEXT, "
                       "wall INTEGER, line TEXT); COMMIT",
                       err) < 0
               ? -1
               : 0;
}

int ledger_store_open(const struct coord_conf *c, bool write, const struct clock *clock,
                      struct ledger_store **ret, struct err *err)
{
    struct ledger_store *s = xzalloc(1, sizeof(*s));
    s->clock = clock;
    s->run_state = -1;
    int rc = state_path(c, LEDGER_NAME, s->db.path, err);
    if (rc == 0 && !write && access(s->db.path, F_OK) < 0)
        rc = err_set(err, ERR_NOTFOUND, 0,
                     "there is no ledger at %s: no run was begun on this machine", s->db.path);
    if (rc == 0 && write) {
        rc = file_make_dirs(c->state_dir, 0755, err);
        autoclose int fd = rc < 0 ? -1 : open(s->db.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (rc == 0 && fd < 0)
            rc = err_set(err, ERR_IO, errno, "open %s", s->db.path);
    }
    if (rc == 0 &&
        sqlite3_open_v2(s->db.path, &s->db.sqlite, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        rc = ledger_db_fail(&s->db, err, "open");
    if (rc == 0 && sqlite3_busy_timeout(s->db.sqlite, BUSY_MS) != SQLITE_OK)
        rc = ledger_db_fail(&s->db, err, "open");
    if (rc == 0 && write)
        rc = make_tables(s, err);
    if (rc < 0) {
        ledger_store_close(s);
        return -1;
    }
    *ret = s;
    return 0;
}

int ledger_store_open_if(const struct coord_conf *c, const struct clock *clock,
                         struct ledger_store **ret, struct err *err)
{
    struct err why = ERR_INIT;
    *ret = NULL;
    if (ledger_store_open(c, false, clock, ret, &why) == 0 || why.kind == ERR_NOTFOUND)
        return 0;
    *err = why;
    return -1;
}

void ledger_store_close(struct ledger_store *s)
{
    if (s == NULL)
        return;
    ledger_db_close(&s->db);
    free(s->host_states);
    free(s);
}

struct ledger_db *ledger_store_db(struct ledger_store *s)
{
    return &s->db;
}

int ledger_store_trust(struct ledger_store *s, const unsigned char run_id[static 16],
                       uint32_t version, const struct buf *file, struct err *err)
{
    s->trust_version = version;
    return ledger_record_put_trust(&s->db, run_id, version, file, err);
}

int ledger_store_lock(const struct coord_conf *c, int *ret_fd, struct err *err)
{
    char path[300];
    if (state_path(c, LOCK_NAME, path, err) < 0 || file_make_dirs(c->state_dir, 0755, err) < 0)
        return -1;
    return file_lock(path, ret_fd, err);
}

/* ---- writing ---- */

static int put_change(struct ledger_store *s, const struct ledger *l, const char *key,
                      const char *state, const char *text, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_db_prepare(&s->db, "INSERT INTO change VALUES (?, ?, ?, ?, ?)", &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, l->run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_int64(st, 2, clock_wall(s->clock)) == SQLITE_OK &&
              sqlite3_bind_text(st, 3, key, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 4, state, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 5, text, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_DONE;
    int rc = ok ? 0 : ledger_db_fail(&s->db, err, "write");
    sqlite3_finalize(st);
    return rc;
}

static void expect_run(struct ledger_store *s, const struct ledger *l)
{
    if (s->n_states == l->n_hosts && memcmp(s->run_id, l->run_id, RUN_ID_LEN) == 0)
        return;
    memcpy(s->run_id, l->run_id, RUN_ID_LEN);
    s->n_states = l->n_hosts;
    s->host_states = xrealloc(s->host_states, (l->n_hosts + 1) * sizeof(*s->host_states));
    for (size_t i = 0; i < l->n_hosts; i++)
        s->host_states[i] = -1;
    s->run_state = -1;
}

static int put_host_row(struct ledger_store *s, const struct ledger *l, size_t i, struct err *err)
{
    const struct ledger_host *h = &l->hosts[i];
    if (ledger_db_put(&s->db, &host_columns, l->run_id, (int64_t)i, h, err) < 0)
        return -1;
    if (s->host_states[i] == (int)h->state || (s->host_states[i] < 0 && h->state == HOST_PENDING))
        return 0;
    return put_change(s, l, h->key, host_state_name(h->state), host_text(h), err);
}

static int put_dirty(struct ledger_store *s, const struct ledger *l, struct err *err)
{
    if (l->dirty && ledger_db_put(&s->db, &run_columns, l->run_id, 0, l, err) < 0)
        return -1;
    if (l->dirty && s->run_state != (int)l->state &&
        put_change(s, l, "", run_state_name(l->state), l->cause, err) < 0)
        return -1;
    for (size_t i = 0; i < l->n_hosts; i++)
        if (l->hosts[i].dirty && put_host_row(s, l, i, err) < 0)
            return -1;
    for (size_t i = 0; i < l->n_effects; i++)
        if (l->effects[i].dirty && l->effects[i].id != 0 &&
            ledger_db_put(&s->db, &effect_columns, l->run_id, l->effects[i].id, &l->effects[i],
                          err) < 0)
            return -1;
    for (size_t i = 0; i < l->n_regions; i++)
        if (l->regions[i].dirty &&
            ledger_db_put(&s->db, &region_columns, l->run_id, (int64_t)i, &l->regions[i], err) < 0)
            return -1;
    for (size_t i = 0; i < l->n_kept; i++)
        if (ledger_record_put(&s->db, l, &l->kept[i], s->trust_version, clock_wall(s->clock), err) <
            0)
            return -1;
    return ledger_db_execute(&s->db, "COMMIT", err);
}

int ledger_store_commit(struct ledger_store *s, struct ledger *l, struct err *err)
{
    expect_run(s, l);
    if (l->dirty && run_ended(l->state) && l->ended_wall_ms == 0)
        l->ended_wall_ms = clock_wall(s->clock);
    if (ledger_db_execute(&s->db, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    if (put_dirty(s, l, err) < 0) {
        struct err unused = ERR_INIT;
        (void)!ledger_db_execute(&s->db, "ROLLBACK", &unused);
        return -1;
    }
    s->run_state = (int)l->state;
    for (size_t i = 0; i < l->n_hosts; i++) {
        s->host_states[i] = (int)l->hosts[i].state;
        l->hosts[i].dirty = false;
    }
    for (size_t i = 0; i < l->n_effects; i++)
        l->effects[i].dirty = false;
    for (size_t i = 0; i < l->n_regions; i++)
        l->regions[i].dirty = false;
    ledger_kept_clear(l);
    l->dirty = false;
    return 0;
}

/* ---- reading ---- */

static int load_hosts(struct ledger_store *s, struct ledger *l, struct err *err)
{
    sqlite3_stmt *st = NULL;
    size_t found = 0;
    l->hosts = xzalloc(l->n_hosts + 1, sizeof(*l->hosts));
    if (ledger_db_select(&s->db, &host_columns, l->run_id, &st, err) < 0)
        return -1;
    while (sqlite3_step(st) == SQLITE_ROW && found < l->n_hosts)
        if (sqlite3_column_int64(st, 0) == (int64_t)found)
            columns_read(&host_columns, &l->hosts[found++], st, 1);
    sqlite3_finalize(st);
    if (found < l->n_hosts)
        return err_set(err, ERR_FORMAT, 0, "the ledger %s has %zu of %zu hosts of the run",
                       s->db.path, found, l->n_hosts);
    return 0;
}

/* Finished effects stay in the database as history, but a run needs only the others. */
static int load_effects(struct ledger_store *s, struct ledger *l, struct err *err)
{
    sqlite3_stmt *st = NULL;
    l->n_effects = 0;
    if (ledger_db_select(&s->db, &effect_columns, l->run_id, &st, err) < 0)
        return -1;
    while (sqlite3_step(st) == SQLITE_ROW && l->n_effects < EFFECTS_MAX) {
        struct effect *e = &l->effects[l->n_effects];
        memset(e, 0, sizeof(*e));
        columns_read(&effect_columns, e, st, 1);
        e->id = (uint32_t)sqlite3_column_int64(st, 0);
        if (!effect_finished(e))
            l->n_effects++;
        else
            memset(e, 0, sizeof(*e));
    }
    sqlite3_finalize(st);
    return 0;
}

/* A run of an earlier version has no regions. */
static int load_regions(struct ledger_store *s, struct ledger *l, struct err *err)
{
    sqlite3_stmt *st = NULL;
    size_t found = 0;
    l->n_regions = MIN_OF(l->n_regions, (size_t)LEDGER_REGIONS);
    if (l->n_regions > 0 && ledger_db_select(&s->db, &region_columns, l->run_id, &st, err) < 0)
        return -1;
    while (st != NULL && sqlite3_step(st) == SQLITE_ROW && found < l->n_regions)
        columns_read(&region_columns, &l->regions[found++], st, 1);
    sqlite3_finalize(st);
    l->n_regions = found;
    return 0;
}

int ledger_store_load(struct ledger_store *s, const unsigned char run_id[static 16],
                      struct ledger *ret, struct err *err)
{
    sqlite3_stmt *st = NULL;
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->run_id, run_id, RUN_ID_LEN);
    if (ledger_db_select(&s->db, &run_columns, run_id, &st, err) < 0)
        return -1;
    bool there = sqlite3_step(st) == SQLITE_ROW;
    if (there)
        columns_read(&run_columns, ret, st, 1);
    sqlite3_finalize(st);
    if (!there)
        return err_set(err, ERR_NOTFOUND, 0, "the ledger has no such run");
    if (load_hosts(s, ret, err) < 0 || load_effects(s, ret, err) < 0 ||
        load_regions(s, ret, err) < 0) {
        ledger_free(ret);
        return -1;
    }
    expect_run(s, ret);
    s->run_state = (int)ret->state;
    for (size_t i = 0; i < ret->n_hosts; i++)
        s->host_states[i] = (int)ret->hosts[i].state;
    return 0;
}

/* ---- for people: runs and changes of state ---- */

static void copy_column_text(sqlite3_stmt *st, int at, char *dst, size_t n)
{
    const char *text = (const char *)sqlite3_column_text(st, at);
    str_cut(dst, n, text != NULL ? text : "");
}

static void read_run_row(sqlite3_stmt *st, struct stored_run *r)
{
    const void *id = sqlite3_column_blob(st, 0);
    memset(r, 0, sizeof(*r));
    if (sqlite3_column_bytes(st, 0) == RUN_ID_LEN)
        memcpy(r->run_id, id, RUN_ID_LEN);
    copy_column_text(st, 1, r->target, sizeof(r->target));
    r->state = (enum run_state)sqlite3_column_int(st, 2);
    r->begun_wall_ms = sqlite3_column_int64(st, 3);
    r->ended_wall_ms = sqlite3_column_int64(st, 4);
    copy_column_text(st, 5, r->cause, sizeof(r->cause));
    copy_column_text(st, 6, r->cause_host, sizeof(r->cause_host));
    r->hosts = sqlite3_column_int64(st, 7);
    r->done = sqlite3_column_int64(st, 8);
}

int ledger_store_runs(struct ledger_store *s, struct stored_run **ret, size_t *ret_n,
                      struct err *err)
{
    sqlite3_stmt *st = NULL;
    auto_buf struct buf sql = BUF_INIT;
    buf_printf(&sql,
               "SELECT run, target, state, begun_wall_ms, ended_wall_ms, cause, cause_host, "
               "n_hosts, (SELECT count(*) FROM host WHERE host.run = run.run AND host.state = "
               "CASE run.state WHEN %d THEN %d ELSE %d END) "
               "FROM run ORDER BY begun_wall_ms DESC LIMIT %d",
               RUN_STAGED, HOST_STAGED, HOST_DONE, RUNS_MAX);
    if (ledger_db_prepare(&s->db, buf_str(&sql), &st, err) < 0)
        return -1;
    struct stored_run *runs = NULL;
    size_t n = 0;
    while (sqlite3_step(st) == SQLITE_ROW) {
        runs = xrealloc(runs, (n + 1) * sizeof(*runs));
        read_run_row(st, &runs[n++]);
    }
    sqlite3_finalize(st);
    *ret = runs;
    *ret_n = n;
    return 0;
}

int ledger_run_word(const char *text, struct err *err)
{
    return strlen(text) >= 4 && text[strspn(text, "0123456789abcdef")] == '\0'
               ? 0
               : err_set(err, ERR_USAGE, 0,
                         "%.60s is no id of a run: give at least 4 digits of the id that `caravan "
                         "history` shows",
                         text);
}

int ledger_store_find(struct ledger_store *s, const char *text, struct stored_run *ret,
                      struct err *err)
{
    autofree struct stored_run *runs = NULL;
    size_t n = 0, hits = 0, at = 0;
    if ((text != NULL && ledger_run_word(text, err) < 0) ||
        ledger_store_runs(s, &runs, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char hex[2 * RUN_ID_LEN + 1];
        str_hex(hex, runs[i].run_id, RUN_ID_LEN);
        if (text == NULL ? i == 0 : str_starts(hex, text)) {
            hits++;
            at = i;
        }
    }
    if (hits == 0)
        return text == NULL
                   ? err_set(err, ERR_NOTFOUND, 0, "no run was begun on this machine")
                   : err_set(err, ERR_NOTFOUND, 0,
                             "the ledger has no run %s: `caravan history` lists the runs", text);
    if (hits > 1)
        return err_set(err, ERR_USAGE, 0, "%zu runs begin with %s: give more digits", hits, text);
    *ret = runs[at];
    return 0;
}

int ledger_store_changes(struct ledger_store *s, const unsigned char run_id[static 16],
                         struct stored_change **ret, size_t *ret_n, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_db_prepare(&s->db,
                          "SELECT wall, key, state, text FROM change WHERE run = ? ORDER BY rowid",
                          &st, err) < 0)
        return -1;
    struct stored_change *list = NULL;
    size_t n = 0;
    if (sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW) {
            list = xrealloc(list, (n + 1) * sizeof(*list));
            struct stored_change *c = &list[n++];
            c->wall_ms = sqlite3_column_int64(st, 0);
            copy_column_text(st, 1, c->key, sizeof(c->key));
            copy_column_text(st, 2, c->state, sizeof(c->state));
            copy_column_text(st, 3, c->text, sizeof(c->text));
        }
    sqlite3_finalize(st);
    *ret = list;
    *ret_n = n;
    return 0;
}

/* ---- lines of other servers' logs, stored with the host that changed ---- */

/* The row that says that further lines are dropped has no server. */
static int kept_of(struct ledger_store *s, const unsigned char *run_id, const char *step,
                   int64_t *ret_bytes, bool *ret_full, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_db_prepare(&s->db,
                          "SELECT total(length(line)), total(server = '') FROM heard "
                          "WHERE run = ? AND step = ?",
                          &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 2, step, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW;
    if (ok) {
        *ret_bytes = sqlite3_column_int64(st, 0);
        *ret_full = sqlite3_column_int64(st, 1) > 0;
    }
    int rc = ok ? 0 : ledger_db_fail(&s->db, err, "read");
    sqlite3_finalize(st);
    return rc;
}

static int put_heard_line(struct ledger_store *s, const unsigned char *run_id, const char *step,
                          const char *server, const char *line, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_db_prepare(&s->db, "INSERT INTO heard VALUES (?, ?, ?, ?, ?)", &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 2, step, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 3, server, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_int64(st, 4, clock_wall(s->clock)) == SQLITE_OK &&
              sqlite3_bind_text(st, 5, line, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_DONE;
    int rc = ok ? 0 : ledger_db_fail(&s->db, err, "write");
    sqlite3_finalize(st);
    return rc;
}

int ledger_store_add_log_line(struct ledger_store *s, const unsigned char run_id[static 16],
                              const char *step, const char *server, const char *line,
                              struct err *err)
{
    char text[HEARD_LINE];
    int64_t bytes = 0;
    bool full = false;
    if (kept_of(s, run_id, step, &bytes, &full, err) < 0)
        return -1;
    if (full)
        return 0;
    str_cut(text, sizeof(text), line);
    if (bytes + (int64_t)strlen(text) > HEARD_MAX) {
        snprintf(text, sizeof(text), "there were more lines; only the first %d KiB are stored",
                 HEARD_MAX / 1024);
        server = "";
    }
    return put_heard_line(s, run_id, step, server, text, err);
}

int ledger_store_log_lines(struct ledger_store *s, const unsigned char run_id[static 16],
                           struct stored_log_line **ret, size_t *ret_n, struct err *err)
{
    sqlite3_stmt *st = NULL;
    struct stored_log_line *list = NULL;
    struct err old = ERR_INIT;
    size_t n = 0;
    *ret = NULL;
    *ret_n = 0;
    if (ledger_db_prepare(&s->db,
                          "SELECT wall, step, server, line FROM heard WHERE run = ? ORDER BY rowid",
                          &st, &old) < 0)
        return 0; /* a ledger of an earlier version has no such table */
    if (sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) != SQLITE_OK) {
        sqlite3_finalize(st);
        return ledger_db_fail(&s->db, err, "read");
    }
    while (sqlite3_step(st) == SQLITE_ROW) {
        list = xrealloc(list, (n + 1) * sizeof(*list));
        struct stored_log_line *h = &list[n++];
        h->wall_ms = sqlite3_column_int64(st, 0);
        copy_column_text(st, 1, h->step, sizeof(h->step));
        copy_column_text(st, 2, h->server, sizeof(h->server));
        copy_column_text(st, 3, h->line, sizeof(h->line));
    }
    sqlite3_finalize(st);
    *ret = list;
    *ret_n = n;
    return 0;
}
