/* audit_compare: the order that a host reports as its last, against the record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "audit.h"

static void what_a_host_says(void **state)
{
    static const struct {
        const char *what;
        struct audit_kept kept; /* its session is 1 */
        unsigned char session;
        uint64_t epoch, sequence, view;
        bool part;
        enum audit_match match;
    } cases[] = {
        {"the same", {true, {1}, 3, 5, true}, 1, 3, 5, 9, false, AUDIT_MATCHES},
        {"nothing at all", {0}, 1, 0, 0, 9, false, AUDIT_MATCHES},
        {"another order", {true, {1}, 3, 5, true}, 1, 3, 6, 9, false, AUDIT_AHEAD},
        {"a higher epoch", {true, {1}, 3, 5, true}, 1, 4, 1, 9, false, AUDIT_AHEAD},
        {"booted since", {true, {1}, 3, 5, true}, 2, 3, 0, 9, false, AUDIT_MATCHES},
        {"an order after that", {true, {1}, 3, 5, true}, 2, 3, 6, 9, false, AUDIT_AHEAD},
        {"one that never arrived", {true, {1}, 3, 5, false}, 1, 3, 4, 9, false, AUDIT_MATCHES},
        {"one of a new epoch refused", {true, {1}, 3, 5, false}, 1, 2, 4, 9, false, AUDIT_MATCHES},
        {"put back", {true, {1}, 3, 5, true}, 1, 3, 4, 9, false, AUDIT_BEHIND},
        {"put back further", {true, {1}, 3, 5, true}, 2, 2, 0, 9, false, AUDIT_BEHIND},
        {"never ordered from here", {0}, 1, 3, 5, 9, false, AUDIT_AHEAD},
        {"before a record was kept", {0}, 1, 3, 5, 9, true, AUDIT_CANNOT_TELL},
        {"does not know", {true, {1}, 3, 5, true}, 1, 0, 0, 0, false, AUDIT_CANNOT_TELL},
    };
    char text[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct receipt_hello h = {.swap_epoch = cases[i].epoch,
                                  .swap_sequence = cases[i].sequence,
                                  .view_revision = cases[i].view};
        const unsigned char session[SESSION_LEN] = {cases[i].session};
        enum audit_match m = audit_compare(&cases[i].kept, &h, session, !cases[i].part, text);
        if (m != cases[i].match || (text[0] != '\0') != (m != AUDIT_MATCHES))
            fail_msg("%s: %d, %s", cases[i].what, (int)m, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_host_says),
    };
    return cmocka_run_group_tests_name("audit_compare", tests, NULL, NULL);
}
