/* key_list.h, enrolled.h, and enrolment.h with both: which hosts a list of fingerprints accepts,
 * which are exported, and which host a name means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include "context_fixture.h"
#include "enrolled.h"
#include "enrolment.h"
#include "str.h"

#define A         "SHA256:00112233445566778899aabbccddeeff"
#define B         "SHA256:ffeeddccbbaa99887766554433221100"
#define LONG_NAME "0123456789012345678901234567890123456789012345678901234567890123"

/* ---- the text ---- */

static const struct {
    const char *text;
    size_t n;        /* hosts */
    const char *why; /* NULL: taken */
} texts[] = {
    {"", 0, NULL},
    {"c1 " A, 1, NULL},
    {"c1 " A "\ns1 " B "\n", 2, NULL},
    {"# collected\n\n   \nc1 " A " # in rack 4\n", 1, NULL},
    {"c1\t" A "\r\n", 1, NULL},
    {"10.0.0.21 " A "\n10.0.0.21:4700 " B "\n", 2, NULL},
    {"c1\n", 0, "keys, line 1"},
    {"s1 " B "\nc1 SHA256:0011\n", 0, "keys, line 2"},
    {"c1 " A "0\n", 0, "second word"},
    {"c1 SHA256:0011223344556677889_aabbccddeeff\n", 0, "second word"},
    {"c1 SHA256:00112233445566778899AABBCCDDEEFF\n", 0, "second word"},
    {"c1 MD5:00112233445566778899aabbccddeeff\n", 0, "second word"},
    {"c1 00112233445566778899aabbccddeeff\n", 0, "second word"},
    {A " c1\n", 0, "second word"},
    {"c1 " A " c2\n", 0, "third word"},
    {LONG_NAME " " A "\n", 0, "longer than 63 bytes"},
    {"c1 " A "\nc1 " B "\n", 0, "line 2: c1 is named in line 1"},
    {"10.0.0.21 " A "\n10.0.0.21:4650 " B "\n", 0, "10.0.0.21 is named in line 1"},
    {"c1 " A "\nc2 " A "\n", 0, "line 2: c2 has the same fingerprint as c1 (line 1)"},
    {"c1 " A "\nc1 " A "\n", 0, "line 2"},
    {"c1\001 " A "\n", 0, "not plain text"},
    {"c\303\2661 " A "\n", 0, "not plain text"},
};

static void texts_that_are_taken_and_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct key_list l = {.n = 0};
        struct err err = ERR_INIT;
        int rc = key_list_parse("keys", texts[i].text, strlen(texts[i].text), &l, &err);
        if (rc != (texts[i].why == NULL ? 0 : -1))
            fail_msg("%s: %s", texts[i].text, err.text);
        if (rc < 0 && (err.kind != ERR_CONFIG || strstr(err.text, texts[i].why) == NULL))
            fail_msg("%s: %s", texts[i].text, err.text);
        assert_int_equal(l.n, texts[i].n);
        key_list_free(&l);
    }
}

static int parse_buf(const struct buf *text, struct err *err)
{
    struct key_list l;
    if (key_list_parse("keys", buf_str(text), text->len, &l, err) < 0)
        return -1;
    key_list_free(&l);
    return 0;
}

static void limits(void **state)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    (void)state;
    buf_printf(&text, "c1 " A " # %0*d", KEY_LIST_LINE - (int)strlen("c1 " A " # "), 0);
    assert_int_equal(text.len, KEY_LIST_LINE);
    assert_int_equal(parse_buf(&text, &err), 0);
    buf_add_str(&text, "0");
    assert_int_equal(parse_buf(&text, &err), -1);
    assert_non_null(strstr(err.text, "longer than 256 bytes"));
    buf_clear(&text);
    for (unsigned i = 0; i < KEY_LIST_HOSTS; i++)
        buf_printf(&text, "c%u SHA256:%032x\n", i, i);
    assert_int_equal(parse_buf(&text, &err), 0);
    buf_add_str(&text, "one " B);
    assert_int_equal(parse_buf(&text, &err), -1);
    assert_non_null(strstr(err.text, "more than 65536 hosts"));
}

