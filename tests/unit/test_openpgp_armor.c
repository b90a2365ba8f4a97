/* openpgp_armor.h: decodes blocks of armour; "hello!" in base64 has the checksum +cvX. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "openpgp_armor.h"
#include "str.h"

#define KEYS  "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
#define END   "-----END PGP PUBLIC KEY BLOCK-----\n"
#define SUM   "=+cvX\n"
#define SIG   "-----BEGIN PGP SIGNATURE-----\n"
#define SIGE  "-----END PGP SIGNATURE-----\n"
#define HELLO "aGVsbG8=\n"
#define WRONG "=+cvY\n"

static const struct {
    const char *what, *text, *want; /* NULL: refused */
} cases[] = {
    {"a block", KEYS "\nmQINBGB9\n" END, "\x99\x02\x0d\x04\x60\x7d"},
    {"its checksum fits", KEYS "\naGVs\nbG8h\n" SUM END, "hello!"},
    {"its checksum does not match", KEYS "\naGVs\nbG8h\n" WRONG END, NULL},
    {"its checksum has a wrong form", KEYS "\naGVs\nbG8h\n=+cv\n" END, NULL},
    {"padding", KEYS "\naGVsbG8=\n" END, "hello"},
    {"headers", KEYS "Version: 1\nComment: x: y\n\naGVsbG8h\n" SUM END, "hello!"},
    {"no empty line", KEYS "aGVsbG8h\n" SUM END, NULL},
    {"an empty line within", KEYS "\naGVs\n\nbG8h\n" END, NULL},
    {"carriage returns",
     "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\naGVsbG8h\r\n=+cvX\r\n"
     "-----END PGP PUBLIC KEY BLOCK-----\r\n",
     "hello!"},
    {"text around", "keys:\n" KEYS "\naGVsbG8h\n" SUM END "that was all\n", "hello!"},
    {"two blocks", KEYS "\naGVsbG8h\n" SUM END KEYS "\naGVsbG8h\n" SUM END, "hello!hello!"},
    {"the second is broken", KEYS "\naGVsbG8h\n" SUM END KEYS "\naGVsbG8h\n" WRONG END, NULL},
    {"cut before its end", KEYS "\naGVsbG8h\n" SUM, NULL},
    {"cut within its end", KEYS "\naGVsbG8h\n" SUM "-----END PGP", NULL},
    {"data behind the checksum", KEYS "\naGVs\n=+cvX\nbG8h\n" END, NULL},
    {"nothing in it", KEYS "\n" END, NULL},
    {"another end", KEYS "\naGVsbG8h\n" SUM SIGE, NULL},
    {"a signature among keys", KEYS "\naGVsbG8h\n" SUM END SIG "\naGVsbG8h\n" SIGE, NULL},
    {"a secret key",
     "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\naGVsbG8h\n"
     "-----END PGP PRIVATE KEY BLOCK-----\n",
     NULL},
    {"not base64", KEYS "\naGVs*G8h\n" END, NULL},
    {"no block", "hello\n", NULL},
    {"empty", "", NULL},
    {"binary", "\x99\x01-----BEGIN PGP", "\x99\x01-----BEGIN PGP"},
};

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = ERR_INIT;
        auto_buf struct buf got = BUF_INIT;
        int rc = openpgp_dearmor(OPENPGP_KEYS, cases[i].text, strlen(cases[i].text), &got, &err);
        const char *want = cases[i].want != NULL ? cases[i].want : "";
        if ((rc == 0) != (cases[i].want != NULL) || !str_eq(buf_str(&got), want))
            fail_msg("%s: %d %s %s", cases[i].what, rc, buf_str(&got), err.text);
        if (rc < 0)
            assert_int_equal(err.kind, ERR_FORMAT);
    }
}

static void test_signatures(void **state)
{
    static const char text[] = SIG "\naGVsbG8h\n" SUM SIGE;
    struct err err = ERR_INIT;
    auto_buf struct buf got = BUF_INIT;
    (void)state;
    assert_int_equal(openpgp_dearmor(OPENPGP_SIGNATURES, text, strlen(text), &got, &err), 0);
    assert_string_equal(buf_str(&got), "hello!");
    assert_int_equal(openpgp_dearmor(OPENPGP_KEYS, text, strlen(text), &got, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
