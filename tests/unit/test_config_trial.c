/* config_trial.h: which command lines can be tried, and what counts as a rejection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config_trial.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "str.h"

static void paths_of_a_command_line(void **state)
{
    static const struct {
        const char *line; /* a blank stands for NUL */
        size_t n;
        const char *last;
        bool more;
        const char *why;
    } rows[] = {
        {"/usr/bin/nomad agent -config /etc/nomad.d ", 1, "/etc/nomad.d", false, NULL},
        {"nomad agent -config=/a --config /b --config=/c ", 3, "/c", false, NULL},
        {"nomad agent -config /a -data-dir /x ", 1, "/a", true, NULL},
        {"nomad agent ", 0, NULL, false, "without -config"},
        {"nomad agent -dev ", 0, NULL, true, "without -config"},
        {"nomad agent -config relative ", 0, NULL, false, "relative"},
        {"nomad agent -config /etc/$NAME ", 0, NULL, false, "variable"},
        {"nomad agent -config ", 0, NULL, false, "names no path"},
        {"nomad server -config /a ", 0, NULL, false, "nomad agent"},
        {"nomad ", 0, NULL, false, "nomad agent"},
        {"nomad agent -config /a", 0, NULL, false, "cannot be read"}, /* cut off */
        {"", 0, NULL, false, "cannot be read"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *paths[CONFIG_TRIAL_PATHS], *why = NULL;
        char line[128];
        bool more = true;
        size_t n = strlen(rows[i].line);

        memcpy(line, rows[i].line, n);
        for (size_t k = 0; k < n; k++)
            line[k] = line[k] == ' ' ? '\0' : line[k];
        assert_int_equal(config_trial_paths(line, n, paths, &more, &why), rows[i].n);
        assert_int_equal(more, rows[i].more);
        if (rows[i].n > 0)
            assert_string_equal(paths[rows[i].n - 1], rows[i].last);
        else
            assert_non_null(strstr(why, rows[i].why));
    }
}

struct bench {
    char *dir;
    char config[300], words[600], agent_conf[300];
    struct agent_conf conf;
    struct fetch_who who;
    int files[8], n_files; /* open */
    struct config_trial trial;
};

/* Open, as the phases pass the file. */
static int program_of(struct bench *b, const char *name, const char *text)
{
    char path[300];
    int fd;

    scratch_write(b->dir, name, text, 0755);
    scratch_path(b->dir, name, path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && b->n_files < (int)ARRAY_LEN(b->files));
    b->files[b->n_files++] = fd;
    return fd;
}

static void find_fetch(struct bench *b)
{
    scratch_program(b->dir, "caravan-fetch", b->conf.fetch_program, sizeof(b->conf.fetch_program));
    scratch_path(b->dir, "agent.conf", b->agent_conf);
    scratch_write(b->dir, "agent.conf", "", 0644);
    b->who = (struct fetch_who){.conf = &b->conf, .config = b->agent_conf};
}

/* The "configuration" contains what the program does with it. */
static int set_up(void **state)
{
    static const char program[] = "#!/bin/sh\n[ \"$1 $2\" = 'config validate' ] && . $3\n";
    struct bench *b = xzalloc(1, sizeof(*b));
    size_t n;

    b->dir = scratch_open();
    find_fetch(b);
    scratch_path(b->dir, "config", b->config);
    scratch_write(b->dir, "config", "", 0644);
    n = (size_t)snprintf(b->words, sizeof(b->words), "nomad agent -config %s -more", b->config);
    for (size_t i = 0; i < n; i++)
        b->words[i] = b->words[i] == ' ' ? '\0' : b->words[i];
    b->trial = (struct config_trial){.who = &b->who,
                                     .binary = program_of(b, "nomad", program),
                                     .version = "1.9.7",
                                     .old = program_of(b, "old", "#!/bin/sh\nexit 0\n"),
                                     .words = b->words,
                                     .words_len = n + 1 - strlen(" -more")};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < b->n_files; i++)
        close(b->files[i]);
    scratch_close(b->dir);
    free(b);
    return 0;
}

