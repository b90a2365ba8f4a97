/*
 * message_samples.h - random messages of every kind, from a seed.
 *
 * The code fills each field by hand and does not use the codec's own tables: a field that is
 * missing in the tables must be noticed. Numbers are often at the limits of msgpack's forms. The
 * structs are zeroed first, so that tests can compare them as bytes.
 */
#ifndef MESSAGE_SAMPLES_H
#define MESSAGE_SAMPLES_H

#include "message.h"

struct samples {
    uint64_t state; /* not 0 */
    bool small;     /* with few items and short texts, so that golden vectors stay readable */
};

UNUSED static uint64_t sample_bits(struct samples *s)
{
    s->state ^= s->state >> 12;
    s->state ^= s->state << 25;
    s->state ^= s->state >> 27;
    return s->state * 0x2545f4914f6cdd1dull;
}

UNUSED static uint64_t sample_below(struct samples *s, uint64_t n)
{
    return sample_bits(s) % n;
}

UNUSED static uint64_t sample_number(struct samples *s, uint64_t max)
{
    static const uint64_t edges[] = {
        0, 1, 127, 128, 255, 256, 0xffff, 0x10000, UINT32_MAX, 1ull << 32, INT64_MAX, UINT64_MAX};
    uint64_t v = sample_below(s, 2) == 0 ? edges[sample_below(s, ARRAY_LEN(edges))]
                                         : sample_bits(s) >> sample_below(s, 64);
    return max == UINT64_MAX ? v : v % (max + 1);
}

UNUSED static void sample_bytes(struct samples *s, void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)p)[i] = (unsigned char)sample_bits(s);
}

UNUSED static size_t sample_length(struct samples *s, size_t max)
{
    size_t top = s->small ? MIN_OF(max, (size_t)40) : max;
    static const size_t edges[] = {0, 1, 15, 16, 31, 32, 255, 256};
    size_t n = sample_below(s, 2) == 0 ? edges[sample_below(s, ARRAY_LEN(edges))]
                                       : (size_t)sample_below(s, top + 1);
    return MIN_OF(n, top);
}

UNUSED static void sample_text(struct samples *s, char *dst, size_t size)
{
    static const char *const words[] = {
        "a",    "Nomad ", "\n", "7", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xab",
        "\x7f", "\x1b[0m"};
    size_t want = sample_length(s, size - 1), n = 0;
    while (n < want) {
        const char *w = words[sample_below(s, ARRAY_LEN(words))];
        if (n + strlen(w) > want)
            w = "x";
        memcpy(dst + n, w, strlen(w));
        n += strlen(w);
    }
}

#define SAMPLE_U64(f)   ((f) = sample_number(s, UINT64_MAX))
#define SAMPLE_U32(f)   ((f) = (uint32_t)sample_number(s, UINT32_MAX))
#define SAMPLE_U8(f)    ((f) = (uint8_t)sample_number(s, UINT8_MAX))
#define SAMPLE_BOOL(f)  ((f) = sample_below(s, 2) == 1)
#define SAMPLE_BYTES(f) sample_bytes(s, &(f), sizeof(f))
#define SAMPLE_TEXT(f)  sample_text(s, (f), sizeof(f))
#define SAMPLE_ENUM(f, type, lo, hi)                                                               \
    ((f) = (enum type)((lo) + sample_below(s, (uint64_t)(hi) - (lo) + 1)))

