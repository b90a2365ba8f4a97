#include "ledger_rows.h"

#include <inttypes.h>
#include <stddef.h>
#include "str.h"

#define ROW(s, t, f)                                                                               \
    {                                                                                              \
#f, t, offsetof(struct s, f), sizeof(((struct s *)0)->f)                                   \
    }
#define AS(n, s, t, f)                                                                             \
    {                                                                                              \
        n, t, offsetof(struct s, f), sizeof(((struct s *)0)->f)                                    \
    }

static const struct column run_list[] = {
    ROW(ledger, COLUMN_TEXT, boot),          ROW(ledger, COLUMN_INT, state),
    ROW(ledger, COLUMN_INT, before_pause),   ROW(ledger, COLUMN_INT, ending),
    ROW(ledger, COLUMN_U64, epoch),          ROW(ledger, COLUMN_TEXT, target),
    ROW(ledger, COLUMN_BYTES, plan_digest),  ROW(ledger, COLUMN_BUF, plan),
    ROW(ledger, COLUMN_I64, begun_wall_ms),  ROW(ledger, COLUMN_I64, ended_wall_ms),
    ROW(ledger, COLUMN_BOOL, canaries_done), ROW(ledger, COLUMN_I64, canaries_settled_ms),
    ROW(ledger, COLUMN_U32, failures),       ROW(ledger, COLUMN_U32, skipped),
    ROW(ledger, COLUMN_TEXT, cause),         ROW(ledger, COLUMN_TEXT, cause_host),
    ROW(ledger, COLUMN_TEXT, advice),        ROW(ledger, COLUMN_TEXT, alarm),
    ROW(ledger, COLUMN_TEXT, alarm_host),    ROW(ledger, COLUMN_TEXT, alarm_advice),
    ROW(ledger, COLUMN_SIZE, n_regions),     ROW(ledger, COLUMN_SIZE, n_hosts),
    ROW(ledger, COLUMN_SIZE, n_effects),     ROW(ledger, COLUMN_U32, last_effect),
};

static const struct column host_list[] = {
    ROW(ledger_host, COLUMN_TEXT, key),
    ROW(ledger_host, COLUMN_INT, state),
    ROW(ledger_host, COLUMN_BOOL, canary),
    AS("message", ledger_host, COLUMN_INT, order),
    ROW(ledger_host, COLUMN_BYTES, session),
    ROW(ledger_host, COLUMN_U64, epoch),
    ROW(ledger_host, COLUMN_U64, sequence),
    ROW(ledger_host, COLUMN_BYTES, nonce),
    AS("inner_bytes", ledger_host, COLUMN_BUF, inner),
    ROW(ledger_host, COLUMN_BYTES, inner_digest),
    ROW(ledger_host, COLUMN_I64, ordered_ms),
    ROW(ledger_host, COLUMN_BOOL, answered),
    ROW(ledger_host, COLUMN_INT, refusal),
    ROW(ledger_host, COLUMN_U32, attempts),
    ROW(ledger_host, COLUMN_U32, turns),
    ROW(ledger_host, COLUMN_U32, transfers),
    ROW(ledger_host, COLUMN_U32, resends),
    ROW(ledger_host, COLUMN_I64, retry_ms),
    ROW(ledger_host, COLUMN_I64, receipt_ms),
    ROW(ledger_host, COLUMN_I64, effect_ms),
    ROW(ledger_host, COLUMN_I64, settled_ms),
    ROW(ledger_host, COLUMN_INT, outcome),
    ROW(ledger_host, COLUMN_INT, failure),
    ROW(ledger_host, COLUMN_INT, failed_in),
    ROW(ledger_host, COLUMN_INT, skip),
    ROW(ledger_host, COLUMN_TEXT, text),
    AS("nomads_log", ledger_host, COLUMN_BUF, log),
    ROW(ledger_host, COLUMN_INT, differs),
    ROW(ledger_host, COLUMN_U32, silence_ms),
    ROW(ledger_host, COLUMN_U64, base_modify_index),
    ROW(ledger_host, COLUMN_U64, base_leader_index),
    ROW(ledger_host, COLUMN_COUNTS, base_objects),
    AS("stamp_dev", ledger_host, COLUMN_U64, base_stamp.dev),
    AS("stamp_ino", ledger_host, COLUMN_U64, base_stamp.ino),
    AS("stamp_ctime", ledger_host, COLUMN_I64, base_stamp.ctime_ns),
    AS("stamp_pid", ledger_host, COLUMN_U32, base_stamp.main_pid),
    AS("stamp_start", ledger_host, COLUMN_U64, base_stamp.main_start),
    ROW(ledger_host, COLUMN_BUF, fingerprint),
    ROW(ledger_host, COLUMN_ALLOCS, allocs),
    AS("keys_path", ledger_host, COLUMN_TEXT, keys.path),
    AS("keys_files", ledger_host, COLUMN_U32, keys.files),
    AS("keys_digest", ledger_host, COLUMN_BYTES, keys.digest),
    AS("keys_problem", ledger_host, COLUMN_TEXT, keys.problem),
};

