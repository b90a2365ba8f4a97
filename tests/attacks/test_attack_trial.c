/*
 * A hostile new binary against the host it is staged on: signed, but not meant to be run before its
 * canary. Staging tries it, and so it is what it can do and see then that matters; and while root
 * holds the host nothing of it may run at all. The real ports, phases and caravan-fetch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "file.h"
#include "host_linux.h"
#include "phases.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spawn.h"
#include "str.h"

#define NOBODY    65534
#define STEPS_MAX 200

/* Says its version when it is asked; of the configuration it says what it could do. */
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
    char *dir;
    struct agent_conf conf;
    struct host_linux l;
    struct host host;
    struct service service;
    struct phases p;
    struct phases_config pc;
    char fetch_dir[300], swap[300], target[320], hold[300], config[300], agent_conf[300];
    char program[4096], words[700];
    size_t words_len;
    unsigned trials;
    struct host real;
};

static struct bench *bench; /* ports have the real context */

static int service_state_of(void *self, struct service_state *ret, struct err *err)
{
    (void)self;
    (void)err;
    *ret = (struct service_state){.active = TRI_NO, .ended = true};
    return 0;
}

/* As packages have it: a unit without User=. */
static int service_about_of(void *self, struct service_about *ret, struct err *err)
{
    const struct bench *b = self;

    (void)err;
    memset(ret, 0, sizeof(*ret));
    ret->unit = true;
    ret->words_len = (uint32_t)b->words_len;
    memcpy(ret->words, b->words, b->words_len);
    return 0;
}

static int fetch_begin(void *ctx, const struct fetch_get *job, struct err *err)
{
    (void)ctx;
    (void)job;
    (void)err;
    return 0;
}

static int fetch_poll(void *ctx, struct fetch_news *ret, struct err *err)
{
    (void)ctx;
    (void)err;
    scratch_write(bench->dir, "fetch/got", bench->program, 0644);
    *ret = (struct fetch_news){.state = FETCH_DONE};
    snprintf(ret->path, sizeof(ret->path), "%.200s/got", bench->fetch_dir);
    return 0;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void on_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    print_message("# %s\n", text);
}

