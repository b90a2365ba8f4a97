#include "log_frames.h"

#include <ctype.h>
#include "crypto.h"
#include "str.h"

#define READ_ADVICE                                                                                \
    "This server cannot read the state that other servers write. Read its log. Do not restart "    \
    "this server with the old version, and do not restart other servers before it is healthy."
#define KEYS_ADVICE                                                                                \
    "Not every server has all keys of the keyring: compare `nomad operator root keyring list` of " \
    "every server, with NOMAD_ADDR of each."

/* From the tagged versions of Nomad's source: a state machine that got an unknown message, a state
 * that could not be read, missing keys. Messages that are usual while a server is down
 * (appendEntries, heartbeats, suspects, "can't find method" of another region) are no signs. A
 * server that panics writes only to its own standard error; Caravan notices that it is gone. */
const struct log_sign log_signs[] = {
    {"0.10.2", "nomad.fsm", "ignoring unknown message type, upgrade to newer version",
     "The state of this server now differs from the leader's state. Upgrade this server at once, "
     "then compare both: `nomad operator api '/v1/jobs?stale'`, with NOMAD_ADDR of each."},
    {"0.10.2", "nomad", "raft: Failed to restore snapshot", READ_ADVICE},
    {"0.11.0", "nomad.raft", "failed to restore snapshot", READ_ADVICE},
    {"1.5.0", "nomad.keyring", "could not initialize keyring", KEYS_ADVICE},
    {"1.9.0", "nomad.keyring", "root key cannot be decrypted", KEYS_ADVICE},
};
const size_t log_signs_len = ARRAY_LEN(log_signs);

/* The text behind "[WARN]  ", with or without a time before it. NULL: the line has no level. */
static const char *after_level(const char *line)
{
    size_t time = line[0] == '[' ? 0 : strspn(line, "0123456789-+.:TZ");
    if (line[time] == ' ')
        time++;
    size_t level = line[time] == '[' ? strspn(line + time + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") : 0;
    if (level == 0 || line[time + 1 + level] != ']')
        return NULL;
    const char *at = line + time + level + 2;
    return at + strspn(at, " ");
}

static bool is_by(const char *line, const struct log_sign *s)
{
    size_t name = strlen(s->logger), said = strlen(s->message);
    if (strncmp(line, s->logger, name) != 0 || strncmp(line + name, ": ", 2) != 0)
        return false;
    line += name + 2;
    return strncmp(line, s->message, said) == 0 && (line[said] == ':' || line[said] == '\0');
}

const struct log_sign *log_sign_of(const char *line)
{
    const char *at = after_level(line);
    for (size_t i = 0; at != NULL && i < log_signs_len; i++)
        if (is_by(at, &log_signs[i]))
            return &log_signs[i];
    return NULL;
}

static void emit_line(struct log_frames *f, const struct buf *line)
{
    char cut[LOG_LINE_MAX + 1];
    str_cut(cut, sizeof(cut), buf_str(line));
    f->on_line(f->ctx, cut);
}

static void add_value(struct buf *line, const struct json *v)
{
    auto_buf struct buf text = BUF_INIT;
    if (json_is_text(v))
        buf_add_str(&text, json_text_of(v, ""));
    else
        json_text(v, &text);
    str_escape(line, buf_str(&text), text.len);
}

/* Makes "[WARN]  nomad.fsm: MESSAGE: key=value" of the JSON object. Line breaks are escaped. */
static void emit_entry(struct log_frames *f, const struct json *o)
{
    auto_buf struct buf line = BUF_INIT;
    const char *texts[] = {json_str(o, "@module", ""), json_str(o, "@message", "")};
    bool first = true;
    buf_add_byte(&line, '[');
    for (const char *c = json_str(o, "@level", ""); *c != '\0'; c++)
        if (isalpha((unsigned char)*c))
            buf_add_byte(&line, (unsigned char)toupper((unsigned char)*c));
    buf_add_str(&line, "]  ");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        buf_add_str(&line, i > 0 ? ": " : "");
        str_escape(&line, texts[i], strlen(texts[i]));
    }
    for (size_t i = 0; i < json_len(o); i++) {
        const char *key = "";
        const struct json *v = json_pair(o, i, &key);
        if (key[0] == '@')
            continue;
        buf_add_str(&line, first ? ": " : " ");
        str_escape(&line, key, strlen(key));
        buf_add_byte(&line, '=');
        add_value(&line, v);
        first = false;
    }
    emit_line(f, &line);
}

/* A line that is no JSON did not come from Nomad's logger: people see it, but it is no sign. */
static void line_ends(struct log_frames *f)
{
    auto_json struct json *o = NULL;
    struct err unread = ERR_INIT;
    while (f->n > 0 && (f->line[f->n - 1] == ' ' || f->line[f->n - 1] == '\r'))
        f->n--;
    f->line[f->n] = '\0';
    const char *at = f->line + strspn(f->line, " \t");
    if (*at == '{' && json_parse(at, strlen(at), LOG_ENTRY_MAX, &o, &unread) == 0) {
        emit_entry(f, o);
    } else if (*at != '\0') {
        auto_buf struct buf line = BUF_INIT;
        buf_printf(&line, "| %s", at);
        emit_line(f, &line);
    }
    f->n = 0;
}

static void add_log_text(struct log_frames *f, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] == '\n')
            line_ends(f);
        else if (f->n < LOG_ENTRY_MAX && p[i] != '\0')
            f->line[f->n++] = p[i];
}

static int frame_ends(struct log_frames *f, struct err *err)
{
    auto_json struct json *o = NULL;
    if (json_parse(f->frame.data, f->frame.len, LOG_FRAME_MAX, &o, err) < 0)
        return err_wrap(err, "a frame of the log");
    buf_clear(&f->frame);
    const char *data = json_str(o, "Data", "");
    size_t n = strlen(data), len = 0;
    autofree char *bytes = xalloc(n + 1);
    if (base64_decode(data, n, bytes, n, &len) < 0)
        return err_set(err, ERR_FORMAT, 0, "a frame of the log is not base64");
    add_log_text(f, bytes, len);
    return 0;
}

static int add_byte(struct log_frames *f, char c, struct err *err)
{
    if (f->depth == 0 && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
        return 0;
    if ((f->depth == 0 && c != '{') || f->frame.len >= LOG_FRAME_MAX)
        return err_set(err, ERR_FORMAT, 0, "the answer is no frame of the log");
    buf_add_byte(&f->frame, (unsigned char)c);
    if (f->in_text) {
        f->in_text = f->escaped || c != '"';
        f->escaped = !f->escaped && c == '\\';
        return 0;
    }
    f->in_text = c == '"';
    f->depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    return f->depth == 0 ? frame_ends(f, err) : 0;
}

int log_frames_add(struct log_frames *f, const void *p, size_t n, struct err *err)
{
    const char *at = p;
    if (f->form == LOG_UNKNOWN && n > 0)
        f->form = at[0] == '{' ? LOG_FRAMES : LOG_PLAIN;
    if (f->form == LOG_PLAIN) {
        add_log_text(f, at, n);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        if (add_byte(f, at[i], err) < 0)
            return -1;
    return 0;
}

void log_frames_reset(struct log_frames *f)
{
    buf_free(&f->frame);
    *f = (struct log_frames){.on_line = f->on_line, .ctx = f->ctx};
}
