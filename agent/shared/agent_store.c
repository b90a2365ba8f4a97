#include "agent_store.h"
#include "file.h"

#define MAGIC   "CRVA"
#define VERSION 1

const struct kept *agent_state_kept(const struct agent_state *s, const struct digest *order)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (s->kept[i].len > 0 && digest_eq(&s->kept[i].order, order))
            return &s->kept[i];
    return NULL;
}

int agent_state_keep(struct agent_state *s, const struct digest *order, const struct buf *receipt,
                     struct err *err)
{
    struct kept *k = &s->kept[s->next_kept % KEPT_MAX];
    if (receipt->len == 0 || receipt->len > sizeof(k->receipt))
        return err_set(err, ERR_LIMIT, 0, "a receipt of %zu bytes is not kept", receipt->len);
    k->order = *order;
    k->len = receipt->len;
    memcpy(k->receipt, receipt->data, receipt->len);
    s->next_kept = (s->next_kept + 1) % KEPT_MAX;
    return 0;
}

uint64_t count_in(const struct count *c, const unsigned char *session, uint64_t epoch)
{
    return memcmp(c->session, session, SESSION_LEN) == 0 && c->epoch == epoch ? c->sequence : 0;
}

void count_take(struct count *c, const unsigned char *session, uint64_t epoch, uint64_t sequence)
{
    c->sequence = MAX_OF(count_in(c, session, epoch), sequence);
    memcpy(c->session, session, SESSION_LEN);
    c->epoch = epoch;
}

static void pack_count(const struct count *c, struct buf *b)
{
    buf_add(b, c->session, SESSION_LEN);
    buf_add_u64(b, c->epoch);
    buf_add_u64(b, c->sequence);
}

static void pack_lease(const struct lease *l, struct buf *b)
{
    buf_add_u64(b, l->revision);
    buf_add_u64(b, l->epoch);
    buf_add_byte(b, l->held);
    buf_add_byte(b, l->paused);
    buf_add(b, l->run_id, RUN_ID_LEN);
    buf_add(b, l->plan.bytes, DIGEST_LEN);
    buf_add_u64(b, l->ttl_ms);
    buf_add_u64(b, l->renewed_ms);
    buf_add(b, l->session, SESSION_LEN);
}

static void pack_notes(const struct notes *n, struct buf *b)
{
    buf_add_u32(b, n->n);
    for (uint32_t i = 0; i < n->n; i++) {
        buf_add_u32(b, n->items[i].slot);
        buf_add(b, n->items[i].run_id, RUN_ID_LEN);
        buf_add_u32(b, (uint32_t)n->items[i].len);
        buf_add(b, n->items[i].text, n->items[i].len);
    }
}

void agent_state_pack(const struct agent_state *s, struct buf *ret)
{
    struct digest d;
    buf_clear(ret);
    buf_add(ret, MAGIC, strlen(MAGIC));
    buf_add_byte(ret, VERSION);
    pack_lease(&s->lease, ret);
    pack_notes(&s->notes, ret);
    pack_count(&s->noted, ret);
    pack_count(&s->refused, ret);
    buf_add_u32(ret, s->next_kept);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        buf_add(ret, s->kept[i].order.bytes, DIGEST_LEN);
        buf_add_u32(ret, (uint32_t)s->kept[i].len);
        buf_add(ret, s->kept[i].receipt, s->kept[i].len);
    }
    crypto_digest(ret->data, ret->len, &d);
    buf_add(ret, d.bytes, DIGEST_LEN);
}

/* Reads in order; once short, everything after reads as zero and bad stays set. */
struct reader {
    const unsigned char *p;
    size_t left;
    bool bad;
};

static void take(struct reader *r, void *dst, size_t n)
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

static uint64_t take_u64(struct reader *r)
{
    unsigned char b[8];
    take(r, b, sizeof(b));
    return get_u64(b);
}

