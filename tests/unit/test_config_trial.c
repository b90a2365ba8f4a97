/* config_trial.h: which command lines can be asked about, and what is a rejection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include "config_trial.h"
#include "scratch_dir.h"
#include "spawn.h"
#include "str.h"

static void paths_of_a_command_line(void **state)
{
    static const struct {
        const char *line; /* blanks stand for NUL */
        size_t n;
        const char *last;
    } rows[] = {
        {"/usr/bin/nomad agent -config /etc/nomad.d ", 1, "/etc/nomad.d"},
        {"nomad agent -config=/a --config /b --config=/c ", 3, "/c"},
        {"nomad agent ", 0, NULL},
        {"nomad agent -dev ", 0, NULL},
        {"nomad agent -config /a -data-dir /x ", 0, NULL}, /* completed by a flag */
        {"nomad agent -config relative ", 0, NULL},
        {"nomad agent -config ", 0, NULL},
        {"nomad server -config /a ", 0, NULL},
        {"nomad ", 0, NULL},
        {"nomad agent -config /a", 0, NULL}, /* cut off */
        {"", 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *paths[CONFIG_TRIAL_PATHS];
        char line[128];
        size_t n = strlen(rows[i].line);

        memcpy(line, rows[i].line, n);
        for (size_t k = 0; k < n; k++)
            line[k] = line[k] == ' ' ? '\0' : line[k];
        assert_int_equal(config_trial_paths(line, n, paths), rows[i].n);
        if (rows[i].n > 0)
            assert_string_equal(paths[rows[i].n - 1], rows[i].last);
    }
}

/* This program stands in for the running Nomad: its command line names the paths. */
static pid_t run_agent(const char *config)
{
    const char *argv[] = {"/proc/self/exe", "agent", "-config", config, NULL};
    struct spawn s = {.argv = argv, .pass_fd = -1, .quiet = true};
    struct err err = ERR_INIT;
    pid_t pid = 0;

    if (spawn_start(&s, &pid, &err) < 0)
        fail_msg("%s", err.text);
    return pid;
}

static void only_status_one_rejects(void **state)
{
    static const struct {
        const char *config;
        bool rejected;
    } rows[] = {{"exit 0\n", false},
                {"echo unexpected key; exit 1\n", true},
                {"exit 127\n", false},
                {"exit 2\n", false}};
    char *dir = scratch_open();
    char binary[300], config[300], text[TEXT_MAX] = "";
    pid_t pid;

    (void)state;
    scratch_path(dir, "nomad", binary);
    scratch_path(dir, "config", config);
    scratch_write(dir, "nomad", "#!/bin/sh\n[ \"$1 $2\" = 'config validate' ] && . $3\n", 0755);
    pid = run_agent(config);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        scratch_write(dir, "config", rows[i].config, 0644);
        assert_int_equal(config_trial_rejects(binary, pid, text), rows[i].rejected);
        if (rows[i].rejected)
            assert_non_null(strstr(text, "unexpected key"));
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_false(config_trial_rejects(binary, pid, text)); /* nobody runs: not known */
    assert_false(config_trial_rejects(binary, 0, text));
    scratch_close(dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_a_command_line),
        cmocka_unit_test(only_status_one_rejects),
    };

    if (argc > 1 && str_eq(argv[1], "agent"))
        return pause();
    return cmocka_run_group_tests_name("config_trial", tests, NULL, NULL);
}
