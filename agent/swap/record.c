#include "record.h"
#include <inttypes.h>
#include "layout.h"
#include "spare.h"
#include "str.h"

#define FIRST_LINE   "caravan record v1"
#define LAST_KEY     "end "
#define REFUSED_KEY  "refused "
#define LINE_LONGEST (4 * 2048 + 64)

/* In the order of the text. */
static const struct field fields[] = {
    ROW_ENUM("phase", record, phase, 0, PHASE_COUNT - 1),
    ROW_ENUM("failed-in", record, failed_in, 0, PHASE_COUNT - 1),
    ROW_ENUM("rest", record, rest, 0, PHASE_COUNT - 1),
    ROW_ENUM("order", record, order, 0, MSG_KIND_COUNT - 1),
    ROW_UINT("order-sequence", record, order_sequence),
    ROW("target", record, target, FIELD_BYTES),
    ROW_UINT("target-size", record, target_size),
    ROW("version", record, version, FIELD_PROSE),
    ROW_ENUM("on-not-ready", record, on_not_ready, 0, ON_REVERT_IF_UNTOUCHED),
    ROW_UINT("not-before", record, not_before),
    ROW_UINT("hold-ms", record, hold_ms),
    ROW_UINT("deadline-ms", record, deadline_ms),
    ROW("is-server", record, is_server, FIELD_BOOL),
    ROW("by-order", record, by_order, FIELD_BOOL),
    ROW("was-active", record, was_active, FIELD_BOOL),
    ROW("previous", record, previous, FIELD_BYTES),
    ROW_UINT("previous-size", record, previous_size),
    ROW("previous-since", record, previous_since_s, FIELD_INT),
    ROW_ENUM("failure", record, verdict.failure, 0, FAILURE_COUNT - 1),
    ROW("verdict", record, verdict.text, FIELD_PROSE),
    ROW("evidence", record, verdict.evidence, FIELD_PROSE),
    ROW_UINT("silence-ms", record, silence_ms),
    ROW("session", record, session, FIELD_BYTES),
    ROW("swapped-ms", record, swapped_ms, FIELD_INT),
    ROW("first-ms", record, first_ms, FIELD_INT),
    ROW("first-wall-ns", record, first_wall_ns, FIELD_INT),
    ROW_UINT("epoch", record, epoch),
    ROW_UINT("sequence", record, sequence),
    ROW("disk", record, disk.digest, FIELD_BYTES),
    ROW_UINT("disk-dev", record, disk.dev),
    ROW_UINT("disk-ino", record, disk.ino),
    ROW_UINT("disk-size", record, disk.size),
    ROW("disk-mtime", record, disk.mtime_ns, FIELD_INT),
    ROW("disk-ctime", record, disk.ctime_ns, FIELD_INT),
    ROW("placed", record, placed, FIELD_BYTES),
    ROW_LATER("dir-dev", record, dir_dev),
    ROW_LATER("dir-ino", record, dir_ino),
    ROW_LATER("untried", record, untried),
    ROW_LATER("vendor-signed", record, vendor_signed),
    {FIELD_AS("created", record, created_s, FIELD_INT), .later = true},
    {FIELD_AS("settled", record, settled, FIELD_PROSE), .later = true},
    {FIELD_AS("settled-created", record, settled_s, FIELD_INT), .later = true},
    ROW_LATER("disabled-epoch", record, disabled.epoch),
    ROW_LATER("disabled-sequence", record, disabled.sequence),
    ROW_LATER("stopped-epoch", record, stopped.epoch),
    ROW_LATER("stopped-sequence", record, stopped.sequence),
    {FIELD_AS("stopped-disk", record, stopped_disk, FIELD_BYTES), .later = true},
    ROW_LATER("stopped-main", record, stopped_main),
    ROW_LATER("stopping", record, stopping),
    ROW_LATER("joining", record, joining),
    ROW_LATER("release-signers", record, signers),
};

void record_init(struct record *r)
{
    *r = (struct record){.phase = PHASE_IDLE, .rest = PHASE_IDLE, .on_not_ready = ON_LEAVE};
}

void record_settled(struct record *r)
{
    str_cut(r->settled, sizeof(r->settled), r->version);
    r->settled_s = MAX_OF(r->settled_s, r->created_s);
}