static void files(void **state)
{
    struct context_fixture f;
    struct key_list l;
    struct err err = ERR_INIT;
    char path[300];
    (void)state;
    assert_int_equal(context_fixture_begin(&f), 0);
    context_fixture_write(&f, "keys", "c1 " A "\n", strlen("c1 " A "\n"), path);
    assert_int_equal(key_list_load(path, &l, &err), 0);
    assert_string_equal(l.name, path);
    assert_int_equal(key_list_find(&l, "c1"), 0);
    assert_int_equal(key_list_find(&l, "c2"), l.n);
    key_list_free(&l);
    assert_int_equal(chmod(path, 0666), 0); /* everybody who can write it can accept keys */
    assert_int_equal(key_list_load(path, &l, &err), -1);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, KEY_LIST_SIZE + 1), 0);
    err = (struct err)ERR_INIT;
    assert_int_equal(key_list_load(path, &l, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    context_fixture_end(&f);
}

/* ---- who is accepted ---- */

static struct pubkey key_of(unsigned char fill)
{
    struct pubkey k;
    memset(&k, fill, sizeof(k));
    return k;
}

static struct host host_at(const char *id, const char *name, const char *addr)
{
    struct host h = {.key = id, .name = name, .addr = addr, .server_id = "", .node_id = id};
    h.is_client = true;
    return h;
}

/* Keys 1 and 2 are of c1 and c2; two hosts are named twin, with the keys 3 and 4. */
static const struct {
    const char *what;
    const char *lines; /* %1 to %5: fingerprints of these keys */
    unsigned char key; /* of c1 */
    enum enrolment_verdict before, after;
    bool compared;
    const char *why;
} compared[] = {
    {"by name", "c1 %1\n", 1, ENROL_NEW, ENROL_NEW, true, ""},
    {"by id", "id-1 %1\n", 1, ENROL_NEW, ENROL_NEW, true, ""},
    {"by address", "10.0.0.1 %1\n", 1, ENROL_NEW, ENROL_NEW, true, ""},
    {"no line", "c2 %2\n", 1, ENROL_NEW, ENROL_UNLISTED, false, "no line of keys names this host"},
    {"no line, and known", "c2 %2\n", 1, ENROL_KNOWN, ENROL_KNOWN, false, ""},
    {"another fingerprint", "c1 %2\n", 1, ENROL_NEW, ENROL_DIFFERS, false, "line 1 of keys has"},
    {"known, and another fingerprint", "c1 %2\n", 1, ENROL_KNOWN, ENROL_DIFFERS, false,
     "line 1 of keys has"},
    {"its key under another name", "c2 %1\n", 1, ENROL_NEW, ENROL_UNLISTED, false, "no line"},
    {"two lines", "c1 %1\nid-1 %2\n", 1, ENROL_NEW, ENROL_UNLISTED, false, "both name this host"},
    {"a changed key, listed", "c1 %1\n", 1, ENROL_CHANGED, ENROL_CHANGED, true, ""},
    {"a changed key, not listed", "c1 %2\n", 1, ENROL_CHANGED, ENROL_CHANGED, false, ""},
    {"refused before", "c1 %1\n", 1, ENROL_MISPLACED, ENROL_MISPLACED, false, ""},
    {"silent", "c1 %1\n", 1, ENROL_SILENT, ENROL_SILENT, false, ""},
};

static void list_of(const char *lines, struct key_list *ret)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    for (const char *p = lines; *p != '\0'; p++) {
        char fingerprint[FINGERPRINT_LEN] = {*p, '\0'};
        if (*p == '%') {
            struct pubkey k = key_of((unsigned char)(*++p - '0'));
            pubkey_fingerprint(fingerprint, &k);
        }
        buf_add_str(&text, fingerprint);
    }
    if (key_list_parse("keys", buf_str(&text), text.len, ret, &err) < 0)
        fail_msg("%s", err.text);
}

static void compare_one(struct enrolment *e, const struct world *w, const struct key_list *keys)
{
    struct coord_conf conf;
    memset(&conf, 0, sizeof(conf));
    autofree unsigned *named = enrolment_named(&conf, w, e, 1, keys);
    enrolment_compare(e, 1, keys, named);
}

static void a_list_accepts_and_refuses(void **state)
{
    struct host hosts[] = {host_at("id-1", "c1", "10.0.0.1"), host_at("id-2", "c2", "10.0.0.2")};
    struct world w = {.hosts = hosts, .n_hosts = ARRAY_LEN(hosts)};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(compared); i++) {
        struct enrolment e = {.host = &hosts[0],
                              .address = "10.0.0.1:4650",
                              .key = key_of(compared[i].key),
                              .answered = true,
                              .verdict = compared[i].before};
        auto_key_list struct key_list keys = {.n = 0};
        print_message("# %s\n", compared[i].what);
        list_of(compared[i].lines, &keys);
        compare_one(&e, &w, &keys);
        assert_int_equal(e.verdict, compared[i].after);
        assert_int_equal(e.compared, compared[i].compared);
        assert_non_null(strstr(e.why, compared[i].why));
    }
}

