/* gpgv_status.h: which status lines of gpgv are a good signature. Lines as gpgv 2.2.40 writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "gpgv_status.h"
#include "str.h"

#define FPR    "8E49D4CA516544F58D81A92811251DCACCE56983"
#define SUB    "48B9D62F9E92E52473DA754D2605F4ED45641069"
#define G      "[GNUPG:] "
#define NEW    G "NEWSIG x@y\n"
#define GOOD   G "GOODSIG 11251DCACCE56983 x@y\n"
#define EXPKEY G "EXPKEYSIG 11251DCACCE56983 x@y\n"
#define REVKEY G "REVKEYSIG 11251DCACCE56983 x@y\n"
#define UNKNOWN                                                                                    \
    NEW G "ERRSIG E9D2CF4625DDF1B4 22 8 00 1796008296 9 " SUB "\n" G "NO_PUBKEY "                  \
          "E9D2CF4625DDF1B4\n"
#define VALID_AT(made, hash, cls)                                                                  \
    G "VALIDSIG " FPR " 2026-01-01 " made " 0 4 0 22 " hash " " cls " " FPR "\n"
#define VALID       VALID_AT("1767225600", "8", "00")
#define EXPIRED(at) G "KEYEXPIRED " at "\n"

static const struct {
    const char *what, *text;
    const char *why; /* NULL: good */
} cases[] = {
    {"a good signature", NEW GOOD VALID, NULL},
    {"in the other order", NEW VALID GOOD, NULL},
    {"with what else gpgv says",
     NEW G "KEY_CONSIDERED " FPR " 0\n" G "SIG_ID w2u8 2026-01-01 "
           "1767225600\n" GOOD VALID "gpgv: Good signature\n",
     NULL},
    {"a subkey", NEW GOOD G "VALIDSIG " SUB " 2027-10-01 1767225600 0 4 0 22 10 00 " FPR "\n",
     NULL},
    {"nothing", "", "no signature"},
    {"no block", GOOD VALID, "no signature"},
    {"GOODSIG alone", NEW GOOD, "not a plain"},
    {"VALIDSIG alone", NEW VALID, "not a plain"},
    {"lines of two blocks", NEW GOOD NEW VALID, "not a plain"},
    {"twice VALIDSIG", NEW GOOD VALID VALID, "not a plain"},
    {"made before the key expired", NEW EXPIRED("1767225601") EXPKEY VALID, NULL},
    {"made as the key expired", NEW EXPIRED("1767225600") EXPKEY VALID, "after its key"},
    {"made after", NEW EXPIRED("1609459200") EXPKEY VALID, "after its key"},
    {"made between two expiries", NEW EXPIRED("1967225601") EXPIRED("1609459200") EXPKEY VALID,
     "after its key"},
    {"expired, but not told when", NEW EXPKEY VALID, "after its key"},
    {"expired at a time that is none", NEW EXPIRED("20260101T000000") EXPKEY VALID, "not a plain"},
    {"another block's expiry", NEW EXPIRED("1967225601") NEW EXPKEY VALID, "after its key"},
    {"a revoked key", NEW REVKEY VALID, "revoked"},
    {"a revoked key that claims more", NEW REVKEY GOOD VALID, "revoked"},
    {"revoked, then expired", NEW EXPIRED("1967225601") REVKEY EXPKEY VALID, "revoked"},
    {"a bad signature", NEW G "BADSIG 11251DCACCE56983 x@y\n", "does not match"},
    {"bad and good in one block", NEW G "BADSIG 11251DCACCE56983 x@y\n" GOOD VALID,
     "does not match"},
    {"a signature that expired", NEW G "EXPSIG 11251DCACCE56983 x@y\n" VALID, "itself"},
    {"an unknown key", UNKNOWN, "not in the keyring"},
    {"the second key is unknown", NEW GOOD VALID UNKNOWN, NULL},
    {"the first key is unknown", UNKNOWN NEW GOOD VALID, NULL},
    {"the first key was revoked", NEW REVKEY VALID NEW GOOD VALID, NULL},
    {"the second signature is bad", NEW GOOD VALID NEW G "BADSIG 11 x@y\n", NULL},
    {"by SHA-1", NEW GOOD VALID_AT("1767225600", "2", "00"), "not a plain"},
    {"of a text", NEW GOOD VALID_AT("1767225600", "8", "01"), "not a plain"},
    {"a time that is none", NEW GOOD VALID_AT("-1", "8", "00"), "not a plain"},
    {"a short VALIDSIG", NEW GOOD G "VALIDSIG " FPR " 2026-01-01 1767225600 0 4\n", "not a plain"},
    {"a short fingerprint",
     NEW GOOD G "VALIDSIG 8E49 2026-01-01 1767225600 0 4 0 22 8 00 " FPR "\n", "not a plain"},
    {"words within a line", NEW "gpgv: " GOOD "gpgv: " VALID, "not a plain"},
    {"words of a name", NEW G "GOODSIGX 1 x\n" VALID, "not a plain"},
    {"no newline at the end",
     NEW GOOD G "VALIDSIG " FPR " 2026-01-01 1767225600 0 4 0 22 8 00 " FPR, NULL},
};

