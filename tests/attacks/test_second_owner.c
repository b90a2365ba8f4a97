/*
 * The owner of Nomad's binary against caravan-swap: the directory belongs to root, the file does
 * not (a user has unzipped it and moved it there). The bytes that caravan-swap has hashed must be
 * the bytes that run. So nobody else may be able to write to the staged file, neither by its name
 * nor through a descriptor that was opened before the hash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "file.h"
#include "host_linux.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "str.h"

#define THIEF 65534

/* The errno that THIEF gets for opening the file with these flags; 0: the file is open. */
static int tries_to_open(const char *path, int flags)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (setgid(THIEF) < 0 || setuid(THIEF) < 0)
            _exit(255);
        _exit(open(path, flags) >= 0 ? 0 : errno);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Copies the file as staging does. The staged file is `fresh`. */
static void stage_like(const struct host *h, const char *like, const char *fresh)
{
    struct err err = ERR_INIT;
    int from = -1, to = -1;

    assert_int_equal(h->open_through(h->ctx, HOST_OWN_PATH, like, &from, &err), 0);
    assert_int_equal(h->create(h->ctx, HOST_OWN_PATH, fresh, 0600, &to, &err), 0);
    assert_int_equal(h->adopt(h->ctx, to, from, &err), 0);
    h->close(h->ctx, from);
    h->close(h->ctx, to);
}

static void the_staged_file_is_nobody_elses(void **state)
{
    static const mode_t modes[] = {0755, 0750, 0700, 0777};
    struct host_linux l = {.package_fd = 0};
    struct host h = host_linux(&l);
    char *dir;
    char like[300], fresh[300];

    (void)state;
    if (geteuid() != 0)
        skip_because("only root can give a file away");
    dir = scratch_open();
    assert_int_equal(chmod(dir, 0755), 0);
    scratch_path(dir, "nomad", like);
    scratch_path(dir, ".nomad.caravan-new", fresh);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        scratch_write(dir, "nomad", "x", 0755);
        assert_int_equal(chown(like, THIEF, THIEF), 0);
        assert_int_equal(chmod(like, modes[i]), 0);
        stage_like(&h, like, fresh);
        if (tries_to_open(fresh, O_WRONLY) != EACCES)
            fail_msg("with mode %o its old owner may write to the staged file", (unsigned)modes[i]);
        /* Nomad can still start as that user. */
        assert_int_equal(tries_to_open(fresh, O_RDONLY), 0);
        assert_int_equal(unlink(fresh), 0);
    }
    scratch_close(dir);
    host_linux_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_staged_file_is_nobody_elses)};

    return cmocka_run_group_tests_name("second_owner", tests, NULL, NULL);
}