static const struct column effect_list[] = {
    ROW(effect, COLUMN_INT, kind),
    ROW(effect, COLUMN_TEXT, key),
    ROW(effect, COLUMN_TEXT, region),
    AS("value_before", effect, COLUMN_TEXT, before),
    ROW(effect, COLUMN_TEXT, ours),
    ROW(effect, COLUMN_BOOL, noted),
    ROW(effect, COLUMN_BOOL, done),
    ROW(effect, COLUMN_BOOL, undo),
    ROW(effect, COLUMN_BOOL, undone),
    ROW(effect, COLUMN_BOOL, note_cleared),
    ROW(effect, COLUMN_U32, attempts),
    ROW(effect, COLUMN_I64, done_ms),
    ROW(effect, COLUMN_BOOL, found),
    AS("cleanup_found", effect, COLUMN_BOOL, setting.cleanup),
    AS("index_found", effect, COLUMN_U64, setting.index),
    AS("others_found", effect, COLUMN_U64, setting.others),
    ROW(effect, COLUMN_U64, ours_index),
    ROW(effect, COLUMN_BOOL, restoring),
};

static const struct column region_list[] = {
    ROW(ledger_region, COLUMN_TEXT, name),
    ROW(ledger_region, COLUMN_TEXT, snapshot),
    ROW(ledger_region, COLUMN_U64, snapshot_bytes),
    ROW(ledger_region, COLUMN_I64, snapshot_wall_ms),
    ROW(ledger_region, COLUMN_COUNTS, first),
    ROW(ledger_region, COLUMN_COUNTS, last),
    ROW(ledger_region, COLUMN_TEXT, autopilot),
};

const struct columns region_columns = {"region", "run BLOB, n INTEGER", 2, region_list,
                                       ARRAY_LEN(region_list)};
const struct columns run_columns = {"run", "run BLOB", 1, run_list, ARRAY_LEN(run_list)};
const struct columns host_columns = {"host", "run BLOB, n INTEGER", 2, host_list,
                                     ARRAY_LEN(host_list)};
const struct columns effect_columns = {"effect", "run BLOB, n INTEGER", 2, effect_list,
                                       ARRAY_LEN(effect_list)};

/* One line an allocation: id, start, restarts. */
static void allocs_text(const struct ledger_host *h, struct buf *out)
{
    for (size_t i = 0; i < h->n_allocs; i++)
        buf_printf(out, "%s %" PRId64 " %" PRIu32 "\n", h->allocs[i].id, h->allocs[i].started_ns,
                   h->allocs[i].restarts);
}

static void allocs_read(const char *text, struct ledger_host *h)
{
    autofree char *copy = xstrdup(text);
    char *save = NULL;
    h->n_allocs = 0;
    for (char *line = strtok_r(copy, "\n", &save); line != NULL && h->n_allocs < ALLOCS_KEPT;
         line = strtok_r(NULL, "\n", &save)) {
        char *in = NULL, *id = strtok_r(line, " ", &in), *at = strtok_r(NULL, " ", &in);
        char *restarts = strtok_r(NULL, " ", &in);
        struct kept_alloc *k = &h->allocs[h->n_allocs];
        uint64_t n = 0;
        if (restarts == NULL || str_copy(k->id, sizeof k->id, id) < 0 ||
            str_to_i64(at, &k->started_ns) < 0 || str_to_u64(restarts, UINT32_MAX, &n) < 0)
            return;
        k->restarts = (uint32_t)n;
        h->n_allocs++;
    }
}

static void counts_put(const char *at, struct buf *out)
{
    int64_t n[OBJECT_KINDS];
    memcpy(n, at, sizeof n);
    for (size_t i = 0; i < OBJECT_KINDS; i++)
        buf_printf(out, "%s%" PRId64, i > 0 ? " " : "", n[i]);
}

