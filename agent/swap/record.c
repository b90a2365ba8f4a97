#include "record.h"
#include <stddef.h>
#include "spare.h"
#include "str.h"

#define FIRST_LINE   "caravan record v1"
#define LAST_KEY     "end "
#define REFUSED_KEY  "refused "
#define LINE_LONGEST (4 * 2048 + 64)

enum field_type {
    FIELD_ENUM,
    FIELD_BOOL,
    FIELD_U32,
    FIELD_U64,
    FIELD_LATER, /* a U64 that came after v1 was first written: 0 is not written */
    FIELD_I64,
    FIELD_HEX,
    FIELD_TEXT
};

struct field {
    const char *key;
    enum field_type type;
    size_t offset;
    size_t size; /* FIELD_HEX, FIELD_TEXT: bytes; FIELD_ENUM: number of values */
};

#define AT(member) offsetof(struct record, member)
#define HEX(k, m)                                                                                  \
    {                                                                                              \
        k, FIELD_HEX, AT(m), sizeof(((struct record *)NULL)->m)                                    \
    }
#define TEXT(k, m)                                                                                 \
    {                                                                                              \
        k, FIELD_TEXT, AT(m), sizeof(((struct record *)NULL)->m)                                   \
    }

static const struct field fields[] = {
    {"phase", FIELD_ENUM, AT(phase), PHASE_COUNT},
    {"failed-in", FIELD_ENUM, AT(failed_in), PHASE_COUNT},
    {"rest", FIELD_ENUM, AT(rest), PHASE_COUNT},
    {"order", FIELD_ENUM, AT(order), MSG_KIND_COUNT},
    {"order-sequence", FIELD_U64, AT(order_sequence), 0},
    HEX("target", target),
    {"target-size", FIELD_U64, AT(target_size), 0},
    TEXT("version", version),
    {"on-not-ready", FIELD_ENUM, AT(on_not_ready), ON_REVERT_IF_UNTOUCHED + 1},
    {"not-before", FIELD_U64, AT(not_before), 0},
    {"hold-ms", FIELD_U32, AT(hold_ms), 0},
    {"deadline-ms", FIELD_U32, AT(deadline_ms), 0},
    {"is-server", FIELD_BOOL, AT(is_server), 0},
    {"by-order", FIELD_BOOL, AT(by_order), 0},
    {"was-active", FIELD_BOOL, AT(was_active), 0},
    HEX("previous", previous),
    {"previous-size", FIELD_U64, AT(previous_size), 0},
    {"previous-since", FIELD_I64, AT(previous_since_s), 0},
    {"failure", FIELD_ENUM, AT(verdict.failure), FAILURE_COUNT},
    TEXT("verdict", verdict.text),
    TEXT("evidence", verdict.evidence),
    {"silence-ms", FIELD_U32, AT(silence_ms), 0},
    HEX("session", session),
    {"swapped-ms", FIELD_I64, AT(swapped_ms), 0},
    {"first-ms", FIELD_I64, AT(first_ms), 0},
    {"first-wall-ns", FIELD_I64, AT(first_wall_ns), 0},
    {"epoch", FIELD_U64, AT(epoch), 0},
    {"sequence", FIELD_U64, AT(sequence), 0},
    HEX("disk", disk.digest),
    {"disk-dev", FIELD_U64, AT(disk.dev), 0},
    {"disk-ino", FIELD_U64, AT(disk.ino), 0},
    {"disk-size", FIELD_U64, AT(disk.size), 0},
    {"disk-mtime", FIELD_I64, AT(disk.mtime_ns), 0},
    {"disk-ctime", FIELD_I64, AT(disk.ctime_ns), 0},
    HEX("placed", placed),
    {"dir-dev", FIELD_LATER, AT(dir_dev), 0},
    {"dir-ino", FIELD_LATER, AT(dir_ino), 0},
    {"untried", FIELD_LATER, AT(untried), 0},
};

void record_init(struct record *r)
{
    *r = (struct record){.phase = PHASE_IDLE, .rest = PHASE_IDLE, .on_not_ready = ON_LEAVE};
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

static void add_text(struct buf *b, const char *s)
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

static void add_field(struct buf *b, const struct field *f, const struct record *r)
{
    const unsigned char *at = (const unsigned char *)r + f->offset;
    const void *v = at;

    if (f->type == FIELD_LATER && *(const uint64_t *)v == 0)
        return;
    (void)buf_printf(b, "%s ", f->key);
    switch (f->type) {
    case FIELD_ENUM:
    case FIELD_U32:
        (void)buf_printf(b, "%u", *(const unsigned *)v);
        break;
    case FIELD_BOOL:
        (void)buf_printf(b, "%d", *(const bool *)v);
        break;
    case FIELD_U64:
    case FIELD_LATER:
        (void)buf_printf(b, "%llu", (unsigned long long)*(const uint64_t *)v);
        break;
    case FIELD_I64:
        (void)buf_printf(b, "%lld", (long long)*(const int64_t *)v);
        break;
    case FIELD_HEX:
        add_hex(b, at, f->size);
        break;
    case FIELD_TEXT:
        add_text(b, v);
        break;
    }
    (void)buf_add_byte(b, '\n');
}

static void add_body(const struct record *r, struct buf *b)
{
    (void)buf_add_str(b, FIRST_LINE "\n");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        add_field(b, &fields[i], r);
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
    bool again; /* the line is still to be read */
    char line[LINE_LONGEST];
};

static int next_line(struct lines *l, bool *ret_there, struct err *err)
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
        return err_set(err, ERR_FORMAT, 0, "line %zu is too long or holds a NUL", l->number);
    memcpy(l->line, l->p, n);
    l->line[n] = '\0';
    l->p += n + 1;
    l->left -= n + 1;
    return 0;
}

