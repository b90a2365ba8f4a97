/* law.h: the articles, and facts that are not known. */
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
                              .odd = PEER_SERVES};
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

static void orders_about_the_service(void **state)
{
    static const struct law allows = {.gap_ms = 30000, .url_prefixes = "", .allow_stop = true};
    static const struct {
        enum law_question question;
        enum refusal good, forbidden, held, soon, no_quorum;
    } rows[] = {
        {LAW_START, REFUSAL_NONE, REFUSAL_NONE, REFUSAL_HELD, REFUSAL_NONE, REFUSAL_NONE},
        {LAW_STOP, REFUSAL_NONE, REFUSAL_HELD, REFUSAL_HELD, REFUSAL_GAP, REFUSAL_QUORUM},
        {LAW_ENABLE, REFUSAL_NONE, REFUSAL_NONE, REFUSAL_HELD, REFUSAL_NONE, REFUSAL_NONE},
        {LAW_DISABLE, REFUSAL_NONE, REFUSAL_HELD, REFUSAL_HELD, REFUSAL_NONE, REFUSAL_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum law_question q = rows[i].question;
        struct law_facts f = good();

        check(&allows, q, &f, rows[i].good);
        check(&law, q, &f, rows[i].forbidden);
        f.since_swap_ms = 0;
        check(&allows, q, &f, rows[i].soon);
        f = good();
        f.serving = 2;
        check(&allows, q, &f, rows[i].no_quorum);
        f.held = TRI_YES;
        check(&allows, q, &f, rows[i].held);
        f.held = TRI_UNKNOWN;
        check(&allows, q, &f, REFUSAL_UNKNOWN);
        f.busy = true;
        check(&allows, q, &f, REFUSAL_BUSY);
    }
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

/* The refusal names the peer that does not serve, and how it fails. */
static void who_does_not_serve_is_told(void **state)
{
    static const struct {
        enum peer_check odd;
        const char *text;
    } rows[] = {
        {PEER_MUTE, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 is "
                    "connected but does not serve yet (it may be restoring its state): wait "
                    "until it does"},
        {PEER_NOBODY, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 "
                      "accepts no connection"},
        {PEER_CLOSES, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 "
                      "closes connections without an answer (if it has too many, see "
                      "rpc_max_conns_per_client in Nomad's limits)"},
        {PEER_UNKNOWN, "without this server 1 of 3 servers serve, a quorum is 2; 10.0.0.3:4647 "
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
    f.active = TRI_NO; /* a server that does not run is part of no quorum */
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

/* ---- the releases that may be installed ---- */

#define DAY_S 86400

static void the_floor(void **state)
{
    static const struct {
        const char *version;
        int64_t created_s;
        const char *settled;
        int64_t settled_s;
        enum refusal expected;
    } rows[] = {
        /* It is not known what settled: there is no floor. */
        {"1.10.2", 100, "", 0, REFUSAL_NONE},
        {"1.10.2", 100, "1.11.4", 0, REFUSAL_NONE},
        {"1.10.2", 100, "", 200, REFUSAL_NONE},
        /* The same or above, however old. */
        {"1.11.4", 200, "1.11.4", 200, REFUSAL_NONE},
        {"1.11.4", 100, "1.11.4", 200, REFUSAL_NONE},
        {"2.0.0", 100, "1.11.4", 200, REFUSAL_NONE},
        {"1.11.4+ent", 100, "1.11.4", 200, REFUSAL_NONE},
        /* An older version: only with a newer signature. */
        {"1.10.2", 100, "1.11.4", 200, REFUSAL_MANIFEST},
        {"1.10.2", 200, "1.11.4", 200, REFUSAL_MANIFEST},
        {"1.10.2", 201, "1.11.4", 200, REFUSAL_NONE},
        {"1.10.2", INT64_MIN, "1.11.4", 200, REFUSAL_MANIFEST},
        {"1.11.4-rc.1", 100, "1.11.4", 200, REFUSAL_MANIFEST},
        {"1.9.9", 100, "1.10.0", 200, REFUSAL_MANIFEST},
        /* Versions that cannot be compared. */
        {"nightly", 100, "1.11.4", 200, REFUSAL_MANIFEST},
        {"nightly", 201, "1.11.4", 200, REFUSAL_NONE},
        {"1.11.4", 100, "nightly", 200, REFUSAL_MANIFEST},
        {"nightly", 100, "nightly", 200, REFUSAL_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct law_release r = {rows[i].version, rows[i].created_s, rows[i].settled,
                                      rows[i].settled_s, 1000};
        struct law_answer a = law_release(&law, &r);

        if (a.refusal != rows[i].expected)
            fail_msg("row %zu: %s", i, a.text);
        assert_int_equal(a.text[0] == '\0', a.refusal == REFUSAL_NONE);
    }
}

static void manifests_of_the_far_future(void **state)
{
    static const struct {
        int64_t created_s, now_s;
        enum refusal expected;
    } rows[] = {
        {1000 * DAY_S, 1000 * DAY_S, REFUSAL_NONE},
        {1001 * DAY_S, 1000 * DAY_S, REFUSAL_NONE},
        {1001 * DAY_S + 1, 1000 * DAY_S, REFUSAL_MANIFEST},
        {INT64_MAX, 1000 * DAY_S, REFUSAL_MANIFEST},
        {INT64_MAX, INT64_MIN, REFUSAL_MANIFEST},
        {INT64_MIN, 1000 * DAY_S, REFUSAL_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct law_release r = {"1.11.4", rows[i].created_s, "", 0, rows[i].now_s};

        assert_int_equal(law_release(&law, &r).refusal, rows[i].expected);
    }
}

/* min_version applies to every manifest, whoever signed it and whenever. */
static void roots_least_version(void **state)
{
    static const struct {
        const char *least, *version;
        enum refusal expected;
    } rows[] = {
        {"", "0.1.0", REFUSAL_NONE},
        {"", "", REFUSAL_NONE},
        {"1.11.0", "1.11.0", REFUSAL_NONE},
        {"1.11.0", "1.11.0+ent", REFUSAL_NONE},
        {"1.11.0", "1.10.9", REFUSAL_MANIFEST},
        {"1.11.0", "1.11.0-rc.1", REFUSAL_MANIFEST},
        {"1.11.0", "", REFUSAL_UNKNOWN},
        {"1.11.0", "nightly", REFUSAL_MANIFEST},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct law l = {.min_version = rows[i].least};
        const struct law_release r = {rows[i].version, 900, "2.0.0", 800, 1000};

        assert_int_equal(law_version(&l, rows[i].version).refusal, rows[i].expected);
        if (rows[i].version[0] != '\0')
            assert_int_equal(law_release(&l, &r).refusal, rows[i].expected);
    }
}

/* ---- root's hours ---- */

#define LAST_YEAR (365 * DAY_S)

static const struct law *law_of_hours(const char *text)
{
    static struct hours hours;
    static struct law l;
    struct err err = ERR_INIT;

    if (hours_parse(text, &hours, &err) < 0)
        fail_msg("%s", err.text);
    l = (struct law){.allow_stop = true, .hours = &hours, .hours_text = text};
    return &l;
}

/* The facts at this moment, in the time zone of root's hours. */
static struct law_facts at(const struct law *l, int64_t wall_s)
{
    struct law_facts f = good();

    f.wall_s = wall_s;
    f.minute = law_minute(wall_s, l->hours->utc);
    return f;
}

#define NIGHT                "22:00-05:00 UTC"
#define TUESDAY              INT64_C(1699920000) /* 2023-11-14 00:00 UTC */
#define MOMENT(hour, minute) (TUESDAY + ((hour)*60 + (minute)) * 60)

static void roots_hours(void **state)
{
    static const struct {
        const char *hours;
        int64_t wall_s;
        enum refusal expected;
    } rows[] = {
        {NIGHT, MOMENT(21, 59), REFUSAL_HELD}, /* before */
        {NIGHT, MOMENT(22, 0), REFUSAL_NONE},
        {NIGHT, MOMENT(24, 0), REFUSAL_NONE}, /* across midnight */
        {NIGHT, MOMENT(28, 59), REFUSAL_NONE},
        {NIGHT, MOMENT(29, 0), REFUSAL_HELD}, /* after */
        {"tue " NIGHT, MOMENT(28, 59), REFUSAL_NONE},
        {"wed " NIGHT, MOMENT(23, 0), REFUSAL_HELD},
        {"mon-fri 22:00-24:00 UTC", MOMENT(23, 59), REFUSAL_NONE},
        {"tue 22:00-23:00 UTC", MOMENT(22, 30) + LAST_YEAR,
         REFUSAL_HELD}, /* a year later: another weekday */
        {"22:00-23:00 UTC", MOMENT(22, 30) + LAST_YEAR, REFUSAL_NONE},
        {NIGHT, 23 * 3600, REFUSAL_UNKNOWN}, /* never set */
        {NIGHT, -1, REFUSAL_UNKNOWN},
        {"", 23 * 3600, REFUSAL_NONE}, /* without hours the clock does not matter */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct law *l = law_of_hours(rows[i].hours);
        struct law_facts f = at(l, rows[i].wall_s);

        check(l, LAW_SWAP, &f, rows[i].expected);
        check(l, LAW_RENAME, &f, rows[i].expected);
        check(l, LAW_STOP, &f, rows[i].expected);
        check(l, LAW_DISABLE, &f, rows[i].expected);
        check(l, LAW_STAGE, &f, REFUSAL_NONE);
        check(l, LAW_REVERT, &f, REFUSAL_NONE);
        check(l, LAW_START, &f, REFUSAL_NONE);
        check(l, LAW_ENABLE, &f, REFUSAL_NONE);
        f.joining = true; /* the stop of a server that is joining */
        check(l, LAW_STOP, &f, REFUSAL_NONE);
    }
}

static void the_next_hours_are_told(void **state)
{
    const struct law *l = law_of_hours("mon-fri 22:00-05:00 UTC");
    struct law_facts f = at(l, MOMENT(14, 3));

    (void)state;
    assert_string_equal(law_judge(l, LAW_SWAP, &f).text,
                        "outside root's hours here, mon-fri 22:00-05:00 UTC: it is Tue 14:03 UTC, "
                        "they begin again at Tue 22:00");
    f = at(l, MOMENT(14, 3) + 4 * DAY_S);
    assert_non_null(strstr(law_judge(l, LAW_SWAP, &f).text, "it is Sat 14:03 UTC, they begin again "
                                                            "at Mon 22:00"));
}

/* In local time, on the days when summer time begins and ends: 2026-03-29 and 2026-10-25. */
static void the_days_when_clocks_are_set(void **state)
{
    static const struct {
        int64_t utc_s;
        const char *hours;
        enum refusal expected;
    } rows[] = {
        {1774744200, "01:00-02:00", REFUSAL_NONE}, /* 00:30 UTC is 01:30 */
        {1774746000, "01:00-02:00", REFUSAL_HELD}, /* 01:00 UTC is 03:00: there is no 02:00 */
        {1774746000, "02:00-03:00", REFUSAL_HELD},
        {1774746000, "03:00-04:00", REFUSAL_NONE},
        {1792888200, "02:00-03:00", REFUSAL_NONE}, /* 00:30 UTC is 02:30, */
        {1792891800, "02:00-03:00", REFUSAL_NONE}, /* 01:30 UTC is 02:30 again */
        {1792893600, "02:00-03:00", REFUSAL_HELD}, /* 02:00 UTC is 03:00 */
        {1792888200, "00:00-01:00 UTC", REFUSAL_NONE},
        {1792891800, "00:00-01:00 UTC", REFUSAL_HELD},
    };

    (void)state;
    assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct law *l = law_of_hours(rows[i].hours);
        struct law_facts f = at(l, rows[i].utc_s);

        check(l, LAW_SWAP, &f, rows[i].expected);
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

static void as_many_release_keys_as_root_demands(void **state)
{
    static const struct {
        uint32_t demanded, signers;
        bool enough;
    } rows[] = {{0, 0, true},  {0, 1, true}, {1, 0, false},
                {2, 1, false}, {2, 2, true}, {2, 3, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct law l = {.release_threshold = rows[i].demanded};
        bool enough = rows[i].enough;

        assert_int_equal(law_signers(&l, rows[i].signers, false).refusal,
                         enough ? REFUSAL_NONE : REFUSAL_MANIFEST);
        assert_int_equal(law_signers(&l, rows[i].signers, true).refusal,
                         enough ? REFUSAL_NONE : REFUSAL_DIGEST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allows_what_is_allowed),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(the_hold_file),
        cmocka_unit_test(the_gap_but_not_before_a_revert),
        cmocka_unit_test(orders_about_the_service),
        cmocka_unit_test(quorum_of_others),
        cmocka_unit_test(who_does_not_serve_is_told),
        cmocka_unit_test(unknown_never_passes),
        cmocka_unit_test(places),
        cmocka_unit_test(reads_peers),
        cmocka_unit_test(the_floor),
        cmocka_unit_test(manifests_of_the_far_future),
        cmocka_unit_test(roots_least_version),
        cmocka_unit_test(roots_hours),
        cmocka_unit_test(the_next_hours_are_told),
        cmocka_unit_test(the_days_when_clocks_are_set),
        cmocka_unit_test(as_many_release_keys_as_root_demands),
    };

    return cmocka_run_group_tests_name("law", tests, NULL, NULL);
}
