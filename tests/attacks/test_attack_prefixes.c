/* A signature for one kind of bytes is not valid for another kind: every kind has a prefix of its
 * own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "envelope.h"
#include "manifest.h"
#include "str.h"

#define DOMAINS 200

static size_t collect(char domains[DOMAINS][DOMAIN_MAX])
{
    static const enum container_type containers[] = {CONTAINER_MANIFEST, CONTAINER_TRUST};
    size_t n = 0;

    for (int kind = MSG_HELLO; kind < MSG_KIND_COUNT; kind++)
        for (int receipt = 0; receipt < 2; receipt++)
            for (uint8_t version = WIRE_MIN; version <= WIRE_MAX + 1; version++) {
                const struct header h = {.kind = (enum message_kind)kind,
                                         .is_receipt = receipt == 1,
                                         .version = version};
                assert_true(n < DOMAINS);
                envelope_domain(&h, domains[n++]);
            }
    for (size_t i = 0; i < ARRAY_LEN(containers); i++) {
        assert_true(n < DOMAINS);
        str_cut(domains[n++], DOMAIN_MAX, container_domain(containers[i]));
    }
    return n;
}

static void each_thing_has_its_own(void **state)
{
    static char domains[DOMAINS][DOMAIN_MAX];
    size_t n = collect(domains);

    (void)state;
    assert_true(n > 2 * (MSG_KIND_COUNT - 1));
    for (size_t i = 0; i < n; i++) {
        assert_true(str_starts(domains[i], "caravan/"));
        for (size_t k = i + 1; k < n; k++)
            if (str_eq(domains[i], domains[k]))
                fail_msg("two things are signed as %s", domains[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_thing_has_its_own)};

    return cmocka_run_group_tests_name("attack_prefixes", tests, NULL, NULL);
}
