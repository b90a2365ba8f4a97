#include "sim_json.h"

static void put_separator(struct buf *b, const char *key)
{
    if (b->len > 0 && strchr("{[:", b->data[b->len - 1]) == NULL)
        buf_add_byte(b, ',');
    if (key != NULL) {
        buf_add_byte(b, '"');
        buf_add_str(b, key);
        buf_add_str(b, "\":");
    }
}

void js_open(struct buf *b, const char *key, char bracket)
{
    put_separator(b, key);
    buf_add_byte(b, (unsigned char)bracket);
}

void js_close(struct buf *b, char bracket)
{
    buf_add_byte(b, (unsigned char)bracket);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

void js_str(struct buf *b, const char *key, const char *v)
{
    put_separator(b, key);
    buf_add_byte(b, '"');
    for (const char *p = v; *p != '\0'; p++) {
        const char *plain = p;
        while (is_plain(*p))
            p++;
        buf_add(b, plain, (size_t)(p - plain));
        if (*p == '\0')
            break;
        if (*p == '"' || *p == '\\')
            buf_printf(b, "\\%c", *p);
        else
            buf_printf(b, "\\u%04x", (unsigned char)*p);
    }
    buf_add_byte(b, '"');
}

void js_strf(struct buf *b, const char *key, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    js_str(b, key, buf_str(&text));
    buf_free(&text);
}

void js_int(struct buf *b, const char *key, int64_t v)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)v);
    put_separator(b, key);
    buf_add_str(b, text);
}

void js_bool(struct buf *b, const char *key, bool v)
{
    put_separator(b, key);
    buf_add_str(b, v ? "true" : "false");
}

void js_raw(struct buf *b, const char *key, const char *quoted)
{
    put_separator(b, key);
    for (const char *p = quoted; *p != '\0'; p++)
        buf_add_byte(b, *p == '\'' ? '"' : (unsigned char)*p);
}

void js_json(struct buf *b, const char *key, const char *json)
{
    put_separator(b, key);
    buf_add_str(b, json);
}

void js_id(struct buf *b, const char *key, const struct sim_id *id)
{
    char text[SIM_UUID_TEXT];
    sim_id_text(text, id);
    js_str(b, key, text);
}

void js_addr(struct buf *b, const char *key, uint32_t ip, uint16_t port)
{
    char text[SIM_ADDR_TEXT];
    sim_addr_text(text, ip, port);
    js_str(b, key, text);
}

static void put_time(struct buf *b, const char *key, int64_t ms, const char *fraction)
{
    struct tm tm;
    time_t t = (time_t)(ms / 1000);
    char text[40];
    if (ms == 0) {
        js_str(b, key, "0001-01-01T00:00:00Z");
        return;
    }
    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    js_strf(b, key, "%s%sZ", text, fraction);
}

void js_time(struct buf *b, const char *key, int64_t ms)
{
    put_time(b, key, ms, "");
}

void js_time_ns(struct buf *b, const char *key, int64_t ms)
{
    char fraction[16];
    snprintf(fraction, sizeof(fraction), ".%03d000007", (int)(ms % 1000));
    put_time(b, key, ms, fraction);
}

void js_duration(struct buf *b, const char *key, int64_t ms)
{
    if (ms <= 0)
        js_str(b, key, "0s");
    else if (ms < 1000)
        js_strf(b, key, "%d.25ms", (int)ms);
    else if (ms % 1000 == 0)
        js_strf(b, key, "%llds", (long long)(ms / 1000));
    else
        js_strf(b, key, "%lld.%03ds", (long long)(ms / 1000), (int)(ms % 1000));
}
