/* sha256sums.h: the digest for an exact name, and texts of another form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "sha256sums.h"
#include "str.h"

#define A    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B    "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define NAME "nomad_2.0.5_linux_amd64.zip"

static const struct {
    const char *what, *text;
    enum err_kind kind; /* ERR_NONE: digest A */
} cases[] = {
    {"one line", A "  " NAME "\n", ERR_NONE},
    {"without its last newline", A "  " NAME, ERR_NONE},
    {"as a binary file", A " *" NAME "\n", ERR_NONE},
    {"among others", B "  nomad_2.0.5_linux_arm64.zip\n" A "  " NAME "\n", ERR_NONE},
    {"twice the same", A "  " NAME "\n" A "  " NAME "\n", ERR_NONE},
    {"twice, of different digests", A "  " NAME "\n" B "  " NAME "\n", ERR_FORMAT},
    {"nothing", "", ERR_NOTFOUND},
    {"another name", A "  nomad_2.0.5_linux_arm64.zip\n", ERR_NOTFOUND},
    {"a longer name", A "  " NAME ".asc\n", ERR_NOTFOUND},
    {"a name in a folder", A "  x/" NAME "\n", ERR_NOTFOUND},
    {"a name with a star of its own", A "  *" NAME "\n", ERR_NOTFOUND},
    {"in capitals", A "  Nomad_2.0.5_linux_amd64.zip\n", ERR_NOTFOUND},
    {"a carriage return", A "  " NAME "\r\n", ERR_FORMAT},
    {"an empty line before", "\n" A "  " NAME "\n", ERR_FORMAT},
    {"an empty line behind", A "  " NAME "\n\n", ERR_FORMAT},
    {"one blank", A " " NAME "\n", ERR_FORMAT},
    {"three blanks", A "   " NAME "\n", ERR_FORMAT},
    {"a blank at the end", A "  " NAME " \n", ERR_FORMAT},
    {"a tab", A "\t " NAME "\n", ERR_FORMAT},
    {"no name", A "  \n", ERR_FORMAT},
    {"no digest", NAME "\n", ERR_FORMAT},
    {"a digit short", "12345  " NAME "\n", ERR_FORMAT},
    {"a digest that is none",
     "x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  " NAME "\n", ERR_FORMAT},
    {"rubbish behind the line", A "  " NAME "\nrubbish\n", ERR_FORMAT},
    {"a page of a web site", "<html>\n", ERR_FORMAT},
    {"sha256sum's escaped names", "\\" A "  " NAME "\n", ERR_FORMAT},
};

static void test_an_exact_name(void **state)
{
    struct digest want, got;
    (void)state;
    assert_int_equal(digest_from_hex(A, &want), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = ERR_INIT;
        int rc = sha256sums_find(cases[i].text, strlen(cases[i].text), NAME, &got, &err);
        if (err.kind != cases[i].kind || (rc == 0) != (cases[i].kind == ERR_NONE))
            fail_msg("%s: %d %s", cases[i].what, rc, err.text);
        if (rc == 0 && !digest_eq(&got, &want))
            fail_msg("%s: another digest", cases[i].what);
    }
}

static void test_a_byte_of_zero_is_no_name(void **state)
{
    static const char text[] = A "  " NAME "\0.asc\n";
    struct digest got;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(sha256sums_find(text, sizeof(text) - 1, NAME, &got, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exact_name),
        cmocka_unit_test(test_a_byte_of_zero_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
