/*
 * monitor.h - listens to the logs of servers while another one changes.
 *
 * One stream a server: GET /v1/agent/monitor?log_level=warn&log_json=true, kept open; Nomad sends a
 * heartbeat every second, so a stream that says nothing for MONITOR_QUIET_S is dead and
 * begun anew, as is one that ended (a restart), after MONITOR_REST_MS; where the token may
 * not (403) or Nomad has none (404, before 0.10.2), after MONITOR_DENIED_MS.
 * There is no history: what was logged while no stream was open is not heard.
 *
 * Lines come inside http_wait through on_line: warnings and errors, one at a time.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include "observer.h"

#define MONITOR_SERVERS   64
#define MONITOR_REST_MS   500
#define MONITOR_DENIED_MS 60000
#define MONITOR_QUIET_S   20
#define MONITOR_STREAM_MS (60 * 60 * 1000)
#define MONITOR_MAX       ((size_t)256 * 1024 * 1024) /* of a stream, then a new one */

struct monitor;

struct monitor *monitor_new(struct nomad_http *nomad, const struct clock *clock);
void monitor_free(struct monitor *m); /* after nomad_http_free */
void monitor_on_line(struct monitor *m,
                     void (*on_line)(void *ctx, const char *key, const char *line), void *ctx);
/* Whom to listen to, by raft id, from now on. Copied. */
void monitor_want(struct monitor *m, const char *const *keys, size_t n);
/* Opens what is due; o says where servers answer. */
void monitor_tick(struct monitor *m, const struct observer *o);

#endif