static void write_program(struct bench *b)
{
    const char *from = hostile, *at;
    size_t n = 0;

    while ((at = strstr(from, "PLACE")) != NULL) {
        n += (size_t)snprintf(b->program + n, sizeof(b->program) - n, "%.*s%s", (int)(at - from),
                              from, b->dir);
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

static void make_dir(const char *path)
{
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static void fill(struct bench *b)
{
    char bin[300];

    scratch_path(b->dir, "bin", bin);
    scratch_path(b->dir, "fetch", b->fetch_dir);
    scratch_path(b->dir, "swap", b->swap);
    scratch_path(b->dir, "hold", b->hold);
    scratch_path(b->dir, "nomad.hcl", b->config);
    scratch_path(b->dir, "agent.conf", b->agent_conf);
    make_dir(bin);
    make_dir(b->fetch_dir);
    make_dir(b->swap);
    snprintf(b->target, sizeof(b->target), "%s/nomad", bin);
    scratch_write(b->dir, "bin/nomad", "\177ELF, the old binary", 0755);
    scratch_write(b->dir, "nomad.hcl", "for-nomad", 0600);
    scratch_write(b->dir, "secret", "stolen", 0600);
    scratch_write(b->dir, "agent.conf", "", 0644);
    /* Anybody may write here: what keeps it from doing so is the wall. */
    assert_int_equal(chmod(b->dir, 01777), 0);
}

static int try_binary(void *ctx, int binary, const char *version, enum failure *ret_failure,
                      char ret_text[static TEXT_MAX], struct err *err)
{
    bench->trials++;
    return bench->real.try_binary(ctx, binary, version, ret_failure, ret_text, err);
}

static enum tri try_config(void *ctx, int binary, int old, const char *version,
                           char ret_text[static TEXT_MAX])
{
    bench->trials++;
    return bench->real.try_config(ctx, binary, old, version, ret_text);
}

static void set_who(struct bench *b)
{
    b->l.who = (struct fetch_who){.conf = &b->conf,
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
    struct err err = ERR_INIT;

    bench = b;
    b->dir = scratch_open();
    fill(b);
    scratch_program(b->dir, "caravan-fetch", b->conf.fetch_program, sizeof(b->conf.fetch_program));
    write_program(b);
    write_words(b);
    set_who(b);
    b->service = (struct service){.self = b, .state = service_state_of, .about = service_about_of};
    b->l.service = b->service;
    b->real = b->host = host_linux(&b->l);
    b->host.service = &b->service;
    b->host.fetch_begin = fetch_begin;
    b->host.fetch_poll = fetch_poll;
    b->host.fetch_end = nothing;
    b->host.try_binary = try_binary;
    b->host.try_config = try_config;
    b->pc = (struct phases_config){.dir = b->swap,
                                   .fetch_dir = b->fetch_dir,
                                   .binary = b->target,
                                   .data_dir = "",
                                   .hold_file = b->hold,
                                   .changed = nothing,
                                   .note = on_note,
                                   .ctx = b};
    assert_int_equal(phases_open(&b->host, &b->pc, &b->p, &err), 0);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    phases_close(&b->p);
    host_linux_done(&b->l);
    scratch_close(b->dir);
    free(b);
    return 0;
}

static void stage(struct bench *b)
{
    struct fetch_get job = {.size = strlen(b->program), .deadline_ms = 5000};
    struct record next = b->p.rec;
    struct err err = ERR_INIT;

    next.phase = PHASE_FETCHING;
    next.target_size = strlen(b->program);
    str_cut(next.version, sizeof(next.version), "1.11.4");
    crypto_digest(b->program, strlen(b->program), &next.target);
    assert_int_equal(phases_accept(&b->p, &next, &job, &err), 0);
    for (int i = 0; phases_works(&b->p); i++) {
        assert_true(i < STEPS_MAX);
        phases_step(&b->p);
    }
}

static bool has_namespaces(const struct bench *b)
{
    const char *argv[] = {"/usr/bin/unshare", "--user", "--mount", "--net", "--ipc",
                          "/bin/true",        NULL};
    struct spawn s = {.argv = argv,
                      .deadline_ms = 5000,
                      .out_max = 4096,
                      .pass_fd = -1,
                      .drop = b->l.who.drop,
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

    scratch_path(b->dir, "mark", path);
    assert_int_equal(access(path, F_OK) == 0, wanted);
}

/* The configuration it was given, which only root may read, is all that it has of the host. */
static void it_can_do_nothing(void **state)
{
    struct bench *b = *state;
    char wanted[128];

    if (!has_namespaces(b))
        skip_because("the kernel gives no namespaces to ordinary users here");
    stage(b);
    if (b->p.rec.verdict.failure != FAILURE_CONFIG_REJECTED)
        fail_msg("%s", b->p.config.text);
    /* Without root the secret is the trial's own user's: seen only where the wall leaves it. */
    snprintf(wanted, sizeof(wanted), "uid %u caps 0 nnp 1 net 1 run 0 wrote no secret %s",
             geteuid() == 0 ? NOBODY : geteuid(), geteuid() == 0 ? "no config for-nomad" : "");
    if (strstr(b->p.rec.verdict.text, wanted) == NULL ||
        strstr(b->p.rec.verdict.text, " config for-nomad") == NULL)
        fail_msg("%s; not: %s", b->p.rec.verdict.text, wanted);
    marked(b, false);
}

static void on_hold_nothing_is_executed(void **state)
{
    struct bench *b = *state;

    scratch_write(b->dir, "hold", "", 0644);
    stage(b);
    assert_int_equal(b->p.rec.phase, PHASE_STAGED);
    (void)phases_ask_config(&b->p);
    assert_int_equal(b->trials, 0);
    marked(b, false);
    assert_int_equal(b->p.rec.untried, 1);
    assert_int_equal(unlink(b->hold), 0);
    (void)phases_ask_config(&b->p); /* nor is it asked before it was tried */
    assert_int_equal(b->trials, 0);
    stage(b);
    assert_int_equal(b->p.rec.untried, 0);
    assert_int_equal(b->trials, 2);
}

/* Where no wall can be built nothing is run, and that is told. */
static void without_a_wall_it_cannot_be_told(void **state)
{
    struct bench *b = *state;

    str_cut(b->conf.fetch_program, sizeof(b->conf.fetch_program), "/nonexistent/caravan-fetch");
    stage(b);
    assert_int_equal(b->p.rec.phase, PHASE_STAGED);
    assert_int_equal(b->p.config.rejects, TRI_UNKNOWN);
    assert_non_null(strstr(b->p.config.text, "could not be asked"));
    marked(b, false);
}

/* Who may write into the configuration's directory shows nobody what only root may read. */
static void a_link_in_a_directory_of_others(void **state)
{
    struct bench *b = *state;
    char dir[300], link[300];

    scratch_path(b->dir, "nomad.d", dir);
    make_dir(dir);
    assert_int_equal(chmod(dir, 0777), 0);
    scratch_path(b->dir, "secret", b->config);
    scratch_path(b->dir, "nomad.d/x.hcl", link);
    assert_int_equal(symlink(b->config, link), 0);
    str_cut(b->config, sizeof(b->config), dir);
    write_words(b);
    stage(b);
    assert_int_equal(b->p.rec.phase, PHASE_STAGED);
    assert_null(strstr(b->p.config.text, "stolen"));
    assert_int_equal(b->p.config.rejects, TRI_UNKNOWN);
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
