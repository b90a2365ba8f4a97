/* Text from hosts and from Nomad cannot deceive people who read it, and cannot be endless. A token
 * is not taken from a file that others may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "coord_conf.h"
#include "file.h"
#include "json.h"
#include "nomad_http.h"
#include "plan_make.h"
#include "scratch_dir.h"
#include "small_fleet.h"

/* ---- texts ---- */

/* C1 controls, DEL, direction marks, overrides, isolates, zero width, line separators, tags. */
static const char *const unseen[] = {
    "\xc2\x80",     "\xc2\x9b",     "\xc2\x9f",     "\x7f",         "\xd8\x9c",
    "\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xaa",
    "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "\xef\xbb\xbf", "\xf3\xa0\x81\x81",
    "\x1b",         "\n",           "\r",
};

static void test_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unseen); i++) {
        char name[40];
        auto_buf struct buf out = BUF_INIT;
        auto_json struct json *o = json_new_object(), *back = NULL;
        struct err err = ERR_INIT;
        snprintf(name, sizeof(name), "a%sb\xc3\xa9", unseen[i]);
        json_set_str(o, "host", name);
        json_text(o, &out);
        if (strstr(buf_str(&out), unseen[i]) != NULL)
            fail_msg("raw in JSON: %zu", i);
        /* Programs get the same value, and ordinary text does not change. */
        assert_non_null(strstr(buf_str(&out), "b\xc3\xa9"));
        assert_int_equal(json_parse(out.data, out.len, 1000, &back, &err), 0);
        assert_string_equal(json_str(back, "host", ""), name);
    }
}

static void test_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unseen); i++) {
        auto_buf struct buf out = BUF_INIT;
        str_escape(&out, unseen[i], strlen(unseen[i]));
        if (strstr(buf_str(&out), unseen[i]) != NULL || buf_str(&out)[0] != '\\')
            fail_msg("raw on the terminal: %zu", i);
    }
}

/* ---- a token in a file that others may read ---- */

static const char *no_env(const char *name)
{
    return str_eq(name, "HOME") ? "/nonexistent" : NULL;
}

static int load(const char *text, unsigned mode, struct err *err)
{
    char *dir = scratch_open();
    struct coord_conf c;
    scratch_write(dir, "caravan.conf", text, mode);
    int rc = coord_conf_load(dir, no_env, &c, err);
    if (rc == 0)
        coord_conf_free(&c);
    scratch_close(dir);
    return rc;
}

static void test_token_file(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(load("[nomad]\ntoken = x\n", 0600, &err), 0);
    assert_int_equal(load("[nomad]\nregion = x\n", 0644, &err), 0);
    assert_int_equal(load("[nomad]\ntoken = x\n", 0644, &err), -1);
    assert_non_null(strstr(err.text, "the file contains Nomad's token"));
    assert_non_null(strstr(err.text, "chmod 600"));
    assert_int_equal(load("[nomad]\ntoken = x\n", 0640, &err), -1);
}

/* ---- a client with an operating system that does not exist ---- */

static void test_odd_system(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    (void)state;
    small_fleet_init(f);
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    size_t all = f->plan.n_hosts;
    plan_free(&f->plan);
    str_cut(f->hosts[4].agent.hello.os, sizeof(f->hosts[4].agent.hello.os), "\x1b[2J");
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    assert_null(plan_refused(&f->plan));
    assert_int_equal(f->plan.n_hosts, all - 1);
    assert_null(plan_host(&f->plan, f->hosts[4].key));
    plan_free(&f->plan);
    /* If a server lies, the run waits for that server and does not go on without it. */
    str_cut(f->hosts[0].agent.hello.os, sizeof(f->hosts[0].agent.hello.os), "plan9");
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    assert_non_null(plan_refused(&f->plan));
    plan_free(&f->plan);
    free(f);
}

/* ---- pages without an end ---- */

static void test_pages(void **state)
{
    struct nomad_pages p = {0, NULL};
    struct err err = ERR_INIT;
    char token[20];
    unsigned n = 0;
    (void)state;
    assert_int_equal(nomad_pages_next(&p, "a", &err), 0);
    assert_int_equal(nomad_pages_next(&p, "b", &err), 0);
    assert_int_equal(nomad_pages_next(&p, "b", &err), -1);
    nomad_pages_free(&p);
    do
        snprintf(token, sizeof(token), "%u", ++n);
    while (n <= NOMAD_PAGES && nomad_pages_next(&p, token, &err) == 0);
    assert_int_equal(n, NOMAD_PAGES);
    assert_non_null(strstr(err.text, "do not end"));
    nomad_pages_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),       cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_token_file), cmocka_unit_test(test_odd_system),
        cmocka_unit_test(test_pages),
    };
    return cmocka_run_group_tests_name("hostile_answers", tests, NULL, NULL);
}
