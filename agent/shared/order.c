#include "order.h"

static bool same(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

static bool is_mine(const struct header *h, const struct order_state *s)
{
    return !h->is_receipt && same(h->cluster, s->cluster, CLUSTER_ID_LEN) &&
           same(h->receiver.bytes, s->self.bytes, KEY_LEN);
}

static bool find_kept(const struct digest *d, const struct order_state *s, uint32_t *ret)
{
    for (uint32_t i = 0; i < s->n_kept && i < ORDER_KEPT; i++) {
        if (same(d->bytes, s->kept[i].bytes, DIGEST_LEN)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* A higher epoch begins a new count, so the last sequence binds only within its own. */
static bool sequence_is_old(const struct header *h, const struct order_state *s)
{
    return h->sequence == 0 || (h->epoch == s->epoch && h->sequence <= s->sequence);
}

static struct order_judgement refuse(enum refusal r, const char *why)
{
    return (struct order_judgement){.outcome = ORDER_REFUSE, .refusal = r, .why = why};
}

static struct order_judgement judge_order_and_time(const struct header *h,
                                                   const struct order_state *s)
{
    if (!same(h->session, s->session, SESSION_LEN))
        return refuse(REFUSAL_SESSION, "the host was restarted since: say hello again");
    if (h->epoch < s->epoch)
        return refuse(REFUSAL_EPOCH, "another run has taken over since: this epoch is over");
    if (h->epoch == s->epoch && h->sequence == s->sequence && h->sequence != 0)
        return refuse(REFUSAL_REPLAYED, "this sequence was used by another order");
    if (sequence_is_old(h, s))
        return refuse(REFUSAL_SEQUENCE, "the sequence is not above the last one");
    if (h->time_ms != 0 && s->now_ms > h->time_ms)
        return refuse(REFUSAL_LATE, "the order arrived after its start_by");
    return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
}

struct order_judgement order_judge(const struct header *head, const struct digest *digest,
                                   const struct order_state *state)
{
    uint32_t kept = 0;

    if (!state->sender_named)
        return (struct order_judgement){.outcome = ORDER_DROP,
                                        .why = "the trust in force does not name its sender"};
    if (!is_mine(head, state))
        return (struct order_judgement){.outcome = ORDER_DROP,
                                        .why = "it is for another cluster or another host"};
    if (find_kept(digest, state, &kept))
        return (struct order_judgement){.outcome = ORDER_REPEAT, .kept = kept, .why = "repeat"};
    if (!state->sender_may)
        return refuse(REFUSAL_ROLE, "this key may not send orders of this kind");
    return judge_order_and_time(head, state);
}
