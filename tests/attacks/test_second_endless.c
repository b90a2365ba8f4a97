/*
 * An endless binary: the link in the place of Nomad's binary leads to a file of another user, who
 * makes the file 8 TiB of zeros. caravan-swap hashes the binary whenever it starts. That must end;
 * otherwise the host would answer no order and finish no swap any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "nomad_on_host.h"
#include "file.h"
#include "real_bench.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "str.h"

#define PATIENCE_S 20
#define ENDLESS    ((off_t)8 << 40)

static void make_endless(const char *dir)
{
    char theirs[300], target[300];
    int fd;

    scratch_path(dir, "theirs", theirs);
    scratch_path(dir, "bin/nomad", target);
    fd = open(theirs, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_true(fd >= 0);
    if (ftruncate(fd, ENDLESS) < 0)
        skip_because("this file system has no such large files");
    close(fd);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(symlink(theirs, target), 0);
}

static void what_is_in_place_is_hashed_to_an_end(void **state)
{
    autofree struct real_bench *b = xzalloc(1, sizeof(*b));
    struct nomad_on_host f = {.active = TRI_UNKNOWN};
    bool learned = false;

    (void)state;
    real_make(b, "");
    make_endless(b->dir);
    real_start(b);
    alarm(PATIENCE_S);
    nomad_on_host_read(&b->p, "/nonexistent", &f, &learned);
    alarm(0);
    assert_true(digest_is_zero(&f.disk));
    assert_false(learned);
    real_done(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_in_place_is_hashed_to_an_end)};
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("second_endless", tests, NULL, NULL);
}
