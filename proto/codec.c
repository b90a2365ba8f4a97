#include "codec.h"
#include "codec_layout.h"

static const struct layout *find_layout(const struct header *head, bool is_receipt, struct err *err)
{
    if (head->is_receipt != is_receipt) {
        err_set(err, ERR_USAGE, 0, "%s: the header and the call disagree about its direction",
                message_kind_name(head->kind));
        return NULL;
    }
    const struct layout *l = message_layout(head->kind, is_receipt, head->version);
    if (l == NULL)
        err_set(err, ERR_FORMAT, 0, "no %s of kind %d, version %d is known here",
                is_receipt ? "receipt" : "order", (int)head->kind, (int)head->version);
    return l;
}

int codec_pack_order(const struct order *o, struct buf *ret, struct err *err)
{
    const struct layout *l = find_layout(&o->head, false, err);
    return l == NULL ? -1 : layout_pack(l, &o->u, ORDER_PAYLOAD_MAX, ret, err);
}

int codec_pack_receipt(const struct receipt *r, struct buf *ret, struct err *err)
{
    const struct layout *l = find_layout(&r->head, true, err);
    return l == NULL ? -1 : layout_pack(l, &r->u, RECEIPT_PAYLOAD_MAX, ret, err);
}

/* Does not change ret on failure. */
static int decode_payload(const struct layout *l, const void *p, size_t n, size_t max, void *ret,
                          size_t size, struct err *err)
{
    if (l == NULL)
        return -1;
    if (n > max)
        return err_set(err, ERR_LIMIT, 0, "read %s: %zu bytes, at most %zu are allowed", l->name, n,
                       max);
    autofree void *now = xzalloc(1, size);
    if (layout_read(l, p, n, now, err) < 0) {
        layout_release(l, now);
        return -1;
    }
    memcpy(ret, now, size);
    return 0;
}

int codec_read_order(const void *p, size_t n, struct order *ret, struct err *err)
{
    return decode_payload(find_layout(&ret->head, false, err), p, n, ORDER_PAYLOAD_MAX, &ret->u,
                          sizeof(ret->u), err);
}

int codec_read_receipt(const void *p, size_t n, struct receipt *ret, struct err *err)
{
    return decode_payload(find_layout(&ret->head, true, err), p, n, RECEIPT_PAYLOAD_MAX, &ret->u,
                          sizeof(ret->u), err);
}
