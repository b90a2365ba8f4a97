#include "codec_layout.h"

#define NUMBER(s, m)         ROW_UINT(#m, s, m)
#define SIGNED(s, m)         ROW(#m, s, m, FIELD_INT)
#define TRUTH(s, m)          ROW(#m, s, m, FIELD_BOOL)
#define CHOICE(s, m, lo, hi) ROW_ENUM(#m, s, m, lo, hi)
#define NAME(s, m)           ROW(#m, s, m, FIELD_NAME)
#define PROSE(s, m)          ROW(#m, s, m, FIELD_PROSE)
#define BYTES(s, m)          ROW(#m, s, m, FIELD_BYTES)
#define NUMBER_TO(s, m, top)                                                                       \
    {                                                                                              \
        FIELD(s, m, FIELD_UINT), .max = (top)                                                      \
    }
#define INSIDE(s, m, l)                                                                            \
    {                                                                                              \
        FIELD(s, m, FIELD_STRUCT), .sub = &(l)                                                     \
    }
#define BLOB(s, m, top, len)                                                                       \
    {                                                                                              \
        FIELD(s, m, FIELD_BLOB), .max = (top), .count = offsetof(struct s, len)                    \
    }
#define LIST(s, m, top, len, one)                                                                  \
    {                                                                                              \
        FIELD(s, m, FIELD_LIST), .max = (top), .count = offsetof(struct s, len), .item = &(one)    \
    }
#define OWNED(s, m, top, len, one)                                                                 \
    {                                                                                              \
        FIELD(s, m, FIELD_OWNED), .max = (top), .count = offsetof(struct s, len), .item = &(one)   \
    }

/* ---- orders ---- */

static const struct field order_hello_v1[] = {
    NUMBER(order_hello, wire_min),
    NUMBER(order_hello, wire_max),
};

static const struct field order_status_v1[] = {
    NUMBER(order_status, after),
    NUMBER_TO(order_status, wait_ms, STATUS_WAIT_MAX_MS),
    NUMBER(order_status, log_after),
};

static const struct field order_lease_v1[] = {
    CHOICE(order_lease, op, LEASE_TAKE, LEASE_GIVE_BACK),
    NUMBER(order_lease, expect),
    BYTES(order_lease, run_id),
    BYTES(order_lease, plan),
    NUMBER_TO(order_lease, ttl_ms, LEASE_MAX_MS),
    TRUTH(order_lease, take_over),
    TRUTH(order_lease, paused),
};

static const struct field url = {.name = "url", .type = FIELD_NAME, .size = URL_MAX_LEN};
static const struct field order_stage_v1[] = {
    BLOB(order_stage, manifest, MANIFEST_MAX, manifest_len),
    LIST(order_stage, urls, URLS_MAX, n_urls, url),
    NUMBER(order_stage, speed_min),
    NUMBER(order_stage, deadline_ms),
};

static const struct field order_swap_v1[] = {
    BYTES(order_swap, digest),
    CHOICE(order_swap, on_not_ready, ON_REVERT, ON_REVERT_IF_UNTOUCHED),
    NUMBER(order_swap, not_before),
    NUMBER(order_swap, hold_ms),
    NUMBER(order_swap, deadline_ms),
    TRUTH(order_swap, is_server),
};

static const struct field order_cancel_v1[] = {
    NUMBER(order_cancel, sequence),
};

static const struct field order_revert_v1[] = {
    BYTES(order_revert, to),
    CHOICE(order_revert, why, 0, FAILURE_COUNT - 1),
    NUMBER(order_revert, hold_ms),
    NUMBER(order_revert, deadline_ms),
};

static const struct field order_note_v1[] = {
    TRUTH(order_note, clear),
    NUMBER(order_note, slot),
    BYTES(order_note, run_id),
    BLOB(order_note, text, NOTE_MAX, len),
};

static const struct field order_preserve_v1[] = {
    BYTES(order_preserve, run_id),
};

