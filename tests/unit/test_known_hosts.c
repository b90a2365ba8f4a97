/* The coordinator remembers the agents' keys. A changed key is an error, and never replaces the old
 * key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent_place.h"
#include "context_fixture.h"
#include "enrolment.h"
#include "file.h"
#include "known_hosts.h"
#include "str.h"

static struct pubkey key_of(unsigned char fill)
{
    struct pubkey k;
    memset(k.bytes, fill, sizeof(k.bytes));
    return k;
}

static void test_they_come_back_sorted(void **state)
{
    struct context_fixture f;
    struct known_hosts k, back;
    struct err err = ERR_INIT;
    struct pubkey a = key_of(1), b = key_of(2);
    char path[300];
    (void)state;
    assert_int_equal(context_fixture_begin(&f), 0);
    snprintf(path, sizeof(path), "%s/known_hosts", f.dir);
    assert_int_equal(known_hosts_load(path, &k, &err), 0);
    assert_int_equal(k.n, 0);
    assert_int_equal(known_hosts_add(&k, "zz", "s 2\x1b[31m", &b, &err), 1);
    assert_int_equal(known_hosts_add(&k, "aa", "s1", &a, &err), 1);
    assert_int_equal(known_hosts_add(&k, "aa", "s1", &a, &err), 0);
    assert_int_equal(known_hosts_save(&k, &err), 0);
    assert_int_equal(known_hosts_load(path, &back, &err), 0);
    assert_int_equal(back.n, 2);
    assert_string_equal(back.items[0].id, "aa");
    assert_true(pubkey_eq(&known_hosts_find(&back, "zz")->key, &b));
    assert_null(strchr(back.items[1].name, '\x1b'));
    assert_null(known_hosts_find(&back, "mm"));
    assert_null(known_hosts_find(&back, ""));
    known_hosts_free(&k);
    known_hosts_free(&back);
    context_fixture_end(&f);
}

static void test_a_changed_key_names_host_and_both(void **state)
{
    struct known_hosts k;
    struct err err = ERR_INIT;
    struct pubkey a = key_of(1), b = key_of(2);
    char fa[FINGERPRINT_LEN], fb[FINGERPRINT_LEN];
    (void)state;
    memset(&k, 0, sizeof(k));
    pubkey_fingerprint(fa, &a);
    pubkey_fingerprint(fb, &b);
    assert_int_equal(known_hosts_add(&k, "id", "s1", &a, &err), 1);
    assert_int_equal(known_hosts_add(&k, "id", "s1", &b, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    assert_non_null(strstr(err.text, "s1"));
    assert_non_null(strstr(err.text, fa));
    assert_non_null(strstr(err.text, fb));
    assert_non_null(strstr(err.text, "`caravan enroll --rekey id`"));
    assert_true(pubkey_eq(&known_hosts_find(&k, "id")->key, &a));
    known_hosts_free(&k);
}

/* No command repairs a file that cannot be read: the message names the line that is there twice. */
static void test_an_id_with_two_keys_in_the_file(void **state)
{
    struct known_hosts k;
    struct err err = ERR_INIT;
    struct pubkey a = key_of(1), b = key_of(2);
    char text[300], hex[2][65];
    (void)state;
    pubkey_hex(hex[0], &a);
    pubkey_hex(hex[1], &b);
    snprintf(text, sizeof(text), "id %s s1\nid %s s1\n", hex[0], hex[1]);
    assert_int_equal(known_hosts_parse("f", text, strlen(text), &k, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "f, line 2: id occurs twice"));
}

static void test_lines_that_are_refused(void **state)
{
    static const char *const bad[] = {"id nothex s1\n", "id\n", "a b c\nid 00 s1\n"};
    struct known_hosts k;
    struct err err = ERR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(known_hosts_parse("f", bad[i], strlen(bad[i]), &k, &err), -1);
        assert_int_equal(err.kind, ERR_CONFIG);
    }
    assert_int_equal(known_hosts_parse("f", "# nothing\n\n", 11, &k, &err), 0);
    assert_int_equal(k.n, 0);
    known_hosts_free(&k);
}

