/*
 * monitor.h - reads the logs of servers while another server changes.
 *
 * There is one stream for each server: GET /v1/agent/monitor?log_level=warn&log_json=true, which
 * stays open. Nomad sends a heartbeat every second, so that a stream without any byte for
 * MONITOR_QUIET_S is dead. A stream that is dead, or that ended because of a restart, is opened
 * again after MONITOR_REST_MS. If the token lacks the right (403), or Nomad has no such stream
 * (404, before 0.10.2), it is opened again after MONITOR_DENIED_MS. Nomad sends no old lines: a
 * line that was logged while no stream was open is lost.
 *
 * on_line gets the lines inside http_wait: warnings and errors, one at a time.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include "observer.h"

#define MONITOR_SERVERS   64
#define MONITOR_REST_MS   500
#define MONITOR_DENIED_MS 60000
#define MONITOR_QUIET_S   20
#define MONITOR_STREAM_MS (60 * 60 * 1000)
#define MONITOR_MAX       ((size_t)256 * 1024 * 1024) /* bytes of one stream; then a new stream */

struct monitor;

struct monitor *monitor_new(struct nomad_http *nomad, const struct clock *clock);
void monitor_free(struct monitor *m); /* after nomad_http_free */
void monitor_on_line(struct monitor *m,
                     void (*on_line)(void *ctx, const char *key, const char *line), void *ctx);
/* The servers whose logs are read from now on, by the keys of their hosts. Copied. */
void monitor_want(struct monitor *m, const char *const *keys, size_t n);
/* Opens the streams that are due; o knows the base addresses of the servers. */
void monitor_tick(struct monitor *m, const struct observer *o);

#endif
