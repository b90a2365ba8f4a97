/*
 * nomad_operate.h - the few things Caravan changes in Nomad.
 *
 * Each operation is one write, asked of a server of the region (which forwards to its
 * leader); nothing is retried here. The outcome is handed to on_done: ok when Nomad
 * took it. Before a 1.1 a drain has no Meta: Nomad ignores what it does not know.
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
    bool ok;
    const char *why; /* valid during the call */
};
typedef void operate_done(void *ctx, const struct operated *o);

/* on_done is called exactly once, from http_wait or at once. */
void nomad_operate(struct nomad_http *n, const struct nomad_base *base, const struct operate *o,
                   operate_done *on_done, void *ctx);

/* The parts of an operation: tests. The body is "" when it has none. */
const char *operate_method(const struct operate *o);
void operate_body(const struct operate *o, struct buf *ret);
void operate_path(const struct operate *o, struct buf *ret);

#endif
