#include "heartbeat.h"
#include <inttypes.h>
#include "str.h"

#define UPTIME_MOST_MS (INT64_C(1) << 53)

static int64_t read_heartbeat_duration(const struct json *client, const char *key)
{
    int64_t ms = str_go_ms(json_str(client, key, ""));

    return ms <= HEARTBEAT_MOST_MS ? ms : -1;
}

void heartbeat_of_self(const struct json *self, struct heartbeat *ret)
{
    const struct json *client = json_get(json_get(self, "stats"), "client");

    *ret = (struct heartbeat){.age_ms = read_heartbeat_duration(client, "last_heartbeat"),
                              .ttl_ms = read_heartbeat_duration(client, "heartbeat_ttl")};
}

bool heartbeat_known(const struct heartbeat *b)
{
    return b->age_ms >= 0 && b->ttl_ms > 0;
}

void heartbeat_text(const struct heartbeat *b, char dst[static HEARTBEAT_TEXT])
{
    snprintf(dst, HEARTBEAT_TEXT, "age=%" PRId64 " ttl=%" PRId64 " at=%" PRId64, b->age_ms,
             b->ttl_ms, b->at_ms);
}

/* Reads "NAME=DIGITS", which a blank or the end of the text must follow. */
static int take_heartbeat_number(const char **at, const char *name, int64_t max, int64_t *ret)
{
    char digits[24];
    uint64_t v;
    size_t n;

    if (!str_starts(*at, name))
        return -1;
    *at += strlen(name);
    n = strcspn(*at, " ");
    if (n == 0 || n >= sizeof(digits))
        return -1;
    memcpy(digits, *at, n);
    digits[n] = '\0';
    if (str_to_u64(digits, (uint64_t)max, &v) < 0)
        return -1;
    *at += n;
    *ret = (int64_t)v;
    return 0;
}

int heartbeat_parse(const char *text, struct heartbeat *ret, struct err *err)
{
    struct heartbeat b = {.age_ms = -1};
    const char *at = text;

    if (take_heartbeat_number(&at, "age=", HEARTBEAT_MOST_MS, &b.age_ms) < 0 ||
        take_heartbeat_number(&at, " ttl=", HEARTBEAT_MOST_MS, &b.ttl_ms) < 0 ||
        take_heartbeat_number(&at, " at=", UPTIME_MOST_MS, &b.at_ms) < 0 || *at != '\0' ||
        b.ttl_ms == 0 || b.at_ms == 0)
        return err_set(err, ERR_FORMAT, 0, "\"%.60s\" is not a heartbeat fact", text);
    *ret = b;
    return 0;
}

int64_t heartbeat_over_ms(const struct heartbeat *b)
{
    int64_t left = b->ttl_ms - b->age_ms;

    return b->at_ms + (left > 0 ? left : HEARTBEAT_LATE_MS);
}
