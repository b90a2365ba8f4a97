/* fingerprint.h: what counts as a difference, which differences fail, and their texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "fingerprint.h"
#include "str.h"

#define MANY 600

struct pair {
    struct feature was[8], is[8];
    size_t n_was, n_is;
    struct buf before, after;
    struct fingerprint_way way;
    struct difference *list;
    size_t n;
    char text[TEXT_MAX];
    enum feature_kind worst;
};

static void take(const struct feature *list, size_t n, bool kept, struct buf *ret)
{
    struct world w = {.problem = ""};
    struct host h = {.name = "c1",
                     .region = "global",
                     .is_client = true,
                     .client = {.detail_at = 1000, .features = list, .n_features = n}};

    assert_null(fingerprint_take(&w, &h, 0, 1000, kept, ret));
}

static void compare(struct pair *p)
{
    free(p->list);
    take(p->was, p->n_was, true, &p->before);
    take(p->is, p->n_is, false, &p->after);
    p->n = fingerprint_compare(&p->before, &p->after, &p->way, &p->list);
    p->worst = differences_fail(p->list, p->n, "c1", p->text, sizeof(p->text));
}

static void end(struct pair *p)
{
    free(p->list);
    buf_free(&p->before);
    buf_free(&p->after);
}

/* Compares one feature before with one after; value NULL: none. */
static enum feature_kind between(struct pair *p, enum feature_kind what, const char *key,
                                 const char *was, const char *is)
{
    p->was[0] = (struct feature){what, key, was};
    p->is[0] = (struct feature){what, key, is};
    p->n_was = was != NULL;
    p->n_is = is != NULL;
    /* Neither fingerprint is empty. */
    p->was[p->n_was++] = p->is[p->n_is++] = (struct feature){FEATURE_META, "rack", "7"};
    compare(p);
    return p->worst;
}

