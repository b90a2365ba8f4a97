/* Box keys are derived once and kept; a file that does not fit is as good as none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "box_keys.h"
#include "console_fixture.h"
#include "file.h"

#define HOSTS BOX_KEYS_WORTH

struct scene {
    struct console_fixture fixture;
    struct known_hosts known;
    char path[300];
};

static void add_host(struct known_hosts *k, unsigned i)
{
    unsigned char seed[32] = {(unsigned char)i, 1};
    auto_keypair struct keypair *key = keypair_from_seed(seed);
    struct err err = ERR_INIT;
    char id[16];
    snprintf(id, sizeof id, "id-%03u", i);
    assert_int_equal(known_hosts_add(k, id, id, keypair_public(key), &err), 1);
}

static int begin(void **state)
{
    struct scene *s = xzalloc(1, sizeof *s);
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0 || console_fixture_begin(&s->fixture) < 0)
        return -1;
    snprintf(s->path, sizeof s->path, "%s/%s", s->fixture.dir, BOX_KEYS_NAME);
    for (unsigned i = 0; i < HOSTS; i++)
        add_host(&s->known, i);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct scene *s = *state;
    known_hosts_free(&s->known);
    console_fixture_end(&s->fixture);
    free(s);
    return 0;
}

/* Asks for the first n; each must be what deriving it gives. */
static void ask(struct box_keys *b, const struct known_hosts *k, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct boxkey got, want;
        struct err err = ERR_INIT;
        assert_int_equal(box_keys_find(b, &k->items[i], &got, &err), 0);
        assert_int_equal(boxkey_of(&k->items[i].key, &want, &err), 0);
        assert_memory_equal(&got, &want, sizeof want);
    }
}

static void ask_and_close(struct scene *s, size_t n)
{
    struct box_keys *b = box_keys_open(&s->known, s->path);
    ask(b, &s->known, n);
    box_keys_close(b);
}

static void read_file(const struct scene *s, struct buf *ret)
{
    struct err err = ERR_INIT;
    assert_int_equal(file_read(s->path, 1 << 20, FILE_PRIVATE, ret, &err), 0);
}

static bool is_there(const struct scene *s)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    bool there = true;
    assert_int_equal(file_read_if(s->path, 1 << 20, 0, &b, &there, &err), 0);
    return there;
}

/* The kept key is another host's, and the digest fits: only a file that is believed gives it. */
static void swap_first_two(const struct scene *s)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    struct digest_state d;
    struct digest digest;
    unsigned char first[KEY_LEN];
    read_file(s, &b);
    unsigned char *keys = b.data + b.len - HOSTS * KEY_LEN;
    memcpy(first, keys, KEY_LEN);
    memcpy(keys, keys + KEY_LEN, KEY_LEN);
    memcpy(keys + KEY_LEN, first, KEY_LEN);
    digest_init(&d);
    for (size_t i = 0; i < HOSTS; i++)
        digest_add(&d, s->known.items[i].key.bytes, KEY_LEN);
    digest_add(&d, keys, HOSTS * KEY_LEN);
    digest_final(&d, &digest);
    memcpy(keys - DIGEST_LEN, digest.bytes, DIGEST_LEN);
    assert_int_equal(file_replace(s->path, b.data, b.len, 0600, &err), 0);
}

static void test_they_are_kept(void **state)
{
    struct scene *s = *state;
    struct err err = ERR_INIT;
    struct boxkey got, want;
    ask_and_close(s, HOSTS);
    assert_true(is_there(s));
    ask_and_close(s, HOSTS);
    swap_first_two(s);
    struct box_keys *b = box_keys_open(&s->known, s->path);
    assert_int_equal(box_keys_find(b, &s->known.items[0], &got, &err), 0);
    box_keys_close(b);
    assert_int_equal(boxkey_of(&s->known.items[1].key, &want, &err), 0);
    assert_memory_equal(&got, &want, sizeof want);
}

static void test_few_are_not_worth_a_file(void **state)
{
    struct scene *s = *state;
    ask_and_close(s, BOX_KEYS_WORTH - 1);
    assert_false(is_there(s));
}

static void test_a_damaged_file_is_as_good_as_none(void **state)
{
    struct scene *s = *state;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    ask_and_close(s, HOSTS);
    read_file(s, &b);
    const size_t at[] = {0, b.len - HOSTS * KEY_LEN - 1, b.len - HOSTS * KEY_LEN, b.len - 1};
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        b.data[at[i]] ^= 1;
        assert_int_equal(file_replace(s->path, b.data, b.len, 0600, &err), 0);
        ask_and_close(s, HOSTS);
        b.data[at[i]] ^= 1;
    }
    const size_t sizes[] = {0, 1, b.len - KEY_LEN, b.len - 1};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_int_equal(file_replace(s->path, b.data, sizes[i], 0600, &err), 0);
        ask_and_close(s, HOSTS);
    }
    auto_buf struct buf back = BUF_INIT;
    read_file(s, &back); /* written anew */
    assert_int_equal(back.len, b.len);
    assert_memory_equal(back.data, b.data, b.len);
}

/* As many keys as before, but another one among them: enrolled anew by hand. */
static void test_a_changed_key_is_never_given_the_old_box(void **state)
{
    struct scene *s = *state;
    ask_and_close(s, HOSTS);
    s->known.items[5].key = s->known.items[6].key;
    ask_and_close(s, HOSTS);
}

static void test_hosts_enrolled_meanwhile(void **state)
{
    struct scene *s = *state;
    struct err err = ERR_INIT;
    struct box_keys *b = box_keys_open(&s->known, s->path);
    ask(b, &s->known, 3);
    unsigned char seed[32] = {7, 7};
    auto_keypair struct keypair *key = keypair_from_seed(seed);
    /* Before all others: every place is another one now. */
    assert_int_equal(known_hosts_add(&s->known, "aa", "aa", keypair_public(key), &err), 1);
    ask(b, &s->known, s->known.n);
    box_keys_close(b);
    assert_false(is_there(s));
}

static void test_an_unusable_key(void **state)
{
    struct scene *s = *state;
    struct err err = ERR_INIT;
    struct boxkey got;
    struct box_keys *b = box_keys_open(&s->known, "");
    memset(&s->known.items[2].key, 0, sizeof s->known.items[2].key);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(box_keys_find(b, &s->known.items[2], &got, &err), -1);
        assert_int_equal(err.kind, ERR_CRYPTO);
    }
    box_keys_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_they_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_few_are_not_worth_a_file, begin, end),
        cmocka_unit_test_setup_teardown(test_a_damaged_file_is_as_good_as_none, begin, end),
        cmocka_unit_test_setup_teardown(test_a_changed_key_is_never_given_the_old_box, begin, end),
        cmocka_unit_test_setup_teardown(test_hosts_enrolled_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_an_unusable_key, begin, end),
    };
    return cmocka_run_group_tests_name("box_keys", tests, NULL, NULL);
}
