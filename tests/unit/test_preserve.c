/* preserve.h: the keystore's copy, on real files and on a model that crashes at every operation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "file.h"
#include "host_linux.h"
#include "model_host.h"
#include "preserve.h"
#include "scratch_dir.h"
#include "str.h"

#define KEY_A "1c608afe-1724-4b9f-766f-9560dae728d7.nks.json"
#define KEY_B "2d719b0f-2835-5ca0-877f-a671ebf839e8.nks.json"

static const unsigned char runs[4][RUN_ID_LEN] = {{0xa1, 1}, {0xb2, 2}, {0xc3, 3}, {0xd4, 4}};

/* ---- on real files ---- */

struct bench {
    char *dir;
    struct host_linux ports;
    struct host host;
    char swap[200], data[200], keys[220];
    struct preserved kept;
    struct err err;
};

static void put(const struct bench *b, const char *name, const char *text)
{
    char path[400];
    struct err err = ERR_INIT;

    snprintf(path, sizeof(path), "%s/%s", b->keys, name);
    assert_int_equal(file_replace(path, text, strlen(text), 0600, &err), 0);
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    b->dir = scratch_open();
    b->host = host_linux(&b->ports);
    snprintf(b->swap, sizeof(b->swap), "%.150s/swap", b->dir);
    snprintf(b->data, sizeof(b->data), "%.150s/data", b->dir);
    snprintf(b->keys, sizeof(b->keys), "%s/server/keystore", b->data);
    if (file_make_dirs(b->swap, 0700, &b->err) < 0 || file_make_dirs(b->keys, 0700, &b->err) < 0)
        return -1;
    put(b, KEY_B, "{\"b\":2}");
    put(b, KEY_A, "{\"a\":1}");
    put(b, "notes.txt", "no key");
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

static int preserve(struct bench *b, int run)
{
    b->err = (struct err)ERR_INIT;
    return preserve_keystore(&b->host, b->swap, b->data, runs[run], &b->kept, &b->err);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    return lstat(path, &st) < 0 ? 0 : st.st_mode & 07777;
}

static void in_copy(const struct bench *b, const char *name, char dst[static 400])
{
    snprintf(dst, 400, "%s/%s", b->kept.path, name);
}

static void it_is_copied(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf text = BUF_INIT;
    char path[400];

    assert_int_equal(preserve(b, 0), 0);
    assert_int_equal(b->kept.files, 2);
    assert_int_equal(mode_of(b->kept.path), 0700);
    in_copy(b, KEY_A, path);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(file_read(path, 100, 0, &text, &b->err), 0);
    assert_string_equal(buf_str(&text), "{\"a\":1}");
    in_copy(b, KEY_B, path);
    assert_int_equal(mode_of(path), 0600);
    in_copy(b, "notes.txt", path);
    assert_int_equal(mode_of(path), 0);
}

/* The same names give the first half, the same keys both: SHA-256 made with another program. */
static void the_digest_is_as_it_is_told(void **state)
{
    struct bench *b = *state;
    struct digest first;
    char hex[65];

    assert_int_equal(preserve(b, 0), 0);
    digest_hex(hex, &b->kept.digest);
    assert_string_equal(hex, "7d483be1e7a271266cfc2c006f5ff2c31700d0eaaf79827740f11c73327ccc5c");
    first = b->kept.digest;
    put(b, KEY_A, "{\"a\":3}");
    assert_int_equal(preserve(b, 1), 0);
    assert_memory_equal(first.bytes, b->kept.digest.bytes, 16);
    assert_memory_not_equal(first.bytes + 16, b->kept.digest.bytes + 16, 16);
    put(b, "3" KEY_A, "{\"c\":3}");
    assert_int_equal(preserve(b, 2), 0);
    assert_memory_not_equal(first.bytes, b->kept.digest.bytes, 16);
}

static void again_changes_nothing_while_the_keys_are_the_same(void **state)
{
    struct bench *b = *state;
    struct stat was, is;

    assert_int_equal(preserve(b, 0), 0);
    assert_int_equal(lstat(b->kept.path, &was), 0);
    assert_int_equal(preserve(b, 0), 0);
    assert_int_equal(lstat(b->kept.path, &is), 0);
    assert_int_equal(was.st_ino, is.st_ino);
    put(b, KEY_A, "another");
    assert_int_equal(preserve(b, 0), 0);
    assert_int_equal(lstat(b->kept.path, &is), 0);
    assert_int_not_equal(was.st_ino, is.st_ino);
    assert_int_equal(b->kept.files, 2);
}

static void count_runs(const struct bench *b, int wanted)
{
    struct host_names *list = xzalloc(1, sizeof(*list));
    char parent[256];
    struct err err = ERR_INIT;
    int dir = -1;

    snprintf(parent, sizeof(parent), "%s/" PRESERVE_NAME, b->swap);
    assert_int_equal(b->host.open_dir(b->host.ctx, parent, "", &dir, &err), 0);
    assert_int_equal(b->host.list(b->host.ctx, dir, list, &err), 0);
    b->host.close(b->host.ctx, dir);
    assert_int_equal(list->n, wanted);
    assert_int_equal(mode_of(parent), 0700);
    free(list);
}

static void age(const char *path, time_t seconds)
{
    struct timespec t[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

    assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void the_copies_of_the_last_two_runs_stay(void **state)
{
    struct bench *b = *state;
    char first[256], third[256];

    for (int i = 0; i < 4; i++) {
        assert_int_equal(preserve(b, i), 0);
        age(b->kept.path, 1000 + 10 * i);
        if (i == 0)
            str_cut(first, sizeof(first), b->kept.path);
        if (i == 2)
            str_cut(third, sizeof(third), b->kept.path);
    }
    count_runs(b, 4);
    assert_int_equal(preserve_tidy(&b->host, b->swap, runs[3], &b->err), 0);
    count_runs(b, 2);
    assert_int_equal(mode_of(first), 0);
    assert_int_equal(mode_of(third), 0700);
    assert_int_equal(mode_of(b->kept.path), 0700);
}

/* An old copy was renamed for a new copy that was never finished, as a crash may leave it. */
static void a_copy_put_aside_gets_its_name_back(void **state)
{
    struct bench *b = *state;
    char aside[300], away[300], run[2 * RUN_ID_LEN + 1];

    assert_int_equal(preserve(b, 0), 0);
    str_hex(run, runs[0], RUN_ID_LEN);
    snprintf(aside, sizeof(aside), "%s/" PRESERVE_NAME "/.old-%s", b->swap, run);
    snprintf(away, sizeof(away), "%s.away", b->data);
    assert_int_equal(rename(b->kept.path, aside), 0);
    assert_int_equal(rename(b->data, away), 0);
    assert_int_equal(preserve(b, 0), -1);
    assert_int_equal(mode_of(b->kept.path), 0700);
    assert_int_equal(rename(b->kept.path, aside), 0);
    assert_int_equal(rename(away, b->data), 0);
    assert_int_equal(preserve(b, 1), 0);
    assert_int_equal(preserve_tidy(&b->host, b->swap, runs[1], &b->err), 0);
    assert_int_equal(mode_of(aside), 0);
    count_runs(b, 2);
}

static void what_is_not_ours_is_left_alone(void **state)
{
    struct bench *b = *state;
    char path[400];

    assert_int_equal(preserve(b, 0), 0);
    snprintf(path, sizeof(path), "%s/" PRESERVE_NAME "/by-hand", b->swap);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(preserve_tidy(&b->host, b->swap, runs[0], &b->err), 0);
    assert_int_equal(mode_of(path), 0700);
}

/* ---- refusals ---- */

static void refused(struct bench *b, enum err_kind kind, const char *says)
{
    char parent[300];

    assert_int_equal(preserve(b, 0), -1);
    if (b->err.kind != kind || strstr(b->err.text, says) == NULL)
        fail_msg("kind %d, %s; not %s", (int)b->err.kind, b->err.text, says);
    snprintf(parent, sizeof(parent), "%s/" PRESERVE_NAME, b->swap);
    if (mode_of(parent) != 0)
        count_runs(b, 0); /* no incomplete copy stays */
}

static void away(const struct bench *b, const char *name)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", b->keys, name);
    assert_int_equal(remove(path), 0);
}

static void without_keys(void **state)
{
    struct bench *b = *state;

    away(b, KEY_A);
    away(b, KEY_B);
    refused(b, ERR_NOTFOUND, "contains no key");
    away(b, "notes.txt");
    assert_int_equal(rmdir(b->keys), 0);
    refused(b, ERR_NOTFOUND, "No such file");
}

static void links_are_not_followed(void **state)
{
    struct bench *b = *state;
    char path[400], aside[400];

    snprintf(path, sizeof(path), "%s/" KEY_A, b->keys);
    snprintf(aside, sizeof(aside), "%s/aside", b->dir);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(symlink(aside, path), 0);
    refused(b, ERR_FORMAT, "links are not followed");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(b, ERR_FORMAT, "not a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(rename(b->keys, aside), 0);
    assert_int_equal(symlink(aside, b->keys), 0);
    refused(b, ERR_FORMAT, "is a link, or not a directory");
}

static void a_data_dir_behind_a_link_is_fine(void **state)
{
    struct bench *b = *state;
    char link[400];

    snprintf(link, sizeof(link), "%s/link", b->dir);
    assert_int_equal(symlink(b->data, link), 0);
    assert_int_equal(preserve_keystore(&b->host, b->swap, link, runs[0], &b->kept, &b->err), 0);
    assert_int_equal(b->kept.files, 2);
}

static void too_much_is_refused(void **state)
{
    struct bench *b = *state;
    char *large = xalloc(PRESERVE_FILE_MAX + 2);

    memset(large, 'x', PRESERVE_FILE_MAX + 1);
    large[PRESERVE_FILE_MAX + 1] = '\0';
    put(b, KEY_A, large);
    refused(b, ERR_LIMIT, "too large");
    large[PRESERVE_FILE_MAX] = '\0';
    put(b, KEY_A, large);
    assert_int_equal(preserve(b, 0), 0);
    for (int i = 0; i < PRESERVE_BYTES_MAX / PRESERVE_FILE_MAX; i++) {
        char name[64];

        snprintf(name, sizeof(name), "%d.nks.json", i);
        put(b, name, large);
    }
    assert_int_equal(preserve(b, 1), -1);
    assert_int_equal(b->err.kind, ERR_LIMIT);
    free(large);
}

static void too_many_are_refused(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < HOST_NAMES; i++) {
        char name[64];

        snprintf(name, sizeof(name), "%d.nks.json", i);
        put(b, name, "k");
    }
    refused(b, ERR_LIMIT, "more than 256 names");
}

/* ---- changes during the copy ---- */

static const struct bench *changing;
static int changes;

static int sync_and_change(void *ctx, int at, const char *dir, struct err *err)
{
    (void)ctx;
    assert_int_equal(at, HOST_OWN_PATH);
    if (changes > 0 && strstr(dir, "/.new-") != NULL) {
        char text[16];

        snprintf(text, sizeof(text), "%d", changes--);
        put(changing, KEY_A, text);
    }
    return file_sync_dir(dir, err);
}

static void a_change_makes_it_begin_anew(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf text = BUF_INIT;
    char path[400];

    changing = b;
    b->host.sync_dir = sync_and_change;
    changes = 2;
    assert_int_equal(preserve(b, 0), 0);
    in_copy(b, KEY_A, path);
    assert_int_equal(file_read(path, 100, 0, &text, &b->err), 0);
    assert_string_equal(buf_str(&text), "1");
    changes = 100;
    assert_int_equal(preserve(b, 1), -1);
    assert_int_equal(b->err.kind, ERR_STATE);
    count_runs(b, 1);
}

/* ---- crashed before every operation ---- */

static void model_keys(struct model_host *m, const char *a, const char *b)
{
    char text[6000];

    memset(text, '.', sizeof(text)); /* longer than one piece */
    memcpy(text, a, strlen(a));
    model_fs_put(&m->fs, "/data/server/keystore/a.nks.json", text, sizeof(text), 0600);
    model_fs_put(&m->fs, "/data/server/keystore/b.nks.json", b, strlen(b), 0600);
}

static void model_begin(struct model_host *m)
{
    model_open(m, "new");
    model_fs_put_dir(&m->fs, "/data/server");
    model_fs_put_dir(&m->fs, "/data/server/keystore");
    model_keys(m, "one", "two");
}

static int model_preserve(struct model_host *m, int run, struct preserved *ret)
{
    struct err err = ERR_INIT;
    int rc = preserve_keystore(&m->host, MODEL_DIR, "/data", runs[run], ret, &err);

    return rc == 0 ? preserve_tidy(&m->host, MODEL_DIR, runs[run], &err) : rc;
}

/* Each copy of a run is whole, with the old keys or with the new keys. */
static bool is_whole(struct model_host *m, const char *dir, const struct digest *old,
                     const struct digest *now)
{
    struct preserved p;
    struct err err = ERR_INIT;

    /* The digest of the copy, computed by copying it as if it were a keystore. */
    model_fs_put_dir(&m->fs, "/judge/server");
    model_fs_put_dir(&m->fs, "/judge/server/keystore");
    for (int i = 0; i < MODEL_NAMES; i++) {
        const struct model_name *n = &m->fs.names[i];
        const char *in = n->inode != 0 ? model_fs_in(n->path, dir) : NULL;
        const struct model_file *f = in != NULL ? &m->fs.files[n->inode] : NULL;
        char path[200];

        if (f == NULL)
            continue;
        snprintf(path, sizeof(path), "/judge/server/keystore/%s", in);
        model_fs_put(&m->fs, path, f->data, f->len, 0600);
    }
    bool made = preserve_keystore(&m->host, "/out", "/judge", runs[3], &p, &err) == 0;
    return made && (digest_eq(&p.digest, old) || digest_eq(&p.digest, now));
}

struct trial {
    struct model_host m, copy;
    struct digest old, now;
};

/* The durable state before the last preserve: with `again` run 0's copy with the old keys, else
 * nothing. */
static void begin_trial(struct trial *t, bool again)
{
    struct preserved p;

    model_begin(&t->m);
    model_fs_put(&t->m.fs, "/data/server/keystore/c.nks.json", "three", 5, 0600);
    assert_int_equal(model_preserve(&t->m, 0, &p), 0);
    t->old = p.digest;
    model_begin(&t->copy);
    model_keys(&t->copy, "uno", "due");
    assert_int_equal(model_preserve(&t->copy, 0, &p), 0);
    t->now = p.digest;
    if (!again)
        model_begin(&t->m);
    model_keys(&t->m, "uno", "due");
    if (again)
        model_fs_drop(&t->m.fs, "/data/server/keystore/c.nks.json");
    t->m.operations = t->m.syncs = 0;
    t->m.crash_at = 0;
}

static const char *copy_name(char dst[static 120], const char *prefix)
{
    char hex[2 * RUN_ID_LEN + 1];

    str_hex(hex, runs[0], RUN_ID_LEN);
    snprintf(dst, 120, MODEL_DIR "/" PRESERVE_NAME "/%s%s", prefix, hex);
    return dst;
}

static void judge(struct trial *t, bool again, unsigned at)
{
    char name[120], old[120];
    bool has = model_fs_find(&t->m.fs, copy_name(name, "")) != 0;
    bool has_old = model_fs_find(&t->m.fs, copy_name(old, ".old-")) != 0;
    struct preserved p;

    if (again && !has && !has_old)
        fail_msg("before operation %u: no copy is left", at);
    t->copy = t->m;
    t->copy.host.ctx = &t->copy;
    if (has && !is_whole(&t->copy, name, &t->old, &t->now))
        fail_msg("before operation %u: the copy is torn", at);
    t->copy = t->m;
    t->copy.host.ctx = &t->copy;
    if (!has && has_old && !is_whole(&t->copy, old, &t->old, &t->now))
        fail_msg("before operation %u: the copy put aside is torn", at);
    if (model_preserve(&t->m, 0, &p) < 0 || !digest_eq(&p.digest, &t->now) || p.files != 2)
        fail_msg("before operation %u: it cannot be done again", at);
    if (model_fs_find(&t->m.fs, copy_name(old, ".old-")) != 0 ||
        model_fs_find(&t->m.fs, copy_name(old, ".new-")) != 0)
        fail_msg("before operation %u: leftovers", at);
}

static void crash(struct trial *t, bool again, unsigned at, int kind, uint64_t seed)
{
    struct preserved p;
    uint64_t random = seed * 0x9e3779b97f4a7c15ULL + 1;

    begin_trial(t, again);
    t->m.crash_at = at;
    (void)!model_preserve(&t->m, 0, &p);
    t->m.crash_at = 0;
    if (kind == 0)
        model_revive(&t->m);
    else
        model_reboot(&t->m,
                     kind == 1   ? LOSE_ALL
                     : kind == 2 ? LOSE_NOTHING
                                 : LOSE_SOME,
                     &random, false);
    judge(t, again, at);
}

static void a_crash_before_every_operation(void **state)
{
    struct trial *t = xzalloc(1, sizeof(*t));
    struct preserved p;

    (void)state;
    for (int again = 0; again < 2; again++) {
        begin_trial(t, again);
        assert_int_equal(model_preserve(&t->m, 0, &p), 0);
        unsigned last = t->m.operations;
        assert_true(last > 8);
        for (unsigned at = 1; at <= last + 1; at++)
            for (int kind = 0; kind < 4; kind++)
                for (uint64_t seed = 0; seed < (kind == 3 ? 12 : 1); seed++)
                    crash(t, again != 0, at, kind, seed);
        print_message("# %s: %u operations\n", again ? "over another copy" : "the first", last);
    }
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_digest_is_as_it_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(again_changes_nothing_while_the_keys_are_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_copies_of_the_last_two_runs_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_put_aside_gets_its_name_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_ours_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_data_dir_behind_a_link_is_fine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_makes_it_begin_anew, set_up, tear_down),
        cmocka_unit_test(a_crash_before_every_operation),
    };

    return cmocka_run_group_tests_name("preserve", tests, NULL, NULL);
}