static uint32_t take_u32(struct reader *r, uint32_t max)
{
    unsigned char b[4];
    take(r, b, sizeof(b));
    uint32_t v = get_u32(b);
    if (v > max)
        r->bad = true;
    return r->bad ? 0 : v;
}

static bool take_bool(struct reader *r)
{
    unsigned char b;
    take(r, &b, 1);
    if (b > 1)
        r->bad = true;
    return b == 1;
}

static void read_lease(struct reader *r, struct lease *l)
{
    l->revision = take_u64(r);
    l->epoch = take_u64(r);
    l->held = take_bool(r);
    l->paused = take_bool(r);
    take(r, l->run_id, RUN_ID_LEN);
    take(r, l->plan.bytes, DIGEST_LEN);
    l->ttl_ms = take_u64(r);
    l->renewed_ms = take_u64(r);
    take(r, l->session, SESSION_LEN);
    if (l->ttl_ms > LEASE_MAX_MS || l->renewed_ms > (uint64_t)INT64_MAX)
        r->bad = true;
}

static void read_count(struct reader *r, struct count *c)
{
    take(r, c->session, SESSION_LEN);
    c->epoch = take_u64(r);
    c->sequence = take_u64(r);
}

static void read_notes(struct reader *r, struct notes *n)
{
    n->n = take_u32(r, NOTES_MAX);
    for (uint32_t i = 0; i < n->n; i++) {
        n->items[i].slot = take_u32(r, UINT32_MAX);
        take(r, n->items[i].run_id, RUN_ID_LEN);
        n->items[i].len = take_u32(r, NOTE_MAX);
        take(r, n->items[i].text, n->items[i].len);
        if (i > 0 && n->items[i].slot <= n->items[i - 1].slot)
            r->bad = true;
    }
}

static int check_frame(const unsigned char *p, size_t n, struct err *err)
{
    struct digest d;
    size_t head = strlen(MAGIC) + 1;
    if (n < head + DIGEST_LEN || memcmp(p, MAGIC, strlen(MAGIC)) != 0)
        return err_set(err, ERR_FORMAT, 0, "not a state file of caravan-agent");
    if (p[strlen(MAGIC)] != VERSION)
        return err_set(err, ERR_FORMAT, 0, "a state file of version %d; this build knows %d",
                       p[strlen(MAGIC)], VERSION);
    crypto_digest(p, n - DIGEST_LEN, &d);
    if (memcmp(d.bytes, p + n - DIGEST_LEN, DIGEST_LEN) != 0)
        return err_set(err, ERR_FORMAT, 0, "damaged: its checksum does not fit");
    return 0;
}

int agent_state_parse(const void *p, size_t n, struct agent_state *ret, struct err *err)
{
    if (check_frame(p, n, err) < 0)
        return -1;
    size_t head = strlen(MAGIC) + 1;
    struct reader r = {(const unsigned char *)p + head, n - head - DIGEST_LEN, false};
    autofree struct agent_state *s = xzalloc(1, sizeof(*s));
    read_lease(&r, &s->lease);
    read_notes(&r, &s->notes);
    read_count(&r, &s->noted);
    read_count(&r, &s->refused);
    s->next_kept = take_u32(&r, KEPT_MAX - 1);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        take(&r, s->kept[i].order.bytes, DIGEST_LEN);
        s->kept[i].len = take_u32(&r, KEPT_RECEIPT_MAX);
        take(&r, s->kept[i].receipt, s->kept[i].len);
    }
    if (r.bad || r.left > 0)
        return err_set(err, ERR_FORMAT, 0, "damaged: a value is out of range or missing");
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
                        "%s (lease and notes of side effects; to begin without them move it "
                        "away)",
                        path);
    return 0;
}

int agent_store_save(const char *path, const struct agent_state *s, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    agent_state_pack(s, &b);
    return file_replace(path, b.data, b.len, 0600, err);
}
