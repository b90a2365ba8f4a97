/*
 * The attack: a host fetches a binary from a place that root did not allow. Either the URL in the
 * order begins with an allowed prefix but leads elsewhere, or an allowed server redirects to
 * another server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "fetch_job.h"
#include "fetch_session.h"
#include "file.h"
#include "http_server.h"
#include "law.h"
#include "place_fixture.h"
#include "scratch_dir.h"
#include "str.h"

#define GOOD "https://good.example/good/"

/* ---- URLs in the order ---- */

static enum refusal judged(const char *prefixes, const char *url)
{
    const struct law l = {.url_prefixes = prefixes, .allow_file_urls = true};

    return law_url(&l, url).refusal;
}

static const struct {
    const char *prefixes, *url;
} disguised[] = {
    {GOOD, "https://good.example/good/../evil"},
    {GOOD, "https://good.example/good/.."},
    {GOOD, "https://good.example/good/a/../../evil"},
    {GOOD, "https://good.example/good/./../evil"},
    {GOOD, "https://good.example/good/%2e%2e/evil"},
    {GOOD, "https://good.example/good/.%2E/evil"},
    {GOOD, "https://good.example/good/%2E./evil"},
    {GOOD, "https://good.example/good/..%2fevil"},
    {GOOD, "https://good.example/good/..%5Cevil"},
    {GOOD, "https://good.example/good/%252e%252e/evil"},
    {GOOD, "https://good.example/good/%25252e%25252e%25252fevil"},
    {GOOD, "https://good.example/good/..\\evil"},
    {GOOD, "https://good.example\\@evil/good/"},
    {GOOD, "https://good.example/good/..;x=1/evil"},
    {GOOD, "https://good.example/good/..?"},
    {GOOD, "https://good.example/good/..#"},
    {GOOD, "https://good.example/good/\t../evil"},
    {GOOD, "https://good.example/good/ x"},
    {GOOD, "https://good.example/good/\x80"},
    {GOOD, "https://good.example/goodness"},
    {GOOD, "https://good.example/Good/x"},
    {GOOD, "https://good.example/"},
    {GOOD, "https://good.example"},
    {GOOD, "https://good.example:444/good/x"},
    {GOOD, "https://good.example:0443/good/../x"},
    {GOOD, "http://good.example/good/x"},
    {GOOD, "http://good.example:443/good/x"},
    {GOOD, "https:/good.example/good/x"},
    {GOOD, "https:good.example/good/x"},
    {GOOD, "//good.example/good/x"},
    {GOOD, "good.example/good/x"},
    {GOOD, ""},
    {GOOD, " https://good.example/good/x"},
    {GOOD, "view-source:https://good.example/good/x"},
    {GOOD, "https:///good.example/good/x"},
    {GOOD, "https://@good.example/good/x"},
    {GOOD, "https://evil@good.example/good/x"},
    {GOOD, "https://good.example/good/x@evil/../.."},
    {GOOD, "https://good.example:pw@evil/good/"},
    {GOOD, "https://good.example%2fgood%2f@evil/"},
    {GOOD, "https://good.example%2egood/good/"},
    {GOOD, "https://good.example.evil/good/x"},
    {GOOD, "https://good.example..evil/good/x"},
    {GOOD, "https://good.example../good/x"},
    {GOOD, "https://good.example:/../good/x"},
    {GOOD, "https://good.example:65536/good/x"},
    {"https://good.example", "https://good.example.evil/"},
    {"https://good.example", "https://good.example@evil/"},
    {"https://good.example", "https://good.example:pw@evil/"},
    {"https://good.example", "https://good.example:8443/"},
    {"https://good.example", "https://good.example\\.evil/"},
    {"https://good.example:8443", "https://good.example:84430/"},
    {"https://good.example:8443", "https://good.example/"},
    {"https://10.0.0.1", "https://10.0.0.10/"},
    {"https://[fd00::1]/", "https://[fd00::1].evil/"},
    {"https://[fd00::1]/", "https://[fd00::1%25eth0]/"},
    {"file:///srv/nomad/", "file:///srv/nomad/../../etc/shadow"},
    {"file:///srv/nomad/", "file://evil/srv/nomad/x"},
    {"file:///srv/nomad/", "file:/srv/nomad/../x"},
    /* A prefix that cannot be compared allows nothing. */
    {"https://", "https://anywhere/"},
    {"https:", "https://anywhere/"},
    {"h", "https://anywhere/"},
    {"https://good.example/good/../", "https://good.example/good/../x"},
    {"https://u@good.example/", "https://u@good.example/x"},
};

