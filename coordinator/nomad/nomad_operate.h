/*
 * nomad_operate.h - the few things Caravan changes in Nomad.
 *
 * Each operation is one write, asked of a server of the region (which forwards to its
 * leader); nothing is retried here. The outcome is handed to on_done: ok when Nomad
 * took it. Before a 1.1 a drain has no Meta: Nomad ignores what it does not know.
 *
 * OP_AUTOPILOT reads the configuration first and writes it back as it was read, also what a newer
 * Nomad has in it, with only CleanupDeadServers changed, where its ModifyIndex is still the one
 * asked for. When that is not so, or the compare-and-set loses, or it was not asked at all, it is
 * `unwritten`; without an answer it is not, for then nobody knows.
 * OP_AUTOPILOT_READ only reads. `others` is the same for the same fields in any order.
 */
#ifndef NOMAD_OPERATE_H
#define NOMAD_OPERATE_H

#include "ledger.h"
#include "nomad_http.h"
#include "operate.h"

#define NOMAD_WRITE_MS 12000

struct operated {
    enum operation op;
    uint32_t effect;
    bool ok, unwritten;
    bool final;                       /* refused: asking again does not help */
    struct autopilot_setting setting; /* OP_AUTOPILOT_READ, when ok */
    const char *why;                  /* valid during the call */
};
typedef void operate_done(void *ctx, const struct operated *o);

/* on_done is called exactly once, from http_wait or at once. */
void nomad_operate(struct nomad_http *n, const struct nomad_base *base, const struct operate *o,
                   operate_done *on_done, void *ctx);

/* The body of an operation: tests. "" when it has none. */
void operate_body(const struct operate *o, struct buf *ret);
void operate_path(const struct operate *o, struct buf *ret);

/* The configuration as it was read, with that one value changed. */
MUST_CHECK int autopilot_body(const void *p, size_t n, bool cleanup, struct buf *ret,
                              struct err *err);
/* What an answer to a read of the configuration says; -1: it is none. */
MUST_CHECK int autopilot_parse(const void *p, size_t n, struct autopilot_setting *ret,
                               struct err *err);

#endif
