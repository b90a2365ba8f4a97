/*
 * A hostile new binary against the host on which it is staged. The binary is signed, but was not
 * meant to run before the canary. Staging tries it, so this test shows what it can do and see
 * during the trial. On a host with a hold it must not run at all. With the real ports, phases and
 * caravan-fetch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "file.h"
#include "real_bench.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spawn.h"
#include "str.h"

#define NOBODY 65534

/* Prints its version when asked for it. When it gets a configuration, it prints what it could do.
 */
static const char hostile[] =
    "#!/bin/sh\n"
    "[ $1 = version ] && echo Nomad v1.11.4 && exit 0\n"
    "caps=$(grep -c '^Cap.*:.*[1-9a-f]' /proc/self/status)\n"
    "nnp=$(sed -n 's/^NoNewPrivs:.//p' /proc/self/status)\n"
    "net=$(grep -c : /proc/net/dev)\n"
    "run=$(ls /run | wc -l)\n"
    "touch PLACE/mark 2>/dev/null && wrote=yes\n"
    "secret=$(cat PLACE/secret 2>/dev/null)\n"
    "echo uid $(id -u) caps $caps nnp $nnp net $net run $run wrote ${wrote:-no} "
    "secret ${secret:-no} config $(cat $3)\n"
    "exit 1\n";

struct bench {
    struct real_bench r;
    char hold[300], config[300], agent_conf[300];
    char program[4096], words[700];
    size_t words_len;
    unsigned trials;
};

static struct bench *bench; /* ports have the real context */

/* As in packages: a unit without User=. */
static int service_about_of(void *self, struct service_about *ret, struct err *err)
{
    const struct bench *b = bench;

    (void)self;
    (void)err;
    memset(ret, 0, sizeof(*ret));
    ret->unit = true;
    ret->words_len = (uint32_t)b->words_len;
    memcpy(ret->words, b->words, b->words_len);
    return 0;
}

static void write_program(struct bench *b)
{
    const char *from = hostile, *at;
    size_t n = 0;

    while ((at = strstr(from, "PLACE")) != NULL) {
        n += (size_t)snprintf(b->program + n, sizeof(b->program) - n, "%.*s%s", (int)(at - from),
                              from, b->r.dir);
        from = at + strlen("PLACE");
    }
    snprintf(b->program + n, sizeof(b->program) - n, "%s", from);
}

static void write_words(struct bench *b)
{
    int n = snprintf(b->words, sizeof(b->words), "nomad agent -config %s", b->config);

    for (int i = 0; i < n; i++)
        b->words[i] = b->words[i] == ' ' ? '\0' : b->words[i];
    b->words_len = (size_t)n + 1;
}

static void fill(struct bench *b)
{
    scratch_path(b->r.dir, "hold", b->hold);
    scratch_path(b->r.dir, "nomad.hcl", b->config);
    scratch_path(b->r.dir, "agent.conf", b->agent_conf);
    assert_int_equal(chmod(b->r.fetch, 0755), 0);
    assert_int_equal(chmod(b->r.swap, 0755), 0);
    scratch_write(b->r.dir, "nomad.hcl", "for-nomad", 0600);
    scratch_write(b->r.dir, "secret", "stolen", 0600);
    scratch_write(b->r.dir, "agent.conf", "", 0644);
    /* Every user may write here, so only the sandbox can prevent the binary from writing. */
    assert_int_equal(chmod(b->r.dir, 01777), 0);
}

static int try_binary(void *ctx, int binary, const char *version, enum failure *ret_failure,
                      char ret_text[static TEXT_MAX], struct err *err)
{
    bench->trials++;
    return bench->r.real.try_binary(ctx, binary, version, ret_failure, ret_text, err);
}

static enum tri try_config(void *ctx, int binary, int old, const char *version,
                           char ret_text[static TEXT_MAX])
{
    bench->trials++;
    return bench->r.real.try_config(ctx, binary, old, version, ret_text);
}

static void set_who(struct bench *b)
{
    b->r.l.who = (struct fetch_who){.conf = &b->r.agent,
                                    .config = b->agent_conf,
                                    .drop = geteuid() == 0,
                                    .uid = NOBODY,
                                    .gid = NOBODY,
                                    .ask_uid = NOBODY,
                                    .ask_gid = NOBODY,
                                    .try_uid = NOBODY,
                                    .try_gid = NOBODY};
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    bench = b;
    real_make(&b->r, b->program);
    fill(b);
    scratch_program(b->r.dir, "caravan-fetch", b->r.agent.fetch_program,
                    sizeof(b->r.agent.fetch_program));
    write_program(b);
    write_words(b);
    set_who(b);
    b->r.service.about = service_about_of;
    b->r.host.try_binary = try_binary;
    b->r.host.try_config = try_config;
    b->r.conf.hold_file = b->hold;
    real_start(&b->r);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    real_done(&b->r);
    free(b);
    return 0;
}

