/* An agent lies about the lease of its host: the run ends all the same, and names the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "decide_desk.h"

/* c1 does not come up on the new binary. Its agent always says that another run holds the lease, so
 * the coordinator can never order a revert. */
static struct small_fleet *cannot_be_reverted(void)
{
    struct small_fleet *f = desk_fleet(RUN_CLIENTS);
    struct ledger_host *lh = desk_host(f, "c1-id");

    small_fleet_version(f, SMALL_TO);
    small_fleet_later(f, 1000);
    lh->state = HOST_SETTLING;
    lh->order = MSG_SWAP;
    lh->effect_ms = f->w.begun_ms;
    f->hosts[3].client.status = "down";
    f->claims[3] = CLAIM_REFUSED;
    return f;
}

/* Three times as long as Caravan waits for any one thing. */
static int64_t bound(const struct small_fleet *f)
{
    return 3 * (f->policy.server_deadline_ms + f->policy.settle_ms + f->policy.hold_ms +
                f->policy.client_deadline_ms + 180000);
}

static void an_upgrade_ends(void **state)
{
    struct small_fleet *f = cannot_be_reverted();

    (void)state;
    f->evidence.progress_ms = f->w.begun_ms;
    desk_settle_for(f, bound(f));
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "c1");
    assert_non_null(strstr(in->text, "does not give its lease (another run holds it)"));
    /* Steps that wait for the end of the run also end. */
    f->ledger.ending = RUN_STOPPED;
    f->evidence.progress_ms = f->w.begun_ms;
    desk_settle_for(f, bound(f));
    in = small_fleet_intent(f, INTENT_RUN);
    assert_non_null(in);
    assert_int_equal(in->run, RUN_STOPPED);
    desk_done(f);
}

static void an_abort_ends(void **state)
{
    struct small_fleet *f = cannot_be_reverted();

    (void)state;
    f->ledger.state = RUN_ABORTING;
    f->evidence.progress_ms = f->w.begun_ms;
    desk_settle_for(f, bound(f));
    const struct intent *in = small_fleet_intent(f, INTENT_RUN);
    assert_non_null(in);
    assert_int_equal(in->run, RUN_STOPPED);
    assert_non_null(strstr(in->text, "c1"));
    desk_done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upgrade_ends),
        cmocka_unit_test(an_abort_ends),
    };

    return cmocka_run_group_tests_name("attack_patience", tests, NULL, NULL);
}
