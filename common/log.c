#include <stdarg.h>
#define SD_JOURNAL_SUPPRESS_LOCATION /* it would always be this file */
#include <systemd/sd-journal.h>
/* syslog.h, which it includes, has three of our names as macros. */
#undef LOG_WARNING
#undef LOG_INFO
#undef LOG_DEBUG
#include "buf.h"
#include "log.h"
#include "str.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static const struct {
    const char *name;
    int priority; /* syslog(3) */
} levels[] = {
    [LOG_ERROR] = {"error", 3},
    [LOG_WARNING] = {"warning", 4},
    [LOG_INFO] = {"info", 6},
    [LOG_DEBUG] = {"debug", 7},
};

/* Once published an id never changes: alerts are built on it. */
static const struct {
    const char *name;
    const char *id;
} events[] = {
    [EVENT_NONE] = {"none", ""},
    [EVENT_STARTED] = {"started", "6d40bde4b9c90f9b671804de7eab560f"},
    [EVENT_STOPPED] = {"stopped", "1d07f01dd24408ca68a2d576670ee3f3"},
    [EVENT_IDENTITY_MADE] = {"identity-made", "40b8aab64b9035d4aaee0782ba622532"},
    [EVENT_TRUST_ADOPTED] = {"trust-adopted", "e59ba16a97fef6288249f34a543ca665"},
    [EVENT_TRUST_IGNORED] = {"trust-ignored", "1878751e0440f2f6efe13e126b644cc5"},
    [EVENT_ORDER_ACCEPTED] = {"order-accepted", "7504566b3620b5f5275d1dbafaa5db0e"},
    [EVENT_ORDER_REFUSED] = {"order-refused", "7915942bc4bef37577c5a97919a04d3a"},
    [EVENT_STAGED] = {"staged", "050e5e501875259dcd39015885d55cfd"},
    [EVENT_SWAPPED] = {"swapped", "b213a4d783f31d106f63b5ed9c396fbc"},
    [EVENT_SETTLED] = {"settled", "1e01b45b0f692c7c2c903528f61fb21e"},
    [EVENT_REVERTED] = {"reverted", "29485313fce37fdb78c2695e087a4d94"},
    [EVENT_FAILED] = {"failed", "6c500828bb5cd6f918527ebb30746382"},
    [EVENT_LEASE_TAKEN] = {"lease-taken", "b9fecf875086bad4ced80cd5c1796564"},
    [EVENT_LEASE_RELEASED] = {"lease-released", "f0428b0c74948955a23a091ac441a1af"},
    [EVENT_WAITING] = {"waiting", "0c78778a97389b586876e2dfab7d501c"},
    [EVENT_PAUSED] = {"paused", "645a52237931c7d07e4b8b8aac883b56"},
};
_Static_assert(ARRAY_LEN(events) == EVENT_COUNT, "a row for every event");

const char *log_event_id(enum log_event event)
{
    return (size_t)event < ARRAY_LEN(events) ? events[event].id : "";
}

const char *log_event_name(enum log_event event)
{
    return (size_t)event < ARRAY_LEN(events) ? events[event].name : "unknown";
}

/* The library says yes when there is no journal at all: ask before. */
static int to_journal(const struct log *log, enum log_level level, enum log_event event,
                      const char *text)
{
    if (access(JOURNAL_SOCKET, W_OK) < 0)
        return -1;
    return sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", levels[level].priority,
                           "SYSLOG_IDENTIFIER=%s", log->program,
                           event != EVENT_NONE ? "MESSAGE_ID=%s" : NULL, log_event_id(event),
                           "CARAVAN_EVENT=%s", log_event_name(event), NULL);
}

/* One write, so that lines of several threads do not mix. */
static void to_stderr(const struct log *log, enum log_level level, const char *text)
{
    auto_buf struct buf line = BUF_INIT;
    buf_printf(&line, "%s: %s: %s\n", log->program, levels[level].name, text);
    ssize_t n = write(STDERR_FILENO, line.data, line.len);
    (void)n; /* whom should one tell */
}

void log_say(const struct log *log, enum log_level level, enum log_event event, const char *fmt,
             ...)
{
    if ((size_t)level >= ARRAY_LEN(levels) || level > log->level)
        return;
    auto_buf struct buf raw = BUF_INIT;
    auto_buf struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&raw, fmt, ap);
    va_end(ap);
    str_escape(&text, buf_str(&raw), raw.len);
    if (!log->journal || to_journal(log, level, event, buf_str(&text)) < 0)
        to_stderr(log, level, buf_str(&text));
}