UNUSED static void sample_order(struct samples *s, enum message_kind kind, struct order *o)
{
    memset(&o->u, 0, sizeof(o->u));
    if (kind == MSG_HELLO) {
        SAMPLE_U8(o->u.hello.wire_min);
        SAMPLE_U8(o->u.hello.wire_max);
    } else if (kind == MSG_STATUS) {
        SAMPLE_U64(o->u.status.after);
        o->u.status.wait_ms = (uint32_t)sample_number(s, STATUS_WAIT_MAX_MS);
        SAMPLE_U64(o->u.status.log_after);
    } else if (kind == MSG_LEASE) {
        SAMPLE_ENUM(o->u.lease.op, lease_op, LEASE_TAKE, LEASE_GIVE_BACK);
        SAMPLE_U64(o->u.lease.expect);
        SAMPLE_BYTES(o->u.lease.run_id);
        SAMPLE_BYTES(o->u.lease.plan);
        o->u.lease.ttl_ms = (uint32_t)sample_number(s, LEASE_MAX_MS);
        SAMPLE_BOOL(o->u.lease.take_over);
        SAMPLE_BOOL(o->u.lease.paused);
    } else if (kind == MSG_STAGE) {
        o->u.stage.manifest_len = sample_length(s, MANIFEST_MAX);
        sample_bytes(s, o->u.stage.manifest, o->u.stage.manifest_len);
        o->u.stage.n_urls = (uint32_t)sample_below(s, s->small ? 3 : 7);
        for (uint32_t i = 0; i < o->u.stage.n_urls; i++)
            SAMPLE_TEXT(o->u.stage.urls[i]);
        SAMPLE_U32(o->u.stage.speed_min);
        SAMPLE_U32(o->u.stage.deadline_ms);
    } else if (kind == MSG_SWAP) {
        SAMPLE_BYTES(o->u.swap.digest);
        SAMPLE_ENUM(o->u.swap.on_not_ready, on_not_ready, ON_REVERT, ON_REVERT_IF_UNTOUCHED);
        SAMPLE_U64(o->u.swap.not_before);
        SAMPLE_U32(o->u.swap.hold_ms);
        SAMPLE_U32(o->u.swap.deadline_ms);
        SAMPLE_BOOL(o->u.swap.is_server);
    } else if (kind == MSG_CANCEL) {
        SAMPLE_U64(o->u.cancel.sequence);
    } else if (kind == MSG_REVERT) {
        SAMPLE_BYTES(o->u.revert.to);
        SAMPLE_ENUM(o->u.revert.why, failure, 0, FAILURE_COUNT - 1);
        SAMPLE_U32(o->u.revert.hold_ms);
        SAMPLE_U32(o->u.revert.deadline_ms);
    } else if (kind == MSG_NOTE) {
        SAMPLE_BOOL(o->u.note.clear);
        SAMPLE_U32(o->u.note.slot);
        SAMPLE_BYTES(o->u.note.run_id);
        o->u.note.len = sample_length(s, NOTE_MAX);
        sample_bytes(s, o->u.note.text, o->u.note.len);
    } else if (kind == MSG_PRESERVE) {
        SAMPLE_BYTES(o->u.preserve.run_id);
    } else if (kind == MSG_SERVICE) {
        SAMPLE_ENUM(o->u.service.op, service_op, SERVICE_START, SERVICE_DISABLE);
    } else if (kind == MSG_TRUST) {
        o->u.trust.len = sample_length(s, TRUST_MAX);
        sample_bytes(s, o->u.trust.file, o->u.trust.len);
    }
}

UNUSED static void sample_stamp(struct samples *s, struct stamp *v)
{
    SAMPLE_U64(v->dev);
    SAMPLE_U64(v->ino);
    v->ctime_ns = (int64_t)sample_number(s, UINT64_MAX);
    SAMPLE_U32(v->main_pid);
    SAMPLE_U64(v->main_start);
}

UNUSED static void sample_lease(struct samples *s, struct lease_state *v)
{
    SAMPLE_U64(v->revision);
    SAMPLE_U64(v->epoch);
    SAMPLE_BOOL(v->held);
    SAMPLE_BOOL(v->paused);
    SAMPLE_BYTES(v->run_id);
    SAMPLE_BYTES(v->plan);
    SAMPLE_U32(v->expires_in_ms);
}

UNUSED static void sample_receipt_hello(struct samples *s, struct receipt_hello *v)
{
    SAMPLE_U8(v->wire_min);
    SAMPLE_U8(v->wire_max);
    SAMPLE_TEXT(v->program);
    SAMPLE_TEXT(v->host);
    SAMPLE_TEXT(v->os);
    SAMPLE_TEXT(v->arch);
    SAMPLE_TEXT(v->server_id);
    SAMPLE_TEXT(v->client_id);
    SAMPLE_BYTES(v->disk);
    SAMPLE_BYTES(v->running);
    sample_stamp(s, &v->stamp);
    SAMPLE_ENUM(v->phase, phase, 0, PHASE_COUNT - 1);
    sample_lease(s, &v->lease);
    SAMPLE_U64(v->agent_sequence);
    SAMPLE_U64(v->swap_sequence);
    SAMPLE_U64(v->swap_epoch);
    SAMPLE_U32(v->trust_version);
    SAMPLE_U64(v->view_revision);
}

