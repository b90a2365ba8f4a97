/* url_hide.h: no text for people, and no error, contains a user or password of a URL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "err.h"
#include "str.h"
#include "url_hide.h"

static const struct {
    const char *text, *shown;
} rows[] = {
    {"", ""},
    {"no URL, user@host", "no URL, user@host"},
    {"https://host/path", "https://host/path"},
    {"https://host:8080/@scope/x", "https://host:8080/@scope/x"},
    {"https://[::1]:8080/@scope", "https://[::1]:8080/@scope"},
    {"https://[::1]/@scope", "https://[::1]/@scope"},
    {"https://host?to=a@b", "https://host?to=a@b"},
    {"https://user:secret@host/path", "https://***@host/path"},
    {"HTTPS://user:secret@host", "HTTPS://***@host"},
    {"https://secret@host/", "https://***@host/"},
    {"http://u@h", "http://*@h"},
    {"http://@h", "http://@h"},
    {"http://user:se@cret@host/", "http://***@host/"},
    {"http://user:se/cret@host/", "http://***@host/"},
    {"http://user:se?cr#et@host/ and on", "http://***@host/ and on"},
    {"http://user:%73ecret@host/", "http://***@host/"},
    {"GET http://a:secret@x/: no, http://b:secret@y/", "GET http://***@x/: no, http://***@y/"},
    {"\"http://a:secret@x\", of a@b", "\"http://***@x\", of a@b"},
    {"ends in http://", "ends in http://"},
    {"http://user:secret@", "http://***@"},
};

static void hides_who_asks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char shown[200];
        struct err err = ERR_INIT;
        url_shown(shown, sizeof(shown), rows[i].text);
        assert_string_equal(shown, rows[i].shown);
        url_hide(shown);
        assert_string_equal(shown, rows[i].shown);
        (void)err_set(&err, ERR_NETWORK, 0, "%s", rows[i].text);
        assert_string_equal(err.text, rows[i].shown);
    }
}

/* What is cut is cut behind the user, wherever that is. */
static void cut_or_not(void **state)
{
    char long_text[800], shown[40];
    struct err err = ERR_INIT;
    (void)state;
    for (size_t n = 0; n < 600; n += 7) {
        memset(long_text, 'x', n);
        snprintf(long_text + n, sizeof(long_text) - n, " https://user:secret@host/path");
        (void)err_set(&err, ERR_IO, 5, "%s", long_text);
        assert_null(strstr(err.text, "secr"));
        (void)err_wrap(&err, "%s", long_text);
        assert_null(strstr(err.text, "secr"));
        url_shown(shown, sizeof(shown), long_text);
        assert_null(strstr(shown, "user"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_who_asks),
        cmocka_unit_test(cut_or_not),
    };
    return cmocka_run_group_tests_name("url_hide", tests, NULL, NULL);
}
