#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION /* the location would always be this file */
#include <systemd/sd-journal.h>
/* sd-journal.h includes syslog.h, which defines macros with three of our names. */
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

/* Never change an id: operators have built alerts on them. */
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
    [EVENT_KEY_REPLACED] = {"key-replaced", "ec255d6c5f7323d691524c8667ab18ab"},
    [EVENT_SERVICE_STOPPED] = {"service-stopped", "d29fa4c3c1ed4488960f0b23e11da8a1"},
    [EVENT_SERVICE_STARTED] = {"service-started", "32624e925ce64fe99ceebdf65c2ee23d"},
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

/* Never change these names: operators search for them. */
static const struct {
    const char *name;
    size_t offset; /* of a text in struct log_about */
} fields[] = {
    {"CARAVAN_RUN", offsetof(struct log_about, run)},
    {"CARAVAN_ORDER", offsetof(struct log_about, order)},
    {"CARAVAN_VERSION_FROM", offsetof(struct log_about, version_from)},
    {"CARAVAN_VERSION_TO", offsetof(struct log_about, version_to)},
    {"CARAVAN_PHASE", offsetof(struct log_about, phase)},
    {"CARAVAN_FAILURE", offsetof(struct log_about, failure)},
    {"CARAVAN_REFUSAL", offsetof(struct log_about, refusal)},
};

#define OTHERS 6 /* MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, MESSAGE_ID, CARAVAN_EVENT, _SEQUENCE */

struct entry {
    int n;
    struct buf text[ARRAY_LEN(fields) + OTHERS];
};

static void put_entry_field(struct entry *e, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        buf_printf(&e->text[e->n++], "%s=%s", name, value);
}

static void put_about_fields(struct entry *e, const struct log_about *about)
{
    char number[24];

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        auto_buf struct buf safe = BUF_INIT;
        const char *value = NULL;

        memcpy(&value, (const char *)about + fields[i].offset, sizeof(value));
        if (value != NULL)
            str_escape(&safe, value, strnlen(value, LOG_VALUE_MAX));
        put_entry_field(e, fields[i].name, buf_str(&safe));
    }
    snprintf(number, sizeof(number), "%llu", (unsigned long long)about->sequence);
    put_entry_field(e, "CARAVAN_SEQUENCE", about->sequence != 0 ? number : NULL);
}

static int write_to_journal(const struct log *log, enum log_level level, enum log_event event,
                            const struct log_about *about, const char *text)
{
    struct entry e = {.n = 0};
    struct iovec iov[ARRAY_LEN(e.text)];
    const char priority[2] = {(char)('0' + levels[level].priority), '\0'};

    put_entry_field(&e, "MESSAGE", text);
    put_entry_field(&e, "PRIORITY", priority);
    put_entry_field(&e, "SYSLOG_IDENTIFIER", log->program);
    put_entry_field(&e, "MESSAGE_ID", log_event_id(event));
    put_entry_field(&e, "CARAVAN_EVENT", log_event_name(event));
    if (about != NULL)
        put_about_fields(&e, about);
    for (int i = 0; i < e.n; i++)
        iov[i] = (struct iovec){.iov_base = e.text[i].data, .iov_len = e.text[i].len};
    int rv = log->journal(iov, e.n);
    for (int i = 0; i < e.n; i++)
        buf_free(&e.text[i]);
    return rv;
}

/* sd_journal_sendv reports success even when there is no journal; so check for the socket first. */
int log_to_journal(const struct iovec *entry, int n)
{
    if (access(JOURNAL_SOCKET, W_OK) < 0)
        return -errno;
    return sd_journal_sendv(entry, n);
}

/* One write for the whole line, so that the lines of several threads do not mix. */
static void write_to_stderr(const struct log *log, enum log_level level, const char *text)
{
    auto_buf struct buf line = BUF_INIT;
    buf_printf(&line, "%s: %s: %s\n", log->program, levels[level].name, text);
    ssize_t n = write(STDERR_FILENO, line.data, line.len);
    (void)n; /* there is no other place to report this failure */
}

static void say_entry(const struct log *log, enum log_level level, enum log_event event,
                      const struct log_about *about, const char *fmt, va_list ap) PRINTF(5, 0);
static void say_entry(const struct log *log, enum log_level level, enum log_event event,
                      const struct log_about *about, const char *fmt, va_list ap)
{
    if ((size_t)level >= ARRAY_LEN(levels) || level > log->level)
        return;
    auto_buf struct buf raw = BUF_INIT;
    auto_buf struct buf text = BUF_INIT;
    buf_vprintf(&raw, fmt, ap);
    str_escape(&text, buf_str(&raw), raw.len);
    if (log->journal == NULL || write_to_journal(log, level, event, about, buf_str(&text)) < 0)
        write_to_stderr(log, level, buf_str(&text));
}

void log_say(const struct log *log, enum log_level level, enum log_event event, const char *fmt,
             ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_entry(log, level, event, NULL, fmt, ap);
    va_end(ap);
}

void log_say_about(const struct log *log, enum log_level level, enum log_event event,
                   const struct log_about *about, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_entry(log, level, event, about, fmt, ap);
    va_end(ap);
}
