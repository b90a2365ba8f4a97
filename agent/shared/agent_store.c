#include "agent_store.h"
#include "file.h"
#include "layout.h"

#define MAGIC   "CRVA"
#define VERSION 1

const struct kept_reply *agent_state_kept(const struct agent_state *s, const struct digest *order)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (s->kept[i].len > 0 && digest_eq(&s->kept[i].order, order))
            return &s->kept[i];
    return NULL;
}

int agent_state_keep(struct agent_state *s, const struct digest *order, const struct buf *receipt,
                     struct err *err)
{
    struct kept_reply *k = &s->kept[s->next_kept % KEPT_MAX];
    if (receipt->len == 0 || receipt->len > sizeof(k->receipt))
        return err_set(err, ERR_LIMIT, 0, "cannot keep a receipt of %zu bytes (1 to %zu fit)",
                       receipt->len, sizeof(k->receipt));
    k->order = *order;
    k->len = receipt->len;
    memcpy(k->receipt, receipt->data, receipt->len);
    s->next_kept = (s->next_kept + 1) % KEPT_MAX;
    return 0;
}

uint64_t sequences_in(const struct sequences *c, const unsigned char *session, uint64_t epoch)
{
    return memcmp(c->session, session, SESSION_LEN) == 0 && c->epoch == epoch ? c->sequence : 0;
}

void sequences_take(struct sequences *c, const unsigned char *session, uint64_t epoch,
                    uint64_t sequence)
{
    c->sequence = MAX_OF(sequences_in(c, session, epoch), sequence);
    memcpy(c->session, session, SESSION_LEN);
    c->epoch = epoch;
}

/* ---- the fields, in the order of the file ---- */

static const struct field lease_fields[] = {
    ROW_UINT("revision", lease, revision),
    ROW_UINT("epoch", lease, epoch),
    ROW("held", lease, held, FIELD_BOOL),
    ROW("paused", lease, paused, FIELD_BOOL),
    ROW("run", lease, run_id, FIELD_BYTES),
    ROW("plan", lease, plan, FIELD_BYTES),
    {FIELD(lease, ttl_ms, FIELD_UINT), .max = LEASE_MAX_MS},
    {FIELD(lease, renewed_ms, FIELD_UINT), .max = INT64_MAX},
    ROW("session", lease, session, FIELD_BYTES),
};
static const struct layout lease_layout = LAYOUT("lease", lease_fields);

static const struct field count_fields[] = {
    ROW("session", sequences, session, FIELD_BYTES),
    ROW_UINT("epoch", sequences, epoch),
    ROW_UINT("sequence", sequences, sequence),
};
static const struct layout count_layout = LAYOUT("count", count_fields);

static const struct field note_fields[] = {
    ROW_UINT("slot", note, slot),
    ROW("run", note, run_id, FIELD_BYTES),
    {FIELD(note, text, FIELD_BLOB), .max = NOTE_MAX, .count = offsetof(struct note, len)},
};
static const struct layout note_layout = LAYOUT("note", note_fields);
static const struct field note_item = {
    .type = FIELD_STRUCT, .size = sizeof(struct note), .sub = &note_layout};

static const struct field kept_fields[] = {
    ROW("order", kept_reply, order, FIELD_BYTES),
    {FIELD(kept_reply, receipt, FIELD_BLOB), .max = KEPT_RECEIPT_MAX,
     .count = offsetof(struct kept_reply, len)},
};
static const struct layout kept_layout = LAYOUT("receipt", kept_fields);

#define INSIDE(m, l)                                                                               \
    {                                                                                              \
        FIELD(agent_state, m, FIELD_STRUCT), .sub = &(l)                                           \
    }
static const struct field state_fields[] = {
    INSIDE(lease, lease_layout),
    {FIELD(agent_state, notes.items, FIELD_LIST), .max = NOTES_MAX,
     .count = offsetof(struct agent_state, notes.n), .item = &note_item},
    INSIDE(noted, count_layout),
    INSIDE(refused, count_layout),
    {FIELD(agent_state, next_kept, FIELD_UINT), .max = KEPT_MAX - 1},
    INSIDE(kept[0], kept_layout),
    INSIDE(kept[1], kept_layout),
    INSIDE(kept[2], kept_layout),
    INSIDE(kept[3], kept_layout),
    INSIDE(kept[4], kept_layout),
    INSIDE(kept[5], kept_layout),
    INSIDE(kept[6], kept_layout),
    INSIDE(kept[7], kept_layout),
};
_Static_assert(KEPT_MAX == 8, "each kept receipt has a row");
static const struct layout state_layout = LAYOUT("state", state_fields);

/* ---- writing: a number has the width of its field; a length or count is a u32 before its bytes
 * ---- */

static void pack_state_fields(const struct layout *l, const char *base, struct buf *b);

static void pack_state_list(const struct field *f, const char *base, struct buf *b)
{
    uint32_t n = (uint32_t)layout_load(base + f->count, sizeof(n));

    buf_add_u32(b, n);
    for (uint32_t i = 0; i < n; i++)
        pack_state_fields(f->item->sub, base + f->offset + i * f->item->size, b);
}

static void pack_state_field(const struct field *f, const char *base, struct buf *b)
{
    const char *at = base + f->offset;

    if (f->type == FIELD_STRUCT) {
        pack_state_fields(f->sub, at, b);
    } else if (f->type == FIELD_LIST) {
        pack_state_list(f, base, b);
    } else if (f->type == FIELD_BYTES) {
        buf_add(b, at, f->size);
    } else if (f->type == FIELD_BLOB) {
        size_t n = layout_load(base + f->count, sizeof(n));
        buf_add_u32(b, (uint32_t)n);
        buf_add(b, at, n);
    } else if (f->type == FIELD_BOOL) {
        buf_add_byte(b, layout_load(at, f->size) != 0);
    } else if (f->size == sizeof(uint32_t)) {
        buf_add_u32(b, (uint32_t)layout_load(at, f->size));
    } else {
        buf_add_u64(b, layout_load(at, f->size));
    }
}

