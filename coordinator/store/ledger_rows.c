#include "ledger_rows.h"

#include <inttypes.h>
#include <stddef.h>
#include "str.h"

/* A column has the name of its member, unless AS gives another name. */
#define AS(text, s, m, t)                                                                          \
    {                                                                                              \
        FIELD_AS(text, s, m, FIELD_##t)                                                            \
    }
#define COLUMN(s, m, t) AS(#m, s, m, t)

static const struct field run_list[] = {
    COLUMN(ledger, boot, NAME),
    COLUMN(ledger, state, ENUM),
    COLUMN(ledger, before_pause, ENUM),
    COLUMN(ledger, ending, ENUM),
    COLUMN(ledger, epoch, UINT),
    COLUMN(ledger, target, NAME),
    COLUMN(ledger, plan_digest, BYTES),
    COLUMN(ledger, plan, BUF),
    COLUMN(ledger, begun_wall_ms, INT),
    COLUMN(ledger, ended_wall_ms, INT),
    COLUMN(ledger, canaries_done, BOOL),
    COLUMN(ledger, canaries_settled_ms, INT),
    COLUMN(ledger, hazards_digest, BYTES),
    COLUMN(ledger, failures, UINT),
    COLUMN(ledger, skipped, UINT),
    COLUMN(ledger, cause, NAME),
    COLUMN(ledger, cause_host, NAME),
    COLUMN(ledger, advice, NAME),
    COLUMN(ledger, alarm, NAME),
    COLUMN(ledger, alarm_host, NAME),
    COLUMN(ledger, alarm_advice, NAME),
    COLUMN(ledger, n_regions, UINT),
    COLUMN(ledger, n_hosts, UINT),
    COLUMN(ledger, n_effects, UINT),
    COLUMN(ledger, last_effect, UINT),
    AS("record", ledger, record, ENUM),
};

static const struct field alloc_list[] = {
    COLUMN(kept_alloc, id, NAME),
    COLUMN(kept_alloc, started_ns, INT),
    COLUMN(kept_alloc, restarts, UINT),
    ROW_LATER("started", kept_alloc, started),
};
static const struct layout alloc_layout = LAYOUT("allocation", alloc_list);
static const struct field alloc_item = {
    .type = FIELD_STRUCT, .size = sizeof(struct kept_alloc), .sub = &alloc_layout};

static const struct field host_list[] = {
    COLUMN(ledger_host, key, NAME),
    COLUMN(ledger_host, state, ENUM),
    COLUMN(ledger_host, canary, BOOL),
    AS("message", ledger_host, order, ENUM),
    COLUMN(ledger_host, session, BYTES),
    COLUMN(ledger_host, epoch, UINT),
    AS("sequence", ledger_host, call.sequence, UINT),
    AS("nonce", ledger_host, call.nonce, BYTES),
    AS("inner_bytes", ledger_host, inner, BUF),
    COLUMN(ledger_host, inner_digest, BYTES),
    COLUMN(ledger_host, kept_last, BYTES),
    COLUMN(ledger_host, ordered_ms, INT),
    COLUMN(ledger_host, answered, BOOL),
    COLUMN(ledger_host, refusal, ENUM),
    COLUMN(ledger_host, attempts, UINT),
    COLUMN(ledger_host, turns, UINT),
    COLUMN(ledger_host, transfers, UINT),
    AS("resends", ledger_host, call.failures, UINT),
    AS("retry_ms", ledger_host, call.retry_ms, INT),
    COLUMN(ledger_host, receipt_ms, INT),
    COLUMN(ledger_host, effect_ms, INT),
    COLUMN(ledger_host, settled_ms, INT),
    COLUMN(ledger_host, outcome, ENUM),
    COLUMN(ledger_host, failure, ENUM),
    COLUMN(ledger_host, failed_in, ENUM),
    COLUMN(ledger_host, skip, ENUM),
    COLUMN(ledger_host, text, NAME),
    AS("nomads_log", ledger_host, log, BUF),
    COLUMN(ledger_host, differs, ENUM),
    COLUMN(ledger_host, silence_ms, UINT),
    COLUMN(ledger_host, base_modify_index, UINT),
    COLUMN(ledger_host, base_leader_index, UINT),
    COLUMN(ledger_host, base_objects, INTS),
    AS("stamp_dev", ledger_host, base_stamp.dev, UINT),
    AS("stamp_ino", ledger_host, base_stamp.ino, UINT),
    AS("stamp_ctime", ledger_host, base_stamp.ctime_ns, INT),
    AS("stamp_pid", ledger_host, base_stamp.main_pid, UINT),
    AS("stamp_start", ledger_host, base_stamp.main_start, UINT),
    COLUMN(ledger_host, fingerprint, BUF),
    {FIELD(ledger_host, allocs, FIELD_LIST), .max = ALLOCS_KEPT,
     .count = offsetof(struct ledger_host, n_allocs), .item = &alloc_item},
    AS("keys_path", ledger_host, keys.path, NAME),
    AS("keys_files", ledger_host, keys.files, UINT),
    AS("keys_digest", ledger_host, keys.digest, BYTES),
    AS("keys_problem", ledger_host, keys.problem, NAME),
    AS("keys_sequence", ledger_host, keys.call.sequence, UINT),
};

static const struct field effect_list[] = {
    COLUMN(effect, kind, ENUM),     COLUMN(effect, key, NAME),
    COLUMN(effect, region, NAME),   AS("value_before", effect, before, NAME),
    COLUMN(effect, ours, NAME),     COLUMN(effect, noted, BOOL),
    COLUMN(effect, done, BOOL),     COLUMN(effect, undo, BOOL),
    COLUMN(effect, undone, BOOL),   COLUMN(effect, note_cleared, BOOL),
    COLUMN(effect, attempts, UINT), COLUMN(effect, done_ms, INT),
};

static const struct field region_list[] = {
    COLUMN(ledger_region, name, NAME),           COLUMN(ledger_region, snapshot, NAME),
    COLUMN(ledger_region, snapshot_bytes, UINT), COLUMN(ledger_region, snapshot_wall_ms, INT),
    COLUMN(ledger_region, first, INTS),          COLUMN(ledger_region, last, INTS),
};

const struct columns region_columns = {LAYOUT("region", region_list), "run BLOB, n INTEGER", 2};
const struct columns run_columns = {LAYOUT("run", run_list), "run BLOB", 1};
const struct columns host_columns = {LAYOUT("host", host_list), "run BLOB, n INTEGER", 2};
const struct columns effect_columns = {LAYOUT("effect", effect_list), "run BLOB, n INTEGER", 2};

/* ---- columns with several values: a line for each item, a word for each field ---- */

static void put_list_word(const struct field *f, const void *p, struct buf *out)
{
    if (f->type == FIELD_NAME)
        buf_add_str(out, p);
    else if (f->type == FIELD_INT)
        buf_printf(out, "%" PRId64, (int64_t)layout_load(p, f->size));
    else
        buf_printf(out, "%" PRIu64, layout_load(p, f->size));
}

static bool read_list_word(const struct field *f, const char *word, void *p)
{
    uint64_t v = 0, widest = f->size >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * f->size)) - 1;

    if (word == NULL)
        return false;
    if (f->type == FIELD_NAME)
        return str_copy(p, f->size, word) == 0;
    if (f->type == FIELD_INT)
        return str_to_i64(word, p) == 0;
    if (str_to_u64(word, widest, &v) < 0)
        return false;
    layout_store(p, f->size, v);
    return true;
}

