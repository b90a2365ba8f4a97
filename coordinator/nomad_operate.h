/*
 * nomad_operate.h - the few things Caravan changes in Nomad.
 *
 * Each operation is one write, asked of a server of the region (which forwards to its
 * leader); nothing is retried here. The outcome is handed to on_done: ok when Nomad
 * took it (autopilot: when its compare-and-set did not lose). Before a 1.1 a drain
 * has no Meta: Nomad ignores what it does not know.
 */
#ifndef NOMAD_OPERATE_H
#define NOMAD_OPERATE_H

#include "nomad_http.h"
#include "ports.h"

#define NOMAD_WRITE_MS 12000

typedef void operate_done(void *ctx, uint32_t effect, bool ok, const char *why);

/* on_done is called exactly once, from http_wait or at once. OP_AUTOPILOT reads the
 * configuration first and writes it back with only CleanupDeadServers changed. */
void nomad_operate(struct nomad_http *n, const struct nomad_base *base, const struct operate *o,
                   operate_done *on_done, void *ctx);

/* The body of an operation: tests. "" when it has none. */
void operate_body(const struct operate *o, struct buf *ret);
void operate_path(const struct operate *o, struct buf *ret);

#endif
