/* /v1/agent/monitor: streams the agent's own log, as Nomad does. Contract: sim_shell.h. */
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <strings.h>
#include "json.h"
#include "sim_route.h"
#include "sim_shell.h"
#include "str.h"

#define HEARTBEAT_MS 1000
#define GRUMBLE_MS   500 /* faults log-warn and log-fatal */

struct sim_stream {
    struct sim_stream *next;
    struct sim_shell *owner;
    struct MHD_Connection *connection;
    int level;
    bool plain, json, suspended;
    int64_t beat_due;
    uint64_t offset;
    struct buf out;
};

static int level_of(const char *name)
{
    static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};
    for (int i = 0; i < (int)ARRAY_LEN(names); i++)
        if (strcasecmp(names[i], name) == 0)
            return i;
    return 2;
}

static void add_frame(struct sim_stream *m, const char *line)
{
    gnutls_datum_t raw = {(unsigned char *)(uintptr_t)line, (unsigned)strlen(line)}, out = {0};
    if (m->plain) {
        buf_add_str(&m->out, line);
        return;
    }
    if (gnutls_base64_encode2(&raw, &out) < 0)
        return;
    m->offset += raw.size;
    buf_printf(&m->out, "{\"Data\":\"%.*s\",\"FileEvent\":\"log\",\"Offset\":%llu}", (int)out.size,
               (const char *)out.data, (unsigned long long)m->offset);
    gnutls_free(out.data);
}

/* "    TIME [LEVEL]  module: message: k=v\n"; here the values stay in the message. */
static void add_entry(struct sim_stream *m, const char *level, const char *line)
{
    auto_json struct json *o = json_new_object();
    struct buf text = BUF_INIT, low = BUF_INIT;
    const char *at = strstr(line, "] "), *colon;
    for (const char *c = level; *c != '\0'; c++)
        buf_add_byte(&low, (unsigned char)(*c | 0x20));
    at = at != NULL ? at + 1 + strspn(at + 1, " ") : line;
    colon = strstr(at, ": ");
    buf_add(&text, at, colon != NULL ? (size_t)(colon - at) : 0);
    at = colon != NULL ? colon + 2 : at;
    json_set_str(o, "@level", buf_str(&low));
    json_set_str(o, "@module", buf_str(&text));
    buf_clear(&text);
    buf_add(&text, at, strcspn(at, "\n"));
    json_set_str(o, "@message", buf_str(&text));
    buf_clear(&text);
    json_text(o, &text);
    buf_add_byte(&text, '\n');
    add_frame(m, buf_str(&text));
    buf_free(&text);
    buf_free(&low);
}

void sim_streams_tell(const struct sim_shell *s, const char *level, const char *line)
{
    for (struct sim_stream *m = s->streams; m != NULL; m = m->next) {
        if (level_of(level) < m->level)
            continue;
        if (m->json)
            add_entry(m, level, line);
        else
            add_frame(m, line);
    }
}

/* microhttpd calls this for more of the body. If there is no more_of_log, the connection is
 * suspended. */
static ssize_t more_of_log(void *ctx, uint64_t at, char *dst, size_t max)
{
    struct sim_stream *m = ctx;
    size_t n = MIN_OF(m->out.len, max);
    (void)at;
    if (n == 0) {
        m->suspended = true;
        MHD_suspend_connection(m->connection);
        return 0;
    }
    memcpy(dst, m->out.data, n);
    memmove(m->out.data, m->out.data + n, m->out.len - n);
    m->out.len -= n;
    return (ssize_t)n;
}

static void end_stream(void *ctx)
{
    struct sim_stream *m = ctx, **at = &m->owner->streams;
    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    buf_free(&m->out);
    free(m);
}

struct MHD_Response *sim_stream_open(struct sim_shell *s, const struct sim_pending *p)
{
    struct sim_stream *m = xzalloc(1, sizeof(*m));
    char text[16] = "info";
    m->owner = s;
    m->connection = p->connection;
    (void)sim_query(&p->request, "log_level", text, sizeof(text));
    m->level = level_of(text);
    m->plain = sim_query(&p->request, "plain", text, sizeof(text)) && str_eq(text, "true");
    m->json = sim_query(&p->request, "log_json", text, sizeof(text)) && str_eq(text, "true");
    m->beat_due = s->node.now + HEARTBEAT_MS;
    m->next = s->streams;
    s->streams = m;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, more_of_log, m, end_stream);
}

static void write_fault_lines(struct sim_shell *s)
{
    if (s->node.now < s->grumble_due)
        return;
    s->grumble_due = s->node.now + GRUMBLE_MS;
    if (s->node.faults.log_warn != 0)
        sim_shell_log(s, "WARN", "nomad.raft: failed to contact: server-id=none time=1.2s");
    if (s->node.faults.log_fatal != 0)
        sim_shell_log(
            s, "WARN",
            "nomad.fsm: ignoring unknown message type, upgrade to newer version: type=62");
}

void sim_streams_work(struct sim_shell *s)
{
    write_fault_lines(s);
    for (struct sim_stream *m = s->streams, *next; m != NULL; m = next) {
        next = m->next;
        if (!m->plain && s->node.now >= m->beat_due) {
            m->beat_due = s->node.now + HEARTBEAT_MS;
            buf_add_str(&m->out, "{}");
        }
        if (m->suspended && m->out.len > 0) {
            m->suspended = false;
            MHD_resume_connection(m->connection);
        }
    }
}

void sim_streams_wake(struct sim_shell *s)
{
    for (struct sim_stream *m = s->streams; m != NULL; m = m->next)
        if (m->suspended) {
            m->suspended = false;
            MHD_resume_connection(m->connection);
        }
}
