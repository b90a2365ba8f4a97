/*
 * agent_store.h - what caravan-agent must not forget: <state_dir>/agent/state.
 *
 * Lease, notes, the highest sequences taken, and the receipts of the last
 * KEPT_MAX orders judged here (obeyed, or refused by the lease), in one file
 * replaced whole (file_replace) before a receipt leaves: an order is obeyed and
 * its receipt kept, or neither. Format:
 * "CRVA", version u8, the fields of a layout (layout.h), big-endian, SHA-256 of all before.
 *
 * Not thread-safe: the listener holds its lock around it.
 */
#ifndef AGENT_STORE_H
#define AGENT_STORE_H

#include "envelope.h"
#include "lease.h"
#include "notes.h"

#define KEPT_MAX         8
#define KEPT_RECEIPT_MAX 2048
#define AGENT_STORE_MAX  (80 * 1024)

struct kept {
    struct digest order; /* of the inner bytes; zero: empty */
    size_t len;
    unsigned char receipt[KEPT_RECEIPT_MAX]; /* inner bytes, signed */
};

/* The highest sequence taken, within one boot session and epoch. */
struct count {
    unsigned char session[SESSION_LEN];
    uint64_t epoch;
    uint64_t sequence;
};

/* 0 when it was counted in another session or epoch. */
uint64_t count_in(const struct count *c, const unsigned char *session, uint64_t epoch);
void count_take(struct count *c, const unsigned char *session, uint64_t epoch, uint64_t sequence);

struct agent_state {
    struct lease lease;
    struct notes notes;
    struct count noted;   /* note orders taken */
    struct count refused; /* orders for swap that were refused here */
    uint32_t next_kept;
    struct kept kept[KEPT_MAX];
};

/* NULL when no receipt of this order is kept. */
const struct kept *agent_state_kept(const struct agent_state *s, const struct digest *order);
/* Replaces the oldest. ERR_LIMIT when the receipt is too large to keep. */
MUST_CHECK int agent_state_keep(struct agent_state *s, const struct digest *order,
                                const struct buf *receipt, struct err *err);

void agent_state_pack(const struct agent_state *s, struct buf *ret);
MUST_CHECK int agent_state_parse(const void *p, size_t n, struct agent_state *ret, struct err *err);

/* An absent file is an empty state. A damaged one is ERR_FORMAT, with what to do:
 * notes of side effects may be in it, so it is never dropped silently. */
MUST_CHECK int agent_store_load(const char *path, struct agent_state *ret, struct err *err);
MUST_CHECK int agent_store_save(const char *path, const struct agent_state *s, struct err *err);

#endif
