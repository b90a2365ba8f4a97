#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent_store.h"
#include "file.h"
#include "scratch_dir.h"

static char dir[64];
static char path[96];

static int make_dir(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    scratch_make(dir, sizeof(dir));
    if (crypto_init(&err) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/state", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static struct agent_state *full_state(void)
{
    struct agent_state *s = xzalloc(1, sizeof(*s));
    struct err err = ERR_INIT;
    s->lease = (struct lease){.revision = 9,
                              .epoch = 3,
                              .held = true,
                              .ttl_ms = 120000,
                              .renewed_ms = 77,
                              .run_id = {1, 2},
                              .session = {5}};
    s->notes.n = NOTES_MAX;
    for (uint32_t i = 0; i < NOTES_MAX; i++) {
        s->notes.items[i].slot = i * 3;
        s->notes.items[i].len = NOTE_MAX - i;
        memset(s->notes.items[i].text, 'a' + (int)i, NOTE_MAX - i);
    }
    s->noted = (struct sequences){{5}, 3, 12};
    s->refused = (struct sequences){{5}, 3, 4};
    for (unsigned i = 0; i < KEPT_MAX + 3; i++) {
        auto_buf struct buf receipt = BUF_INIT;
        struct digest d = {{(unsigned char)(i + 1)}};
        for (unsigned k = 0; k <= i; k++)
            buf_add_byte(&receipt, (unsigned char)k);
        assert_int_equal(agent_state_keep(s, &d, &receipt, &err), 0);
    }
    return s;
}

static void whole_state_comes_back(void **state)
{
    (void)state;
    autofree struct agent_state *s = full_state();
    autofree struct agent_state *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf once = BUF_INIT, twice = BUF_INIT;
    struct err err = ERR_INIT;

    assert_int_equal(agent_store_save(path, s, &err), 0);
    if (agent_store_load(path, back, &err) < 0)
        fail_msg("%s", err.text);
    agent_state_pack(s, &once);
    agent_state_pack(back, &twice);
    assert_int_equal(once.len, twice.len);
    assert_memory_equal(once.data, twice.data, once.len);
    assert_true(once.len < AGENT_STORE_MAX);
    assert_int_equal(back->lease.revision, 9);
    assert_int_equal(back->notes.items[7].text[0], 'h');
}

static void oldest_receipt_makes_room(void **state)
{
    (void)state;
    autofree struct agent_state *s = full_state();
    struct digest first = {{1}}, third = {{3}}, fourth = {{4}}, last = {{KEPT_MAX + 3}},
                  zero = {{0}};

    assert_null(agent_state_kept(s, &first));
    assert_null(agent_state_kept(s, &third));
    assert_int_equal(agent_state_kept(s, &fourth)->len, 4);
    assert_int_equal(agent_state_kept(s, &last)->len, KEPT_MAX + 3);
    memset(s, 0, sizeof(*s));
    assert_null(agent_state_kept(s, &zero));
}

static void counts_are_of_their_session_and_epoch(void **state)
{
    (void)state;
    struct sequences c = {{0}, 0, 0};
    const unsigned char boot[SESSION_LEN] = {1}, other[SESSION_LEN] = {2};
    sequences_take(&c, boot, 4, 10);
    sequences_take(&c, boot, 4, 8);
    assert_int_equal(sequences_in(&c, boot, 4), 10);
    assert_int_equal(sequences_in(&c, boot, 5), 0);
    assert_int_equal(sequences_in(&c, other, 4), 0);
    sequences_take(&c, other, 4, 2);
    assert_int_equal(sequences_in(&c, other, 4), 2);
}

static void absent_is_empty(void **state)
{
    (void)state;
    autofree struct agent_state *s = full_state();
    struct err err = ERR_INIT;
    unlink(path);
    assert_int_equal(agent_store_load(path, s, &err), 0);
    assert_int_equal(s->lease.revision, 0);
    assert_int_equal(s->notes.n, 0);
}

/* Every changed byte and every shorter file is noticed. */
static void damage_is_noticed(void **state)
{
    (void)state;
    autofree struct agent_state *s = xzalloc(1, sizeof(*s));
    autofree struct agent_state *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    agent_state_pack(s, &b);
    assert_int_equal(agent_state_parse(b.data, b.len, back, &err), 0);
    for (size_t i = 0; i < b.len; i++) {
        b.data[i] ^= 0x20;
        assert_int_equal(agent_state_parse(b.data, b.len, back, &err), -1);
        assert_int_equal(err.kind, ERR_FORMAT);
        b.data[i] ^= 0x20;
    }
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(agent_state_parse(b.data, n, back, &err), -1);
    assert_int_equal(file_replace(path, b.data, b.len - 1, 0600, &err), 0);
    assert_int_equal(agent_store_load(path, back, &err), -1);
    assert_non_null(strstr(err.text, "move the file away"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_state_comes_back),
        cmocka_unit_test(oldest_receipt_makes_room),
        cmocka_unit_test(counts_are_of_their_session_and_epoch),
        cmocka_unit_test(absent_is_empty),
        cmocka_unit_test(damage_is_noticed),
    };
    return cmocka_run_group_tests_name("agent_store", tests, make_dir, remove_dir);
}
