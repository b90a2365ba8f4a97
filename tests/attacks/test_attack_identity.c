/* An attacker who has taken over the listener, against the key that identifies the host: the
 * attacker replaces the key, removes it, or changes its mode, before and during a swap. */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent_paths.h"
#include "file.h"
#include "identity.h"
#include "order_desk.h"
#include "paper_journal.h"
#include "scratch_dir.h"
#include "str.h"
#include "swap.h"
#include "swap_status.h"

struct bench {
    char *dir;
    char key[300], copy[300], machine[300], id[300];
    bool unfinished;
    struct identity_changes told;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct err err = ERR_INIT;

    assert_int_equal(crypto_init(&err), 0);
    b->dir = scratch_open();
    scratch_path(b->dir, "root.key", b->key);
    scratch_path(b->dir, "host.key", b->copy);
    scratch_path(b->dir, "machine", b->machine);
    scratch_path(b->dir, "machine-id", b->id);
    scratch_write(b->dir, "machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    scratch_close(b->dir);
    free(b);
    return 0;
}

static struct pubkey start(struct bench *b)
{
    const struct identity_where w = {.key_path = b->key,
                                     .copy_path = b->copy,
                                     .machine_path = b->machine,
                                     .machine_id = b->id,
                                     .unfinished = b->unfinished,
                                     .give = true,
                                     .uid = geteuid(),
                                     .gid = getegid()};
    auto_keypair struct keypair *k = NULL;
    struct err err = ERR_INIT;

    if (identity_open(&w, &k, &b->told, &err) < 0)
        fail_msg("root does not start: %s", err.text);
    return *keypair_public(k);
}

/* Reads the listener's copy as its group does. */
static struct pubkey copy_of(const struct bench *b)
{
    auto_keypair struct keypair *k = NULL;
    struct stat st;
    struct err err = ERR_INIT;

