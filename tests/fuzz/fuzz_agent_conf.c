#include "agent_conf.h"
#include "cleanup.h"
#include "api_place.h"
#include "fuzz_target.h"
#include "seed.h"
#include "str.h"

/* The whole input is the value of [nomad] address. */
static void api(const char *text)
{
    char address[48] = "x";
    uint16_t port = 7;

    if (api_place_parse(text, address, &port) < 0)
        FUZZ_CHECK(str_eq(address, "x") && port == 7);
    else
        FUZZ_CHECK(strnlen(address, sizeof(address)) < sizeof(address) &&
                   (strstr(text, address) != NULL || str_eq(address, "127.0.0.1")));
}

/* The whole input is the value of [seed] url. The fact that reports the value parses to the same
 * value. */
static void seed(const char *text)
{
    char base[TEXT_MAX], again[TEXT_MAX];

    if (seed_base(text, base) != NULL)
        return;
    size_t n = strlen(base);
    FUZZ_CHECK(n < TEXT_MAX && base[n - 1] == '/' && str_starts(base, "http"));
    FUZZ_CHECK(seed_base(base, again) == NULL && str_eq(base, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct agent_conf c;
    struct err err = ERR_INIT;
    autofree char *text = xzalloc(size + 1, 1);

    if (size > 0)
        memcpy(text, data, size);
    api(text);
    seed(text);
    memset(&c, 0, sizeof(c));
    FUZZ_CHECK(conf_defaults(&agent_conf_table, &c, &err) == 0);
    if (conf_parse(&agent_conf_table, "f", text, &c, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_CONFIG || err.kind == ERR_LIMIT);
        return 0;
    }
    FUZZ_CHECK(c.gap_ms >= 0 && c.max_lease_ms >= 1000 && c.start_deadline_ms >= 1000);
    FUZZ_CHECK(c.max_connections >= 16 && c.max_connections_each >= 1);
    FUZZ_CHECK(memchr(c.binary, 0, sizeof(c.binary)) != NULL);
    FUZZ_CHECK(c.state_dir[0] == '\0' || c.state_dir[0] == '/');
    return 0;
}
