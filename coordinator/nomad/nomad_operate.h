/*
 * nomad_operate.h - the few operations with which Caravan changes Nomad's state.
 *
 * Each operation is one write to a server of the region, which forwards the write to its leader.
 * Nothing is retried here. on_done gets the outcome; ok: Nomad accepted the write. Before 1.1 a
 * drain has no Meta: Nomad ignores fields that it does not know.
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

/* on_done is called exactly once, from http_wait or from this function. */
void nomad_operate(struct nomad_http *n, const struct nomad_base *base, const struct operate *o,
                   operate_done *on_done, void *ctx);

/* The parts of an operation, for tests. The body is empty if the operation has none. */
const char *operate_method(const struct operate *o);
void operate_body(const struct operate *o, struct buf *ret);
void operate_path(const struct operate *o, struct buf *ret);

#endif
