#include "policy.h"

void policy_default(struct policy *p)
{
    *p = (struct policy){
        .replace.watch_ms = 2 * 60 * 1000,
        .parallel = 1,
        .canary = 1,
        .soak_ms = 2 * 60 * 1000,
        .settle_ms = 10 * 1000,
        .settle_answers = 5,
        .server_deadline_ms = 10 * 60 * 1000,
        .client_deadline_ms = 2 * 60 * 1000,
        .hold_ms = 5 * 1000,
        .drain_deadline_ms = 60 * 60 * 1000,
        .lease_ms = 120 * 1000,
        .renew_ms = 30 * 1000,
        .stage_deadline_ms = 30 * 60 * 1000,
        .stage_parallel = 64,
        .unproven_days = 7,
    };
}

int policy_parse_parallel(const char *s, struct policy *p, struct err *err)
{
    char digits[16];
    size_t n = strlen(s);
    bool percent = n > 0 && s[n - 1] == '%';
    uint64_t v = 0;

    if (n < sizeof(digits)) {
        memcpy(digits, s, n + 1);
        if (percent)
            digits[n - 1] = '\0';
        if (str_to_u64(digits, percent ? 100 : 1000000, &v) < 0)
            v = 0;
    }
    if (v == 0)
        return err_set(err, ERR_USAGE, 0,
                       "\"%s\" is not a number of clients: say 3, or 25%% of the planned ones", s);
    p->parallel = percent ? 0 : (uint32_t)v;
    p->parallel_percent = percent ? (uint32_t)v : 0;
    return 0;
}

uint32_t policy_parallel(const struct policy *p, size_t n_clients)
{
    uint64_t n = p->parallel;
    if (p->parallel_percent > 0)
        n = ((uint64_t)n_clients * p->parallel_percent + 99) / 100;
    return n > 0 ? (uint32_t)n : 1;
}

bool policy_accepts(const struct policy *p, const char *hazard)
{
    for (size_t i = 0; i < p->n_accepted; i++)
        if (str_eq(p->accepted[i], hazard))
            return true;
    return false;
}