    if (keypair_load_as(b->copy, FILE_OF_GROUP, &k, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(stat(b->copy, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(stat(b->key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    return *keypair_public(k);
}

static void put_other_key(struct bench *b)
{
    auto_keypair struct keypair *other = keypair_generate();
    struct err err = ERR_INIT;

    if (file_remove(b->copy, &err) < 0 || keypair_save(other, b->copy, "host", 0600, &err) < 0)
        fail_msg("%s", err.text);
}

static void another_hosts_key_is_not_believed(void **state)
{
    struct bench *b = *state;
    struct pubkey first = start(b), now, copy;

    assert_false(b->told.replaced);
    for (int i = 0; i < 2; i++) {
        b->unfinished = i == 1;
        put_other_key(b);
        now = start(b);
        copy = copy_of(b);
        assert_true(b->told.replaced);
        assert_true(pubkey_eq(&first, &now));
        assert_true(pubkey_eq(&first, &copy));
        (void)start(b);
        assert_false(b->told.replaced); /* reported only once */
    }
}

static void nothing_done_to_the_copy_stops_root(void **state)
{
    struct bench *b = *state;
    struct pubkey first = start(b), now;

    b->unfinished = true;
    assert_int_equal(chmod(b->copy, 0), 0);
    now = start(b);
    assert_true(pubkey_eq(&first, &now));
    (void)copy_of(b);
    assert_int_equal(chmod(b->copy, 0666), 0);
    (void)start(b);
    assert_false(b->told.replaced); /* the key is the same */
    (void)copy_of(b);
    assert_int_equal(truncate(b->copy, 0), 0);
    (void)start(b);
    assert_true(b->told.replaced);
    assert_int_equal(unlink(b->copy), 0);
    assert_int_equal(symlink("/dev/zero", b->copy), 0);
    (void)start(b);
    assert_true(b->told.replaced);
    assert_int_equal(unlink(b->copy), 0);
    assert_int_equal(mkfifo(b->copy, 0600), 0);
    now = start(b);
    assert_true(pubkey_eq(&first, &now));
    (void)copy_of(b);
    assert_int_equal(unlink(b->copy), 0);
    assert_int_equal(mkdir(b->copy, 0700), 0); /* a directory can be neither read nor replaced */
    now = start(b);
    assert_true(pubkey_eq(&first, &now));
}

/* A host after an upgrade of Caravan: only the listener has a key, and work may be unfinished. */
static void the_listeners_key_is_taken_over_once(void **state)
{
    struct bench *b = *state;
    struct pubkey first = start(b), now;

    for (int i = 0; i < 2; i++) {
        b->unfinished = i == 1;
        assert_int_equal(unlink(b->key), 0);
        assert_int_equal(chmod(b->copy, i == 0 ? 0600 : 0666), 0);
        now = start(b);
        assert_true(pubkey_eq(&first, &now));
        assert_false(b->told.made);
        assert_false(b->told.replaced);
        (void)copy_of(b);
    }
    assert_int_equal(unlink(b->key), 0);
    assert_int_equal(truncate(b->copy, 3), 0);
    now = start(b); /* caravan-swap has nothing to compare the key with; it starts all the same */
    assert_true(b->told.made);
    assert_false(pubkey_eq(&first, &now));
}

/* A cloned machine makes a key of its own, but not in the middle of a swap. A swap does not need
 * the machine id. */
static void a_swap_is_ended_by_who_began_it(void **state)
{
    struct bench *b = *state;
    struct pubkey first = start(b), now;

    b->unfinished = true;
    scratch_write(b->dir, "machine-id", "fedcba9876543210fedcba9876543210\n", 0644);
    now = start(b);
    assert_true(pubkey_eq(&first, &now));
    assert_true(b->told.moved);
    assert_int_equal(unlink(b->id), 0);
    now = start(b);
    assert_true(pubkey_eq(&first, &now));
    assert_true(b->told.moved);
    b->unfinished = false;
    scratch_write(b->dir, "machine-id", "fedcba9876543210fedcba9876543210\n", 0644);
    now = start(b);
    assert_true(b->told.made);
    assert_false(b->told.replaced);
    assert_false(pubkey_eq(&first, &now));
}

/* ---- the alarm of a whole caravan-swap ---- */

static void put_trust(const struct bench *b)
{
    struct desk desk;
    auto_buf struct buf file = BUF_INIT;
    char path[300];
    struct err err = ERR_INIT;

    desk_open(&desk);
    desk_trust_file(&desk, &file);
    desk_close(&desk);
    scratch_path(b->dir, "trust", path);
    if (file_replace(path, file.data, file.len, 0644, &err) < 0)
        fail_msg("%s", err.text);
}

static void load_conf(const struct bench *b, struct agent_conf *ret)
{
    const struct passwd *me = geteuid() == 0 ? getpwnam("nobody") : getpwuid(geteuid());
    auto_buf struct buf text = BUF_INIT;
    char path[300];
    struct err err = ERR_INIT;

    (void)buf_printf(&text,
                     "[agent]\nuser = %s\nstate_dir = %s/state\nrun_dir = %s/run\n"
                     "machine_id = %s\n[trust]\nanchor = %s/trust\n"
                     "[nomad]\nservice = command\nbinary = %s/nomad\n"
                     "[command]\nstart = /bin/false\nstop = /bin/false\nstatus = /bin/false\n"
                     "pid_file = %s/pid\n[fetch]\nfetch_program = /bin/false\n",
                     me->pw_name, b->dir, b->dir, b->id, b->dir, b->dir, b->dir);
    scratch_write(b->dir, "agent.conf", buf_str(&text), 0600);
    scratch_path(b->dir, "agent.conf", path);
    if (agent_conf_load(path, ret, &err) < 0)
        fail_msg("%s", err.text);
}

/* Starts caravan-swap and ends it. Returns the fact "key-replaced" that it reported. */
static struct fact alarm_told(struct bench *b, const struct agent_conf *conf)
{
    static const struct log log = {LOG_INFO, "test", paper_journal};
    autofree struct swap *s = xzalloc(1, sizeof(*s));
    autofree struct swap_status *v = xzalloc(1, sizeof(*v));
    struct fact told = {.value = TRI_UNKNOWN};
    struct err err = ERR_INIT;

    paper_journal_clear();
    if (swap_open(s, conf, "agent.conf", "/bin/false", &log, &err) < 0)
        fail_msg("root does not start: %s", err.text);
    if (swap_status_read(s->view_path, v, &err) < 0)
        fail_msg("%s", err.text);
    for (uint32_t i = 0; i < v->status.n_facts; i++)
        if (str_eq(v->status.facts[i].id, "key-replaced"))
            told = v->status.facts[i];
    swap_close(s);
    scratch_path(b->dir, "state/host.key", b->copy);
    return told;
}

static void the_alarm_is_told_until_root_takes_its_mark_away(void **state)
{
    struct bench *b = *state;
    struct agent_conf conf;
    char mark[300];

    put_trust(b);
    load_conf(b, &conf);
    scratch_path(b->dir, "state/swap/key-replaced", mark);
    assert_int_equal(alarm_told(b, &conf).value, TRI_NO);
    paper_journal_says("identity-made", "PRIORITY=6");
    assert_int_equal(access(mark, F_OK), -1);

    put_other_key(b);
    struct fact told = alarm_told(b, &conf);
    paper_journal_says("key-replaced", "PRIORITY=3");
    assert_int_equal(access(mark, F_OK), 0);
    assert_int_equal(told.value, TRI_YES);
    assert_non_null(strstr(told.text, mark));

    assert_int_equal(alarm_told(b, &conf).value, TRI_YES); /* although the key is right again */
    paper_journal_never("key-replaced");
    assert_int_equal(unlink(mark), 0);
    assert_int_equal(alarm_told(b, &conf).value, TRI_NO);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(another_hosts_key_is_not_believed),
        CASE(nothing_done_to_the_copy_stops_root),
        CASE(the_listeners_key_is_taken_over_once),
        CASE(a_swap_is_ended_by_who_began_it),
        CASE(the_alarm_is_told_until_root_takes_its_mark_away),
    };

    return cmocka_run_group_tests_name("attack_identity", tests, NULL, NULL);
}
