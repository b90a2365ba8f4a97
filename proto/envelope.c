#include "envelope.h"
#include "codec.h"

static const unsigned char magic[4] = {'C', 'R', 'V', 'N'};

#define RECEIPT_BIT 0x80

/* Offsets of the inner header (envelope.h). */
enum {
    AT_KIND = 0,
    AT_VERSION = 1,
    AT_CLUSTER = 2,
    AT_SENDER = 18,
    AT_RECEIVER = 50,
    AT_NONCE = 82,
    AT_SESSION = 98,
    AT_EPOCH = 114,
    AT_SEQUENCE = 122,
    AT_TIME = 130,
    AT_ORDER = 138,
    AT_LENGTH = 170,
};
_Static_assert(AT_LENGTH + 4 == INNER_HEADER_LEN, "the fields fill the header");

/* A trust order has another domain than the trust file in it, which has signatures of its own
 * (manifest.c). */
void envelope_domain(const struct header *h, char dst[static DOMAIN_MAX])
{
    bool brings = h->kind == MSG_TRUST && !h->is_receipt;

    snprintf(dst, DOMAIN_MAX, "caravan/%s%s/v%u", message_kind_name(h->kind),
             h->is_receipt ? "-receipt"
             : brings      ? "-order"
                           : "",
             (unsigned)h->version);
}

static size_t find_payload_max(const struct header *h)
{
    return h->is_receipt ? RECEIPT_PAYLOAD_MAX : ORDER_PAYLOAD_MAX;
}

static int check_message_kind(const struct header *h, struct err *err)
{
    if ((size_t)h->kind >= MSG_KIND_COUNT || h->kind == MSG_NONE)
        return err_set(err, ERR_FORMAT, 0, "a message of kind %d is not known here", (int)h->kind);
    if (!message_has_version(h->kind, h->version))
        return err_set(err, ERR_FORMAT, 0, "kind %d (%s) of version %u; this build speaks %d to %d",
                       (int)h->kind, message_kind_name(h->kind), (unsigned)h->version, WIRE_MIN,
                       h->kind == MSG_HELLO ? 1 : WIRE_MAX);
    return 0;
}

static void add_inner_header(const struct header *h, const struct pubkey *sender, size_t n,
                             struct buf *out)
{
    (void)buf_add_byte(out, (unsigned char)((unsigned)h->kind | (h->is_receipt ? RECEIPT_BIT : 0)));
    (void)buf_add_byte(out, h->version);
    (void)buf_add(out, h->cluster, CLUSTER_ID_LEN);
    (void)buf_add(out, sender->bytes, KEY_LEN);
    (void)buf_add(out, h->receiver.bytes, KEY_LEN);
    (void)buf_add(out, h->nonce, NONCE_LEN);
    (void)buf_add(out, h->session, SESSION_LEN);
    (void)buf_add_u64(out, h->epoch);
    (void)buf_add_u64(out, h->sequence);
    (void)buf_add_u64(out, h->time_ms);
    (void)buf_add(out, h->order.bytes, DIGEST_LEN);
    (void)buf_add_u32(out, (uint32_t)n);
}

static void read_inner_header(const unsigned char *p, struct header *h)
{
    memset(h, 0, sizeof(*h));
    h->kind = (enum message_kind)(p[AT_KIND] & ~RECEIPT_BIT);
    h->is_receipt = (p[AT_KIND] & RECEIPT_BIT) != 0;
    h->version = p[AT_VERSION];
    memcpy(h->cluster, p + AT_CLUSTER, CLUSTER_ID_LEN);
    memcpy(h->sender.bytes, p + AT_SENDER, KEY_LEN);
    memcpy(h->receiver.bytes, p + AT_RECEIVER, KEY_LEN);
    memcpy(h->nonce, p + AT_NONCE, NONCE_LEN);
    memcpy(h->session, p + AT_SESSION, SESSION_LEN);
    h->epoch = get_u64(p + AT_EPOCH);
    h->sequence = get_u64(p + AT_SEQUENCE);
    h->time_ms = get_u64(p + AT_TIME);
    memcpy(h->order.bytes, p + AT_ORDER, DIGEST_LEN);
}

/* Appends the whole message or nothing: the caller's buffer may have a limit. */
static int append_message(struct buf *ret, const struct buf *from, const char *what,
                          struct err *err)
{
    if (buf_add(ret, from->data, from->len) < 0)
        return err_set(err, ERR_LIMIT, 0, "%s: the buffer has no room for %zu bytes", what,
                       from->len);
    return 0;
}