static void a_place_is_not_disguised(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(disguised); i++)
        if (judged(disguised[i].prefixes, disguised[i].url) != REFUSAL_URL)
            fail_msg("\"%s\" passes \"%s\"", disguised[i].url, disguised[i].prefixes);
}

static void the_same_place_is_the_same(void **state)
{
    static const struct {
        const char *prefixes, *url;
    } rows[] = {
        {GOOD, "https://good.example/good/nomad_1.0_linux_amd64.zip"},
        {GOOD, "HTTPS://Good.Example/good/x"},
        {GOOD, "https://good.example:443/good/x"},
        {GOOD, "https://good.example:0443/good/x"},
        {GOOD, "https://good.example:/good/x"},
        {GOOD, "https://good.example./good/x"},
        {GOOD, "https://good.example/good/a..b/...x/.hidden?a=..&b=/../#top"},
        {GOOD, "https://good.example/good/group%2Fproject/x"},
        {GOOD, "https://good.example/good//x"},
        {"HTTPS://GOOD.example:443", "https://good.example"},
        {"https://good.example", "https://good.example/x?y"},
        {"https://good.example", "https://good.example?y"},
        {"http://good.example:80/", "http://good.example/x"},
        {"http://good.example/", "http://good.example:80/x"},
        {"https://[FD00::1]:443/", "https://[fd00::1]/x"},
        {"https://a/ https://good.example/v", "https://good.example/v1.0/x"},
        {"file:///srv/nomad/", "FILE:///srv/nomad/x"},
        {"", "https://good.example/good/../x"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (judged(rows[i].prefixes, rows[i].url) != REFUSAL_NONE)
            fail_msg("\"%s\" is refused by \"%s\"", rows[i].url, rows[i].prefixes);
}

/* ---- an allowed server that redirects ---- */

static const char body[] = "a binary";

struct bench {
    char dir[64], good[64], evil[64];
    struct http_server *sends_on;
    struct place *evil_place;
    struct agent_conf conf;
    struct fetch_get job;
    char said[600];
};

static int enter(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct err err = ERR_INIT;

    scratch_make(b->dir, sizeof(b->dir));
    if (crypto_init(&err) < 0)
        return -1;
    b->sends_on = http_server_start(NULL, NULL, NULL);
    b->evil_place = place_start(body, strlen(body));
    snprintf(b->good, sizeof(b->good), "http://127.0.0.1:%d", http_server_port(b->sends_on));
    snprintf(b->evil, sizeof(b->evil), "http://127.0.0.1:%d", place_port(b->evil_place));
    b->job = (struct fetch_get){.n_urls = 1,
                                .packing = PACKING_BARE,
                                .fetch_size = strlen(body),
                                .size = strlen(body),
                                .deadline_ms = 20000};
    crypto_digest(body, strlen(body), &b->job.digest);
    b->job.fetch_digest = b->job.digest;
    str_cut(b->job.dir, sizeof(b->job.dir), b->dir);
    *state = b;
    return 0;
}

static int leave(void **state)
{
    struct bench *b = *state;
    char path[160], hex[65];

    digest_hex(hex, &b->job.digest);
    snprintf(path, sizeof(path), "%s/%s", b->dir, hex);
    unlink(path);
    http_server_stop(b->sends_on);
    place_stop(b->evil_place);
    int rv = rmdir(b->dir);
    free(b);
    return rv;
}

/* Runs the real conversation with caravan-fetch about one place. */
static bool fetched(struct bench *b)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fetch_get_text(&b->job, &text);
    assert_int_equal(file_write_all(pair[0], text.data, text.len, &err), 0);
    const struct fetch_session s = {
        .in = pair[1], .out = pair[1], .conf = &b->conf, .clock = clock_system()};
    assert_int_equal(fetch_session_run(&s, &err), 0);
    close(pair[1]);
    memset(b->said, 0, sizeof(b->said));
    for (size_t at = 0; at < sizeof(b->said) - 1;) {
        ssize_t n = read(pair[0], b->said + at, sizeof(b->said) - 1 - at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    close(pair[0]);
    return strstr(b->said, "done ") != NULL;
}

static void sent_on(struct bench *b, const char *prefixes, const char *hops)
{
    str_cut(b->conf.url_prefixes, sizeof(b->conf.url_prefixes), prefixes);
    snprintf(b->job.urls[0], URL_MAX_LEN, "%s%s", b->good, hops);
}

static void every_hop_is_asked_about(void **state)
{
    struct bench *b = *state;
    char hops[400];

    /* From the allowed server to the other one, with one redirect and with two. */
    snprintf(hops, sizeof(hops), "/to/%s/ok", b->evil);
    sent_on(b, b->good, hops);
    assert_false(fetched(b));
    if (strstr(b->said, "failed refused-by-law ") == NULL)
        fail_msg("%s", b->said);
    assert_non_null(strstr(b->said, "url_prefixes"));
    snprintf(hops, sizeof(hops), "/to/%s/to/%s/ok", b->good, b->evil);
    sent_on(b, b->good, hops);
    assert_false(fetched(b));
    if (strstr(b->said, "failed refused-by-law ") == NULL)
        fail_msg("%s", b->said);
    assert_int_equal(place_requests(b->evil_place), 0);
    /* The same redirect, when root allows both servers. */
    char both[200];
    snprintf(both, sizeof(both), "%s %s/ok", b->good, b->evil);
    str_cut(b->conf.url_prefixes, sizeof(b->conf.url_prefixes), both);
    assert_true(fetched(b));
    assert_int_equal(place_requests(b->evil_place), 1);
}

/* To the same server, but outside of the allowed directory. */
static void a_hop_out_of_the_folder(void **state)
{
    struct bench *b = *state;
    char prefix[120];

    snprintf(prefix, sizeof(prefix), "%s/to/", b->good);
    sent_on(b, prefix, "/to//echo");
    assert_false(fetched(b));
    if (strstr(b->said, "failed refused-by-law ") == NULL)
        fail_msg("%s", b->said);
    sent_on(b, prefix, "/to/%2e%2e/echo");
    assert_false(fetched(b));
    if (strstr(b->said, "failed refused-by-law ") == NULL)
        fail_msg("%s", b->said);
    sent_on(b, prefix, "/to/../echo");
    assert_false(fetched(b));
    if (strstr(b->said, "failed refused-by-law ") == NULL)
        fail_msg("%s", b->said);
}

/* caravan-fetch checks by itself, because the program that calls it may be wrong. */
static void the_first_place_is_asked_about_too(void **state)
{
    struct bench *b = *state;

    str_cut(b->conf.url_prefixes, sizeof(b->conf.url_prefixes), b->good);
    snprintf(b->job.urls[0], URL_MAX_LEN, "%s/ok", b->evil);
    assert_false(fetched(b));
    if (strstr(b->said, "failed refused-by-law ") == NULL)
        fail_msg("%s", b->said);
    assert_int_equal(place_requests(b->evil_place), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_not_disguised),
        cmocka_unit_test(the_same_place_is_the_same),
        T(every_hop_is_asked_about),
        T(a_hop_out_of_the_folder),
        T(the_first_place_is_asked_about_too),
    };
    return cmocka_run_group_tests_name("attack_places", tests, NULL, NULL);
}
