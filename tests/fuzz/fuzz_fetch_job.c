#include "fetch_job.h"
#include "fuzz_target.h"
#include "str.h"

/* An accepted job can be written again, and parses to the same job. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fetch_get g, again;
    struct err err = ERR_INIT;
    auto_buf struct buf text = BUF_INIT;
    static const char head[] = "get\n";
    static const char tail[] = "go\n";

    if (fetch_get_parse((const char *)data, size, &g, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT || err.kind == ERR_LIMIT);
        return 0;
    }
    FUZZ_CHECK(g.n_urls >= 1 && g.n_urls <= URLS_MAX && g.dir[0] == '/');
    FUZZ_CHECK(g.size > 0 && g.fetch_size > 0 && g.deadline_ms > 0);
    fetch_get_text(&g, &text);
    FUZZ_CHECK(str_starts(buf_str(&text), head) && str_ends(buf_str(&text), tail));
    FUZZ_CHECK(fetch_get_parse((char *)text.data + strlen(head),
                               text.len - strlen(head) - strlen(tail), &again, &err) == 0);
    FUZZ_CHECK(memcmp(&g, &again, sizeof(g)) == 0);
    return 0;
}
