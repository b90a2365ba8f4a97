/* audit_add_alone: a trust order that was removed from the record, or moved in it, is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "audit.h"
#include "ledger_record.h"

#define TRUST_ORDERS 5

static void count_removed(void *ctx, const struct audit_finding *f)
{
    assert_int_equal(f->fault, AUDIT_REMOVED);
    assert_int_equal(f->kind, MSG_TRUST);
    ++*(size_t *)ctx;
}

/* Returns how many findings the entries have in this order. */
static size_t removed_in(const struct audit_entry *const *entries, size_t n)
{
    size_t found = 0;
    struct audit a = {.say = count_removed, .ctx = &found, .run_id = ledger_no_run};
    for (size_t i = 0; i < n; i++)
        audit_add_alone(&a, "s1", entries[i]);
    return found;
}

/* An earlier version kept the first order: its nonce follows from no order. */
static void a_removed_trust_order_shows(void **state)
{
    struct header heads[TRUST_ORDERS] = {{.kind = MSG_NONE}};
    struct audit_entry all[TRUST_ORDERS] = {{.fault = AUDIT_SOUND}};
    const struct audit_entry *some[TRUST_ORDERS];
    struct digest before = {{0}};
    (void)state;
    for (size_t i = 0; i < TRUST_ORDERS; i++) {
        heads[i].kind = MSG_TRUST;
        memset(all[i].salt, i == 0 ? 0 : 40 + (int)i, NONCE_LEN);
        memset(heads[i].nonce, 99, NONCE_LEN);
        if (i > 0)
            ledger_nonce(ledger_no_run, &before, all[i].salt, heads[i].nonce);
        memset(&before, 1 + (int)i, sizeof(before));
        all[i].digest = before;
        all[i].head = &heads[i];
        some[i] = &all[i];
    }
    assert_int_equal(removed_in(some, TRUST_ORDERS), 0);
    for (size_t gone = 0; gone < TRUST_ORDERS - 1; gone++) {
        size_t n = 0;
        for (size_t i = 0; i < TRUST_ORDERS; i++)
            if (i != gone)
                some[n++] = &all[i];
        assert_int_equal(removed_in(some, n), 1);
    }
    for (size_t i = 0; i < TRUST_ORDERS; i++)
        some[i] = &all[i == 2 ? 3 : (i == 3 ? 2 : i)];
    assert_true(removed_in(some, TRUST_ORDERS) > 1);
    for (size_t i = 0; i < TRUST_ORDERS; i++)
        some[i] = &all[i];
    memset(all[3].salt, 0, NONCE_LEN); /* as if an earlier version had kept it */
    assert_int_equal(removed_in(some, TRUST_ORDERS), 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(a_removed_trust_order_shows)};

    return cmocka_run_group_tests_name("audit_alone", tests, NULL, NULL);
}
