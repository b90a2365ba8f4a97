/* law.h: the articles, and what could not be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "law_facts.h"

static const struct law law = {.gap_ms = 30000, .url_prefixes = ""};

/* A follower of a healthy cluster of three, an hour after its last swap. */
static struct law_facts good(void)
{
    return (struct law_facts){.held = TRI_NO,
                              .swapped = true,
                              .since_swap_ms = 3600000,
                              .server = true,
                              .active = TRI_YES,
                              .leader = TRI_YES,
                              .peers_known = TRI_YES,
                              .peers = 3,
                              .serving = 3,
                              .odd = KNOCK_SERVES};
}

static void check(const struct law *l, enum law_question q, const struct law_facts *f,
                  enum refusal expected)
{
    struct law_answer a = law_judge(l, q, f);

    assert_int_equal(a.refusal, expected);
    assert_int_equal(a.text[0] == '\0', expected == REFUSAL_NONE);
}

static void both(const struct law_facts *f, enum refusal expected)
{
    check(&law, LAW_SWAP, f, expected);
    check(&law, LAW_REVERT, f, expected);
}

static void allows_what_is_allowed(void **state)
{
    struct law_facts f = good();

    (void)state;
    both(&f, REFUSAL_NONE);
    f.swapped = false;
    f.since_swap_ms = 0;
    both(&f, REFUSAL_NONE);
}

static void one_at_a_time(void **state)
{
    struct law_facts f = good();

    (void)state;
    f.busy = true;
    both(&f, REFUSAL_BUSY);
    check(&law, LAW_STAGE, &f, REFUSAL_BUSY);
}

static void the_hold_file(void **state)
{
    struct law_facts f = good();

    (void)state;
    f.held = TRI_YES;
    both(&f, REFUSAL_HELD);
    check(&law, LAW_STAGE, &f, REFUSAL_NONE); /* staging is harmless */
    f.held = TRI_UNKNOWN;
    both(&f, REFUSAL_UNKNOWN);
}

static void the_gap_but_not_before_a_revert(void **state)
{
    struct law_facts f = good();

    (void)state;
    f.since_swap_ms = 29999;
    check(&law, LAW_SWAP, &f, REFUSAL_GAP);
    check(&law, LAW_REVERT, &f, REFUSAL_NONE);
    f.since_swap_ms = 30000;
    both(&f, REFUSAL_NONE);
}

static void quorum_of_others(void **state)
{
    static const struct {
        uint32_t peers, serving;
        enum refusal expected;
    } rows[] = {
        {3, 3, REFUSAL_NONE},   {3, 2, REFUSAL_QUORUM}, {3, 0, REFUSAL_QUORUM},
        {5, 4, REFUSAL_NONE},   {5, 3, REFUSAL_QUORUM}, {7, 5, REFUSAL_NONE},
        {1, 1, REFUSAL_QUORUM}, {2, 2, REFUSAL_QUORUM}, {4, 4, REFUSAL_NONE},
        {4, 3, REFUSAL_QUORUM},
    };
    const struct law outage = {.allow_outage = true};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct law_facts f = good();

        f.peers = rows[i].peers;
        f.serving = rows[i].serving;
        both(&f, rows[i].expected);
        check(&outage, LAW_SWAP, &f, REFUSAL_NONE);
        f.server = false;
        both(&f, REFUSAL_NONE);
    }
}