/* ---- what messages are sealed to ---- */

static struct pubkey usable_key(unsigned char seed)
{
    unsigned char bytes[32] = {seed, 1};
    auto_keypair struct keypair *key = keypair_from_seed(bytes);
    return *keypair_public(key);
}

static void assert_sealed_to(const struct known_host *h, const struct pubkey *key)
{
    struct boxkey got, want;
    struct err err = ERR_INIT;
    assert_int_equal(known_host_box(h, &got, &err), 0);
    assert_int_equal(boxkey_of(key, &want, &err), 0);
    assert_memory_equal(&got, &want, sizeof(want));
}

static void load_lines(const struct context_fixture *f, const char *lines, struct known_hosts *ret)
{
    char path[300];
    struct err err = ERR_INIT;
    context_fixture_write(f, "known_hosts", lines, strlen(lines), path);
    if (known_hosts_load(path, ret, &err) < 0)
        fail_msg("%s", err.text);
}

/* Old lines have three words. A fourth is computed, and the next command that writes stores it. */
static void test_a_file_of_0_1_0_is_completed(void **state)
{
    struct context_fixture f;
    struct known_hosts k;
    struct pubkey a = usable_key(1), b = usable_key(2);
    struct err err = ERR_INIT;
    char hex[2][65], lines[300];
    (void)state;
    assert_int_equal(context_fixture_begin(&f), 0);
    pubkey_hex(hex[0], &a);
    pubkey_hex(hex[1], &b);
    snprintf(lines, sizeof(lines), "aa %s s1\nbb %s c1\n", hex[0], hex[1]);
    load_lines(&f, lines, &k);
    assert_true(k.dirty);
    assert_sealed_to(&k.items[0], &a);
    assert_sealed_to(&k.items[1], &b);
    assert_int_equal(known_hosts_save(&k, &err), 0);
    struct known_hosts back;
    assert_int_equal(known_hosts_load(k.path, &back, &err), 0);
    assert_false(back.dirty); /* nothing had to be computed */
    assert_memory_equal(back.items, k.items, 2 * sizeof(*k.items));
    known_hosts_free(&k);
    known_hosts_free(&back);
    context_fixture_end(&f);
}

/* Changed by hand, or damaged: the stored value does not belong to this key. */
static void test_another_keys_box_is_not_believed(void **state)
{
    struct context_fixture f;
    struct known_hosts k;
    struct pubkey a = usable_key(1), b = usable_key(2);
    struct err err = ERR_INIT;
    char line[300], hex[65];
    (void)state;
    assert_int_equal(context_fixture_begin(&f), 0);
    load_lines(&f, "", &k);
    assert_int_equal(known_hosts_add(&k, "aa", "s1", &a, &err), 1);
    assert_int_equal(known_hosts_save(&k, &err), 0);
    auto_buf struct buf text = BUF_INIT;
    assert_int_equal(file_read(k.path, 4096, 0, &text, &err), 0);
    known_hosts_free(&k);
    const char *box = strrchr(buf_str(&text), ' ');
    pubkey_hex(hex, &b);
    snprintf(line, sizeof(line), "aa %s s1%s", hex, box);
    load_lines(&f, line, &k);
    assert_sealed_to(&k.items[0], &b);
    known_hosts_free(&k);
    for (size_t i = 0; i < strlen(box) - 2; i += 9) {
        pubkey_hex(hex, &a);
        snprintf(line, sizeof(line), "aa %s s1%s", hex, box);
        char *at = strrchr(line, ' ') + 1 + i;
        *at = *at == '0' ? '1' : '0';
        load_lines(&f, line, &k);
        assert_sealed_to(&k.items[0], &a);
        known_hosts_free(&k);
    }
    context_fixture_end(&f);
}

