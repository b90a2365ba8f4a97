#include "order_check.h"

static bool bytes_match(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

static bool is_for_this_host(const struct header *h, const struct order_state *s)
{
    return !h->is_receipt && bytes_match(h->cluster, s->cluster, CLUSTER_ID_LEN) &&
           bytes_match(h->receiver.bytes, s->self.bytes, KEY_LEN);
}

static bool find_kept(const struct digest *d, const struct order_state *s, uint32_t *ret)
{
    for (uint32_t i = 0; i < s->n_kept && i < ORDER_KEPT; i++) {
        if (bytes_match(d->bytes, s->kept[i].bytes, DIGEST_LEN)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* Each epoch has a count of its own. */
static uint64_t find_last_sequence(uint64_t epoch, const struct order_state *s)
{
    if (epoch == s->epoch)
        return s->sequence;
    return epoch == s->refused_epoch ? s->refused_sequence : 0;
}

bool order_is_counted(enum message_kind kind)
{
    return kind != MSG_TRUST;
}

uint64_t order_limit(uint64_t last)
{
    return last > UINT64_MAX - ORDER_AHEAD_MAX ? UINT64_MAX : last + ORDER_AHEAD_MAX;
}

static struct order_judgement refuse_order(enum refusal r, const char *why)
{
    return (struct order_judgement){.outcome = ORDER_REFUSE, .refusal = r, .why = why};
}

static struct order_judgement judge_epoch_and_sequence(const struct header *h,
                                                       const struct order_state *s)
{
    uint64_t last = find_last_sequence(h->epoch, s);

    if (h->epoch < s->epoch)
        return refuse_order(REFUSAL_EPOCH,
                            "another run has taken over: the epoch of this order is over");
    if (h->epoch > s->epoch_most)
        return refuse_order(REFUSAL_EPOCH, "the epoch is too far above this host's last one");
    if (h->sequence == last && h->sequence != 0)
        return refuse_order(REFUSAL_REPLAYED, "another order has used this sequence");
    if (h->sequence <= last)
        return refuse_order(REFUSAL_SEQUENCE, "the sequence is not above the last one");
    if (h->sequence > s->sequence_most)
        return refuse_order(REFUSAL_SEQUENCE, "the sequence is too far above the last one");
    return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
}

static struct order_judgement judge_start_by(const struct header *h, const struct order_state *s)
{
    if (h->time_ms != 0 && s->now_ms > h->time_ms)
        return refuse_order(REFUSAL_LATE, "the order arrived after its start_by");
    return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
}

struct order_judgement order_check_start_by(const struct header *h, uint64_t now_ms)
{
    if (h->time_ms == 0)
        return refuse_order(
            REFUSAL_FORMAT,
            "the order has no start_by: the program caravan is older than this host's "
            "caravan-agent. Upgrade the package caravan on the coordinator's machine, then "
            "run `caravan resume`");
    if (h->time_ms > now_ms && h->time_ms - now_ms > ORDER_BY_MAX_MS)
        return refuse_order(REFUSAL_LATE,
                            "start_by is more than 120 s ahead of this host's uptime: the "
                            "uptime that was reported for this host is wrong");
    return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
}

struct order_judgement order_check(const struct header *head, const struct digest *digest,
                                   const struct order_state *state)
{
    uint32_t kept = 0;

    if (!state->sender_named)
        return (struct order_judgement){.outcome = ORDER_DROP,
                                        .why = "the trust in force does not name the sender"};
    if (!is_for_this_host(head, state))
        return (struct order_judgement){.outcome = ORDER_DROP,
                                        .why = "the order is for another cluster or another host"};
    if (find_kept(digest, state, &kept))
        return (struct order_judgement){.outcome = ORDER_REPEAT, .kept = kept, .why = "repeat"};
    if (!state->sender_may)
        return refuse_order(REFUSAL_ROLE, state->barred != NULL && state->barred[0] != '\0'
                                              ? state->barred
                                              : "this key may not send orders of this kind");
    if (!order_is_counted(head->kind))
        return (struct order_judgement){.outcome = ORDER_NEW, .why = "new"};
    if (!bytes_match(head->session, state->session, SESSION_LEN))
        return refuse_order(REFUSAL_SESSION,
                            "the host has rebooted since its last hello: ask it for hello again");
    struct order_judgement j = judge_epoch_and_sequence(head, state);
    return j.outcome == ORDER_NEW ? judge_start_by(head, state) : j;
}
