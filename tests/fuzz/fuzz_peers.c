#include "fuzz_target.h"
#include "fetch_call.h"
#include "law_facts.h"

/* Text from caravan-fetch: the answer of status/peers, and the progress of a get. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = xzalloc(1, size + 1);
    char peers[LAW_PEERS_MAX][64];
    struct fetch_news news = {.state = FETCH_WORKING};
    struct err err = ERR_INIT;
    uint32_t n = 0;

    memcpy(text, data, size);
    if (law_facts_peers(text, peers, &n) == 0) {
        FUZZ_CHECK(n <= LAW_PEERS_MAX);
        for (uint32_t i = 0; i < n; i++)
            FUZZ_CHECK(peers[i][0] != '\0' && strnlen(peers[i], 64) < 64);
    }
    if (size < FETCH_LINE_MAX && fetch_news_parse(text, &news, &err) == 0) {
        FUZZ_CHECK(news.state != FETCH_FAILED || news.failure != FAILURE_NONE);
        FUZZ_CHECK(news.state != FETCH_DONE || strnlen(news.path, sizeof(news.path)) > 0 ||
                   text[5] == '\0');
    }
    return 0;
}