/* A name of two hosts accepts neither; the id of one host accepts that host. */
static void a_name_of_two_hosts_is_nobodys(void **state)
{
    struct host hosts[] = {host_at("id-3", "twin", "10.0.0.3"),
                           host_at("id-4", "twin", "10.0.0.4")};
    struct world w = {.hosts = hosts, .n_hosts = ARRAY_LEN(hosts)};
    struct enrolment e = {.host = &hosts[0],
                          .address = "10.0.0.3:4650",
                          .key = key_of(3),
                          .answered = true,
                          .verdict = ENROL_NEW};
    auto_key_list struct key_list by_name = {.n = 0}, by_id = {.n = 0};
    (void)state;
    list_of("twin %3\n", &by_name);
    list_of("id-3 %3\nid-4 %4\n", &by_id);
    compare_one(&e, &w, &by_name);
    assert_int_equal(e.verdict, ENROL_UNLISTED);
    assert_non_null(strstr(e.why, "names 2 hosts"));
    e.verdict = ENROL_NEW;
    compare_one(&e, &w, &by_id);
    assert_int_equal(e.verdict, ENROL_NEW);
}

static void lines_without_a_host_are_found(void **state)
{
    struct host hosts[] = {host_at("id-1", "c1", "10.0.0.1")};
    struct host fresh = {
        .key = "", .server_id = "", .node_id = "", .name = "10.0.0.9", .joins = true};
    struct world w = {.hosts = hosts, .n_hosts = 1};
    struct enrolment e = {.host = &fresh, .address = "10.0.0.9:4650"};
    struct coord_conf conf;
    auto_key_list struct key_list keys = {.n = 0};
    (void)state;
    memset(&conf, 0, sizeof(conf));
    fresh.agent.address = e.address;
    list_of("10.0.0.8 %1\n10.0.0.9 %2\nc1 %3\nc2 %4\n", &keys);
    autofree unsigned *named = enrolment_named(&conf, &w, &e, 1, &keys);
    assert_int_equal(named[key_list_find(&keys, "10.0.0.8")], 0);
    assert_int_equal(named[key_list_find(&keys, "10.0.0.9")], 1);
    assert_int_equal(named[key_list_find(&keys, "c1")], 1);
    assert_int_equal(named[key_list_find(&keys, "c2")], 0);
}

/* A known key of a listed host cannot be another host's. The key of a host that is gone may be. */
static void a_copied_machine_is_refused(void **state)
{
    static const struct {
        const char *known;
        enum enrolment_verdict verdict;
    } rows[] = {{"id-2", ENROL_MISPLACED}, {"id-9", ENROL_NEW}, {"id-1", ENROL_KNOWN}};
    struct host hosts[] = {host_at("id-1", "c1", "10.0.0.1"), host_at("id-2", "c2", "10.0.0.2")};
    struct world w = {.hosts = hosts, .n_hosts = ARRAY_LEN(hosts)};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct enrolment e = {.host = &hosts[0],
                              .address = "10.0.0.1:4650",
                              .key = key_of(1),
                              .client_id = "id-1",
                              .answered = true};
        struct known_hosts known = {.n = 0};
        struct err err = ERR_INIT;
        assert_int_equal(known_hosts_add(&known, rows[i].known, "cx", &e.key, &err), 1);
        enrolment_judge(&e, 1, &known, &w);
        assert_int_equal(e.verdict, rows[i].verdict);
        known_hosts_free(&known);
    }
}

/* The argument in a recommended command is one word, whatever name a host reports. */
static void words_that_can_be_typed(void **state)
{
    static const struct {
        const char *name, *word;
    } rows[] = {{"c1", "c1"},
                {"c1.example", "c1.example"},
                {"[fd00::1]", "[fd00::1]"},
                {"c1; rm", "id-1"},
                {"$(x)", "id-1"},
                {"--yes", "id-1"},
                {"", "id-1"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct host h = host_at("id-1", rows[i].name, "");
        assert_string_equal(enrolment_word(&h), rows[i].word);
    }
}

/* ---- who is enrolled ---- */

static void some_known(struct known_hosts *known, char joiner[static UUID_MAX])
{
    static const struct {
        const char *id, *name;
        unsigned char key;
    } rows[] = {{"id-s", "s1", 1},
                {"id-n", "s1", 1},
                {"id-2", "c2", 2},
                {"id-3", "twin", 3},
                {"id-4", "twin", 4}};
    struct err err = ERR_INIT;
    memset(known, 0, sizeof(*known));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pubkey k = key_of(rows[i].key);
        assert_int_equal(known_hosts_add(known, rows[i].id, rows[i].name, &k, &err), 1);
    }
    struct pubkey joined = key_of(2), fresh = key_of(5);
    joining_key(joiner, &joined);
    assert_int_equal(known_hosts_add(known, joiner, "10.0.0.2", &joined, &err), 1);
    joining_key(joiner, &fresh);
    assert_int_equal(known_hosts_add(known, joiner, "10.0.0.5", &fresh, &err), 1);
}