static void verdict_is(const struct bench *b, enum tri expected, const char *says)
{
    char text[TEXT_MAX] = "";

    assert_int_equal(config_trial_rejects(&b->trial, text), expected);
    if (strstr(text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, says);
}

static void only_status_one_rejects(void **state)
{
    static const struct {
        const char *config;
        enum tri rejects;
        const char *says;
    } rows[] = {
        {"exit 0\n", TRI_NO, "accepts"},
        {"echo unexpected key; exit 1\n", TRI_YES, "rejects the configuration: unexpected key"},
        {"echo '1 error occurred:'; echo '\t* the cause'; exit 1\n", TRI_YES,
         "rejects the configuration: the cause"},
        {"echo open /x: permission denied; exit 1\n", TRI_UNKNOWN, "permission denied"},
        {"echo Permission Denied; exit 1\n", TRI_UNKNOWN, "could not be asked"},
        {"exit 127\n", TRI_UNKNOWN, "could not be asked"},
        {"exit 2\n", TRI_UNKNOWN, "could not be asked"},
        {"kill -9 $$\n", TRI_UNKNOWN, "could not be asked"},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        scratch_write(b->dir, "config", rows[i].config, 0644);
        verdict_is(b, rows[i].rejects, rows[i].says);
    }
}

static void what_may_be_completed_is_not_rejected(void **state)
{
    struct bench *b = *state;

    scratch_write(b->dir, "config", "exit 1\n", 0644);
    verdict_is(b, TRI_YES, "rejects");
    b->trial.old = program_of(b, "rejects", "#!/bin/sh\nexit 1\n");
    verdict_is(b, TRI_UNKNOWN, "the binary in place rejects it too");
    b->trial.old = -1;
    verdict_is(b, TRI_YES, "rejects");
    b->trial.words_len += strlen(" -more");
    verdict_is(b, TRI_UNKNOWN, "options");
    /* A file that cannot be loaded is not completed by another file. */
    scratch_write(b->dir, "config",
                  "echo '* Error loading configuration from /x: unexpected keys y'; exit 1\n",
                  0644);
    verdict_is(b, TRI_YES, "unexpected keys y");
    b->trial.old = b->files[b->n_files - 1];
    verdict_is(b, TRI_YES, "unexpected keys y");
    scratch_write(b->dir, "config", "exit 0\n", 0644);
    verdict_is(b, TRI_NO, "accepts");
}

static void what_cannot_be_asked_is_told(void **state)
{
    struct bench *b = *state;

    scratch_write(b->dir, "config", "exit 1\n", 0644);
    b->trial.version = "1.2.16";
    verdict_is(b, TRI_UNKNOWN, "before 1.3.0");
    b->trial.version = "1.3.0-rc.1";
    verdict_is(b, TRI_UNKNOWN, "before 1.3.0");
    b->trial.version = "1.3.0";
    verdict_is(b, TRI_YES, "rejects");
    b->trial.words_len = 0;
    verdict_is(b, TRI_UNKNOWN, "cannot be read");
}

/* The file's own messages are reported under the name that people know. */
static void names_are_put_back(void **state)
{
    struct bench *b = *state;

    scratch_write(b->dir, "config", "echo $3: unexpected key; exit 1\n", 0600);
    verdict_is(b, TRI_YES, b->config);
}

/* In a root directory of its own the same name leads to another file. */
static void what_nomad_sees_elsewhere_is_not_tried(void **state)
{
    struct bench *b = *state;
    char text[TEXT_MAX];
    int ready[2];
    pid_t pid;
    char byte;

    if (geteuid() != 0)
        skip_because("only root may give a process another root");
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        close(ready[0]);
        if (chroot(b->dir) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    b->trial.main_pid = (uint32_t)getpid();
    assert_int_equal(config_trial_rejects(&b->trial, text), TRI_NO);
    b->trial.main_pid = (uint32_t)pid;
    assert_int_equal(config_trial_rejects(&b->trial, text), TRI_UNKNOWN);
    assert_non_null(strstr(text, "sees other files"));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

#define IN_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_a_command_line),
        IN_BENCH(only_status_one_rejects),
        IN_BENCH(what_may_be_completed_is_not_rejected),
        IN_BENCH(what_cannot_be_asked_is_told),
        IN_BENCH(names_are_put_back),
        IN_BENCH(what_nomad_sees_elsewhere_is_not_tried),
    };

    return cmocka_run_group_tests_name("config_trial", tests, NULL, NULL);
}