static const struct field order_service_v1[] = {
    CHOICE(order_service, op, SERVICE_START, SERVICE_DISABLE),
};

static const struct field order_trust_v1[] = {
    BLOB(order_trust, file, TRUST_MAX, len),
};

/* ---- receipts ---- */

static const struct field stamp_v1[] = {
    NUMBER(stamp, dev),      NUMBER(stamp, ino),        SIGNED(stamp, ctime_ns),
    NUMBER(stamp, main_pid), NUMBER(stamp, main_start),
};
static const struct layout stamp_layout = LAYOUT("stamp", stamp_v1);

static const struct field lease_v1[] = {
    NUMBER(lease_state, revision),      NUMBER(lease_state, epoch), TRUTH(lease_state, held),
    TRUTH(lease_state, paused),         BYTES(lease_state, run_id), BYTES(lease_state, plan),
    NUMBER(lease_state, expires_in_ms),
};
static const struct layout lease_layout = LAYOUT("lease", lease_v1);

static const struct field receipt_hello_v1[] = {
    NUMBER(receipt_hello, wire_min),
    NUMBER(receipt_hello, wire_max),
    NAME(receipt_hello, program),
    NAME(receipt_hello, host),
    NAME(receipt_hello, os),
    NAME(receipt_hello, arch),
    NAME(receipt_hello, server_id),
    NAME(receipt_hello, client_id),
    BYTES(receipt_hello, disk),
    BYTES(receipt_hello, running),
    INSIDE(receipt_hello, stamp, stamp_layout),
    CHOICE(receipt_hello, phase, 0, PHASE_COUNT - 1),
    INSIDE(receipt_hello, lease, lease_layout),
    NUMBER(receipt_hello, agent_sequence),
    NUMBER(receipt_hello, swap_sequence),
    NUMBER(receipt_hello, swap_epoch),
    NUMBER(receipt_hello, trust_version),
    NUMBER(receipt_hello, view_revision),
};

static const struct field fact_v1[] = {
    NAME(fact, id),
    CHOICE(fact, value, 0, TRI_YES),
    PROSE(fact, text),
};
static const struct layout fact_layout = LAYOUT("fact", fact_v1);
static const struct field fact_item = {
    .name = "fact", .type = FIELD_STRUCT, .size = sizeof(struct fact), .sub = &fact_layout};

static const struct field note_v1[] = {
    NUMBER(note, slot),
    BYTES(note, run_id),
    BLOB(note, text, NOTE_MAX, len),
};
static const struct layout note_layout = LAYOUT("note", note_v1);
static const struct field note_item = {
    .name = "note", .type = FIELD_STRUCT, .size = sizeof(struct note), .sub = &note_layout};

static const struct field verdict_v1[] = {
    CHOICE(verdict, failure, 0, FAILURE_COUNT - 1),
    PROSE(verdict, text),
    PROSE(verdict, evidence),
};
static const struct layout verdict_layout = LAYOUT("verdict", verdict_v1);

static const struct field line_v1[] = {
    NUMBER(log_line, cursor),
    PROSE(log_line, text),
};
static const struct layout line_layout = LAYOUT("log line", line_v1);
static const struct field line_item = {
    .name = "log line", .type = FIELD_STRUCT, .size = sizeof(struct log_line), .sub = &line_layout};