bool record_runs(struct record *r, uint64_t main_start)
{
    if (r->stopped.sequence == 0 || main_start == 0 || main_start == r->stopped_main)
        return false;
    r->stopped = (struct service_order){.sequence = 0};
    r->stopped_disk = (struct digest){{0}};
    r->stopped_main = r->stopping = 0;
    return true;
}

void record_keep(struct record *r, const struct digest *order, const void *receipt, size_t n)
{
    if (n > RECORD_RECEIPT_MAX)
        return;
    memmove(&r->kept[1], &r->kept[0], sizeof(r->kept) - sizeof(r->kept[0]));
    r->kept[0].order = *order;
    r->kept[0].len = (uint32_t)n;
    memset(r->kept[0].bytes, 0, sizeof(r->kept[0].bytes));
    memcpy(r->kept[0].bytes, receipt, n);
}

static void add_record_text(struct buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (c < 0x20 || c == 0x7f || c == '\\')
            (void)buf_printf(b, "\\x%02x", c);
        else
            (void)buf_add_byte(b, c);
    }
}

static void add_hex(struct buf *b, const unsigned char *p, size_t n)
{
    char digits[2 * 64 + 1];

    for (size_t i = 0; i < n; i += 64) {
        str_hex(digits, p + i, MIN_OF(n - i, (size_t)64));
        (void)buf_add_str(b, digits);
    }
}

static bool is_empty_field(const struct field *f, const unsigned char *at)
{
    bool empty = true;

    if (f->type == FIELD_PROSE)
        return at[0] == '\0';
    for (size_t i = 0; i < f->size; i++)
        empty = empty && at[i] == 0;
    return empty;
}

static void add_record_field(struct buf *b, const struct field *f, const struct record *r)
{
    const unsigned char *at = (const unsigned char *)r + f->offset;

    if (f->later && is_empty_field(f, at))
        return;
    (void)buf_printf(b, "%s ", f->name);
    if (f->type == FIELD_BYTES)
        add_hex(b, at, f->size);
    else if (f->type == FIELD_PROSE)
        add_record_text(b, (const char *)at);
    else if (f->type == FIELD_INT)
        (void)buf_printf(b, "%" PRId64, (int64_t)layout_load(at, f->size));
    else
        (void)buf_printf(b, "%" PRIu64, layout_load(at, f->size));
    (void)buf_add_byte(b, '\n');
}

static void add_body(const struct record *r, struct buf *b)
{
    (void)buf_add_str(b, FIRST_LINE "\n");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        add_record_field(b, &fields[i], r);
    if (r->refused_epoch != 0)
        (void)buf_printf(b, REFUSED_KEY "%llu %llu\n", (unsigned long long)r->refused_epoch,
                         (unsigned long long)r->refused_sequence);
    for (size_t i = 0; i < ORDER_KEPT && r->kept[i].len > 0; i++) {
        (void)buf_add_str(b, "kept ");
        add_hex(b, r->kept[i].order.bytes, DIGEST_LEN);
        (void)buf_add_byte(b, ' ');
        add_hex(b, r->kept[i].bytes, r->kept[i].len);
        (void)buf_add_byte(b, '\n');
    }
}

void record_text(const struct record *r, struct buf *ret)
{
    size_t begin = ret->len;
    struct digest d;
    char hex[65];

    add_body(r, ret);
    crypto_digest(ret->data + begin, ret->len - begin, &d);
    digest_hex(hex, &d);
    (void)buf_printf(ret, LAST_KEY "%s\n", hex);
}

/* One line of the text at a time, copied with its NUL. */
struct lines {
    const char *p;
    size_t left;
    size_t number;
    bool again; /* the next call returns the same line again */
    char line[LINE_LONGEST];
};

static int next_record_line(struct lines *l, bool *ret_there, struct err *err)
{
    const char *nl = l->left > 0 ? memchr(l->p, '\n', l->left) : NULL;
    size_t n;

    *ret_there = l->again || l->left > 0;
    if (l->again || l->left == 0) {
        l->again = false;
        return 0;
    }
    l->number++;
    if (nl == NULL)
        return err_set(err, ERR_FORMAT, 0, "line %zu has no end", l->number);
    n = (size_t)(nl - l->p);
    if (n >= sizeof(l->line) || memchr(l->p, '\0', n) != NULL)
        return err_set(err, ERR_FORMAT, 0, "line %zu is too long or contains a NUL", l->number);
    memcpy(l->line, l->p, n);
    l->line[n] = '\0';
    l->p += n + 1;
    l->left -= n + 1;
    return 0;
}