/* A restart that waits for a peer says for which, and why. */
static void who_does_not_serve_is_told(void **state)
{
    static const struct {
        enum knock odd;
        const char *text;
    } rows[] = {
        {KNOCK_MUTE, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 is "
                     "connected but does not serve yet (it may be restoring its state): wait "
                     "until it does"},
        {KNOCK_NOBODY, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 "
                       "accepts no connection"},
        {KNOCK_CLOSES, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 "
                       "closes connections without an answer of Nomad's (has it too many, "
                       "rpc_max_conns_per_client?)"},
        {KNOCK_UNKNOWN, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 "
                        "could not be asked"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct law_facts f = good();

        f.serving = 2;
        f.odd = rows[i].odd;
        snprintf(f.odd_peer, sizeof(f.odd_peer), "10.0.0.3:4647");
        assert_string_equal(law_judge(&law, LAW_RENAME, &f).text, rows[i].text);
    }
    struct law_facts one = good();

    one.peers = one.serving = 1;
    assert_string_equal(law_judge(&law, LAW_SWAP, &one).text,
                        "without this server 0 of 1 servers serve, a quorum is 1");
}

static void unknown_never_passes(void **state)
{
    struct law_facts f = good();

    (void)state;
    f.leader = TRI_NO;
    both(&f, REFUSAL_QUORUM);
    f.leader = TRI_UNKNOWN;
    both(&f, REFUSAL_UNKNOWN);
    f = good();
    f.peers_known = TRI_UNKNOWN;
    both(&f, REFUSAL_UNKNOWN);
    f = good();
    f.active = TRI_UNKNOWN;
    both(&f, REFUSAL_UNKNOWN);
    f.active = TRI_NO; /* takes part in no quorum */
    f.leader = TRI_UNKNOWN;
    both(&f, REFUSAL_NONE);
}

static void places(void **state)
{
    static const struct {
        const char *prefixes, *url;
        bool file;
        enum refusal expected;
    } rows[] = {
        {"", "https://anywhere/nomad", false, REFUSAL_NONE},
        {"  ", "https://anywhere/nomad", false, REFUSAL_NONE},
        {"", "file:///tmp/nomad", false, REFUSAL_URL},
        {"", "FILE:///tmp/nomad", false, REFUSAL_URL},
        {"", "file:///tmp/nomad", true, REFUSAL_NONE},
        {"https://a.example/nomad/", "https://a.example/nomad/1.0/x.zip", false, REFUSAL_NONE},
        {"https://a.example/nomad/", "https://a.example/other", false, REFUSAL_URL},
        {"https://b.example/ https://a.example/", "https://a.example/x", false, REFUSAL_NONE},
        {"https://a.example", "https://a.example/x", false, REFUSAL_NONE},
        {"https://a.example", "https://a.example.evil/x", false, REFUSAL_URL},
        {"https://a.example", "https://a.example@evil/x", false, REFUSAL_URL},
        {"https://a.example/", "http://a.example/x", false, REFUSAL_URL},
        {"https://a.example/", "file:///etc/x", true, REFUSAL_URL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct law l = {.url_prefixes = rows[i].prefixes, .allow_file_urls = rows[i].file};

        assert_int_equal(law_url(&l, rows[i].url).refusal, rows[i].expected);
    }
}

static void reads_peers(void **state)
{
    char peers[LAW_PEERS_MAX][64];
    uint32_t n = 99;

    (void)state;
    assert_int_equal(law_facts_peers("[\"10.0.0.1:4647\", \"[::1]:4647\"]\n", peers, &n), 0);
    assert_int_equal(n, 2);
    assert_string_equal(peers[1], "[::1]:4647");
    assert_int_equal(law_facts_peers("[]", peers, &n), 0);
    assert_int_equal(n, 0);
    static const char *const wrong[] = {
        "",
        "null",
        "{}",
        "[\"a\"",
        "[\"a\" \"b\"]",
        "[\"a\\n\"]",
        "[\"\"]",
        "[1]",
        "[\"a\"] x",
        "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(law_facts_peers(wrong[i], peers, &n), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allows_what_is_allowed),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(the_hold_file),
        cmocka_unit_test(the_gap_but_not_before_a_revert),
        cmocka_unit_test(quorum_of_others),
        cmocka_unit_test(who_does_not_serve_is_told),
        cmocka_unit_test(unknown_never_passes),
        cmocka_unit_test(places),
        cmocka_unit_test(reads_peers),
    };

    return cmocka_run_group_tests_name("law", tests, NULL, NULL);
}
