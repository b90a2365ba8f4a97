#include "cleanup.h"
#include "facts_heartbeat.h"
#include "fuzz_target.h"
#include "heartbeat.h"
#include "str.h"

static void text(const char *s)
{
    struct heartbeat b, again;
    struct err err = ERR_INIT;
    char written[HEARTBEAT_TEXT];

    if (heartbeat_parse(s, &b, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT);
        return;
    }
    FUZZ_CHECK(heartbeat_known(&b) && b.at_ms > 0);
    FUZZ_CHECK(b.age_ms <= HEARTBEAT_MOST_MS && b.ttl_ms <= HEARTBEAT_MOST_MS);
    heartbeat_text(&b, written);
    FUZZ_CHECK(heartbeat_parse(written, &again, &err) == 0);
    FUZZ_CHECK(memcmp(&b, &again, sizeof(b)) == 0);
}

static void self(const uint8_t *data, size_t size)
{
    auto_json struct json *j = NULL;
    struct heartbeat b;
    struct err err = ERR_INIT;

    if (json_parse(data, size, 64 * 1024, &j, &err) < 0)
        return;
    heartbeat_of_self(j, &b);
    FUZZ_CHECK(b.age_ms >= -1 && b.age_ms <= HEARTBEAT_MOST_MS);
    FUZZ_CHECK(b.ttl_ms >= -1 && b.ttl_ms <= HEARTBEAT_MOST_MS);
}

static void token(const uint8_t *data, size_t size)
{
    char got[FETCH_TOKEN_MAX];
    struct err err = ERR_INIT;

    if (heartbeat_token_parse((const char *)data, size, got, &err) < 0)
        return;
    FUZZ_CHECK(fetch_token_fits(got));
    FUZZ_CHECK(strlen(got) <= size && memcmp(got, data, strlen(got)) == 0);
}

/* The text of the fact, Nomad's answer to /v1/agent/self, and the content of root's token file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *s = fuzz_text(data, size);

    text(s);
    self(data, size);
    token(data, size);
    return 0;
}