UNUSED static void sample_status_lists(struct samples *s, struct receipt_status *v)
{
    v->n_facts = (uint32_t)sample_below(s, s->small ? 3 : FACTS_MAX + 1);
    for (uint32_t i = 0; i < v->n_facts; i++) {
        SAMPLE_TEXT(v->facts[i].id);
        SAMPLE_ENUM(v->facts[i].value, tri, 0, TRI_YES);
        SAMPLE_TEXT(v->facts[i].text);
    }
    v->n_notes = (uint32_t)sample_below(s, s->small ? 2 : NOTES_MAX + 1);
    v->notes = v->n_notes > 0 ? xzalloc(v->n_notes, sizeof(*v->notes)) : NULL;
    for (uint32_t i = 0; i < v->n_notes; i++) {
        SAMPLE_U32(v->notes[i].slot);
        SAMPLE_BYTES(v->notes[i].run_id);
        v->notes[i].len = sample_length(s, NOTE_MAX / 2);
        sample_bytes(s, v->notes[i].text, v->notes[i].len);
    }
    v->n_log = (uint32_t)sample_below(s, s->small ? 3 : LOG_LINES_MAX + 1);
    for (uint32_t i = 0; i < v->n_log; i++) {
        SAMPLE_U64(v->log[i].cursor);
        SAMPLE_TEXT(v->log[i].text);
    }
}

UNUSED static void sample_receipt_status(struct samples *s, struct receipt_status *v)
{
    SAMPLE_U64(v->work.revision);
    SAMPLE_ENUM(v->work.phase, phase, 0, PHASE_COUNT - 1);
    SAMPLE_ENUM(v->work.failed_in, phase, 0, PHASE_COUNT - 1);
    SAMPLE_U64(v->work.order_sequence);
    SAMPLE_BYTES(v->work.target);
    SAMPLE_BYTES(v->work.previous);
    SAMPLE_U64(v->work.done);
    SAMPLE_U64(v->work.total);
    SAMPLE_ENUM(v->verdict.failure, failure, 0, FAILURE_COUNT - 1);
    SAMPLE_TEXT(v->verdict.text);
    SAMPLE_TEXT(v->verdict.evidence);
    SAMPLE_U32(v->work.silence_ms);
    sample_stamp(s, &v->work.stamp);
    sample_lease(s, &v->lease);
    SAMPLE_U64(v->log_cursor);
    sample_status_lists(s, v);
}

UNUSED static void sample_receipt(struct samples *s, enum message_kind kind, struct receipt *r)
{
    memset(&r->u, 0, sizeof(r->u));
    if (kind == MSG_HELLO) {
        sample_receipt_hello(s, &r->u.hello);
    } else if (kind == MSG_STATUS) {
        sample_receipt_status(s, &r->u.status);
    } else {
        SAMPLE_ENUM(r->u.done.refusal, refusal, 0, REFUSAL_COUNT - 1);
        SAMPLE_TEXT(r->u.done.text);
        sample_lease(s, &r->u.done.lease);
        SAMPLE_U64(r->u.done.last_sequence);
        SAMPLE_U64(r->u.done.last_epoch);
        SAMPLE_U32(r->u.done.count);
        SAMPLE_BYTES(r->u.done.digest);
        SAMPLE_U32(r->u.done.trust_version);
    }
}

UNUSED static void sample_header(struct samples *s, enum message_kind kind, bool is_receipt,
                                 struct header *h)
{
    memset(h, 0, sizeof(*h));
    h->kind = kind;
    h->is_receipt = is_receipt;
    h->version = kind == MSG_HELLO ? 1 : WIRE_MAX;
    SAMPLE_BYTES(h->cluster);
    SAMPLE_BYTES(h->receiver);
    SAMPLE_BYTES(h->nonce);
    SAMPLE_BYTES(h->session);
    SAMPLE_U64(h->epoch);
    SAMPLE_U64(h->sequence);
    SAMPLE_U64(h->time_ms);
    if (is_receipt)
        SAMPLE_BYTES(h->order);
}

#endif
