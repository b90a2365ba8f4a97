#include "lease_shown.h"
#include <inttypes.h>
#include "codec.h"
#include "str.h"

static enum refusal refuse_lease(enum refusal r, char text[static TEXT_MAX], const char *why)
{
    str_cut(text, TEXT_MAX, why);
    return r;
}

/* Did an operator sign the lease for this host, in this boot? NULL: yes. Else: the reason. */
static const char *lease_fault(const struct verified *v, const struct order_state *now,
                               const struct trust *trust)
{
    const struct header *h = &v->head;

    if (h->is_receipt || h->kind != MSG_LEASE)
        return "the bytes shown as the lease of this order are no lease";
    if (!trust_allows(trust, &h->sender, message_role(MSG_LEASE), now->wall_s))
        return "the lease of this order is signed by a key that may not take a lease";
    if (memcmp(h->cluster, now->cluster, CLUSTER_ID_LEN) != 0 ||
        !pubkey_eq(&h->receiver, &now->self))
        return "the lease of this order belongs to another host";
    if (memcmp(h->session, now->session, SESSION_LEN) != 0)
        return "the lease was taken before this host restarted: take it again";
    return NULL;
}

static enum refusal judge_lease_time(const struct header *h, uint64_t ttl_ms, uint64_t now_ms,
                                     char text[static TEXT_MAX])
{
    struct order_judgement j = order_check_start_by(h, now_ms);

    if (j.outcome == ORDER_REFUSE)
        return refuse_lease(j.refusal == REFUSAL_LATE ? REFUSAL_LEASE : j.refusal, text, j.why);
    if (now_ms > h->time_ms && now_ms - h->time_ms > ttl_ms)
        return refuse_lease(REFUSAL_LEASE, text,
                            "the lease of this order has expired: renew this lease");
    return REFUSAL_NONE;
}

static bool is_of_epoch(const struct header *lease, enum lease_op op, uint64_t epoch)
{
    return epoch == lease->epoch ||
           (op == LEASE_TAKE && epoch > lease->epoch && epoch - lease->epoch == 1);
}

enum refusal lease_shown(const struct swap_packet *p, const struct header *order,
                         const struct order_state *now, const struct trust *trust,
                         uint64_t max_ttl_ms, char text[static TEXT_MAX])
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    struct verified v;
    struct err err = ERR_INIT;

    if (p->n_lease == 0)
        return refuse_lease(REFUSAL_LEASE, text,
                            "no lease came with this order: take the lease again");
    if (envelope_verify(p->lease, p->n_lease, &v, &err) < 0)
        return refuse_lease(REFUSAL_LEASE, text, "the lease shown with this order is not genuine");
    const char *wrong = lease_fault(&v, now, trust);
    if (wrong != NULL)
        return refuse_lease(REFUSAL_LEASE, text, wrong);
    o->head = v.head;
    if (codec_read_order(v.payload, v.payload_len, o, &err) < 0 ||
        (o->u.lease.op != LEASE_TAKE && o->u.lease.op != LEASE_RENEW))
        return refuse_lease(REFUSAL_LEASE, text,
                            "the bytes shown as the lease of this order are no lease");
    if (!is_of_epoch(&v.head, o->u.lease.op, order->epoch)) {
        snprintf(text, TEXT_MAX,
                 "the lease is of epoch %" PRIu64 ", but the order is of epoch %" PRIu64,
                 v.head.epoch, order->epoch);
        return REFUSAL_EPOCH;
    }
    return judge_lease_time(&v.head, MIN_OF((uint64_t)o->u.lease.ttl_ms, max_ttl_ms), now->now_ms,
                            text);
}