static int read_record_text(const char *s, char *dst, size_t size)
{
    size_t n = 0;

    for (; *s != '\0'; s++, n++) {
        unsigned char c = (unsigned char)*s;

        if (n + 1 >= size)
            return -1;
        if (c == '\\') {
            char hex[3] = {0};

            if (s[1] != 'x' || s[2] == '\0' || s[3] == '\0')
                return -1;
            memcpy(hex, s + 2, 2);
            if (str_unhex(hex, &c, 1) < 0 || c == '\0')
                return -1;
            s += 3;
        }
        dst[n] = (char)c;
    }
    dst[n] = '\0';
    return 0;
}

static int read_record_field(const struct field *f, const char *s, struct record *r)
{
    unsigned char *at = (unsigned char *)r + f->offset;
    struct err err = ERR_INIT;
    uint64_t v = 0;

    if (f->type == FIELD_BYTES)
        return str_unhex(s, at, f->size);
    if (f->type == FIELD_PROSE)
        return read_record_text(s, (char *)at, f->size);
    if (f->type == FIELD_INT)
        return str_to_i64(s, (int64_t *)(void *)at);
    if (str_to_u64(s, UINT64_MAX, &v) < 0 || layout_range(f, v, &err) < 0)
        return -1;
    layout_store(at, f->size, v);
    return 0;
}

static int read_record_fields(struct lines *l, struct record *r, struct err *err)
{
    bool there = false;

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        size_t n = strlen(fields[i].name);

        if (next_record_line(l, &there, err) < 0)
            return -1;
        bool is = there && strncmp(l->line, fields[i].name, n) == 0 && l->line[n] == ' ';
        if (!is && fields[i].later) {
            l->again = there;
            continue;
        }
        if (!is)
            return err_set(err, ERR_FORMAT, 0, "line %zu is not \"%s\"", l->number + !there,
                           fields[i].name);
        if (read_record_field(&fields[i], l->line + n + 1, r) < 0)
            return err_set(err, ERR_FORMAT, 0, "line %zu: the value of \"%s\" is wrong", l->number,
                           fields[i].name);
    }
    return 0;
}

static int read_kept_receipt(const char *s, struct kept_receipt *k)
{
    static const char key[] = "kept ";
    char hex[2 * DIGEST_LEN + 1];
    size_t n;

    if (!str_starts(s, key) || strlen(s) < sizeof(key) - 1 + 2 * DIGEST_LEN + 3)
        return -1;
    s += sizeof(key) - 1;
    memcpy(hex, s, 2 * DIGEST_LEN);
    hex[2 * DIGEST_LEN] = '\0';
    if (digest_from_hex(hex, &k->order) < 0 || s[2 * DIGEST_LEN] != ' ')
        return -1;
    s += 2 * DIGEST_LEN + 1;
    n = strlen(s) / 2;
    if (n > RECORD_RECEIPT_MAX || str_unhex(s, k->bytes, n) < 0)
        return -1;
    k->len = (uint32_t)n;
    return 0;
}

/* This line is not in the table, so that an older record, which does not have it, can be read. */
static int read_refused_line(const char *s, struct record *r)
{
    char epoch[24];
    const char *space;

    s += sizeof(REFUSED_KEY) - 1;
    space = strchr(s, ' ');
    if (space == NULL || (size_t)(space - s) >= sizeof(epoch))
        return -1;
    memcpy(epoch, s, (size_t)(space - s));
    epoch[space - s] = '\0';
    return str_to_u64(epoch, UINT64_MAX, &r->refused_epoch) < 0 ||
                   str_to_u64(space + 1, UINT64_MAX, &r->refused_sequence) < 0
               ? -1
               : 0;
}

static int read_last_lines(const char *line, struct record *r, size_t *kept)
{
    if (*kept == 0 && r->refused_epoch == 0 && str_starts(line, REFUSED_KEY))
        return read_refused_line(line, r);
    return *kept == ORDER_KEPT ? -1 : read_kept_receipt(line, &r->kept[(*kept)++]);
}

