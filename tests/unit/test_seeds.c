/* Seeds: which hosts are seeds, whose places come first in which stage order, which host stages
 * first and which host waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "seeds.h"
#include "small_fleet.h"

#define FACTS 4

enum { S1, S2, S3, C1, C2 };

static const char *const bases[] = {"http://10.0.0.1:4655/", "http://10.0.0.2:4655/",
                                    "http://10.0.0.3:4655/", "http://10.0.1.1:4655/",
                                    "http://10.0.1.2:4655/"};

struct bench {
    struct small_fleet f;
    struct fact_view facts[SMALL_HOSTS][FACTS];
    uint32_t seeds[SMALL_HOSTS];
    struct order_stage order;
};

static struct digest file_digest;

static void index_seeds(struct bench *b)
{
    b->f.w.seeds = b->seeds;
    b->f.w.n_seeds = seeds_find(b->f.hosts, SMALL_HOSTS, b->seeds);
}

/* The host is no seed, and may fetch from anywhere. */
static void facts_of(struct bench *b, int i)
{
    struct fact_view *f = b->facts[i];

    f[0] = (struct fact_view){"url-prefixes", TRI_NO, ""};
    f[1] = (struct fact_view){"file-urls", TRI_NO, ""};
    f[2] = (struct fact_view){"law-refuses", TRI_NO, ""};
    f[3] = (struct fact_view){"seed", TRI_NO, ""};
    b->f.hosts[i].agent.facts = f;
    b->f.hosts[i].agent.n_facts = FACTS;
}

static void seed(struct bench *b, int i, enum tri value, const char *text)
{
    b->facts[i][3] = (struct fact_view){"seed", value, text};
    index_seeds(b);
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    small_fleet_init(&b->f);
    for (int i = 0; i < SMALL_HOSTS; i++)
        facts_of(b, i);
    index_seeds(b);
    memset(file_digest.bytes, 0xab, sizeof(file_digest.bytes));
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    small_fleet_free(&b->f);
    free(b);
    return 0;
}

/* All hosts are to be staged. */
static void run(struct bench *b)
{
    small_fleet_run(&b->f, RUN_STAGING);
    for (size_t i = 0; i < b->f.ledger.n_hosts; i++)
        b->f.ledger.hosts[i].state = HOST_PENDING;
}

static struct ledger_host *lh(struct bench *b, int i)
{
    return ledger_host(&b->f.ledger, b->f.hosts[i].key);
}

static void has_staged(struct bench *b, int i)
{
    struct work_state *w = &b->f.hosts[i].agent.work;

    w->phase = PHASE_STAGED;
    w->target = b->f.release.builds[0].digest;
}

static bool begins(const struct bench *b, int i)
{
    for (size_t k = 0; k < b->f.decision.n_intents; k++)
        if (b->f.decision.intents[k].kind == INTENT_STAGE &&
            str_eq(b->f.decision.intents[k].key, b->f.hosts[i].key))
            return true;
    return false;
}

static void who_begin(struct bench *b, const char *want)
{
    char got[64] = "";

    (void)small_fleet_decide(&b->f);
    for (int i = 0; i < SMALL_HOSTS; i++)
        if (begins(b, i))
            snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", b->f.hosts[i].name);
    assert_string_equal(got, want);
}

/* ---- places ---- */

static void lead(struct bench *b, int i, uint32_t own)
{
    memset(&b->order, 0, sizeof(b->order));
    b->order.n_urls = own;
    for (uint32_t k = 0; k < own; k++)
        snprintf(b->order.urls[k], URL_MAX_LEN, "https://origin.example/%u", k);
    seeds_lead(&b->f.w, &b->f.hosts[i], &b->f.release.builds[0].digest, &file_digest, &b->order);
}

static bool is_place_of(const char *url, int i)
{
    return str_starts(url, bases[i]) && strlen(url) == strlen(bases[i]) + 64 &&
           str_starts(url + strlen(bases[i]), "abababab");
}

static void test_a_seed_leads_the_origin_follows(void **state)
{
    struct bench *b = *state;

    seed(b, S1, TRI_YES, bases[S1]);
    has_staged(b, S1);
    lead(b, C1, 1);
    assert_int_equal(b->order.n_urls, 2);
    assert_true(is_place_of(b->order.urls[0], S1));
    assert_string_equal(b->order.urls[1], "https://origin.example/0");
    lead(b, S1, 1); /* never its own place */
    assert_int_equal(b->order.n_urls, 1);
}

