/* Which process serves a release without a URL, at which address, and which address hosts get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "context_fixture.h"
#include "keys.h"
#include "release_files.h"
#include "serving.h"

#define VERSION "1.11.4"

static const char content[] = "a zip, as far as anybody here looks";

struct bench {
    struct context_fixture fixture;
    struct command_context c;
    struct trust trust;
    struct keypair *key;
    struct build b;
    struct stored_release r;
    struct host host;
    struct world w;
    struct serving s;
    struct err err;
};

static int enter(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    char from[300];
    if (crypto_init(&b->err) < 0 || context_fixture_begin(&b->fixture) < 0 ||
        keys_make_solo(&b->fixture.conf, "test", &b->trust, &b->err) < 0 ||
        keys_load(&b->fixture.conf, ROLE_RELEASE, &b->key, &b->err) < 0)
        return -1;
    b->c.conf = b->fixture.conf;
    b->c.conf.stage_parallel = 4;
    b->c.opt.listen = "127.0.0.1:0";
    b->host.agent.enrolled = true;
    b->host.agent.address = "127.0.0.1:4650";
    b->w.hosts = &b->host;
    b->w.n_hosts = 1;
    b->b = (struct build){.os = "linux", .arch = "amd64", .packing = PACKING_ZIP};
    b->b.size = b->b.fetch_size = sizeof(content);
    crypto_digest(content, sizeof(content), &b->b.fetch_digest);
    b->b.digest = b->b.fetch_digest;
    context_fixture_write(&b->fixture, "given", content, sizeof(content), from);
    if (release_add(&b->c.conf, &b->trust, b->key, VERSION, false, &b->b, NULL, 0, 5, &b->r,
                    &b->err) < 0 ||
        release_file_keep(&b->c.conf, VERSION, &b->b, from, &b->err) < 0)
        return -1;
    *state = b;
    return 0;
}

static int leave(void **state)
{
    struct bench *b = *state;
    serving_end(&b->s);
    stored_release_free(&b->r);
    keypair_free(b->key);
    context_fixture_end(&b->fixture);
    free(b);
    return 0;
}

static void begin(struct bench *b)
{
    if (serving_begin(&b->c, &b->w, false, &b->r, &b->s, &b->err) < 0)
        fail_msg("%s", b->err.text);
}

static void begin_fails(struct bench *b, enum err_kind kind)
{
    b->err = (struct err)ERR_INIT;
    assert_int_equal(serving_begin(&b->c, &b->w, false, &b->r, &b->s, &b->err), -1);
    if (b->err.kind != kind)
        fail_msg("%s", b->err.text);
    assert_null(b->s.server);
    assert_int_equal(b->r.n_places, 0);
}

static void expect_place(struct bench *b, const char *base)
{
    struct order_stage stage;
    struct release plan;
    char url[400], hex[65];
    digest_hex(hex, &b->b.fetch_digest);
    snprintf(url, sizeof(url), "%s/%s", base, hex);
    assert_string_equal(b->s.url, base);
    assert_int_equal(release_stage(&b->r, "linux", "amd64", &stage, &b->err), 0);
    assert_int_equal(stage.n_urls, 1);
    assert_string_equal(stage.urls[0], url);
    release_for_plan(&b->r, &plan);
    assert_int_equal(plan.builds[0].n_urls, 1);
    assert_string_equal(plan.builds[0].urls[0], url);
}

static void a_build_without_a_place_gets_one(void **state)
{
    struct bench *b = *state;
    char base[100];
    begin(b);
    assert_non_null(b->s.server);
    snprintf(base, sizeof(base), "http://%s", file_server_address(b->s.server));
    expect_place(b, base);
    begin(b); /* called again: the server continues */
    assert_int_equal(b->r.n_places, 1);
}

static void what_has_a_place_is_not_served(void **state)
{
    struct bench *b = *state;
    static const char *const urls[] = {"https://mirror.example/nomad.zip"};
    stored_release_free(&b->r);
    assert_int_equal(release_add(&b->c.conf, &b->trust, b->key, VERSION, false, &b->b, urls, 1, 5,
                                 &b->r, &b->err),
                     0);
    begin(b);
    assert_null(b->s.server);
    assert_int_equal(b->r.n_places, 1);
    assert_string_equal(b->s.url, "");
}

