#include "counts.h"
#include "fuzz_target.h"
#include "plan.h"
#include "str.h"

/* Reading line by line gives the same hosts. */
static void hosts(const char *text, const struct plan *p)
{
    autofree char *copy = xstrdup(text);
    struct plan_host h;
    size_t n = 0;

    for (char *at = copy, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        int rc = plan_text_host(at, &h);
        FUZZ_CHECK(rc >= 0);
        FUZZ_CHECK(rc == 0 || (n < p->n_hosts && str_eq(h.key, p->hosts[n].key) &&
                               digest_eq(&h.digest, &p->hosts[n].digest)));
        n += (size_t)rc;
    }
    FUZZ_CHECK(n == p->n_hosts);
}

/* A plan that is read, written and read again is the same plan. (A plan of an older Caravan may
 * lack numbers for which 0 is not allowed.) */
static void plan(const char *text, size_t n)
{
    struct plan p;
    auto_buf struct buf once = BUF_INIT, twice = BUF_INIT;
    struct err err = ERR_INIT;

    if (plan_read(text, n, NULL, &p, &err) < 0)
        return;
    hosts(text, &p);
    bool whole = p.server_on_not_ready != 0 && p.client_on_not_ready != 0;
    plan_text(&p, &once);
    plan_free(&p);
    if (!whole)
        return;
    FUZZ_CHECK(plan_read(buf_str(&once), once.len, NULL, &p, &err) == 0);
    plan_text(&p, &twice);
    plan_free(&p);
    FUZZ_CHECK(str_eq(buf_str(&once), buf_str(&twice)));
}

/* The number of elements is the same, however the network divides the list. */
static void counts(const uint8_t *data, size_t n)
{
    struct count_scan whole = {.n = 0}, halves = {.n = 0};

    count_scan_add(&whole, data, n);
    count_scan_add(&halves, data, n / 2);
    count_scan_add(&halves, data + n / 2, n - n / 2);
    FUZZ_CHECK(count_scan_end(&whole) == count_scan_end(&halves));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);

    plan(text, size);
    counts(data, size);
    return 0;
}
