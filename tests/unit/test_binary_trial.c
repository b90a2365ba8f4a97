/* binary_trial.h: the version that a binary prints; the real caravan-fetch runs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>
#include "binary_trial.h"
#include "scratch_dir.h"
#include "str.h"

static const struct {
    const char *program;
    enum tri nomad;
    const char *version, *says;
} rows[] = {
    {"echo Nomad v1.9.7; echo BuildDate x", TRI_YES, "1.9.7", ""},
    {"echo 'Nomad v1.10.0-beta.1+ent'", TRI_YES, "1.10.0-beta.1+ent", ""},
    {"echo Consul v1.9.7", TRI_NO, "", "its `version` prints \"Consul v1.9.7\""},
    {"true", TRI_NO, "", "prints \"\""},
    {"printf 'a\\033[2Jb'", TRI_NO, "", "prints \"a\\x1b[2Jb\""},
    {"echo Nomad v1.9.7; exit 3", TRI_NO, "", "ends with status 3: Nomad v1.9.7"},
    {"echo Nomad v1.9.7 >&2", TRI_YES, "1.9.7", ""},
    {"echo Nomad v1.9.7; sleep 60", TRI_UNKNOWN, "", "did not end within 10"}, /* a slow host */
    {"kill -9 $$", TRI_NO, "", "ends with signal 9"},
};

static void what_a_binary_says_of_itself(void **state)
{
    char *dir = scratch_open();
    struct agent_conf conf = {.listen = ""};
    char config[300], path[300], version[VERSION_TEXT], text[TEXT_MAX];
    struct fetch_who who = {.conf = &conf, .config = config};

    (void)state;
    scratch_program(dir, "caravan-fetch", conf.fetch_program, sizeof(conf.fetch_program));
    scratch_path(dir, "agent.conf", config);
    scratch_path(dir, "program", path);
    scratch_write(dir, "agent.conf", "", 0644);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", rows[i].program);
        scratch_write(dir, "program", text, 0755);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        assert_int_equal(binary_trial_version(&who, fd, version, text), rows[i].nomad);
        close(fd);
        assert_string_equal(version, rows[i].version);
        if (strstr(text, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].program, text);
    }
    str_cut(conf.fetch_program, sizeof(conf.fetch_program), "/nonexistent/caravan-fetch");
    assert_int_equal(binary_trial_version(&who, -1, version, text), TRI_UNKNOWN);
    assert_string_equal(version, "");
    scratch_close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_binary_says_of_itself),
    };

    return cmocka_run_group_tests_name("binary_trial", tests, NULL, NULL);
}
