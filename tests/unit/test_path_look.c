/* path_right.h, path_look.h, look_call.h: the file at a path, the users who may use it, and a path
 * that hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "clock.h"
#include "look_call.h"
#include "path_look.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "str.h"

#define ROOT                                                                                       \
    {                                                                                              \
        .reads_all = true, .writes_all = true                                                      \
    }

/* ---- who may ---- */

static void by_owner_mode_and_groups(void **state)
{
    static const struct path_user nomad = {.uid = 5, .gid = 6, .n_groups = 1, .groups = {7}};
    static const struct path_user many = {.uid = 5, .gid = 6, .more_groups = true};
    static const struct path_user reader = {.uid = 5, .gid = 6, .reads_all = true};
    static const struct path_user root = ROOT;
    static const struct {
        const struct path_user *user;
        struct path_owner owner;
        uint32_t need;
        enum tri may;
    } rows[] = {
        {&nomad, {.uid = 5, .mode = 0400}, PATH_READ, TRI_YES},
        {&nomad, {.uid = 5, .mode = 0077}, PATH_READ, TRI_NO}, /* only the owner's bits count */
        {&nomad, {.uid = 0, .gid = 6, .mode = 0040}, PATH_READ, TRI_YES},
        {&nomad, {.uid = 0, .gid = 7, .mode = 0040}, PATH_READ, TRI_YES},
        {&nomad, {.uid = 0, .gid = 7, .mode = 0704}, PATH_READ, TRI_NO},
        {&nomad, {.uid = 0, .gid = 8, .mode = 0740}, PATH_READ, TRI_NO},
        {&nomad, {.uid = 0, .gid = 8, .mode = 0004}, PATH_READ, TRI_YES},
        {&nomad, {.uid = 0, .gid = 8, .mode = 0005, .dir = true}, 7, TRI_NO},
        {&nomad, {.uid = 0, .gid = 8, .mode = 0000}, 0, TRI_YES},
        {&nomad, {.uid = 0, .gid = 8, .mode = 0600, .listed = true}, PATH_READ, TRI_UNKNOWN},
        {&nomad, {.uid = 5, .mode = 0600, .listed = true}, PATH_READ, TRI_YES},
        {&nomad, {.uid = 5, .mode = 0600, .far = true}, PATH_READ, TRI_UNKNOWN},
        {&many, {.uid = 0, .gid = 9, .mode = 0040}, PATH_READ, TRI_UNKNOWN},
        {&many, {.uid = 0, .gid = 9, .mode = 0044}, PATH_READ, TRI_YES},
        {&reader, {.uid = 0, .mode = 0}, PATH_READ, TRI_YES},
        {&reader, {.uid = 0, .mode = 0}, PATH_ENTER, TRI_NO},
        {&reader, {.uid = 0, .mode = 0, .dir = true}, PATH_READ | PATH_ENTER, TRI_YES},
        {&reader, {.uid = 0, .mode = 0, .dir = true}, PATH_WRITE, TRI_NO},
        {&root, {.uid = 9, .mode = 0}, PATH_READ | PATH_WRITE, TRI_YES},
        {&root, {.uid = 9, .mode = 0, .listed = true}, PATH_READ, TRI_YES},
        {&root, {.uid = 9, .mode = 0, .dir = true, .far = true}, PATH_ENTER, TRI_YES},
        {&root, {.uid = 9, .mode = 0, .far = true}, PATH_READ, TRI_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (path_may_access(rows[i].user, &rows[i].owner, rows[i].need) != rows[i].may)
            fail_msg("row %zu", i);
    }
}

static void as_whom_a_process_runs(void **state)
{
    static const char text[] = "Name:\tnomad\nUid:\t1\t990\t2\t3\nGid:\t4\t991\t5\t6\n"
                               "Groups:\t4 27 991 \nCapEff:\t0000000000000004\nNoNewPrivs:\t0\n";
    static const char *const odd[] = {
        "",
        "Uid:\t1\nGid:\t1\t1\nGroups:\t\nCapEff:\t0000000000000000\n",
        "Uid:\t1\t1\nGid:\t1\t1\nGroups:\t\nCapEff:\t00\n",
        "Uid:\t1\t1\nGid:\t1\t1\nCapEff:\t0000000000000000\n",
        "Uid:\tx\t1\nGid:\t1\t1\nGroups:\t\nCapEff:\t0000000000000000\n",
    };
    struct path_user u = {.uid = 77};

    (void)state;
    assert_int_equal(path_user_parse(text, &u), 0);
    assert_int_equal(u.uid, 990);
    assert_int_equal(u.gid, 991);
    assert_int_equal(u.n_groups, 3);
    assert_int_equal(u.groups[1], 27);
    assert_true(u.reads_all && !u.writes_all);
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        u.uid = 77;
        assert_int_equal(path_user_parse(odd[i], &u), -1);
        assert_int_equal(u.uid, 77);
    }
}

