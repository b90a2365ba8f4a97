#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "decide_desk.h"

struct small_fleet *desk_fleet(enum run_state state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    small_fleet_run(f, state);
    return f;
}

void desk_done(struct small_fleet *f)
{
    small_fleet_free(f);
    free(f);
}

struct ledger_host *desk_host(struct small_fleet *f, const char *key)
{
    return ledger_host(&f->ledger, key);
}

void desk_swaps(struct small_fleet *f, const char *key)
{
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_SWAP);
    if (key == NULL && in != NULL)
        fail_msg("a swap of %s", in->key);
    if (key != NULL && in == NULL)
        fail_msg("no swap: %s",
                 f->decision.n_waiting > 0 ? f->decision.waiting[0].text : "no reason");
    if (key != NULL)
        assert_string_equal(in->key, key);
}

struct small_fleet *desk_clients(uint32_t parallel)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    f->policy.parallel = parallel;
    small_fleet_run(f, RUN_CLIENTS);
    for (int i = 0; i < SMALL_SERVERS; i++) {
        f->hosts[i].server.version = SMALL_TO;
        for (int k = 0; k < SMALL_SERVERS; k++)
            f->members[i][k].build = SMALL_TO;
    }
    small_fleet_later(f, 2000);
    return f;
}

void desk_settle_for(struct small_fleet *f, int64_t ms)
{
    for (int64_t at = 0; at < ms; at += 2000)
        small_fleet_later(f, 2000);
    small_fleet_decide(f);
}