static void pack_state_fields(const struct layout *l, const char *base, struct buf *b)
{
    for (uint32_t i = 0; i < l->n; i++)
        pack_state_field(&l->fields[i], base, b);
}

void agent_state_pack(const struct agent_state *s, struct buf *ret)
{
    struct digest d;
    buf_clear(ret);
    buf_add(ret, MAGIC, strlen(MAGIC));
    buf_add_byte(ret, VERSION);
    pack_state_fields(&state_layout, (const char *)s, ret);
    crypto_digest(ret->data, ret->len, &d);
    buf_add(ret, d.bytes, DIGEST_LEN);
}

/* Reads from the front. When bytes are missing, bad is set and stays set, and every later read
 * gives zero. */
struct reader {
    const unsigned char *p;
    size_t left;
    bool bad;
};

static void take_state_bytes(struct reader *r, void *dst, size_t n)
{
    if (r->bad || n > r->left) {
        r->bad = true;
        memset(dst, 0, n);
        return;
    }
    memcpy(dst, r->p, n);
    r->p += n;
    r->left -= n;
}

/* Reads a number of `size` bytes. A number above max sets bad and gives 0. */
static uint64_t take_state_number(struct reader *r, size_t size, uint64_t max)
{
    unsigned char b[8] = {0};

    take_state_bytes(r, b + sizeof(b) - size, size);
    if (get_u64(b) > max)
        r->bad = true;
    return r->bad ? 0 : get_u64(b);
}

static void read_state_fields(struct reader *r, const struct layout *l, char *base);

static void read_state_list(struct reader *r, const struct field *f, char *base)
{
    uint32_t n = (uint32_t)take_state_number(r, sizeof(n), f->max);

    memcpy(base + f->count, &n, sizeof(n));
    for (uint32_t i = 0; i < n; i++)
        read_state_fields(r, f->item->sub, base + f->offset + i * f->item->size);
}

static void read_state_field(struct reader *r, const struct field *f, char *base)
{
    char *at = base + f->offset;

    if (f->type == FIELD_STRUCT) {
        read_state_fields(r, f->sub, at);
    } else if (f->type == FIELD_LIST) {
        read_state_list(r, f, base);
    } else if (f->type == FIELD_BYTES) {
        take_state_bytes(r, at, f->size);
    } else if (f->type == FIELD_BLOB) {
        size_t n = take_state_number(r, sizeof(uint32_t), f->max);
        memcpy(base + f->count, &n, sizeof(n));
        take_state_bytes(r, at, n);
    } else {
        layout_store(at, f->size,
                     take_state_number(r, f->size, f->type == FIELD_BOOL ? 1 : f->max));
    }
}

static void read_state_fields(struct reader *r, const struct layout *l, char *base)
{
    for (uint32_t i = 0; i < l->n; i++)
        read_state_field(r, &l->fields[i], base);
}

static bool slots_ascend(const struct notes *n)
{
    for (uint32_t i = 1; i < n->n; i++)
        if (n->items[i].slot <= n->items[i - 1].slot)
            return false;
    return true;
}

static int check_state_frame(const unsigned char *p, size_t n, struct err *err)
{
    struct digest d;
    size_t head = strlen(MAGIC) + 1;
    if (n < head + DIGEST_LEN || memcmp(p, MAGIC, strlen(MAGIC)) != 0)
        return err_set(err, ERR_FORMAT, 0, "not a state file of caravan-agent");
    if (p[strlen(MAGIC)] != VERSION)
        return err_set(err, ERR_FORMAT, 0,
                       "the state file has version %d; this build of caravan-agent knows only %d",
                       p[strlen(MAGIC)], VERSION);
    crypto_digest(p, n - DIGEST_LEN, &d);
    if (memcmp(d.bytes, p + n - DIGEST_LEN, DIGEST_LEN) != 0)
        return err_set(err, ERR_FORMAT, 0, "the file is damaged: its checksum is wrong");
    return 0;
}

int agent_state_parse(const void *p, size_t n, struct agent_state *ret, struct err *err)
{
    if (check_state_frame(p, n, err) < 0)
        return -1;
    size_t head = strlen(MAGIC) + 1;
    struct reader r = {(const unsigned char *)p + head, n - head - DIGEST_LEN, false};
    autofree struct agent_state *s = xzalloc(1, sizeof(*s));
    read_state_fields(&r, &state_layout, (char *)s);
    if (r.bad || r.left > 0 || !slots_ascend(&s->notes))
        return err_set(err, ERR_FORMAT, 0,
                       "the file is damaged: a value is out of range or missing");
    *ret = *s;
    return 0;
}

int agent_store_load(const char *path, struct agent_state *ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    bool there;
    if (file_read_if(path, AGENT_STORE_MAX, 0, &b, &there, err) < 0)
        return -1;
    if (!there) {
        memset(ret, 0, sizeof(*ret));
        return 0;
    }
    if (agent_state_parse(b.data, b.len, ret, err) < 0)
        return err_wrap(err,
                        "%s (the file contains the lease and the notes of side effects; to start "
                        "without them, move the file away)",
                        path);
    return 0;
}

int agent_store_save(const char *path, const struct agent_state *s, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    agent_state_pack(s, &b);
    return file_replace(path, b.data, b.len, 0600, err);
}
