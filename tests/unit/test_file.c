#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "file.h"
#include "scratch_dir.h"
#include "str.h"

/* The order of the calls to the file system: f fsync of a file, d of a directory, r rename, l link,
 * u unlink. These functions replace those of the C library. */
static char steps[64];

static void step(char what)
{
    size_t n = strlen(steps);
    if (n + 1 < sizeof(steps))
        steps[n] = what;
}

int fsync(int fd)
{
    struct stat st;
    step(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 'f');
    return fdatasync(fd);
}

int rename(const char *from, const char *to)
{
    step('r');
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
    step('l');
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    step('u');
    return unlinkat(AT_FDCWD, path, 0);
}

static int go_to_scratch(void **state)
{
    (void)state;
    scratch_enter();
    return 0;
}

static int count_entries(void)
{
    int n = 0;
    DIR *d = opendir(".");
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += !str_eq(e->d_name, ".") && !str_eq(e->d_name, "..");
    closedir(d);
    return n;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void assert_content(const char *path, const char *want)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    if (file_read(path, 100, 0, &b, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(buf_str(&b), want);
}

static void replaces_whole_with_the_mode_given(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    mode_t was = umask(077);
    assert_int_equal(file_replace("a", "one", 3, 0644, &err), 0);
    umask(was);
    assert_content("a", "one");
    assert_int_equal(mode_of("a"), 0644);
    assert_int_equal(file_replace("a", "", 0, 0600, &err), 0);
    assert_content("a", "");
    assert_int_equal(mode_of("a"), 0600);
    assert_int_equal(file_remove("a", &err), 0);
    assert_int_equal(file_remove("a", &err), 0);
    assert_int_equal(count_entries(), 0);
}

static void creates_only_what_is_not_there(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(file_create("new", "1", 1, 0600, &err), 0);
    assert_int_equal(file_create("new", "2", 1, 0600, &err), -1);
    assert_int_equal(err.kind, ERR_BUSY);
    assert_content("new", "1");
    struct stat st;
    assert_int_equal(stat("new", &st), 0);
    assert_int_equal(st.st_nlink, 1);
    unlink("new");
    assert_int_equal(count_entries(), 0);
    assert_int_equal(file_replace("no/such/dir", "x", 1, 0600, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
}

/* A failed rename leaves no temporary name, and the old content stays. */
static void failure_leaves_nothing(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(mkdir("d/target", 0700), 0);
    assert_int_equal(file_replace("d/target", "x", 1, 0600, &err), -1);
    assert_int_equal(rmdir("d/target"), 0);
    assert_int_equal(rmdir("d"), 0);
}

static void assert_refused(const char *path, size_t max, unsigned flags, enum err_kind kind)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(file_read(path, max, flags, &b, &err), -1);
    assert_int_equal(err.kind, kind);
    assert_int_equal(b.len, 0);
}

static void reading_refuses(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    auto_buf struct buf b = BUF_INIT;
    assert_int_equal(file_replace("a", "12345", 5, 0640, &err), 0);
    assert_int_equal(symlink("a", "b"), 0);
    assert_int_equal(mkfifo("c", 0600), 0);
    assert_refused("a", 4, 0, ERR_LIMIT);
    assert_refused("a", 5, FILE_PRIVATE, ERR_CONFIG);
    assert_refused("b", 5, 0, ERR_FORMAT);
    assert_refused("c", 5, 0, ERR_FORMAT);
    assert_refused(".", 5, 0, ERR_FORMAT);
    assert_refused("none", 5, 0, ERR_NOTFOUND);
    /* Sizes in /proc are 0: the limit applies to the bytes that are read. */
    assert_refused("/proc/self/status", 10, 0, ERR_LIMIT);
    assert_int_equal(file_read("b", 5, FILE_FOLLOW, &b, &err), 0);
    assert_string_equal(buf_str(&b), "12345");
    assert_int_equal(chmod("a", 0600), 0);
    assert_int_equal(file_read("a", 5, FILE_PRIVATE, &b, &err), 0);
    unlink("a");
    unlink("b");
    unlink("c");
}

static void absent_may_be_fine(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    auto_buf struct buf b = BUF_INIT;
    bool there = true;
    assert_int_equal(file_read_if("none", 5, 0, &b, &there, &err), 0);
    assert_false(there);
    assert_int_equal(file_replace("a", "12345", 5, 0600, &err), 0);
    assert_int_equal(file_read_if("a", 5, 0, &b, &there, &err), 0);
    assert_true(there);
    assert_int_equal(file_read_if("a", 4, 0, &b, &there, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    unlink("a");
}

static void sweeps_what_a_crash_left(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(file_create("a", "", 0, 0600, &err), 0);
    assert_int_equal(file_create(".tmp-1-2", "", 0, 0600, &err), 0);
    assert_int_equal(file_create("x.tmp-", "", 0, 0600, &err), 0);
    assert_int_equal(file_sweep(".", &err), 0);
    assert_int_equal(access(".tmp-1-2", F_OK), -1);
    assert_int_equal(access("a", F_OK), 0);
    assert_int_equal(access("x.tmp-", F_OK), 0);
    unlink("a");
    unlink("x.tmp-");
}

static void makes_directories(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(mkdir("p", 0711), 0);
    mode_t was = umask(077);
    assert_int_equal(file_make_dirs("p/q//r/", 0755, &err), 0);
    umask(was);
    assert_int_equal(mode_of("p"), 0711);
    assert_int_equal(mode_of("p/q"), 0755);
    assert_int_equal(mode_of("p/q/r"), 0755);
    assert_int_equal(file_make_dirs("p/q/r", 0700, &err), 0);
    assert_int_equal(mode_of("p/q/r"), 0755);
    assert_int_equal(file_create("p/f", "", 0, 0600, &err), 0);
    assert_int_equal(file_make_dirs("p/f/g", 0700, &err), -1);
    assert_int_equal(file_make_dirs("", 0700, &err), -1);
    assert_int_equal(file_make_dirs("/", 0700, &err), 0);
    unlink("p/f");
    rmdir("p/q/r");
    rmdir("p/q");
    rmdir("p");
}

static void directory_of_a_path(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a", "."}, {"/a", "/"}, {"/a/b", "/a"}, {"a/b/c", "a/b"}, {"/", "/"}};
    char dir[8];
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(file_dir_of(rows[i][0], dir, sizeof(dir), &err), 0);
        assert_string_equal(dir, rows[i][1]);
    }
    assert_int_equal(file_dir_of("/a/long/one/x", dir, sizeof(dir), &err), -1);
}

static void assert_steps(const char *want)
{
    assert_string_equal(steps, want);
    memset(steps, 0, sizeof(steps));
}

/* First the content, then the name, then "done": a power cut must not reverse this order. */
static void all_is_synced_in_order(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    memset(steps, 0, sizeof(steps));
    assert_int_equal(file_replace("a", "1", 1, 0600, &err), 0);
    assert_steps("frd");
    assert_int_equal(file_create("b", "1", 1, 0600, &err), 0);
    assert_steps("flud");
    assert_int_equal(file_remove("a", &err), 0);
    assert_steps("ud");
    assert_int_equal(file_make_dirs("p/q", 0700, &err), 0);
    assert_steps("dd");
    rmdir("p/q");
    rmdir("p");
    unlink("b");
}

static void one_lock_at_a_time(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char pid[32];
    int first = -1, second = -1;
    assert_int_equal(file_lock("lock", &first, &err), 0);
    assert_int_equal(file_lock("lock", &second, &err), -1);
    assert_int_equal(err.kind, ERR_BUSY);
    assert_int_equal(second, -1);
    snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    close(first);
    assert_int_equal(file_lock("lock", &second, &err), 0);
    close(second);
    unlink("lock");
}

static void full_disk_has_its_kind(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(file_write_all(full, "x", 1, &err), -1);
    assert_int_equal(err.kind, ERR_NOSPACE);
    assert_int_equal(err.sys, ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_whole_with_the_mode_given),
        cmocka_unit_test(creates_only_what_is_not_there),
        cmocka_unit_test(failure_leaves_nothing),
        cmocka_unit_test(reading_refuses),
        cmocka_unit_test(absent_may_be_fine),
        cmocka_unit_test(sweeps_what_a_crash_left),
        cmocka_unit_test(makes_directories),
        cmocka_unit_test(directory_of_a_path),
        cmocka_unit_test(all_is_synced_in_order),
        cmocka_unit_test(one_lock_at_a_time),
        cmocka_unit_test(full_disk_has_its_kind),
    };
    return cmocka_run_group_tests_name("file", tests, go_to_scratch, NULL);
}
