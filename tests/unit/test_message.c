#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "message.h"

/* Every number has its own name, and numbers outside have none. */
#define NAMES_DIFFER(fn, type, count)                                                              \
    do {                                                                                           \
        for (int i_ = 0; i_ < (int)(count); i_++) {                                                \
            assert_string_not_equal(fn((enum type)i_), "unknown");                                 \
            for (int j_ = 0; j_ < i_; j_++)                                                        \
                assert_string_not_equal(fn((enum type)i_), fn((enum type)j_));                     \
        }                                                                                          \
        assert_string_equal(fn((enum type)(count)), "unknown");                                    \
        assert_string_equal(fn((enum type) - 1), "unknown");                                       \
    } while (0)

static void test_names(void **state)
{
    (void)state;
    NAMES_DIFFER(message_kind_name, message_kind, MSG_KIND_COUNT);
    NAMES_DIFFER(role_name, role, ROLE_COUNT);
    NAMES_DIFFER(phase_name, phase, PHASE_COUNT);
    NAMES_DIFFER(failure_name, failure, FAILURE_COUNT);
    NAMES_DIFFER(refusal_name, refusal, REFUSAL_COUNT);
    assert_string_equal(message_kind_name(MSG_HELLO), "hello");
    assert_string_equal(failure_name(FAILURE_BAD_DIGEST), "bad-digest");
}

static void test_who_may_and_who_keeps(void **state)
{
    (void)state;
    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        bool asks = k == MSG_HELLO || k == MSG_STATUS;
        assert_int_equal(message_owner(k) != OWNER_NOBODY, !asks);
        if (!asks)
            assert_int_equal(message_role(k), ROLE_OPERATOR);
    }
    assert_int_equal(message_role(MSG_HELLO), ROLE_NONE);
    assert_int_equal(message_role(MSG_STATUS), ROLE_OBSERVER);
    assert_int_equal(message_owner(MSG_LEASE), OWNER_AGENT);
    assert_int_equal(message_owner(MSG_NOTE), OWNER_AGENT);
    assert_int_equal(message_owner(MSG_SWAP), OWNER_SWAP);
    assert_int_equal(message_owner(MSG_TRUST), OWNER_SWAP);
    /* A kind of a later version needs a version that no program here can have by chance. */
    assert_int_equal(message_role(MSG_KIND_COUNT), ROLE_ROOT);
}

static void test_resting_phases(void **state)
{
    static const bool rests[PHASE_COUNT] = {[PHASE_IDLE] = true,
                                            [PHASE_STAGED] = true,
                                            [PHASE_SETTLED] = true,
                                            [PHASE_REVERTED] = true,
                                            [PHASE_FAILED] = true};
    (void)state;
    for (enum phase p = 0; p < PHASE_COUNT; p++)
        assert_int_equal(phase_rests(p), rests[p]);
    assert_false(phase_rests(PHASE_COUNT));
}

static void test_advice_is_a_sentence(void **state)
{
    (void)state;
    for (enum failure f = 0; f <= FAILURE_COUNT; f++) {
        const char *text = failure_advice(f);
        assert_true(text[0] >= 'A' && text[0] <= 'Z');
        assert_int_equal(text[strlen(text) - 1], '.');
        assert_null(strstr(text, "resume")); /* this text comes once, after every cause */
    }
    assert_true(failure_may_retry(FAILURE_NO_NETWORK));
    assert_false(failure_may_retry(FAILURE_BAD_DIGEST));
    assert_false(failure_may_retry(FAILURE_COUNT));
}

static void test_done_with(void **state)
{
    struct receipt r = {.head = {.kind = MSG_STATUS}};
    (void)state;
    r.u.status.notes = xzalloc(2, sizeof(struct note));
    r.u.status.n_notes = 2;
    receipt_done_with(&r);
    assert_null(r.u.status.notes);
    receipt_done_with(&r);
    receipt_done_with(NULL);
    r.head.kind = MSG_SWAP; /* owns nothing, whatever the union contains */
    memset(&r.u, 0xff, sizeof(r.u));
    receipt_done_with(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),          cmocka_unit_test(test_who_may_and_who_keeps),
        cmocka_unit_test(test_resting_phases), cmocka_unit_test(test_advice_is_a_sentence),
        cmocka_unit_test(test_done_with),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
