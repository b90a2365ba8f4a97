/*
 * A binary without an end: the link in place leads to a file of somebody else's, who makes it 8 TiB
 * of nothing. caravan-swap hashes what is in place whenever it starts: that must come to an end, or
 * no order is heard and no swap finished on this host any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "facts.h"
#include "file.h"
#include "host_linux.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "str.h"

#define PATIENCE_S 20
#define ENDLESS    ((off_t)8 << 40)

static int service_state_of(void *self, struct service_state *ret, struct err *err)
{
    (void)self;
    (void)err;
    *ret = (struct service_state){.active = TRI_NO, .ended = true};
    return 0;
}

static void on_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    print_message("# %s\n", text);
}

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
    assert_int_equal(symlink(theirs, target), 0);
}

static void what_is_in_place_is_hashed_to_an_end(void **state)
{
    char *dir = scratch_open();
    char bin[300], swap[300], target[320];
    struct service service = {.state = service_state_of};
    struct host_linux l = {.service = service};
    struct host h = host_linux(&l);
    struct facts f = {.active = TRI_UNKNOWN};
    struct phases p;
    struct err err = ERR_INIT;
    bool learned = false;

    (void)state;
    scratch_path(dir, "bin", bin);
    scratch_path(dir, "swap", swap);
    snprintf(target, sizeof(target), "%s/nomad", bin);
    assert_int_equal(mkdir(bin, 0755), 0);
    assert_int_equal(mkdir(swap, 0700), 0);
    make_endless(dir);
    h.service = &service;
    const struct phases_config c = {.dir = swap,
                                    .fetch_dir = swap,
                                    .binary = target,
                                    .data_dir = "",
                                    .hold_file = "/nonexistent/hold",
                                    .note = on_note};
    assert_int_equal(phases_open(&h, &c, &p, &err), 0);
    alarm(PATIENCE_S);
    facts_gather(&p, "/nonexistent", &f, &learned);
    alarm(0);
    assert_true(digest_is_zero(&f.disk));
    assert_false(learned);
    phases_close(&p);
    host_linux_done(&l);
    scratch_close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_in_place_is_hashed_to_an_end)};
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("second_endless", tests, NULL, NULL);
}
