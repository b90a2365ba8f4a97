#include "cleanup.h"
#include "fetch_call.h"
#include "fetch_session.h"
#include "fuzz_target.h"
#include "str.h"

static void answer(const char *text)
{
    autofree char *line = xstrdup(text);
    struct err err = ERR_INIT;
    int status = -1;
    size_t len = 0;

    if (fetch_answer_parse(line, &status, &len, &err) < 0)
        FUZZ_CHECK(err.kind == ERR_NETWORK || err.kind == ERR_STATE);
    else
        FUZZ_CHECK(status >= 0 && status <= 999 && len <= FETCH_ANSWER_MAX);
}

static void heartbeat(const char *text)
{
    autofree char *line = xstrdup(text);
    struct heartbeat b;
    struct err err = ERR_INIT;

    if (fetch_heartbeat_parse(line, &b, &err) < 0)
        FUZZ_CHECK(err.kind == ERR_NETWORK || err.kind == ERR_STATE);
    else
        FUZZ_CHECK(heartbeat_known(&b) && b.ttl_ms <= HEARTBEAT_MOST_MS);
}

static void address(const char *text)
{
    char host[128], port[8];

    if (fetch_address_split(text, host, port) < 0)
        return;
    FUZZ_CHECK(host[0] != '\0' && strnlen(host, sizeof(host)) < sizeof(host));
    FUZZ_CHECK(strpbrk(host, " \t\r\n") == NULL);
    FUZZ_CHECK(port[0] != '\0' && strspn(port, "0123456789") == strlen(port));
}

static void question(const char *text)
{
    const char *rest = text;
    struct checked_peer peers[FETCH_PEERS_MAX];
    uint32_t n = 0;
    struct err err = ERR_INIT;
    int64_t ms = 0;

    if (fetch_ms_parse(&rest, &ms, &err) == 0)
        FUZZ_CHECK(ms > 0 && rest > text && rest <= text + strlen(text));
    if (fetch_knock_parse(text, &ms, peers, &n, &err) == 0) {
        FUZZ_CHECK(n > 0 && n <= FETCH_PEERS_MAX);
        for (uint32_t i = 0; i < n; i++) {
            FUZZ_CHECK(peers[i].host[0] != '\0' && peers[i].port[0] != '\0');
            FUZZ_CHECK(memchr(peers[i].host, '\0', sizeof(peers[i].host)) != NULL);
            FUZZ_CHECK(memchr(peers[i].port, '\0', sizeof(peers[i].port)) != NULL);
        }
    }
}

static void zip(const char *text)
{
    struct digest digest;
    uint64_t size = 0;
    struct err err = ERR_INIT;

    if (fetch_unzip_parse(text, &size, &digest, &err) == 0)
        FUZZ_CHECK(size > 0 && size <= INT64_MAX);
}

static void heard(const char *text)
{
    enum peer_check list[3];
    struct err err = ERR_INIT;

    if (fetch_peers_parse(text, 3, list, &err) == 0)
        for (size_t i = 0; i < ARRAY_LEN(list); i++)
            FUZZ_CHECK(list[i] < PEER_COUNT);
}

/* Single lines between caravan-swap and caravan-fetch, in both directions. The addresses in them
 * come from Nomad. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);

    answer(text);
    heartbeat(text);
    address(text);
    question(text);
    zip(text);
    heard(text);
    return 0;
}