/* ---- the walk ---- */

struct tree {
    char *dir;
    int root;
};

static void make(const struct tree *t, const char *path, const char *text, mode_t mode)
{
    char whole[300];

    scratch_path(t->dir, path, whole);
    if (text == NULL)
        assert_int_equal(mkdir(whole, 0700), 0);
    else
        scratch_write(t->dir, path, text, 0600);
    assert_int_equal(chmod(whole, mode), 0);
}

static void lead(const struct tree *t, const char *path, const char *to)
{
    char whole[300];

    scratch_path(t->dir, path, whole);
    assert_int_equal(symlink(to, whole), 0);
}

static int grow(void **state)
{
    struct tree *t = xzalloc(1, sizeof(*t));

    t->dir = scratch_open();
    make(t, "etc", NULL, 0755);
    make(t, "etc/key", "secret", 0600);
    make(t, "closed", NULL, 0700);
    make(t, "closed/file", "x", 0644);
    make(t, "raft", NULL, 0755);
    make(t, "raft/a", "12345", 0644);
    make(t, "raft/more", NULL, 0755);
    make(t, "raft/more/b", "678", 0644);
    lead(t, "raft/more/c", "../a");
    lead(t, "whole", "/etc/key");
    lead(t, "etc/whole", "/etc/key");
    lead(t, "up", "../../../etc/key");
    lead(t, "round", "round");
    lead(t, "lost", "/etc/none");
    t->root = open(t->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *state = t;
    return t->root < 0;
}

static int fell(void **state)
{
    struct tree *t = *state;

    close(t->root);
    scratch_close(t->dir);
    free(t);
    return 0;
}

static const struct path_user stranger = {.uid = 12345, .gid = 12345};
static const struct path_user as_root = ROOT;

/* Links stay within the given root directory: they do not lead to the machine's own /etc. */
static void each_way(void **state)
{
    static const struct {
        const char *path;
        const struct path_user *user;
        uint32_t need;
        enum look_end end;
        const char *where;
    } ways[] = {
        {"/etc/key", &as_root, PATH_READ, LOOK_FINE, "/etc/key"},
        {"//etc/./x/../key", &as_root, 0, LOOK_MISSING, "/etc/x"},
        {"/etc/../etc/key", &as_root, PATH_READ, LOOK_FINE, "/etc/key"},
        {"/../../etc/key", &as_root, PATH_READ, LOOK_FINE, "/etc/key"},
        {"/whole", &as_root, PATH_READ, LOOK_FINE, "/etc/key"},
        {"/etc/whole", &as_root, PATH_READ, LOOK_FINE, "/etc/key"},
        {"/up", &as_root, PATH_READ, LOOK_FINE, "/etc/key"},
        {"/etc/passwd", &as_root, 0, LOOK_MISSING, "/etc/passwd"},
        {"/etc/key/x", &as_root, 0, LOOK_MISSING, "/etc/key"},
        {"/lost", &as_root, 0, LOOK_MISSING, "/etc/none"},
        {"/round", &as_root, 0, LOOK_FAILED, ""},
        {"/", &as_root, 0, LOOK_FINE, ""},
        {"/etc/key", &stranger, PATH_READ, LOOK_DENIED, "/etc/key"},
        {"/whole", &stranger, PATH_READ, LOOK_DENIED, "/etc/key"},
        {"/etc/key", &stranger, 0, LOOK_FINE, "/etc/key"},
        {"/closed/file", &stranger, 0, LOOK_DENIED, "/closed"},
        {"/etc", &stranger, PATH_READ | PATH_ENTER, LOOK_FINE, "/etc"},
        {"/etc", &stranger, PATH_WRITE, LOOK_DENIED, "/etc"},
    };
    const struct tree *t = *state;

    assert_int_equal(fchmodat(AT_FDCWD, t->dir, 0755, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct path_question question = {.need = ways[i].need};
        struct host_look got;

        str_cut(question.path, sizeof(question.path), ways[i].path);
        path_look(t->root, ways[i].user, &question, &got, NULL);
        if (got.end != ways[i].end ||
            (ways[i].where[0] != '\0' && !str_eq(got.where, ways[i].where)))
            fail_msg("%s: %d %s", ways[i].path, (int)got.end, got.where);
    }
}

/* rw for the owner, r for user 12345, a mask of r: as setfacl writes it. */
static void an_access_list_decides(void **state)
{
    static const unsigned char list[] = {
        2,    0,    0,    0, /* the version; then tag, right, id */
        1,    0,    6,    0,    0xff, 0xff, 0xff, 0xff, 2,    0,    4,    0,   0x39, 0x30,
        0,    0,    4,    0,    0,    0,    0xff, 0xff, 0xff, 0xff, 16,   0,   4,    0,
        0xff, 0xff, 0xff, 0xff, 32,   0,    0,    0,    0xff, 0xff, 0xff, 0xff};
    const struct tree *t = *state;
    struct path_question question = {.path = "/etc/key", .need = PATH_READ};
    struct host_look got;
    char path[300];

    scratch_path(t->dir, "etc/key", path);
    assert_int_equal(fchmodat(AT_FDCWD, t->dir, 0755, 0), 0);
    if (setxattr(path, "system.posix_acl_access", list, sizeof(list), 0) < 0)
        skip_because("the file system has no access lists");
    path_look(t->root, &stranger, &question, &got, NULL);
    assert_int_equal(got.end, LOOK_UNSURE);
    path_look(t->root, &as_root, &question, &got, NULL);
    assert_int_equal(got.end, LOOK_FINE);
}

static void what_is_there(void **state)
{
    const struct tree *t = *state;
    struct path_question question = {.path = "/etc/key", .content = true, .sum = true};
    autofree unsigned char *content = xzalloc(LOOK_CONTENT, 1);
    struct host_look got;

    path_look(t->root, &as_root, &question, &got, content);
    assert_int_equal(got.end, LOOK_FINE);
    assert_false(got.dir);
    assert_int_equal(got.len, 6);
    assert_memory_equal(content, "secret", 6);
    question = (struct path_question){.path = "/raft", .content = true, .sum = true};
    path_look(t->root, &as_root, &question, &got, content);
    assert_int_equal(got.end, LOOK_FINE);
    assert_true(got.dir);
    assert_int_equal(got.len, 0);
    assert_int_equal(got.bytes, 8); /* a link counts for nothing */
    assert_false(got.cut);
}

static struct host_look kind_of(const struct tree *t, const char *path)
{
    struct path_question question = {.kind = true};
    struct host_look got;

    str_cut(question.path, sizeof(question.path), path);
    path_look(t->root, &as_root, &question, &got, NULL);
    return got;
}

static enum look_end fits(const struct tree *t, const char *pattern)
{
    struct path_question question = {.pattern = true, .need = PATH_READ};
    struct host_look got;

    str_cut(question.path, sizeof(question.path), pattern);
    path_look(t->root, &as_root, &question, &got, NULL);
    return got.end;
}

static void what_fits_a_pattern(void **state)
{
    const struct tree *t = *state;

    assert_int_equal(fits(t, "/etc/k*"), LOOK_FINE);
    assert_int_equal(fits(t, "/*/{a,b}"), LOOK_FINE);
    assert_int_equal(fits(t, "/etc/key"), LOOK_FINE);
    assert_int_equal(fits(t, "/etc/*.hcl"), LOOK_MISSING);
    assert_int_equal(fits(t, "/etc/pass*"), LOOK_MISSING); /* not the machine's own */
}

static void of_which_kind(void **state)
{
    const struct tree *t = *state;
    struct host_look got = kind_of(t, "/etc/key");

    make(t, "none", NULL, 0755);
    lead(t, "way", "etc");
    assert_true(got.kind.mode == (S_IFREG | 0600) && got.kind.size == 6 && !got.link);
    assert_true(!got.kind.empty && !got.kind.mount && !got.kind.read_only);
    assert_true(kind_of(t, "/none").kind.empty);
    assert_false(kind_of(t, "/raft").kind.empty);
    assert_true(S_ISDIR(kind_of(t, "/raft").kind.mode));
    assert_true(kind_of(t, "/whole").link);
    assert_true(kind_of(t, "/whole/").link);
    assert_true(kind_of(t, "/lost").link);
    assert_false(kind_of(t, "/way/key").link);
    assert_int_equal(kind_of(t, "/lost").end, LOOK_MISSING);
}

/* The kernel's own mounts. */
static void a_mount_is_seen(void **state)
{
    struct tree *t = *state;

    close(t->root);
    t->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(kind_of(t, "/proc").kind.mount);
    assert_false(kind_of(t, "/proc/self").kind.mount);
}

/* ---- the child ---- */

static void look_or_hang(int root, const struct path_user *user,
                         const struct path_question *question, struct host_look *ret,
                         unsigned char *content)
{
    while (str_ends(question->path, "/hangs"))
        pause();
    if (str_ends(question->path, "/ends"))
        _exit(1);
    path_look(root, user, question, ret, content);
}

static int64_t look(struct look_left *left, const struct path_question *questions, uint32_t n,
                    struct host_look *ret)
{
    int64_t began = clock_mono(clock_system());
    struct err err = ERR_INIT;

    if (look_call("/proc/self/exe", left, (uint32_t)getpid(), &as_root, questions, n, ret, &err) <
        0)
        fail_msg("%s", err.text);
    return clock_mono(clock_system()) - began;
}

static void what_hangs_is_left(void **state)
{
    const struct tree *t = *state;
    struct look_left left = {.list = {{0}}};
    struct path_question questions[3] = {
        {.path = "/proc/self/cmdline"}, {.path = "/hangs"}, {.path = ""}};
    struct host_look got[3];

    snprintf(questions[2].path, sizeof(questions[2].path), "%.200s/etc/key", t->dir);
    questions[2].content = true;
    assert_true(look(&left, questions, 3, got) >= LOOK_MS);
    assert_int_equal(got[0].end, LOOK_FINE);
    assert_int_equal(got[1].end, LOOK_HANGS);
    assert_int_equal(got[2].end, LOOK_FINE);
    assert_string_equal(buf_str(&got[2].content), "secret");
    buf_free(&got[2].content);
    /* The second look does not wait again. */
    assert_true(look(&left, questions, 3, got) < LOOK_MS);
    assert_int_equal(got[1].end, LOOK_HANGS);
    assert_int_equal(got[2].end, LOOK_FINE);
    buf_free(&got[2].content);
    assert_int_equal(left.list[0].pid, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no process is left */
}

static void no_more_than_a_few(void **state)
{
    struct look_left left = {.list = {{0}}};
    struct path_question questions[5] = {{.path = "/1/hangs"},
                                         {.path = "/2/hangs"},
                                         {.path = "/3/hangs"},
                                         {.path = "/4/hangs"},
                                         {.path = "/"}};
    struct host_look got[5];

    (void)state;
    assert_true(look(&left, questions, 5, got) < (LOOK_LEFT_MAX + 1) * LOOK_MS);
    for (int i = 0; i < LOOK_LEFT_MAX; i++)
        assert_int_equal(got[i].end, LOOK_HANGS);
    assert_int_equal(got[3].end, LOOK_SKIPPED);
    assert_int_equal(got[4].end, LOOK_SKIPPED);
    for (int i = 0; i < LOOK_LEFT_MAX; i++)
        assert_int_equal(waitpid(left.list[i].pid, NULL, 0), left.list[i].pid);
}

static void a_child_that_ends(void **state)
{
    struct look_left left = {.list = {{0}}};
    const struct path_question question = {.path = "/ends"};
    uint32_t pid = (uint32_t)getpid();
    struct host_look got;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(look_call("/proc/self/exe", &left, pid, &as_root, &question, 1, &got, &err),
                     -1);
    assert_int_equal(look_call("/none", &left, pid, &as_root, &question, 1, &got, &err), -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

#define IN_TREE(f) cmocka_unit_test_setup_teardown(f, grow, fell)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_owner_mode_and_groups),
        cmocka_unit_test(as_whom_a_process_runs),
        IN_TREE(each_way),
        IN_TREE(an_access_list_decides),
        IN_TREE(what_is_there),
        IN_TREE(of_which_kind),
        IN_TREE(what_fits_a_pattern),
        IN_TREE(a_mount_is_seen),
        IN_TREE(what_hangs_is_left),
        cmocka_unit_test(no_more_than_a_few),
        cmocka_unit_test(a_child_that_ends),
    };

    if (argc == 2 && str_eq(argv[1], "look"))
        return look_call_main(look_or_hang);
    return cmocka_run_group_tests_name("path_look", tests, NULL, NULL);
}
