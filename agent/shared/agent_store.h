/*
 * agent_store.h - what caravan-agent must still know after a restart: <state_dir>/agent/state.
 *
 * One file contains the lease, the notes, the highest sequences taken, and the receipts of the
 * last KEPT_MAX orders that caravan-agent itself judged (carried out, or refused because of the
 * lease). file_replace writes the whole file before a receipt leaves. So either the order is
 * carried out and its receipt is kept, or neither.
 *
 * Format: "CRVA", version u8, the fields of a layout (layout.h), big-endian, SHA-256 of all bytes
 * before it.
 *
 * Not thread-safe: the listener holds its lock around every call.
 */
#ifndef AGENT_STORE_H
#define AGENT_STORE_H

#include "envelope.h"
#include "lease.h"
#include "notes.h"

#define KEPT_MAX         8
#define KEPT_RECEIPT_MAX 2048
#define AGENT_STORE_MAX  (80 * 1024)

struct kept_reply {
    struct digest order; /* of the order's inner bytes */
    size_t len;
    unsigned char receipt[KEPT_RECEIPT_MAX]; /* the signed inner bytes; len 0: empty slot */
};

/* The highest sequence taken, within one boot session and epoch. */
struct sequences {
    unsigned char session[SESSION_LEN];
    uint64_t epoch;
    uint64_t sequence;
};

/* The highest sequence taken in this session and epoch. 0: none, or the count belongs to another
 * session or epoch. */
uint64_t sequences_in(const struct sequences *c, const unsigned char *session, uint64_t epoch);
/* Counts this sequence as taken. A count of another session or epoch starts again. */
void sequences_take(struct sequences *c, const unsigned char *session, uint64_t epoch,
                    uint64_t sequence);

struct agent_state {
    struct lease lease;
    struct notes notes;
    struct sequences noted;   /* note orders taken */
    struct sequences refused; /* orders for caravan-swap that caravan-agent refused */
    uint32_t next_kept;       /* the slot that the next receipt takes */
    struct kept_reply kept[KEPT_MAX];
};

/* NULL when no receipt of this order is kept. */
const struct kept_reply *agent_state_kept(const struct agent_state *s, const struct digest *order);
/* Replaces the oldest receipt. ERR_LIMIT: the receipt is empty or larger than KEPT_RECEIPT_MAX. */
MUST_CHECK int agent_state_keep(struct agent_state *s, const struct digest *order,
                                const struct buf *receipt, struct err *err);

void agent_state_pack(const struct agent_state *s, struct buf *ret);
MUST_CHECK int agent_state_parse(const void *p, size_t n, struct agent_state *ret, struct err *err);

/* If the file does not exist, *ret is an empty state. ERR_FORMAT: the file is damaged; the text
 * says what to do. The caller must not ignore a damaged file, because it may contain notes of side
 * effects that somebody must undo. */
MUST_CHECK int agent_store_load(const char *path, struct agent_state *ret, struct err *err);
MUST_CHECK int agent_store_save(const char *path, const struct agent_state *s, struct err *err);

#endif
