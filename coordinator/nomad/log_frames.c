#include "log_frames.h"

#include "crypto.h"
#include "str.h"

/* From Nomad's source and its issues: a state machine that met what it does not know, or a
 * state that could not be read. What is merely loud while a server is away (appendEntries,
 * heartbeats, suspects, "can't find method" of another region) is no sign. */
const struct log_sign log_signs[] = {
    {"failed to apply request",
     "Its state machine met an entry that it does not know: upgrade that server next, or move "
     "leadership back to the old version."},
    {"ignoring unknown message type",
     "Its state differs from its leader's now: upgrade that server at once, then compare nomad "
     "status of both."},
    {"Unrecognized snapshot type",
     "It cannot read the newer snapshot: do not restart it on the old version; upgrade it."},
    {"failed to restore snapshot",
     "It cannot read its state: see its log, and do not restart the others before it is well."},
    {"keyring has not been initialized",
     "The keys are not everywhere: see nomad operator root keyring list by every server."},
    {"panic:", "Nomad itself crashed there: see its log before anything else is restarted."},
};
const size_t log_signs_len = ARRAY_LEN(log_signs);

const struct log_sign *log_sign_of(const char *line)
{
    for (size_t i = 0; i < log_signs_len; i++)
        if (strstr(line, log_signs[i].text) != NULL)
            return &log_signs[i];
    return NULL;
}

static void line_ends(struct log_frames *f)
{
    while (f->n > 0 && (f->line[f->n - 1] == ' ' || f->line[f->n - 1] == '\r'))
        f->n--;
    f->line[f->n] = '\0';
    const char *at = f->line + strspn(f->line, " \t");
    if (*at != '\0')
        f->on_line(f->ctx, at);
    f->n = 0;
}

static void add_text(struct log_frames *f, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] == '\n')
            line_ends(f);
        else if (f->n < LOG_LINE_MAX && p[i] != '\0')
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
    add_text(f, bytes, len);
    return 0;
}

static int add_byte(struct log_frames *f, char c, struct err *err)
{
    if (f->depth == 0 && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
        return 0;
    if ((f->depth == 0 && c != '{') || f->frame.len >= LOG_FRAME_MAX)
        return err_set(err, ERR_FORMAT, 0, "what came is no frame of the log");
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
        add_text(f, at, n);
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