/* The place uses the address at which the coordinator reaches the agent: a name in [agents], an
 * IPv6 address in any form. */
static void test_its_place_is_where_its_agent_answers(void **state)
{
    static const struct {
        const char *base, *agent;
    } same[] = {
        {"http://10.0.0.1:4655/", "10.0.0.1:4650"},
        {"http://10.0.0.1/sub/", "10.0.0.1:4650"},
        {"https://S1.example:4655/", "s1.Example:4650"},
        {"http://[fd00::1]:4655/", "[fd00:0:0::1]:4650"},
        {"http://[::ffff:10.0.0.1]:4655/", "10.0.0.1:4650"},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        b->f.hosts[S1].agent.address = same[i].agent;
        seed(b, S1, TRI_YES, same[i].base);
        if (seed_place_base(&b->f.hosts[S1]) == NULL)
            fail_msg("%s is no place of %s", same[i].base, same[i].agent);
    }
}

/* Nomad's lists do not contain a server's datacenter. */
static void test_a_servers_datacenter_is_its_configurations(void **state)
{
    struct bench *b = *state;

    for (int i = S1; i <= S3; i++)
        b->f.hosts[i].dc = "";
    has_staged(b, S1);
    seed(b, S1, TRI_YES, bases[S1]);
    lead(b, C1, 1);
    assert_int_equal(b->order.n_urls, 2);
    b->f.hosts[S1].server.self_dc = "dc2";
    index_seeds(b);
    lead(b, C1, 1);
    assert_int_equal(b->order.n_urls, 1);
}

/* What is changed, or what the agent reports instead of its own place. */
struct unfit {
    const char *what;
    void (*change)(struct bench *b);
    enum tri value;
    const char *told;
};

static void nothing_staged(struct bench *b)
{
    b->f.hosts[S1].agent.work.phase = PHASE_FETCHING;
}
static void staged_another(struct bench *b)
{
    memset(&b->f.hosts[S1].agent.work.target, 9, sizeof(struct digest));
}
static void of_another_datacenter(struct bench *b)
{
    b->f.hosts[S1].dc = "dc2";
}
static void of_another_region(struct bench *b)
{
    b->f.hosts[S1].region = "europe";
}
static void of_another_arch(struct bench *b)
{
    str_cut(b->f.hosts[S1].agent.hello.arch, 16, "arm64");
}
static void of_another_system(struct bench *b)
{
    str_cut(b->f.hosts[S1].agent.hello.os, 16, "freebsd");
}
static void of_no_known_datacenter(struct bench *b)
{
    b->f.hosts[S1].dc = b->f.hosts[C1].dc = "";
    b->f.hosts[S1].server.self_dc = NULL;
}
static void of_an_agent_without_an_address(struct bench *b)
{
    b->f.hosts[S1].agent.address = "";
}
static void of_a_misplaced_agent(struct bench *b)
{
    b->f.hosts[S1].agent.misplaced = true;
}
static void of_an_unenrolled_agent(struct bench *b)
{
    b->f.hosts[S1].agent.enrolled = false;
}
static void that_c1_must_not_ask(struct bench *b)
{
    b->facts[C1][0] = (struct fact_view){"url-prefixes", TRI_YES, "https://origin.example/"};
}
static void that_c1_may_not_ask(struct bench *b)
{
    b->facts[C1][0] = (struct fact_view){"url-prefixes", TRI_UNKNOWN, "too long"};
}
static void told_by_c1_too(struct bench *b)
{
    b->f.hosts[C1].agent.address = b->f.hosts[S1].agent.address;
    seed(b, C1, TRI_YES, bases[S1]); /* its own place under another host's name */
}