static void put_list_column(const struct field *f, const char *base, struct buf *out)
{
    uint64_t n = layout_load(base + f->count, sizeof(uint32_t));

    for (uint64_t i = 0; i < n; i++) {
        const char *item = base + f->offset + i * f->item->size;
        for (uint32_t k = 0; k < f->item->sub->n; k++) {
            const struct field *part = &f->item->sub->fields[k];
            put_list_word(part, item + part->offset, out);
            buf_add_byte(out, k + 1 < f->item->sub->n ? ' ' : '\n');
        }
    }
}

static bool read_list_item(const struct layout *l, char *line, char *item)
{
    char *save = NULL;

    for (uint32_t k = 0; k < l->n; k++) {
        const char *word = strtok_r(k == 0 ? line : NULL, " ", &save);
        if (word == NULL && l->fields[k].later)
            layout_store(item + l->fields[k].offset, l->fields[k].size, 0);
        else if (!read_list_word(&l->fields[k], word, item + l->fields[k].offset))
            return false;
    }
    return true;
}

/* The first line that cannot be read ends the list. */
static void read_list_column(const struct field *f, const char *text, char *base)
{
    autofree char *copy = xstrdup(text);
    char *save = NULL, *line = strtok_r(copy, "\n", &save);
    uint32_t n = 0;

    while (line != NULL && n < f->max &&
           read_list_item(f->item->sub, line, base + f->offset + n * f->item->size)) {
        n++;
        line = strtok_r(NULL, "\n", &save);
    }
    memcpy(base + f->count, &n, sizeof(n));
}

