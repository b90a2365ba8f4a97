/*
 * operation_send.h - the few operations with which Caravan changes Nomad's state.
 *
 * Each operation is one write to a server of the region, which forwards the write to its leader.
 * Nothing is retried here. on_done gets the outcome; ok: Nomad accepted the write. Before 1.1 a
 * drain has no Meta: Nomad ignores fields that it does not know.
 */
#ifndef OPERATION_SEND_H
#define OPERATION_SEND_H

#include "ledger.h"
#include "nomad_http.h"
#include "nomad_operation.h"

#define NOMAD_WRITE_MS 12000

struct operation_outcome {
    enum operation op;
    uint32_t effect;
    bool ok;
    const char *why; /* valid during the call */
};
typedef void operation_done(void *ctx, const struct operation_outcome *o);

/* on_done is called exactly once, from http_wait or from this function. */
void operation_send(struct nomad_http *n, const struct nomad_base *base,
                    const struct nomad_operation *o, operation_done *on_done, void *ctx);

/* The parts of an operation, for tests. The body is empty if the operation has none. */
const char *operation_method(const struct nomad_operation *o);
void operation_body(const struct nomad_operation *o, struct buf *ret);
void operation_path(const struct nomad_operation *o, struct buf *ret);

#endif