static void test_status_lines(void **state)
{
    struct gpgv_verdict v;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        gpgv_judge(cases[i].text, strlen(cases[i].text), &v);
        if (v.good != (cases[i].why == NULL) ||
            (v.good ? v.why[0] != '\0' : strstr(v.why, cases[i].why) == NULL))
            fail_msg("%s: %d %s", cases[i].what, v.good, v.why);
        if (!str_eq(v.key, v.good ? FPR : ""))
            fail_msg("%s: key %s", cases[i].what, v.key);
    }
}

static void test_who_signed(void **state)
{
    static const char text[] =
        NEW GOOD G "VALIDSIG " SUB " 2027-10-01 1822348800 0 4 0 22 10 00 " FPR "\n";
    struct gpgv_verdict v;
    (void)state;
    gpgv_judge(text, strlen(text), &v);
    assert_true(v.good);
    assert_string_equal(v.signer, SUB);
    assert_string_equal(v.key, FPR);
    assert_int_equal(v.made_s, 1822348800);
}

static void test_arguments_are_absolute(void **state)
{
    struct gpgv_call c = {NULL, "/h", "/k", "/s", "/f"};
    const char *args[GPGV_ARGS];
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(gpgv_args(&c, args, &err), 0);
    assert_string_equal(args[0], GPGV_PROGRAM);
    size_t n = 0;
    while (args[n] != NULL)
        n++;
    assert_string_equal(args[n - 2], "/s");
    assert_string_equal(args[n - 1], "/f");
    c.keyring = "k";
    assert_int_equal(gpgv_args(&c, args, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
}

/* Good with either order of the keyrings, unless the other keyring contains the key's
 * revocation. */
static void test_both_orders_of_keyrings(void **state)
{
    static const struct {
        const char *one, *other;
        bool good;
    } rows[] = {
        {NEW GOOD VALID, NEW GOOD VALID, true},
        {NEW GOOD VALID, UNKNOWN, true},
        {NEW GOOD VALID, NEW EXPIRED("1609459200") EXPKEY VALID, true},
        {NEW GOOD VALID, NEW REVKEY VALID, false},
        {NEW GOOD VALID, NEW REVKEY VALID NEW GOOD VALID, true},
        {NEW GOOD VALID, NEW REVKEY VALID UNKNOWN, false},
        {NEW REVKEY VALID, UNKNOWN, false},
        {UNKNOWN, UNKNOWN, false},
    };
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        const char *one = rows[i / 2].one, *other = rows[i / 2].other;
        struct gpgv_verdict a, b;
        gpgv_judge(i % 2 == 0 ? one : other, strlen(i % 2 == 0 ? one : other), &a);
        gpgv_judge(i % 2 == 0 ? other : one, strlen(i % 2 == 0 ? other : one), &b);
        gpgv_join(&a, &b);
        assert_int_equal(a.good, rows[i / 2].good);
        assert_int_equal(a.why[0] == '\0', rows[i / 2].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_orders_of_keyrings),
        cmocka_unit_test(test_status_lines),
        cmocka_unit_test(test_who_signed),
        cmocka_unit_test(test_arguments_are_absolute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