int envelope_sign(const struct header *head, const void *payload, size_t n,
                  const struct keypair *key, struct buf *ret_inner, struct err *err)
{
    auto_buf struct buf inner = BUF_INIT;
    char domain[DOMAIN_MAX];
    unsigned char sig[SIG_LEN];

    if (check_message_kind(head, err) < 0)
        return err_wrap(err, "sign");
    if (n > find_payload_max(head))
        return err_set(err, ERR_LIMIT, 0, "sign %s: a payload of %zu bytes, at most %zu",
                       message_kind_name(head->kind), n, find_payload_max(head));
    add_inner_header(head, keypair_public(key), n, &inner);
    (void)buf_add(&inner, payload, n);
    envelope_domain(head, domain);
    crypto_sign_bytes(key, domain, inner.data, inner.len, sig);
    (void)buf_add(&inner, sig, sizeof(sig));
    return append_message(ret_inner, &inner, "sign", err);
}

int envelope_sign_order(const struct order *o, const struct keypair *key, struct buf *ret_inner,
                        struct err *err)
{
    auto_buf struct buf payload = BUF_INIT;
    if (codec_pack_order(o, &payload, err) < 0)
        return -1;
    return envelope_sign(&o->head, payload.data, payload.len, key, ret_inner, err);
}

int envelope_sign_receipt(const struct receipt *r, const struct keypair *key, struct buf *ret_inner,
                          struct err *err)
{
    auto_buf struct buf payload = BUF_INIT;
    if (codec_pack_receipt(r, &payload, err) < 0)
        return -1;
    return envelope_sign(&r->head, payload.data, payload.len, key, ret_inner, err);
}

static void add_outer_header(struct buf *out, enum frame_format format, size_t n)
{
    (void)buf_add(out, magic, sizeof(magic));
    (void)buf_add_byte(out, (unsigned char)format);
    (void)buf_add_u32(out, (uint32_t)n);
}

int envelope_seal_boxed(const void *inner, size_t n, const struct boxkey *to, struct buf *ret_frame,
                        struct err *err)
{
    auto_buf struct buf frame = BUF_INIT;

    if (n > INNER_RECEIPT_MAX)
        return err_set(err, ERR_LIMIT, 0, "seal: %zu bytes, at most %d", n, INNER_RECEIPT_MAX);
    add_outer_header(&frame, FRAME_SEALED, n + SEAL_OVERHEAD);
    if (crypto_seal_boxed(to, inner, n, &frame, err) < 0)
        return err_wrap(err, "seal");
    return append_message(ret_frame, &frame, "seal", err);
}

int envelope_seal(const void *inner, size_t n, const struct pubkey *to, struct buf *ret_frame,
                  struct err *err)
{
    struct boxkey box;

    if (boxkey_of(to, &box, err) < 0)
        return err_wrap(err, "seal");
    return envelope_seal_boxed(inner, n, &box, ret_frame, err);
}

/* Only the hello of enrolment and its receipt may be sent unsealed. This check reads fixed offsets
 * and parses nothing. */
static int check_plain(const unsigned char *inner, size_t n, struct err *err)
{
    struct header h;

    if (n < INNER_HEADER_LEN + SIG_LEN)
        return err_set(err, ERR_FORMAT, 0, "an unsealed message of %zu bytes", n);
    read_inner_header(inner, &h);
    if (h.kind != MSG_HELLO || (!h.is_receipt && !pubkey_is_zero(&h.receiver)))
        return err_set(err, ERR_FORMAT, 0, "only the hello of enrolment may be sent unsealed");
    return 0;
}

int envelope_plain(const void *inner, size_t n, struct buf *ret_frame, struct err *err)
{
    auto_buf struct buf frame = BUF_INIT;

    if (n > INNER_RECEIPT_MAX)
        return err_set(err, ERR_LIMIT, 0, "frame: %zu bytes, at most %d", n, INNER_RECEIPT_MAX);
    if (check_plain(inner, n, err) < 0)
        return err_wrap(err, "frame");
    add_outer_header(&frame, FRAME_PLAIN, n);
    (void)buf_add(&frame, inner, n);
    return append_message(ret_frame, &frame, "frame", err);
}