/* The status begins with a work_state, so rows of work_state are rows of the status. */
_Static_assert(offsetof(struct receipt_status, work) == 0, "a status begins with work_state");
#define RECEIPT_STATUS(facts_max)                                                                  \
    NUMBER(work_state, revision), CHOICE(work_state, phase, 0, PHASE_COUNT - 1),                   \
        CHOICE(work_state, failed_in, 0, PHASE_COUNT - 1), NUMBER(work_state, order_sequence),     \
        BYTES(work_state, target), BYTES(work_state, previous), NUMBER(work_state, done),          \
        NUMBER(work_state, total), INSIDE(receipt_status, verdict, verdict_layout),                \
        NUMBER(work_state, silence_ms), INSIDE(work_state, stamp, stamp_layout),                   \
        INSIDE(receipt_status, lease, lease_layout),                                               \
        LIST(receipt_status, facts, facts_max, n_facts, fact_item),                                \
        OWNED(receipt_status, notes, NOTES_MAX, n_notes, note_item),                               \
        NUMBER(receipt_status, log_cursor),                                                        \
        LIST(receipt_status, log, LOG_LINES_MAX, n_log, line_item)

static const struct field receipt_status_v1[] = {RECEIPT_STATUS(FACTS_MAX_V1)};
static const struct field receipt_status_v2[] = {RECEIPT_STATUS(FACTS_MAX)};

static const struct field receipt_done_v1[] = {
    CHOICE(receipt_done, refusal, 0, REFUSAL_COUNT - 1),
    PROSE(receipt_done, text),
    INSIDE(receipt_done, lease, lease_layout),
    NUMBER(receipt_done, last_sequence),
    NUMBER(receipt_done, last_epoch),
    NUMBER(receipt_done, count),
    BYTES(receipt_done, digest),
    NUMBER(receipt_done, trust_version),
};

/* ---- by kind ---- */

#define ORDER(kind)  LAYOUT(#kind " order", order_##kind##_v1)
#define ANSWER(kind) LAYOUT(#kind " receipt", receipt_done_v1)

static const struct layout orders_v1[MSG_KIND_COUNT] = {
    [MSG_HELLO] = ORDER(hello),     [MSG_STATUS] = ORDER(status), [MSG_LEASE] = ORDER(lease),
    [MSG_STAGE] = ORDER(stage),     [MSG_SWAP] = ORDER(swap),     [MSG_CANCEL] = ORDER(cancel),
    [MSG_REVERT] = ORDER(revert),   [MSG_NOTE] = ORDER(note),     [MSG_PRESERVE] = ORDER(preserve),
    [MSG_SERVICE] = ORDER(service), [MSG_TRUST] = ORDER(trust),
};

static const struct layout receipts_v1[MSG_KIND_COUNT] = {
    [MSG_HELLO] = LAYOUT("hello receipt", receipt_hello_v1),
    [MSG_STATUS] = LAYOUT("status receipt", receipt_status_v1),
    [MSG_LEASE] = ANSWER(lease),
    [MSG_STAGE] = ANSWER(stage),
    [MSG_SWAP] = ANSWER(swap),
    [MSG_CANCEL] = ANSWER(cancel),
    [MSG_REVERT] = ANSWER(revert),
    [MSG_NOTE] = ANSWER(note),
    [MSG_PRESERVE] = ANSWER(preserve),
    [MSG_SERVICE] = ANSWER(service),
    [MSG_TRUST] = ANSWER(trust),
};

/* The only layout that version 2 changed. */
static const struct layout status_v2 = LAYOUT("status receipt", receipt_status_v2);

const struct layout *message_layout(enum message_kind kind, bool is_receipt, unsigned version)
{
    if (!message_has_version(kind, version))
        return NULL;
    if (version >= 2 && is_receipt && kind == MSG_STATUS)
        return &status_v2;
    return is_receipt ? &receipts_v1[kind] : &orders_v1[kind];
}

/* ---- for packing and reading ---- */

void layout_release(const struct layout *l, void *base)
{
    for (uint32_t i = 0; i < l->n; i++) {
        const struct field *f = &l->fields[i];
        if (f->type != FIELD_OWNED)
            continue;
        char *at = (char *)base + f->offset;
        void *owned;
        memcpy(&owned, at, sizeof(owned));
        free(owned);
        memset(at, 0, sizeof(owned));
        memset((char *)base + f->count, 0, sizeof(uint32_t));
    }
}
