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
static uint64_t last_in(uint64_t epoch, const struct order_state *s)
{
    if (epoch == s->epoch)
        return s->sequence;
    return epoch == s->refused_epoch ? s->refused_sequence : 0;
}

bool order_is_counted(enum message_kind kind)
{
    return kind != MSG_TRUST;
}

uint64_t order_most(uint64_t last)
{
    return last > UINT64_MAX - ORDER_AHEAD_MAX ? UINT64_MAX : last + ORDER_AHEAD_MAX;
}

static struct order_judgement refuse(enum refusal r, const char *why)
{
    return (struct order_judgement){.outcome = ORDER_REFUSE, .refusal = r, .why = why};
}

static struct order_judgement judge_order(const struct header *h, const struct order_state *s)
{
    uint64_t last = last_in(h->epoch, s);

    if (h->epoch < s->epoch)
        return refuse(REFUSAL_EPOCH, "another run has taken over since: this epoch is over");
    if (h->epoch > s->epoch_most)
        return refuse(REFUSAL_EPOCH, "no lease of this host can have come to this epoch yet");
    if (h->sequence == last && h->sequence != 0)
        return refuse(REFUSAL_REPLAYED, "this sequence was used by another order");
    if (h->sequence <= last)
        return refuse(REFUSAL_SEQUENCE, "the sequence is not above the last one");
    if (h->sequence > s->sequence_most)
        return refuse(REFUSAL_SEQUENCE, "the sequence is too far above the last one");
    return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
}

static struct order_judgement judge_time(const struct header *h, const struct order_state *s)
{
    if (h->time_ms != 0 && s->now_ms > h->time_ms)
        return refuse(REFUSAL_LATE, "the order arrived after its start_by");
    return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
}

struct order_judgement order_judge_by(const struct header *h, uint64_t now_ms)
{
    if (h->time_ms == 0)
        return refuse(
            REFUSAL_FORMAT,
            "it does not say until when it may be begun (start_by): caravan is older than "
            "this host's agent; upgrade the package caravan where it runs, then resume");
    if (h->time_ms > now_ms && h->time_ms - now_ms > ORDER_BY_MAX_MS)
        return refuse(REFUSAL_LATE, "start_by is more than 120 s away by this host's own clock: "
                                    "the uptime that was told of this host is not true");
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
        return refuse(REFUSAL_ROLE, state->barred != NULL && state->barred[0] != '\0'
                                        ? state->barred
                                        : "this key may not send orders of this kind");
    if (!order_is_counted(head->kind))
        return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
    if (!same(head->session, state->session, SESSION_LEN))
        return refuse(REFUSAL_SESSION, "the host was restarted since: say hello again");
    struct order_judgement j = judge_order(head, state);
    return j.outcome == ORDER_NEW ? judge_time(head, state) : j;
}