static void test_a_key_that_cannot_be_sealed_to(void **state)
{
    struct known_hosts k;
    struct boxkey box;
    struct err err = ERR_INIT;
    struct pubkey none = key_of(0);
    (void)state;
    memset(&k, 0, sizeof(k));
    assert_int_equal(known_hosts_add(&k, "aa", "s1", &none, &err), 1);
    assert_int_equal(known_host_box(&k.items[0], &box, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    known_hosts_free(&k);
}

/* ---- judging who answered ---- */

static struct host host_of(const char *server_id, const char *node_id)
{
    struct host h;
    memset(&h, 0, sizeof(h));
    h.key = server_id[0] != '\0' ? server_id : node_id;
    h.name = h.key;
    h.server_id = server_id;
    h.node_id = node_id;
    h.is_server = server_id[0] != '\0';
    h.is_client = node_id[0] != '\0';
    return h;
}

static struct enrolment answer_of(const struct host *h, unsigned char key, const char *server_id,
                                  const char *client_id)
{
    struct enrolment e;
    memset(&e, 0, sizeof(e));
    e.host = h;
    e.answered = true;
    e.key = key_of(key);
    str_cut(e.address, sizeof(e.address), h->key);
    str_cut(e.server_id, sizeof(e.server_id), server_id);
    str_cut(e.client_id, sizeof(e.client_id), client_id);
    return e;
}

static void test_verdicts(void **state)
{
    struct known_hosts known;
    struct err err = ERR_INIT;
    struct pubkey one = key_of(1), two = key_of(2);
    struct host s1 = host_of("s1", ""), s2 = host_of("s2", ""), c1 = host_of("", "c1"),
                c2 = host_of("", "c2"), c3 = host_of("", "c3"), both = host_of("s4", "c4"),
                young = host_of("s5", "c5"), half = host_of("s6", "c6"),
                other = host_of("s7", "c7");
    struct enrolment list[] = {
        answer_of(&s1, 1, "s1", ""),
        answer_of(&s2, 3, "s2", ""),
        answer_of(&c1, 4, "", "c1"),
        answer_of(&c2, 5, "", "c9"),
        {.host = &c3},
        answer_of(&both, 6, "s4", "c4"),
        answer_of(&young, 7, "", ""),
        answer_of(&half, 8, "s6", ""),
        answer_of(&other, 9, "", "c8"),
    };
    (void)state;
    memset(&known, 0, sizeof(known));
    assert_int_equal(known_hosts_add(&known, "s1", "s1", &one, &err), 1);
    assert_int_equal(known_hosts_add(&known, "s2", "s2", &two, &err), 1);
    enrolment_judge(list, ARRAY_LEN(list), &known, NULL);
    assert_int_equal(list[0].verdict, ENROL_KNOWN);
    assert_int_equal(list[1].verdict, ENROL_CHANGED);
    assert_int_equal(list[2].verdict, ENROL_NEW);
    assert_int_equal(list[3].verdict, ENROL_MISPLACED);
    assert_int_equal(list[4].verdict, ENROL_SILENT);
    assert_int_equal(list[5].verdict, ENROL_NEW);
    assert_int_equal(list[6].verdict, ENROL_UNREADY);
    assert_int_equal(list[7].verdict, ENROL_UNREADY);
    assert_int_equal(list[8].verdict, ENROL_MISPLACED);
    known_hosts_free(&known);
}

static void test_one_id_or_one_key_in_two_places(void **state)
{
    struct known_hosts known;
    struct host c1 = host_of("", "c1"), c2 = host_of("", "c2"), c3 = host_of("", "c3");
    struct enrolment ids[] = {answer_of(&c1, 1, "", "c1"), answer_of(&c2, 2, "", "c1"),
                              answer_of(&c3, 3, "", "c3")};
    struct enrolment keys[] = {answer_of(&c1, 1, "", "c1"), answer_of(&c2, 1, "", "c2")};
    (void)state;
    memset(&known, 0, sizeof(known));
    enrolment_judge(ids, 3, &known, NULL);
    assert_int_equal(ids[0].verdict, ENROL_MISPLACED);
    assert_int_equal(ids[1].verdict, ENROL_MISPLACED);
    assert_int_equal(ids[2].verdict, ENROL_NEW);
    assert_non_null(strstr(ids[0].why, "c1"));
    enrolment_judge(keys, 2, &known, NULL);
    assert_int_equal(keys[0].verdict, ENROL_MISPLACED);
    assert_int_equal(keys[1].verdict, ENROL_MISPLACED);
}

/* ---- by address ---- */

static void test_addresses_of_joiners(void **state)
{
    static const struct {
        const char *text, *ip, *address, *name; /* ip NULL: refused */
    } rows[] = {
        {"10.0.0.21", "10.0.0.21", "10.0.0.21:4650", "10.0.0.21"},
        {"10.0.0.21:4650", "10.0.0.21", "10.0.0.21:4650", "10.0.0.21"},
        {"10.0.0.21:4700", "10.0.0.21", "10.0.0.21:4700", "10.0.0.21:4700"},
        {"[fd00:0::0021]", "fd00::21", "[fd00::21]:4650", "[fd00::21]"},
        {"[fd00::21]:1", "fd00::21", "[fd00::21]:1", "[fd00::21]:1"},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
        {"", NULL, NULL, NULL},
        {"fd00::21", NULL, NULL, NULL}, /* does 21 belong to the address, or is it a port? */
        {"[fd00::21", NULL, NULL, NULL},
        {"[fd00::21]x", NULL, NULL, NULL},
        {"[10.0.0.21]", NULL, NULL, NULL},
        {"s4.example", NULL, NULL, NULL},
        {"10.0.0.21:", NULL, NULL, NULL},
        {"10.0.0.21:0", NULL, NULL, NULL},
        {"10.0.0.21:65536", NULL, NULL, NULL},
        {"10.0.0.21:4650:1", NULL, NULL, NULL},
        {"10.0.0.21 ", NULL, NULL, NULL},
        {"10.0.0.021", NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct agent_place p, again;
        struct err err = ERR_INIT;
        int rc = agent_place(rows[i].text, &p, &err);
        assert_int_equal(rc, rows[i].ip != NULL ? 0 : -1);
        if (rc < 0) {
            assert_int_equal(err.kind, ERR_USAGE);
            continue;
        }
        assert_string_equal(p.ip, rows[i].ip);
        assert_string_equal(p.address, rows[i].address);
        assert_string_equal(p.name, rows[i].name);
        assert_int_equal(agent_place(p.name, &again, &err), 0);
        assert_string_equal(again.address, p.address);
    }
}

static void test_a_line_binds_key_and_address(void **state)
{
    struct known_hosts k;
    struct err err = ERR_INIT;
    struct pubkey a = key_of(1), b = key_of(2);
    char ka[UUID_MAX], kb[UUID_MAX];
    (void)state;
    memset(&k, 0, sizeof(k));
    joining_key(ka, &a);
    joining_key(kb, &b);
    assert_int_equal(strlen(ka), strlen(JOINER_PREFIX) + 32);
    assert_int_equal(known_hosts_add(&k, ka, "10.0.0.1", &a, &err), 1);
    assert_int_equal(known_hosts_add(&k, kb, "10.0.0.2", &b, &err), 1);
    assert_int_equal(known_hosts_add(&k, "zz", "10.0.0.3", &b, &err), 1);
    assert_string_equal(known_hosts_at(&k, "10.0.0.2")->id, kb);
    assert_null(known_hosts_at(&k, "10.0.0.3")); /* the line of a Nomad id is bound to no address */
    assert_null(known_hosts_elsewhere(&k, &a, "10.0.0.1"));
    assert_string_equal(known_hosts_elsewhere(&k, &a, "10.0.0.2")->id, ka);
    assert_string_equal(known_hosts_elsewhere(&k, &b, "10.0.0.2")->id, "zz");
    known_hosts_free(&k);
}

static struct enrolment answer_at(const struct host *h, unsigned char key, const char *server_id,
                                  const char *address)
{
    struct enrolment e = answer_of(h, key, server_id, "");
    str_cut(e.address, sizeof(e.address), address);
    return e;
}

/* The verdict about a key at an address, by the known address, the known key, and Nomad. */
static const struct {
    const char *what;
    unsigned char key;
    const char *told, *address;
    bool joins;
    enum enrolment_verdict verdict;
    const char *why;
} by_address[] = {
    {"a new one", 5, "", "10.0.0.5:4650", true, ENROL_NEW, ""},
    {"a new one that has its id already", 5, "new-id", "10.0.0.5:4650", true, ENROL_NEW, ""},
    {"one that is known there", 1, "", "10.0.0.1:4650", true, ENROL_KNOWN, ""},
    {"another key there", 5, "", "10.0.0.1:4650", true, ENROL_CHANGED, "has changed"},
    {"a key that is known at another address", 1, "", "10.0.0.5:4650", true, ENROL_MISPLACED,
     "10.0.0.1"},
    {"a key that is a listed host's", 2, "", "10.0.0.5:4650", true, ENROL_MISPLACED, "s2"},
    {"the id of a listed host", 5, "s9", "10.0.0.5:4650", true, ENROL_MISPLACED, "nine"},
    {"later, listed by Nomad", 1, "s9", "10.0.0.1:4650", false, ENROL_KNOWN, ""},
    {"listed by Nomad, with another key", 5, "s9", "10.0.0.1:4650", false, ENROL_CHANGED,
     "has changed"},
    {"listed by Nomad, with another id", 1, "s8", "10.0.0.1:4650", false, ENROL_MISPLACED, "s8"},
};

static void test_verdicts_by_address(void **state)
{
    struct known_hosts known;
    struct err err = ERR_INIT;
    struct pubkey one = key_of(1), two = key_of(2);
    char key[UUID_MAX];
    struct host nine = host_of("s9", "");
    struct world w = {.hosts = &nine, .n_hosts = 1};
    (void)state;
    nine.name = "nine";
    nine.addr = "10.0.0.9";
    memset(&known, 0, sizeof(known));
    joining_key(key, &one);
    assert_int_equal(known_hosts_add(&known, key, "10.0.0.1", &one, &err), 1);
    assert_int_equal(known_hosts_add(&known, "s2", "s2", &two, &err), 1);
    for (size_t i = 0; i < ARRAY_LEN(by_address); i++) {
        struct agent_place at;
        struct host fresh = {.key = "", .server_id = "", .node_id = "", .joins = true};
        assert_int_equal(agent_place(by_address[i].address, &at, &err), 0);
        fresh.name = at.name;
        struct enrolment e = answer_at(by_address[i].joins ? &fresh : &nine, by_address[i].key,
                                       by_address[i].told, by_address[i].address);
        print_message("# %s\n", by_address[i].what);
        enrolment_judge(&e, 1, &known, &w);
        assert_int_equal(e.verdict, by_address[i].verdict);
        assert_non_null(strstr(e.why, by_address[i].why));
    }
    known_hosts_free(&known);
}

static int set_up(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    return crypto_init(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_come_back_sorted),
        cmocka_unit_test(test_a_changed_key_names_host_and_both),
        cmocka_unit_test(test_an_id_with_two_keys_in_the_file),
        cmocka_unit_test(test_lines_that_are_refused),
        cmocka_unit_test(test_a_file_of_0_1_0_is_completed),
        cmocka_unit_test(test_another_keys_box_is_not_believed),
        cmocka_unit_test(test_a_key_that_cannot_be_sealed_to),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_one_id_or_one_key_in_two_places),
        cmocka_unit_test(test_addresses_of_joiners),
        cmocka_unit_test(test_a_line_binds_key_and_address),
        cmocka_unit_test(test_verdicts_by_address),
    };
    return cmocka_run_group_tests_name("known_hosts", tests, set_up, NULL);
}