static int read_text(const char *s, char *dst, size_t size)
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

static int read_number(const struct field *f, const char *s, unsigned char *at)
{
    uint64_t max = f->type == FIELD_ENUM   ? f->size - 1
                   : f->type == FIELD_BOOL ? 1
                   : f->type == FIELD_U32  ? UINT32_MAX
                                           : UINT64_MAX;
    uint64_t v = 0;

    if (str_to_u64(s, max, &v) < 0)
        return -1;
    if (f->type == FIELD_BOOL) {
        *(bool *)(void *)at = v == 1;
    } else if (f->type == FIELD_U64 || f->type == FIELD_LATER) {
        memcpy(at, &v, sizeof(v));
    } else {
        uint32_t small = (uint32_t)v;

        memcpy(at, &small, sizeof(small));
    }
    return 0;
}

static int read_field(const struct field *f, const char *s, struct record *r)
{
    unsigned char *at = (unsigned char *)r + f->offset;

    switch (f->type) {
    case FIELD_HEX:
        return str_unhex(s, at, f->size);
    case FIELD_TEXT:
        return read_text(s, (char *)at, f->size);
    case FIELD_I64:
        return str_to_i64(s, (int64_t *)(void *)at);
    case FIELD_ENUM:
    case FIELD_BOOL:
    case FIELD_U32:
    case FIELD_U64:
    case FIELD_LATER:
        break;
    }
    return read_number(f, s, at);
}

static int read_fields(struct lines *l, struct record *r, struct err *err)
{
    bool there = false;

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        size_t n = strlen(fields[i].key);

        if (next_line(l, &there, err) < 0)
            return -1;
        bool is = there && strncmp(l->line, fields[i].key, n) == 0 && l->line[n] == ' ';
        if (!is && fields[i].type == FIELD_LATER) {
            l->again = there;
            continue;
        }
        if (!is)
            return err_set(err, ERR_FORMAT, 0, "line %zu is not \"%s\"", l->number + !there,
                           fields[i].key);
        if (read_field(&fields[i], l->line + n + 1, r) < 0)
            return err_set(err, ERR_FORMAT, 0, "line %zu: the value of \"%s\" is wrong", l->number,
                           fields[i].key);
    }
    return 0;
}

static int read_kept(const char *s, struct kept_receipt *k)
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

/* Not a field of the table: a record of before there was such a thing is read as well. */
static int read_refused(const char *s, struct record *r)
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

static int read_tail(const char *line, struct record *r, size_t *kept)
{
    if (*kept == 0 && r->refused_epoch == 0 && str_starts(line, REFUSED_KEY))
        return read_refused(line, r);
    return *kept == ORDER_KEPT ? -1 : read_kept(line, &r->kept[(*kept)++]);
}

/* One record has one text. */
static int round_trips(const struct record *r, const char *text, size_t n, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    add_body(r, &b);
    if (b.len != n || memcmp(b.data, text, n) != 0)
        return err_set(err, ERR_FORMAT, 0, "a value is written in another way than usual");
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
    if (next_line(l, &there, err) < 0)
        return -1;
    if (!there || !str_eq(l->line, FIRST_LINE))
        return err_set(err, ERR_FORMAT, 0, "the first line is not \"" FIRST_LINE "\"");
    if (read_fields(l, r, err) < 0)
        return -1;
    for (;;) {
        if (next_line(l, &there, err) < 0)
            return -1;
        if (!there)
            break;
        if (read_tail(l->line, r, &kept) < 0)
            return err_set(err, ERR_FORMAT, 0, "line %zu is no kept receipt", l->number);
    }
    if (round_trips(r, text, n, err) < 0)
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
        return err_set(err, ERR_FORMAT, 0, "it is not whole");
    memcpy(hex, text + n - 1 - 2 * DIGEST_LEN, 2 * DIGEST_LEN);
    hex[2 * DIGEST_LEN] = '\0';
    crypto_digest(text, n - last, &is);
    if (digest_from_hex(hex, &said) < 0 || !digest_eq(&said, &is))
        return err_set(err, ERR_FORMAT, 0, "its digest does not fit: torn or edited");
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
                        "the record %s cannot be read (move it away to begin anew; orders obeyed "
                        "in this boot may then be obeyed again)",
                        path);
    return 0;
}

int record_save(const struct host *h, const char *dir, const struct record *r, bool names,
                struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    record_text(r, &b);
    if (host_replace(h, dir, RECORD_NAME, &b, names, err) < 0)
        return err_wrap(err, "keep the record");
    return 0;
}

int record_save_spare(const struct host *h, const char *dir, const struct record *r, bool names,
                      struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    record_text(r, &b);
    if (spare_replace(h, dir, RECORD_NAME, &b, names, err) < 0)
        return err_wrap(err, "keep the record");
    return 0;
}

/* ---- for the journal ---- */

/* Where the record's version goes, by its phase. In failed it may be in place or not. */
static const enum {
    NOWHERE,
    TO,
    FROM
} ways[PHASE_COUNT] = {
    [PHASE_FETCHING] = TO, [PHASE_STAGED] = TO,      [PHASE_SWAPPING] = TO,   [PHASE_PROBING] = TO,
    [PHASE_SETTLED] = TO,  [PHASE_REVERTING] = FROM, [PHASE_REVERTED] = FROM,
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
