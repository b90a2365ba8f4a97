/* tree_newest.h on real files. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "scratch_dir.h"
#include "tree_newest.h"

#define FAR ((int64_t)4102444800) /* 2100 */

/* A file deep in the tree counts, by its mtime alone. The target of a link is not part of the
 * tree. */
static void test_newest(void **state)
{
    const struct timespec far[] = {{.tv_sec = FAR}, {.tv_sec = FAR}};
    char *dir = scratch_open();
    char path[300];
    int64_t ns = -1;
    struct err err = ERR_INIT;
    (void)state;
    scratch_path(dir, "none", path);
    assert_int_equal(tree_newest(path, &ns, &err), 0);
    assert_int_equal(ns, 0);
    scratch_path(dir, "tree", path);
    assert_int_equal(mkdir(path, 0700), 0);
    scratch_write(dir, "outside", "x", 0600);
    scratch_path(dir, "outside", path);
    assert_int_equal(utimensat(AT_FDCWD, path, far, 0), 0);
    scratch_path(dir, "tree/link", path);
    assert_int_equal(symlink("../outside", path), 0);
    scratch_path(dir, "tree", path);
    assert_int_equal(tree_newest(path, &ns, &err), 0);
    assert_true(ns > 0 && ns < FAR * 1000000000);
    scratch_write(dir, "tree/deep", "x", 0600);
    scratch_path(dir, "tree/deep", path);
    assert_int_equal(utimensat(AT_FDCWD, path, far, 0), 0);
    scratch_path(dir, "tree", path);
    assert_int_equal(tree_newest(path, &ns, &err), 0);
    assert_true(ns == FAR * 1000000000);
    scratch_close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_newest)};
    return cmocka_run_group_tests_name("tree_newest", tests, NULL, NULL);
}