static int check_outer_header(const unsigned char *p, size_t n, size_t inner_max,
                              enum frame_format *ret_format, struct err *err)
{
    if (n < OUTER_HEADER_LEN || memcmp(p, magic, sizeof(magic)) != 0)
        return err_set(err, ERR_FORMAT, 0, "not a frame of ours");
    if (p[4] != FRAME_SEALED && p[4] != FRAME_PLAIN)
        return err_set(err, ERR_FORMAT, 0, "a frame of format %d is not known here", p[4]);
    if (get_u32(p + 5) != n - OUTER_HEADER_LEN)
        return err_set(err, ERR_FORMAT, 0, "a frame of %zu bytes that says %u", n,
                       (unsigned)get_u32(p + 5));
    if (n - OUTER_HEADER_LEN > inner_max + (p[4] == FRAME_SEALED ? SEAL_OVERHEAD : 0))
        return err_set(err, ERR_LIMIT, 0, "a frame of %zu bytes is too large", n);
    *ret_format = (enum frame_format)p[4];
    return 0;
}

int envelope_open(const void *frame, size_t n, const struct keypair *key, size_t inner_max,
                  struct buf *ret_inner, enum frame_format *ret_format, struct err *err)
{
    const unsigned char *p = frame;
    auto_buf struct buf inner = BUF_INIT;
    enum frame_format format;

    if (check_outer_header(p, n, inner_max, &format, err) < 0)
        return -1;
    p += OUTER_HEADER_LEN;
    n -= OUTER_HEADER_LEN;
    if (format == FRAME_SEALED) {
        if (crypto_open(key, p, n, &inner, err) < 0)
            return -1;
    } else {
        if (check_plain(p, n, err) < 0)
            return -1;
        (void)buf_add(&inner, p, n);
    }
    if (append_message(ret_inner, &inner, "open", err) < 0)
        return -1;
    *ret_format = format;
    return 0;
}

size_t envelope_inner_len(const void *header)
{
    return INNER_HEADER_LEN + (size_t)get_u32((const unsigned char *)header + AT_LENGTH) + SIG_LEN;
}

int envelope_verify(const void *inner, size_t n, struct verified *ret, struct err *err)
{
    const unsigned char *p = inner;
    char domain[DOMAIN_MAX];
    struct verified v;

    if (n < INNER_HEADER_LEN + SIG_LEN)
        return err_set(err, ERR_FORMAT, 0, "a message of %zu bytes, at least %d are needed", n,
                       INNER_HEADER_LEN + SIG_LEN);
    read_inner_header(p, &v.head);
    if (check_message_kind(&v.head, err) < 0)
        return -1;
    v.payload = p + INNER_HEADER_LEN;
    v.payload_len = n - INNER_HEADER_LEN - SIG_LEN;
    if (get_u32(p + AT_LENGTH) != v.payload_len)
        return err_set(err, ERR_FORMAT, 0, "a payload of %zu bytes that says %u", v.payload_len,
                       (unsigned)get_u32(p + AT_LENGTH));
    if (v.payload_len > find_payload_max(&v.head))
        return err_set(err, ERR_LIMIT, 0, "a payload of %zu bytes, at most %zu", v.payload_len,
                       find_payload_max(&v.head));
    envelope_domain(&v.head, domain);
    if (!crypto_verify_bytes(&v.head.sender, domain, p, n - SIG_LEN, p + n - SIG_LEN))
        return err_set(err, ERR_CRYPTO, 0,
                       "the signature of a %s%s does not match its sender's key",
                       message_kind_name(v.head.kind), v.head.is_receipt ? " receipt" : "");
    crypto_digest(p, n, &v.digest);
    *ret = v;
    return 0;
}

int envelope_answers(const struct verified *receipt, const struct header *order,
                     const struct digest *order_digest, const struct pubkey *host, struct err *err)
{
    const struct header *h = &receipt->head;
    const struct {
        bool fits;
        const char *what;
    } checks[] = {
        {h->is_receipt, "it is an order"},
        {h->kind == order->kind, "it answers another kind of order"},
        {h->version == order->version, "it has another version"},
        {memcmp(h->cluster, order->cluster, CLUSTER_ID_LEN) == 0, "it is from another cluster"},
        {host == NULL || pubkey_eq(&h->sender, host), "it is not signed by that host's key"},
        {pubkey_eq(&h->receiver, &order->sender), "it is for another receiver"},
        {memcmp(h->nonce, order->nonce, NONCE_LEN) == 0, "it repeats another nonce"},
        {digest_eq(&h->order, order_digest), "it answers an order with other bytes"},
    };

    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        if (!checks[i].fits)
            return err_set(err, ERR_CRYPTO, 0, "the %s receipt does not answer this order: %s",
                           message_kind_name(h->kind), checks[i].what);
    }
    return 0;
}