static void what_has_no_file_is_not_served(void **state)
{
    struct bench *b = *state;
    struct order_stage stage;
    char path[300];
    assert_int_equal(release_file_path(&b->c.conf, VERSION, &b->b, path, &b->err), 0);
    assert_int_equal(unlink(path), 0);
    begin(b);
    assert_null(b->s.server);
    assert_int_equal(release_stage(&b->r, "linux", "amd64", &stage, &b->err), -1);
}

/* If the server listens on all addresses, each host gets the address by which it reaches the
 * coordinator. */
static void at_every_address(void **state)
{
    struct bench *b = *state;
    char base[100];
    b->c.opt.listen = "0.0.0.0:0";
    begin(b);
    snprintf(base, sizeof(base), "http://127.0.0.1%s",
             strrchr(file_server_address(b->s.server), ':'));
    expect_place(b, base);
}

static void what_stands_between_is_told_instead(void **state)
{
    struct bench *b = *state;
    str_cut(b->c.conf.serve_url, sizeof(b->c.conf.serve_url), "https://proxy.example/caravan/");
    str_cut(b->c.conf.serve_allow_from, sizeof(b->c.conf.serve_allow_from), "192.0.2.1");
    begin(b);
    assert_int_equal(b->s.allow.n, 0); /* this address does not have to be a host's */
    expect_place(b, "https://proxy.example/caravan");
}

static void a_url_must_be_one(void **state)
{
    struct bench *b = *state;
    str_cut(b->c.conf.serve_url, sizeof(b->c.conf.serve_url), "proxy.example");
    begin_fails(b, ERR_CONFIG);
}

static void who_may_fetch_is_written_as_addresses(void **state)
{
    struct bench *b = *state;
    str_cut(b->c.conf.serve_allow_from, sizeof(b->c.conf.serve_allow_from), "127.0.0.1/8");
    begin_fails(b, ERR_CONFIG);
    assert_non_null(strstr(b->err.text, "[serve] allow_from"));
    str_cut(b->c.conf.serve_allow_from, sizeof(b->c.conf.serve_allow_from), "127.0.0.0/8 ::1");
    begin(b);
    assert_int_equal(b->s.allow.n, 2);
}

static void no_way_to_the_agents_is_told(void **state)
{
    struct bench *b = *state;
    b->c.opt.listen = NULL;
    b->host.agent.address = "nobody";
    begin_fails(b, ERR_CONFIG);
    assert_non_null(strstr(b->err.text, "--listen"));
}

static void a_port_that_is_taken_is_told(void **state)
{
    struct bench *b = *state;
    struct stored_release again;
    struct serving second = {.server = NULL};
    begin(b);
    assert_int_equal(release_load(&b->c.conf, &b->trust, VERSION, &again, &b->err), 0);
    b->c.opt.listen = file_server_address(b->s.server);
    assert_int_equal(serving_begin(&b->c, &b->w, false, &again, &second, &b->err), -1);
    assert_int_equal(b->err.kind, ERR_BUSY);
    assert_non_null(strstr(b->err.text, "--listen"));
    /* A command that only plans names the place, and does not disturb a process that listens
     * there. */
    assert_int_equal(serving_begin(&b->c, &b->w, true, &again, &second, &b->err), 0);
    assert_null(second.server);
    assert_string_equal(second.url, b->s.url);
    assert_int_equal(again.n_places, 1);
    stored_release_free(&again);
}

static void a_changed_file_is_told(void **state)
{
    struct bench *b = *state;
    char path[300];
    assert_int_equal(release_file_path(&b->c.conf, VERSION, &b->b, path, &b->err), 0);
    assert_int_equal(truncate(path, 3), 0);
    begin_fails(b, ERR_CRYPTO);
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_build_without_a_place_gets_one),      T(what_has_a_place_is_not_served),
        T(what_has_no_file_is_not_served),        T(at_every_address),
        T(what_stands_between_is_told_instead),   T(a_url_must_be_one),
        T(who_may_fetch_is_written_as_addresses), T(no_way_to_the_agents_is_told),
        T(a_port_that_is_taken_is_told),          T(a_changed_file_is_told),
    };
    return cmocka_run_group_tests_name("serving", tests, NULL, NULL);
}