/* Each record has exactly one valid text. */
static int check_round_trip(const struct record *r, const char *text, size_t n, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    add_body(r, &b);
    if (b.len != n || memcmp(b.data, text, n) != 0)
        return err_set(err, ERR_FORMAT, 0, "a value is not written in its usual form");
    return 0;
}

int record_parse_body(const char *text, size_t n, struct record *ret, struct err *err)
{
    autofree struct lines *l = xzalloc(1, sizeof(*l));
    autofree struct record *r = xzalloc(1, sizeof(*r));
    bool there = false;
    size_t kept = 0;

    l->p = text;
    l->left = n;
    if (next_record_line(l, &there, err) < 0)
        return -1;
    if (!there || !str_eq(l->line, FIRST_LINE))
        return err_set(err, ERR_FORMAT, 0, "the first line is not \"" FIRST_LINE "\"");
    if (read_record_fields(l, r, err) < 0)
        return -1;
    for (;;) {
        if (next_record_line(l, &there, err) < 0)
            return -1;
        if (!there)
            break;
        if (read_last_lines(l->line, r, &kept) < 0)
            return err_set(err, ERR_FORMAT, 0, "line %zu is no kept receipt", l->number);
    }
    if (check_round_trip(r, text, n, err) < 0)
        return -1;
    *ret = *r;
    return 0;
}

int record_parse(const void *p, size_t n, struct record *ret, struct err *err)
{
    static const size_t last = sizeof(LAST_KEY) - 1 + 2 * DIGEST_LEN + 1;
    const char *text = p;
    struct digest said, is;
    char hex[65];

    if (n <= last || n > RECORD_MAX || text[n - 1] != '\n' ||
        strncmp(text + n - last, LAST_KEY, sizeof(LAST_KEY) - 1) != 0)
        return err_set(err, ERR_FORMAT, 0, "the file is not whole");
    memcpy(hex, text + n - 1 - 2 * DIGEST_LEN, 2 * DIGEST_LEN);
    hex[2 * DIGEST_LEN] = '\0';
    crypto_digest(text, n - last, &is);
    if (digest_from_hex(hex, &said) < 0 || !digest_eq(&said, &is))
        return err_set(err, ERR_FORMAT, 0, "the digest does not fit: the file is torn or edited");
    return record_parse_body(text, n - last, ret, err);
}

int record_load(const struct host *h, const char *dir, struct record *ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    char path[512];
    bool there = false;

    snprintf(path, sizeof(path), "%s/" RECORD_NAME, dir);
    if (host_read(h, path, RECORD_MAX, &b, &there, err) < 0)
        return err_wrap(err, "the record");
    if (!there) {
        record_init(ret);
        return 0;
    }
    if (record_parse(b.data, b.len, ret, err) < 0)
        return err_wrap(err,
                        "the record %s cannot be read (to begin with a new record, move the file "
                        "away; then an order of this boot can be carried out a second time)",
                        path);
    return 0;
}

int record_save(const struct host *h, const char *dir, const struct record *r, bool names,
                struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    record_text(r, &b);
    if (host_replace(h, dir, RECORD_NAME, &b, names, err) < 0)
        return err_wrap(err, "write the record");
    return 0;
}

int record_save_spare(const struct host *h, const char *dir, const struct record *r, bool names,
                      struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    record_text(r, &b);
    if (spare_replace(h, dir, RECORD_NAME, &b, names, err) < 0)
        return err_wrap(err, "write the record");
    return 0;
}

/* ---- for the journal ---- */

/* Does the record's version come to this host, or leave it? This depends on the phase. In
 * PHASE_FAILED the version may be in place or not. */
static const enum {
    TO,
    FROM,
    NOWHERE
} ways[PHASE_COUNT] = {
    [PHASE_IDLE] = NOWHERE,
    [PHASE_REVERTING] = FROM,
    [PHASE_REVERTED] = FROM,
    [PHASE_FAILED] = NOWHERE,
};

struct log_about record_about(const struct record *r)
{
    return (struct log_about){
        .order = r->order != MSG_NONE ? message_kind_name(r->order) : NULL,
        .sequence = r->order_sequence,
        .version_from = ways[r->phase] == FROM ? r->version : NULL,
        .version_to = ways[r->phase] == TO ? r->version : NULL,
        .phase = phase_name(r->phase),
        .failure = r->verdict.failure != FAILURE_NONE ? failure_name(r->verdict.failure) : NULL,
    };
}