static void what_is_exported_is_read_again(void **state)
{
    struct known_hosts known;
    char joiner[UUID_MAX], fingerprint[FINGERPRINT_LEN], *text = NULL;
    struct pubkey five = key_of(5);
    auto_key_list struct key_list l = {.n = 0};
    struct err err = ERR_INIT;
    size_t n = 0;
    (void)state;
    some_known(&known, joiner);
    FILE *out = open_memstream(&text, &n);
    enrolled_write(&known, out);
    fclose(out);
    if (key_list_parse("exported", text, n, &l, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(l.n, 5); /* one a key */
    assert_true(key_list_find(&l, "id-2") < l.n);
    assert_true(key_list_find(&l, "10.0.0.2") == l.n); /* Nomad lists it by now */
    assert_true(key_list_find(&l, "10.0.0.5") < l.n);
    pubkey_fingerprint(fingerprint, &five);
    assert_string_equal(l.items[key_list_find(&l, "10.0.0.5")].fingerprint, fingerprint);
    free(text);
    known_hosts_free(&known);
}

static void who_is_meant(void **state)
{
    static const struct {
        const char *host;
        unsigned char key; /* 0: an error */
        enum err_kind kind;
    } rows[] = {
        {"s1", 1, 0},
        {"id-n", 1, 0},
        {"c2", 2, 0},
        {"10.0.0.2", 2, 0},
        {"id-4", 4, 0},
        {"10.0.0.5:4650", 5, 0},
        {"c9", 0, ERR_NOTFOUND},
        {"", 0, ERR_NOTFOUND},
        {"twin", 0, ERR_USAGE},
    };
    struct known_hosts known;
    char joiner[UUID_MAX];
    (void)state;
    some_known(&known, joiner);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pubkey got, want = key_of(rows[i].key);
        struct err err = ERR_INIT;
        int rc = enrolled_key_of(&known, rows[i].host, &got, &err);
        print_message("# %s\n", rows[i].host);
        assert_int_equal(rc, rows[i].key != 0 ? 0 : -1);
        if (rc < 0)
            assert_int_equal(err.kind, rows[i].kind);
        else
            assert_true(pubkey_eq(&got, &want));
    }
    known_hosts_free(&known);
}

/* All lines of the host, for good: the file no longer contains them. */
static void what_is_removed_is_gone(void **state)
{
    struct context_fixture f;
    struct known_hosts known, back;
    struct pubkey one = key_of(1), two = key_of(2);
    struct err err = ERR_INIT;
    char path[300], joiner[UUID_MAX];
    (void)state;
    assert_int_equal(context_fixture_begin(&f), 0);
    some_known(&known, joiner);
    context_fixture_write(&f, "known_hosts", "", 0, path);
    str_cut(known.path, sizeof(known.path), path);
    assert_int_equal(known_hosts_save(&known, &err), 0);
    assert_int_equal(known_hosts_remove(&known, &one), 2);
    assert_int_equal(known_hosts_remove(&known, &two), 2);
    assert_int_equal(known_hosts_remove(&known, &two), 0);
    assert_int_equal(known_hosts_save(&known, &err), 0);
    assert_int_equal(known_hosts_load(path, &back, &err), 0);
    assert_int_equal(back.n, 3);
    assert_null(known_hosts_find(&back, "id-s"));
    assert_null(known_hosts_find(&back, "id-2"));
    assert_non_null(known_hosts_find(&back, "id-3"));
    assert_non_null(known_hosts_find(&back, joiner));
    known_hosts_free(&known);
    known_hosts_free(&back);
    context_fixture_end(&f);
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
        cmocka_unit_test(texts_that_are_taken_and_refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(files),
        cmocka_unit_test(a_list_accepts_and_refuses),
        cmocka_unit_test(a_name_of_two_hosts_is_nobodys),
        cmocka_unit_test(lines_without_a_host_are_found),
        cmocka_unit_test(a_copied_machine_is_refused),
        cmocka_unit_test(words_that_can_be_typed),
        cmocka_unit_test(what_is_exported_is_read_again),
        cmocka_unit_test(who_is_meant),
        cmocka_unit_test(what_is_removed_is_gone),
    };
    return cmocka_run_group_tests_name("key_list", tests, set_up, NULL);
}