static void counts_read(const char *text, char *at)
{
    autofree char *copy = xstrdup(text);
    char *save = NULL, *word = strtok_r(copy, " ", &save);
    int64_t n[OBJECT_KINDS] = {0};
    for (size_t i = 0; i < OBJECT_KINDS && word != NULL; i++) {
        if (str_to_i64(word, &n[i]) < 0)
            return;
        word = strtok_r(NULL, " ", &save);
    }
    memcpy(at, n, sizeof n);
}

static int64_t number_at(enum column_type type, const char *p)
{
    if (type == COLUMN_BOOL)
        return *(const bool *)p;
    if (type == COLUMN_INT)
        return *(const int *)(const void *)p;
    if (type == COLUMN_U32)
        return *(const uint32_t *)(const void *)p;
    int64_t v = 0;
    memcpy(&v, p, sizeof v); /* I64, U64 and size_t have eight bytes */
    return v;
}
_Static_assert(sizeof(size_t) == sizeof(int64_t), "COLUMN_SIZE is kept as 64 bits");

static void number_put(enum column_type type, char *p, int64_t v)
{
    if (type == COLUMN_BOOL)
        *(bool *)p = v != 0;
    else if (type == COLUMN_INT)
        *(int *)(void *)p = (int)v;
    else if (type == COLUMN_U32)
        *(uint32_t *)(void *)p = (uint32_t)v;
    else
        memcpy(p, &v, sizeof v);
}

static int bind_one(const struct column *c, const void *base, sqlite3_stmt *st, int at)
{
    const char *p = (const char *)base + c->offset;
    if (c->type == COLUMN_TEXT)
        return sqlite3_bind_text(st, at, p, -1, SQLITE_TRANSIENT);
    if (c->type == COLUMN_BYTES)
        return sqlite3_bind_blob(st, at, p, (int)c->size, SQLITE_TRANSIENT);
    if (c->type == COLUMN_BUF) {
        const struct buf *b = (const void *)p;
        return sqlite3_bind_blob(st, at, b->len > 0 ? b->data : (const void *)"", (int)b->len,
                                 SQLITE_TRANSIENT);
    }
    if (c->type == COLUMN_COUNTS) {
        auto_buf struct buf text = BUF_INIT;
        counts_put(p, &text);
        return sqlite3_bind_text(st, at, buf_str(&text), -1, SQLITE_TRANSIENT);
    }
    if (c->type == COLUMN_ALLOCS) {
        auto_buf struct buf text = BUF_INIT;
        allocs_text(base, &text);
        return sqlite3_bind_text(st, at, buf_str(&text), -1, SQLITE_TRANSIENT);
    }
    return sqlite3_bind_int64(st, at, number_at(c->type, p));
}

int columns_bind(const struct columns *c, const void *base, sqlite3_stmt *st, int first)
{
    for (size_t i = 0; i < c->n; i++)
        if (bind_one(&c->list[i], base, st, first + (int)i) != SQLITE_OK)
            return -1;
    return 0;
}

static void read_one(const struct column *c, void *base, sqlite3_stmt *st, int at)
{
    char *p = (char *)base + c->offset;
    const void *blob = sqlite3_column_blob(st, at);
    int n = sqlite3_column_bytes(st, at);
    if (c->type == COLUMN_TEXT) {
        const char *text = (const char *)sqlite3_column_text(st, at);
        str_cut(p, c->size, text != NULL ? text : "");
    } else if (c->type == COLUMN_BYTES) {
        if (n == (int)c->size)
            memcpy(p, blob, c->size);
    } else if (c->type == COLUMN_BUF) {
        buf_clear((struct buf *)(void *)p);
        if (n > 0)
            buf_add((struct buf *)(void *)p, blob, (size_t)n);
    } else if (c->type == COLUMN_COUNTS) {
        const char *text = (const char *)sqlite3_column_text(st, at);
        counts_read(text != NULL ? text : "", p);
    } else if (c->type == COLUMN_ALLOCS) {
        const char *text = (const char *)sqlite3_column_text(st, at);
        allocs_read(text != NULL ? text : "", base);
    } else {
        number_put(c->type, p, sqlite3_column_int64(st, at));
    }
}

void columns_read(const struct columns *c, void *base, sqlite3_stmt *st, int first)
{
    for (size_t i = 0; i < c->n; i++)
        if (sqlite3_column_type(st, first + (int)i) != SQLITE_NULL)
            read_one(&c->list[i], base, st, first + (int)i);
}