static void test_which_fail(void **state)
{
    static const struct {
        enum feature_kind what;
        const char *key, *was, *is;
        bool fails;
    } rows[] = {
        {FEATURE_ID, "", "a", "b", true},
        {FEATURE_NAME, "", "a", "b", true},
        {FEATURE_DC, "", "dc1", "dc2", true},
        {FEATURE_CLASS, "", "", "gpu", true},
        {FEATURE_POOL, "", "default", "batch", true},
        {FEATURE_POOL, "", NULL, "default", false}, /* 1.6 has pools */
        {FEATURE_RAFT, "", "10.0.0.1:4647", "10.0.0.9:4647", true},
        {FEATURE_RAFT, "", "10.0.0.1:4647", "", true},
        {FEATURE_RAFT, "", "", "10.0.0.1:4647", false}, /* raft protocol 2 to 3 */
        {FEATURE_VOTER, "", "yes", "no", true},
        {FEATURE_ELIGIBILITY, "", "eligible", "ineligible", true},
        {FEATURE_DRAIN, "", "none", "draining", true},
        {FEATURE_VOTER, "", "no", "yes", false},
        {FEATURE_ELIGIBILITY, "", "ineligible", "eligible", false},
        {FEATURE_DRAIN, "", "draining", "none", false}, /* a drain by others is over */
        {FEATURE_DRAINED, "", "", "2026-01-01T00:00:00Z", false},
        {FEATURE_DRIVER, "docker", "healthy", "unhealthy", true},
        {FEATURE_DRIVER, "docker", "healthy", NULL, true},
        {FEATURE_DRIVER, "docker", "unhealthy", NULL, false},
        {FEATURE_DRIVER, "docker", "unhealthy", "healthy", false},
        {FEATURE_DRIVER, "docker", NULL, "healthy", false},
        {FEATURE_VOLUME, "data", "/srv/data", NULL, true},
        {FEATURE_VOLUME, "data", "/srv/data", "/srv/other", true},
        {FEATURE_ATTRIBUTE, "consul.version", "1.20", NULL, true},
        {FEATURE_ATTRIBUTE, "consul.version", "1.20", "1.21", false},
        {FEATURE_ATTRIBUTE, "os.cgroups.version", NULL, "2", false},
        {FEATURE_DEVICE, "nvidia/gpu/T4 GPU-1", "healthy", NULL, true},
        {FEATURE_DEVICE, "nvidia/gpu/T4 GPU-1", "healthy", "unhealthy", true},
        {FEATURE_DEVICE, "nvidia/gpu/T4 GPU-1", "unhealthy", NULL, false},
        {FEATURE_NETWORK, "cni/mesh", "", NULL, true},
        {FEATURE_NETWORK, "host_network public", NULL, "", false},
        {FEATURE_META, "owner", "me", NULL, true},
        {FEATURE_META, "owner", "me", "you", false},
    };
    struct pair p = {.way = {.from = "1.10.2", .to = "1.10.5"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((between(&p, rows[i].what, rows[i].key, rows[i].was, rows[i].is) != FEATURE_NONE) !=
            rows[i].fails)
            fail_msg("row %zu: %s", i, p.text);
    end(&p);
}

static void test_region_of_the_host(void **state)
{
    struct buf f = BUF_INIT;
    (void)state;
    take((const struct feature[]){{FEATURE_ID, "", "a"}}, 1, true, &f);
    assert_string_equal(fingerprint_value(&f, FEATURE_REGION), "global");
    fingerprint_set(&f, FEATURE_REGION, "other");
    assert_string_equal(fingerprint_value(&f, FEATURE_REGION), "other");
    assert_null(fingerprint_value(&f, FEATURE_POOL));
    buf_free(&f);
}

/* A version takes a feature away only if the version before had it and this version does not. */
static void test_taken_away(void **state)
{
    static const struct {
        enum feature_kind what;
        const char *key, *from, *to;
        bool explained;
    } rows[] = {
        {FEATURE_ATTRIBUTE, "unique.cgroup.version", "1.6.10", "1.7.0", true},
        {FEATURE_ATTRIBUTE, "unique.cgroup.version", "1.6.10", "1.6.11", false},
        {FEATURE_ATTRIBUTE, "unique.cgroup.version", "1.7.0", "1.8.0", false},
        {FEATURE_ATTRIBUTE, "unique.cgroup.mountpoint", "1.6.10", "1.9.0", true},
        {FEATURE_ATTRIBUTE, "cpu.frequency", "1.6.10", "1.10.5", true},
        {FEATURE_ATTRIBUTE, "cpu.frequency", "1.7.7", "1.10.5", false},
        {FEATURE_ATTRIBUTE, "cpu.modelname", "1.6.10", "1.7.0", true},
        {FEATURE_ATTRIBUTE, "nomad.advertise.address", "1.9.6", "1.9.7", true},
        {FEATURE_ATTRIBUTE, "nomad.advertise.address", "1.8.4", "1.8.11", true},
        {FEATURE_ATTRIBUTE, "nomad.advertise.address", "1.8.4", "1.9.3", false},
        {FEATURE_ATTRIBUTE, "consul.dns.addr", "1.9.6", "1.10.0", true},
        {FEATURE_ATTRIBUTE, "consul.east.dns.addr", "1.9.6", "1.10.0", true},
        {FEATURE_ATTRIBUTE, "consul.east.dns.port", "1.9.6", "1.10.0", false},
        {FEATURE_ATTRIBUTE, "unique.storage.bytesfree", "1.11.0", "1.11.1", true},
        {FEATURE_ATTRIBUTE, "unique.storage.bytesfree", "1.10.1", "1.10.2", false},
        {FEATURE_META, "connect.log_level", "1.7.7", "1.8.0", true},
        {FEATURE_META, "connect.log_level", "1.8.0", "1.8.1", false},
        {FEATURE_ATTRIBUTE, "connect.log_level", "1.7.7", "1.8.0", false},
        {FEATURE_DRIVER, "mock_driver", "1.0.18", "1.1.0", true},
        {FEATURE_ATTRIBUTE, "unique.cgroup.version", "1.6.10", "?", false},
    };
    struct pair p = {.text = ""};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        p.way = (struct fingerprint_way){.from = rows[i].from, .to = rows[i].to};
        bool fails = between(&p, rows[i].what, rows[i].key, "healthy", NULL) != FEATURE_NONE;
        if (fails == rows[i].explained)
            fail_msg("row %zu: %s", i, p.text);
    }
    end(&p);
}

static void test_in_words(void **state)
{
    static const char *const keys[] = {"consul.connect",  "consul.datacenter", "consul.grpc",
                                       "consul.revision", "consul.server",     "consul.version"};
    struct pair p = {.way = {.from = "1.6.10", .to = "1.7.0"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        p.was[p.n_was++] = (struct feature){FEATURE_ATTRIBUTE, keys[i], "1"};
    p.is[p.n_is++] = (struct feature){FEATURE_ID, "", "a"};
    compare(&p);
    assert_int_equal(p.worst, FEATURE_ATTRIBUTE);
    assert_string_equal(p.text, "c1 came back without 6 of its attributes (consul.connect, "
                                "consul.datacenter, consul.grpc, consul.revision, ...)");
    p.was[p.n_was++] = (struct feature){FEATURE_DC, "", "dc1"};
    p.is[p.n_is++] = (struct feature){FEATURE_DC, "", "dc2"};
    compare(&p);
    assert_int_equal(p.worst, FEATURE_DC);
    assert_string_equal(p.text,
                        "c1 came back with another datacenter: dc2, before dc1; and 6 more");
    (void)between(&p, FEATURE_DRIVER, "docker", "healthy", "unhealthy");
    assert_string_equal(p.text,
                        "c1 came back with its driver docker unhealthy, which was healthy before");
    (void)between(&p, FEATURE_VOTER, "", "yes", "no");
    assert_string_equal(p.text, "c1 is not a voter any more");
    (void)between(&p, FEATURE_ATTRIBUTE, "kernel.version", "6.1", "6.2");
    differences_describe(p.list, p.n, p.text, sizeof(p.text));
    assert_string_equal(p.text, "1 attribute changed (kernel.version 6.1 to 6.2)");
    (void)between(&p, FEATURE_DRAIN, "", "draining", "none");
    differences_describe(p.list, p.n, p.text, sizeof(p.text));
    assert_string_equal(p.text, "drain state changed from draining to none");
    p.way.explained = 1U << FEATURE_DRAIN;
    (void)between(&p, FEATURE_DRAIN, "", "none", "draining");
    assert_int_equal(p.worst, FEATURE_NONE);
    differences_describe(p.list, p.n, p.text, sizeof(p.text));
    assert_string_equal(p.text, "");
    (void)between(&p, FEATURE_ATTRIBUTE, "unique.cgroup.version", "1", NULL);
    differences_describe(p.list, p.n, p.text, sizeof(p.text));
    assert_string_equal(p.text, "1 attribute taken away by the release (unique.cgroup.version)");
    (void)between(&p, FEATURE_ATTRIBUTE, "nomad.version", "1.6.10", "1.7.0");
    differences_describe(p.list, p.n, p.text, sizeof(p.text));
    assert_string_equal(p.text, ""); /* the operator asked for this */
    (void)between(&p, FEATURE_ATTRIBUTE, "os.signals", "SIGINT,SIGHUP", "SIGHUP,SIGINT");
    differences_describe(p.list, p.n, p.text, sizeof(p.text));
    assert_string_equal(p.text, ""); /* this differs at every start of every Nomad */
    end(&p);
}

/* Each kind that lets a host fail has an advice. */
static void test_advice(void **state)
{
    (void)state;
    for (int k = FEATURE_NONE + 1; k < FEATURE_KINDS; k++)
        if (k != FEATURE_DRAINED && strlen(feature_advice((enum feature_kind)k)) < 20)
            fail_msg("kind %d has no advice", k);
    assert_true(feature_of_binary(FEATURE_ATTRIBUTE));
    assert_false(feature_of_binary(FEATURE_DC));
}

/* Of a node with very many attributes the first are kept. New attributes do not push them out. */
static void test_bounded(void **state)
{
    struct feature *was = xalloc(MANY * sizeof(*was)), *is = xalloc((MANY + 9) * sizeof(*is));
    static char keys[MANY + 9][12];
    char long_key[FEATURE_KEY_MAX + 9];
    struct fingerprint_way way = {.from = "1.10.2", .to = "1.10.5"};
    struct buf before = BUF_INIT, after = BUF_INIT;
    struct difference *list = NULL;
    (void)state;
    for (size_t i = 0; i < MANY + 9; i++) {
        snprintf(keys[i], sizeof(keys[i]), "a%04zu", i);
        is[i] = (struct feature){FEATURE_ATTRIBUTE, keys[i], "v"};
        if (i >= 9)
            was[i - 9] = is[i];
    }
    take(was, MANY, true, &before);
    take(is, MANY + 9, false, &after);
    assert_int_equal(fingerprint_compare(&before, &after, &way, &list), 0);
    free(list);
    struct feature it;
    size_t n = 0;
    for (size_t at = 0; fingerprint_next(&before, &at, &it);)
        n += it.what == FEATURE_ATTRIBUTE;
    assert_int_equal(n, FINGERPRINT_ATTRIBUTES);
    memset(long_key, 'k', sizeof(long_key) - 1);
    long_key[sizeof(long_key) - 1] = '\0';
    was[0].key = long_key;
    take(was, 1, true, &before);
    size_t at = 0;
    assert_true(fingerprint_next(&before, &at, &it)); /* the region */
    assert_false(fingerprint_next(&before, &at, &it));
    buf_free(&before);
    buf_free(&after);
    free(was);
    free(is);
}

/* The end of a long value counts as well; control characters do not. */
static void test_values(void **state)
{
    struct pair p = {.way = {.from = "1.10.2", .to = "1.10.5"}};
    char a[300], b[300];
    (void)state;
    memset(a, 'x', sizeof(a) - 1);
    a[sizeof(a) - 1] = '\0';
    memcpy(b, a, sizeof(b));
    b[sizeof(b) - 2] = 'y';
    (void)between(&p, FEATURE_ATTRIBUTE, "cpu.modelname", a, b);
    assert_int_equal(p.n, 1);
    (void)between(&p, FEATURE_ATTRIBUTE, "cpu.modelname", a, a);
    assert_int_equal(p.n, 0);
    (void)between(&p, FEATURE_ATTRIBUTE, "cpu.modelname", "a\nb", "a\tb");
    assert_int_equal(p.n, 0);
    end(&p);
}

/* Bytes that are no fingerprint end the reading. Features of a later Caravan make no difference. */
static void test_other_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t n, features;
    } rows[] = {{"", 0, 0},
                {"A", 1, 0},
                {"Akey", 4, 0},
                {"Akey\0value", 10, 0},
                {"Akey\0value\0", 11, 1},
                {"?k\0v\0Ak\0v\0", 10, 2}};
    struct fingerprint_way way = {.from = "1.10.2", .to = "1.10.5"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_buf struct buf f = BUF_INIT;
        auto_buf struct buf none = BUF_INIT;
        struct difference *list = NULL;
        struct feature it;
        size_t n = 0;
        buf_add(&f, rows[i].bytes, rows[i].n);
        for (size_t at = 0; fingerprint_next(&f, &at, &it);)
            n++;
        assert_int_equal(n, rows[i].features);
        n = fingerprint_compare(&f, &none, &way, &list);
        assert_int_equal(n, rows[i].features > 0);
        free(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_fail), cmocka_unit_test(test_region_of_the_host),
        cmocka_unit_test(test_taken_away), cmocka_unit_test(test_in_words),
        cmocka_unit_test(test_advice),     cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_values),     cmocka_unit_test(test_other_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