static const struct unfit unfits[] = {
    {"nothing staged", nothing_staged, TRI_YES, NULL},
    {"another binary staged", staged_another, TRI_YES, NULL},
    {"another datacenter", of_another_datacenter, TRI_YES, NULL},
    {"another region", of_another_region, TRI_YES, NULL},
    {"another architecture", of_another_arch, TRI_YES, NULL},
    {"another system", of_another_system, TRI_YES, NULL},
    {"an unknown datacenter", of_no_known_datacenter, TRI_YES, NULL},
    {"not enabled", NULL, TRI_NO, ""},
    {"not known", NULL, TRI_UNKNOWN, "does not listen"},
    {"a file", NULL, TRI_YES, "file:///srv/"},
    {"no slash at its end", NULL, TRI_YES, "http://10.0.0.1:4655"},
    {"a user in it", NULL, TRI_YES, "http://a@10.0.0.1:4655/"},
    {"another machine's place", NULL, TRI_YES, "http://10.0.0.2:4655/"},
    {"the place of whoever asks", NULL, TRI_YES, "http://127.0.0.1:4646/v1/client/gc/"},
    {"a cloud's own service", NULL, TRI_YES, "http://169.254.169.254/latest/"},
    {"a name that begins with its address", NULL, TRI_YES, "http://10.0.0.1.example:4655/"},
    {"a query", NULL, TRI_YES, "http://10.0.0.1:4646/v1/client/gc?/"},
    {"control characters", NULL, TRI_YES, "http://10.0.0.1:4655/\033[2J/"},
    {"no host", NULL, TRI_YES, "http:///"},
    {"an agent whose address is not known", of_an_agent_without_an_address, TRI_YES, NULL},
    {"a misplaced agent", of_a_misplaced_agent, TRI_YES, NULL},
    {"an agent without a key", of_an_unenrolled_agent, TRI_YES, NULL},
    {"refused by the host's law", that_c1_must_not_ask, TRI_YES, NULL},
    {"perhaps refused by the host's law", that_c1_may_not_ask, TRI_YES, NULL},
    {"the host's own place", told_by_c1_too, TRI_YES, NULL},
};

static void test_what_is_no_seed_for_a_host(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unfits); i++) {
        void *other = NULL;
        (void)set_up(&other);
        struct bench *b = other;
        seed(b, S1, TRI_YES, bases[S1]);
        has_staged(b, S1);
        if (unfits[i].change != NULL)
            unfits[i].change(b);
        else
            seed(b, S1, unfits[i].value, unfits[i].told);
        index_seeds(b);
        lead(b, C1, 2);
        if (b->order.n_urls != 2 || !str_eq(b->order.urls[0], "https://origin.example/0"))
            fail_msg("a seed for c1: %s (%s)", unfits[i].what, b->order.urls[0]);
        (void)tear_down(&other);
    }
}

static void test_the_origin_is_never_pushed_out(void **state)
{
    struct bench *b = *state;

    for (int i = S1; i <= S3; i++) {
        seed(b, i, TRI_YES, bases[i]);
        has_staged(b, i);
    }
    for (uint32_t own = 1; own <= URLS_MAX; own++) {
        lead(b, C1, own);
        uint32_t seeds = MIN_OF((uint32_t)SEEDS_TOLD, URLS_MAX - own);
        assert_int_equal(b->order.n_urls, own + seeds);
        for (uint32_t k = 0; k < own; k++) {
            char want[64];
            snprintf(want, sizeof(want), "https://origin.example/%u", k);
            assert_string_equal(b->order.urls[seeds + k], want);
        }
    }
}

/* Which of three seeds comes first depends on the host, and each of them comes first for some
 * host. */
static void test_seeds_are_spread_over_hosts(void **state)
{
    struct bench *b = *state;
    int led[SMALL_HOSTS] = {0};
    char key[UUID_MAX];

    for (int i = S1; i <= S3; i++) {
        seed(b, i, TRI_YES, bases[i]);
        has_staged(b, i);
    }
    for (int n = 0; n < 300; n++) {
        snprintf(key, sizeof(key), "%08x-0000-4000-8000-%012x", n * 7919, n);
        b->f.hosts[C1].key = key;
        lead(b, C1, 1);
        assert_int_equal(b->order.n_urls, 3);
        assert_string_not_equal(b->order.urls[0], b->order.urls[1]);
        for (int i = S1; i <= S3; i++)
            led[i] += is_place_of(b->order.urls[0], i);
    }
    for (int i = S1; i <= S3; i++)
        assert_in_range(led[i], 60, 140);
    b->f.hosts[C1].key = "c1-id";
}

/* ---- turns ---- */

static void test_without_a_seed_all_begin(void **state)
{
    struct bench *b = *state;

    run(b);
    who_begin(b, "s1 s2 s3 c1 c2 ");
}