static void stage(struct bench *b)
{
    real_begin(&b->r, PHASE_FETCHING, "1.11.4");
}

static bool has_namespaces(const struct bench *b)
{
    const char *argv[] = {"/usr/bin/unshare", "--user", "--mount", "--net", "--ipc",
                          "/bin/true",        NULL};
    struct spawn s = {.argv = argv,
                      .deadline_ms = 5000,
                      .out_max = 4096,
                      .pass_fd = -1,
                      .drop = b->r.l.who.drop,
                      .uid = NOBODY,
                      .gid = NOBODY};
    struct spawn_result r = {.out = BUF_INIT};
    struct err err = ERR_INIT;
    bool has = spawn_run(&s, clock_system(), &r, &err) == 0 && r.exit_code == 0;

    buf_free(&r.out);
    return has;
}

static void marked(const struct bench *b, bool wanted)
{
    char path[300];

    scratch_path(b->r.dir, "mark", path);
    assert_int_equal(access(path, F_OK) == 0, wanted);
}

/* The binary sees only the configuration that it was given, which only root may read, and nothing
 * else of the host. */
static void it_can_do_nothing(void **state)
{
    struct bench *b = *state;
    char wanted[128];

    if (!has_namespaces(b))
        skip_because("the kernel gives no namespaces to ordinary users here");
    stage(b);
    if (b->r.p.rec.verdict.failure != FAILURE_CONFIG_REJECTED)
        fail_msg("%s", b->r.p.config.text);
    /* Without root, the user of the trial owns the secret, so only the sandbox can hide it. */
    snprintf(wanted, sizeof(wanted), "uid %u caps 0 nnp 1 net 1 run 0 wrote no secret %s",
             geteuid() == 0 ? NOBODY : geteuid(), geteuid() == 0 ? "no config for-nomad" : "");
    if (strstr(b->r.p.rec.verdict.text, wanted) == NULL ||
        strstr(b->r.p.rec.verdict.text, " config for-nomad") == NULL)
        fail_msg("%s; not: %s", b->r.p.rec.verdict.text, wanted);
    marked(b, false);
}

static void on_hold_nothing_is_executed(void **state)
{
    struct bench *b = *state;

    scratch_write(b->r.dir, "hold", "", 0644);
    stage(b);
    assert_int_equal(b->r.p.rec.phase, PHASE_STAGED);
    (void)phases_ask_config(&b->r.p);
    assert_int_equal(b->trials, 0);
    marked(b, false);
    assert_int_equal(b->r.p.rec.untried, 1);
    assert_int_equal(unlink(b->hold), 0);
    (void)phases_ask_config(&b->r.p); /* the configuration is not checked before the trial either */
    assert_int_equal(b->trials, 0);
    stage(b);
    assert_int_equal(b->r.p.rec.untried, 0);
    assert_int_equal(b->trials, 2);
}

/* If no sandbox can be made, the binary does not run, and a fact says so. */
static void without_a_wall_it_cannot_be_told(void **state)
{
    struct bench *b = *state;

    str_cut(b->r.agent.fetch_program, sizeof(b->r.agent.fetch_program),
            "/nonexistent/caravan-fetch");
    stage(b);
    assert_int_equal(b->r.p.rec.phase, PHASE_STAGED);
    assert_int_equal(b->r.p.config.rejects, TRI_UNKNOWN);
    assert_non_null(strstr(b->r.p.config.text, "could not be asked"));
    marked(b, false);
}

/* A user that may write to the directory of the configuration cannot make caravan-swap show a file
 * that only root may read. */
static void a_link_in_a_directory_of_others(void **state)
{
    struct bench *b = *state;
    char dir[300], link[300];

    scratch_path(b->r.dir, "nomad.d", dir);
    real_make_dir(dir, 0755);
    assert_int_equal(chmod(dir, 0777), 0);
    scratch_path(b->r.dir, "secret", b->config);
    scratch_path(b->r.dir, "nomad.d/x.hcl", link);
    assert_int_equal(symlink(b->config, link), 0);
    str_cut(b->config, sizeof(b->config), dir);
    write_words(b);
    stage(b);
    assert_int_equal(b->r.p.rec.phase, PHASE_STAGED);
    assert_null(strstr(b->r.p.config.text, "stolen"));
    assert_int_equal(b->r.p.config.rejects, TRI_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_can_do_nothing),
        TEST(on_hold_nothing_is_executed),
        TEST(without_a_wall_it_cannot_be_told),
        TEST(a_link_in_a_directory_of_others),
    };
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("attack_trial", tests, NULL, NULL);
}