static void put_ints(const struct field *f, const char *p, struct buf *out)
{
    for (size_t i = 0; i < f->size / sizeof(int64_t); i++)
        buf_printf(out, "%s%" PRId64, i > 0 ? " " : "",
                   (int64_t)layout_load(p + i * sizeof(int64_t), sizeof(int64_t)));
}

/* A word that is no number leaves all values as they are. */
static void read_ints(const struct field *f, const char *text, char *p)
{
    autofree char *copy = xstrdup(text), *list = xzalloc(1, f->size);
    char *save = NULL, *word = strtok_r(copy, " ", &save);

    for (size_t i = 0; i < f->size / sizeof(int64_t) && word != NULL; i++) {
        if (str_to_i64(word, (int64_t *)(void *)list + i) < 0)
            return;
        word = strtok_r(NULL, " ", &save);
    }
    memcpy(p, list, f->size);
}

/* ---- columns ---- */

static int bind_list(const struct field *f, const void *base, sqlite3_stmt *st, int at)
{
    auto_buf struct buf text = BUF_INIT;

    if (f->type == FIELD_LIST)
        put_list_column(f, base, &text);
    else
        put_ints(f, (const char *)base + f->offset, &text);
    return sqlite3_bind_text(st, at, buf_str(&text), -1, SQLITE_TRANSIENT);
}

static int bind_one(const struct field *f, const void *base, sqlite3_stmt *st, int at)
{
    const char *p = (const char *)base + f->offset;

    if (f->type == FIELD_NAME)
        return sqlite3_bind_text(st, at, p, -1, SQLITE_TRANSIENT);
    if (f->type == FIELD_BYTES)
        return sqlite3_bind_blob(st, at, p, (int)f->size, SQLITE_TRANSIENT);
    if (f->type == FIELD_LIST || f->type == FIELD_INTS)
        return bind_list(f, base, st, at);
    if (f->type == FIELD_BUF) {
        const struct buf *b = (const void *)p;
        return sqlite3_bind_blob(st, at, b->len > 0 ? b->data : (const void *)"", (int)b->len,
                                 SQLITE_TRANSIENT);
    }
    return sqlite3_bind_int64(st, at, (int64_t)layout_load(p, f->size));
}

int columns_bind(const struct columns *c, const void *base, sqlite3_stmt *st, int first)
{
    for (uint32_t i = 0; i < c->row.n; i++)
        if (bind_one(&c->row.fields[i], base, st, first + (int)i) != SQLITE_OK)
            return -1;
    return 0;
}

static void read_text_column(const struct field *f, void *base, const char *text)
{
    char *p = (char *)base + f->offset;

    if (f->type == FIELD_NAME)
        str_cut(p, f->size, text);
    else if (f->type == FIELD_LIST)
        read_list_column(f, text, base);
    else
        read_ints(f, text, p);
}

static void read_one(const struct field *f, void *base, sqlite3_stmt *st, int at)
{
    char *p = (char *)base + f->offset;
    const void *blob = sqlite3_column_blob(st, at);
    int n = sqlite3_column_bytes(st, at);

    if (f->type == FIELD_NAME || f->type == FIELD_LIST || f->type == FIELD_INTS) {
        const char *text = (const char *)sqlite3_column_text(st, at);
        read_text_column(f, base, text != NULL ? text : "");
    } else if (f->type == FIELD_BYTES) {
        if (n == (int)f->size)
            memcpy(p, blob, f->size);
    } else if (f->type == FIELD_BUF) {
        buf_clear((struct buf *)(void *)p);
        if (n > 0)
            buf_add((struct buf *)(void *)p, blob, (size_t)n);
    } else {
        int64_t v = sqlite3_column_int64(st, at);
        layout_store(p, f->size, f->type == FIELD_BOOL ? v != 0 : (uint64_t)v);
    }
}

void columns_read(const struct columns *c, void *base, sqlite3_stmt *st, int first)
{
    for (uint32_t i = 0; i < c->row.n; i++)
        if (sqlite3_column_type(st, first + (int)i) != SQLITE_NULL)
            read_one(&c->row.fields[i], base, st, first + (int)i);
}