static void test_the_others_wait_for_the_first_seed(void **state)
{
    struct bench *b = *state;

    seed(b, C1, TRI_YES, bases[C1]);
    seed(b, C2, TRI_YES, bases[C2]);
    b->f.policy.stage_parallel = 2;
    run(b);
    who_begin(b, "c1 ");
    assert_true(small_fleet_waits(&b->f, REASON_STAGING));
    assert_non_null(strstr(b->f.decision.waiting[0].text, "waits for the seed c1"));
    assert_string_equal(b->f.decision.waiting[0].key, "c1-id");
    b->f.plan.policy.stage_parallel = 64;
    lh(b, C1)->state = HOST_STAGING;
    lh(b, C1)->attempts = 1;
    lh(b, C1)->effect_ms = b->f.w.begun_ms;
    who_begin(b, "");
    has_staged(b, C1);
    lh(b, C1)->state = HOST_STAGED;
    who_begin(b, "s1 s2 s3 c2 ");
}

static void test_seeds_go_before_others(void **state)
{
    struct bench *b = *state;

    seed(b, C1, TRI_YES, bases[C1]);
    seed(b, C2, TRI_YES, bases[C2]);
    b->f.policy.stage_parallel = 1;
    run(b);
    lh(b, C1)->state = HOST_STAGED;
    has_staged(b, C1);
    who_begin(b, "c2 ");
}

static void test_another_group_does_not_wait(void **state)
{
    struct bench *b = *state;

    seed(b, C1, TRI_YES, bases[C1]);
    b->f.hosts[S2].dc = "dc2";
    b->f.hosts[S3].region = "europe";
    str_cut(b->f.hosts[C2].agent.hello.os, 16, "freebsd");
    index_seeds(b);
    run(b);
    who_begin(b, "s2 s3 c1 c2 ");
}

static void seed_is(struct bench *b, enum host_state st, int64_t ordered_ago, uint32_t attempts)
{
    lh(b, C1)->state = st;
    lh(b, C1)->attempts = attempts;
    lh(b, C1)->effect_ms = b->f.w.begun_ms - ordered_ago;
}

static void begun(struct bench *b, int64_t ago)
{
    b->f.evidence.begun_ms = b->f.w.begun_ms - ago;
}

static void test_nobody_waits_for_ever(void **state)
{
    struct bench *b = *state;
    const int64_t deadline = 30 * 60 * 1000;

    seed(b, C1, TRI_YES, bases[C1]);
    run(b);
    seed_is(b, HOST_FAILED, 0, 3);
    b->f.plan.policy.max_failures = 2;
    b->f.ledger.canaries_done = true;
    who_begin(b, "s1 s2 s3 c2 ");
    seed_is(b, HOST_SKIPPED, 0, 3);
    b->f.plan.policy.max_skipped = 2;
    who_begin(b, "s1 s2 s3 c2 ");
    begun(b, deadline);
    seed_is(b, HOST_STAGING, deadline, 1);
    who_begin(b, "");
    begun(b, deadline + 1);
    who_begin(b, ""); /* the time runs from its order on */
    seed_is(b, HOST_STAGING, deadline + 1, 1);
    who_begin(b, "s1 s2 s3 c2 ");
    seed_is(b, HOST_STAGING, 0, 2); /* ordered once more */
    who_begin(b, "s1 s2 s3 c2 ");
    seed_is(b, HOST_PENDING, 0, 1);
    who_begin(b, "s1 s2 s3 c1 c2 ");
}

/* Another process knows from the agents which seeds have staged, and from the ledger which are
 * staging. */
static void test_a_resumed_run_knows_its_seeds(void **state)
{
    struct bench *b = *state;

    seed(b, C1, TRI_YES, bases[C1]);
    seed(b, C2, TRI_YES, bases[C2]);
    run(b);
    has_staged(b, C2);
    who_begin(b, "s1 s2 s3 c1 c2 ");
    b->f.hosts[C2].agent.work.phase = PHASE_FETCHING;
    lh(b, C2)->state = HOST_STAGING; /* that one comes before c1 */
    lh(b, C2)->effect_ms = b->f.w.begun_ms;
    who_begin(b, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_seed_leads_the_origin_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_its_place_is_where_its_agent_answers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_servers_datacenter_is_its_configurations, set_up,
                                        tear_down),
        cmocka_unit_test(test_what_is_no_seed_for_a_host),
        cmocka_unit_test_setup_teardown(test_the_origin_is_never_pushed_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seeds_are_spread_over_hosts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_seed_all_begin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_others_wait_for_the_first_seed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seeds_go_before_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_group_does_not_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_waits_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_resumed_run_knows_its_seeds, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("seeds", tests, NULL, NULL);
}
