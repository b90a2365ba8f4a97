/*
 * service.h: commands that really run, and systemd on a test bus.
 *
 * This program is also the program through which service_command starts its commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include "clock.h"
#include "fake_systemd.h"
#include "file.h"
#include "process.h"
#include "scratch_dir.h"
#include "service.h"
#include "str.h"

#define WAIT_MS 10000

struct bench {
    char *dir;
    struct agent_conf conf;
    struct service service;
    struct fake_systemd *systemd;
};

static int64_t now(void)
{
    return clock_mono(clock_system());
}

/* Polls until the act has ended. */
static enum service_progress finish(struct bench *b, char text[static TEXT_MAX])
{
    int64_t until = now() + WAIT_MS;
    enum service_progress p = SERVICE_WORKING;
    struct err err = ERR_INIT;

    text[0] = '\0';
    while (p == SERVICE_WORKING) {
        struct pollfd f = {b->service.fd(b->service.self), POLLIN, 0};

        if (b->service.poll(b->service.self, &p, text, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(now() < until);
        if (p == SERVICE_WORKING)
            (void)poll(&f, 1, 10);
    }
    return p;
}

static void begin(struct bench *b, enum service_act act)
{
    struct err err = ERR_INIT;

    if (b->service.begin(b->service.self, act, &err) < 0)
        fail_msg("%s", err.text);
}

static struct service_state look(struct bench *b)
{
    struct service_state st = {.active = TRI_UNKNOWN};
    struct err err = ERR_INIT;

    if (b->service.state(b->service.self, &st, &err) < 0)
        fail_msg("%s", err.text);
    return st;
}

/* ---- commands ---- */

static void open_commands(struct bench *b)
{
    char lock[300];
    struct err err = ERR_INIT;

    scratch_path(b->dir, "lock", lock);
    assert_int_equal(service_command_new(&b->conf, "/proc/self/exe", lock, &b->service, &err), 0);
}

/* A service that writes down what is done with it; its process is "sleep". */
static int set_up_commands(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    const char *d = b->dir = scratch_open();
    char text[2048];

    snprintf(text, sizeof(text),
             "echo start-begin >>%s/log\n[ -e %s/slow ] && sleep 0.3\n[ -e %s/hang ] && sleep 60\n"
             "[ -e %s/fails ] && exit 7\nsleep 1000 &\necho $! >%s/pid\necho start-end >>%s/log\n",
             d, d, d, d, d, d);
    scratch_write(d, "start", text, 0755);
    snprintf(text, sizeof(text),
             "echo stop-begin >>%s/log\nkill $(cat %s/pid) 2>/dev/null\nrm -f %s/pid\n"
             "echo stop-end >>%s/log\n",
             d, d, d, d);
    scratch_write(d, "stop", text, 0755);
    snprintf(text, sizeof(text), "echo 'one line'\n[ -e %s/pid ] && ! [ -e %s/lies ]\n", d, d);
    scratch_write(d, "status", text, 0755);
    snprintf(b->conf.start, sizeof(b->conf.start), "/bin/sh %s/start", d);
    snprintf(b->conf.stop, sizeof(b->conf.stop), "/bin/sh  %s/stop", d);
    snprintf(b->conf.status, sizeof(b->conf.status), "/bin/sh %s/status", d);
    snprintf(b->conf.pid_file, sizeof(b->conf.pid_file), "%s/pid", d);
    b->conf.start_deadline_ms = 5000;
    open_commands(b);
    *state = b;
    return 0;
}

static int tear_down_commands(void **state)
{
    struct bench *b = *state;
    pid_t pid = process_pid_file(b->conf.pid_file);

    if (pid > 0)
        kill(pid, SIGKILL);
    b->service.free(b->service.self);
    scratch_close(b->dir);
    free(b);
    return 0;
}

static void log_is(const struct bench *b, const char *expected)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    char path[300];

    scratch_path(b->dir, "log", path);
    assert_int_equal(file_read(path, 4096, 0, &text, &err), 0);
    assert_string_equal(buf_str(&text), expected);
}

static void a_restart_is_stop_then_start(void **state)
{
    struct bench *b = *state;
    struct service_state first, second;
    char text[TEXT_MAX];

    begin(b, SERVICE_ACT_START);
    assert_int_equal(finish(b, text), SERVICE_DONE);
    first = look(b);
    assert_int_equal(first.active, TRI_YES);
    assert_true(first.main_pid != 0 && first.main_start != 0 && first.started_wall_ns != 0);
    assert_false(first.ended);
    begin(b, SERVICE_ACT_RESTART);
    assert_int_equal(finish(b, text), SERVICE_DONE);
    second = look(b);
    assert_int_equal(second.active, TRI_YES);
    assert_int_not_equal(second.main_pid, first.main_pid);
    log_is(b, "start-begin\nstart-end\nstop-begin\nstop-end\nstart-begin\nstart-end\n");
    begin(b, SERVICE_ACT_STOP);
    assert_int_equal(finish(b, text), SERVICE_DONE);
    second = look(b);
    assert_int_equal(second.active, TRI_NO);
    assert_true(second.ended);
    assert_int_equal(second.main_pid, 0);
}

static void a_command_that_fails_is_told(void **state)
{
    struct bench *b = *state;
    char text[TEXT_MAX], evidence[64];

    scratch_write(b->dir, "fails", "", 0644);
    begin(b, SERVICE_ACT_RESTART);
    assert_int_equal(finish(b, text), SERVICE_FAILED);
    assert_string_equal(text, "the start command ended with status 7");
    assert_true(look(b).ended);
    b->service.evidence(b->service.self, evidence, sizeof(evidence));
    assert_string_equal(evidence, "one line\n");
}

static void a_command_that_hangs_is_ended(void **state)
{
    struct bench *b = *state;
    char text[TEXT_MAX];
    int64_t began = now();

    b->conf.start_deadline_ms = 200;
    scratch_write(b->dir, "hang", "", 0644);
    begin(b, SERVICE_ACT_START);
    assert_int_equal(finish(b, text), SERVICE_FAILED);
    assert_string_equal(text, "the start command did not end within 200 ms");
    assert_true(now() - began < 5000);
}

static void commands_have_no_unit(void **state)
{
    struct bench *b = *state;
    struct service_about a = {.unit = true, .words_len = 7};
    struct err err = ERR_INIT;

    assert_int_equal(b->service.about(b->service.self, &a, &err), 0);
    assert_false(a.unit);
    assert_int_equal(a.words_len, 0);
}

static void a_start_limit_of_one_act(void **state)
{
    struct bench *b = *state;
    struct err err = ERR_INIT;
    char text[TEXT_MAX];

    scratch_write(b->dir, "slow", "", 0644);
    begin(b, SERVICE_ACT_START);
    assert_int_equal(b->service.begin(b->service.self, SERVICE_ACT_START, &err), -1);
    assert_int_equal(finish(b, text), SERVICE_DONE);
}

/* The caller dies while its start command runs. The next caller does not start a second Nomad. */
static void a_command_outlives_its_asker_and_is_waited_for(void **state)
{
    struct bench *b = *state;
    char text[TEXT_MAX];

    scratch_write(b->dir, "slow", "", 0644);
    begin(b, SERVICE_ACT_START);
    b->service.free(b->service.self);
    open_commands(b);
    begin(b, SERVICE_ACT_RESTART);
    assert_int_equal(finish(b, text), SERVICE_DONE);
    log_is(b, "start-begin\nstart-end\nstop-begin\nstop-end\nstart-begin\nstart-end\n");
    assert_int_equal(look(b).active, TRI_YES);
}

static void a_stale_pid_file_names_nobody(void **state)
{
    struct bench *b = *state;
    struct service_state st;
    char text[32];

    snprintf(text, sizeof(text), "%d\n", (int)getpid());
    scratch_write(b->dir, "pid", text, 0644);
    scratch_write(b->dir, "lies", "", 0644);
    st = look(b);
    assert_int_equal(st.active, TRI_NO);
    assert_int_equal(st.main_pid, 0);
    scratch_write(b->dir, "pid", "not a number\n", 0644);
    assert_int_equal(look(b).main_pid, 0);
}

/* ---- systemd ---- */

static int set_up_systemd(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct err err = ERR_INIT;

    b->dir = scratch_open();
    b->systemd = fake_systemd_start(b->dir);
    str_cut(b->conf.unit, sizeof(b->conf.unit), "nomad.service");
    assert_int_equal(service_systemd_new(&b->conf, &b->service, &err), 0);
    *state = b;
    return 0;
}

static int tear_down_systemd(void **state)
{
    struct bench *b = *state;

    b->service.free(b->service.self);
    fake_systemd_stop(b->systemd);
    scratch_close(b->dir);
    free(b);
    return 0;
}

/* The fake manager reads the test's settings when a message arrives: each look sends one. */
static void end_job(struct bench *b)
{
    b->systemd->end_job = true;
    (void)look(b);
}

static void is_working(struct bench *b)
{
    enum service_progress p = SERVICE_DONE;
    char text[TEXT_MAX];
    struct err err = ERR_INIT;

    assert_int_equal(b->service.poll(b->service.self, &p, text, &err), 0);
    assert_int_equal(p, SERVICE_WORKING);
}

static void a_job_is_waited_for(void **state)
{
    struct bench *b = *state;
    char text[TEXT_MAX];

    begin(b, SERVICE_ACT_RESTART);
    assert_int_equal(b->systemd->restarted, 1);
    assert_int_equal(b->systemd->reset, 1);
    is_working(b);
    (void)look(b);
    is_working(b);
    end_job(b);
    assert_int_equal(finish(b, text), SERVICE_DONE);
    begin(b, SERVICE_ACT_STOP);
    assert_int_equal(b->systemd->stopped, 1);
    assert_int_equal(b->systemd->reset, 1);
    end_job(b);
    assert_int_equal(finish(b, text), SERVICE_DONE);
}

static void a_job_that_fails_is_told(void **state)
{
    struct bench *b = *state;
    char text[TEXT_MAX];

    str_cut(b->systemd->result, sizeof(b->systemd->result), "timeout");
    begin(b, SERVICE_ACT_RESTART);
    end_job(b);
    assert_int_equal(finish(b, text), SERVICE_FAILED);
    assert_non_null(strstr(text, "timeout"));
}

static void a_refusal_says_why(void **state)
{
    struct bench *b = *state;
    struct err err = ERR_INIT;

    b->systemd->refuses = true;
    assert_int_equal(b->service.begin(b->service.self, SERVICE_ACT_RESTART, &err), -1);
    assert_non_null(strstr(err.text, "not found"));
}

static void states_are_told(void **state)
{
    static const struct {
        const char *active;
        enum tri expected;
        bool ended;
    } rows[] = {
        {"active", TRI_YES, false},     {"reloading", TRI_YES, false},
        {"activating", TRI_YES, false}, {"deactivating", TRI_YES, false},
        {"inactive", TRI_NO, true},     {"failed", TRI_NO, true},
    };
    struct bench *b = *state;

    b->systemd->main_pid = (unsigned)getpid();
    b->systemd->restarts = 3;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct service_state st;

        str_cut(b->systemd->active, sizeof(b->systemd->active), rows[i].active);
        st = look(b);
        assert_int_equal(st.active, rows[i].expected);
        assert_int_equal(st.ended, rows[i].ended);
        assert_int_equal(st.main_pid, getpid());
        assert_true(st.main_start != 0);
        assert_int_equal(st.restarts, 3);
        assert_int_equal(st.started_wall_ns, 1234567000);
    }
}

/* The signal about the end of the job was lost: the unit's Job property shows whether the job still
 * exists. */
static void a_lost_connection_is_made_good(void **state)
{
    struct bench *b = *state;
    struct service_state st;
    struct err err = ERR_INIT;
    char text[TEXT_MAX];
    int lost = 0;

    begin(b, SERVICE_ACT_RESTART);
    b->systemd->hang_up = true;
    while (b->systemd->hang_up)
        lost += b->service.state(b->service.self, &st, &err) < 0;
    lost += b->service.state(b->service.self, &st, &err) < 0;
    assert_true(lost > 0);
    is_working(b);
    b->systemd->has_job = false;
    assert_int_equal(finish(b, text), SERVICE_DONE);
}

static struct service_about about(struct bench *b)
{
    struct service_about a;
    struct err err = ERR_INIT;

    if (b->service.about(b->service.self, &a, &err) < 0)
        fail_msg("%s", err.text);
    return a;
}

static void what_is_loaded_is_told(void **state)
{
    static const char words[] = "/usr/bin/nomad\0agent\0-config\0/etc/nomad.d";
    struct bench *b = *state;
    struct fake_systemd *f = b->systemd;
    struct service_about a;

    str_cut(f->load, sizeof(f->load), "loaded");
    str_cut(f->fragment, sizeof(f->fragment), "/lib/systemd/system/nomad.service");
    str_cut(f->type, sizeof(f->type), "notify");
    str_cut(f->kill_mode, sizeof(f->kill_mode), "control-group");
    str_cut(f->user, sizeof(f->user), "nomad");
    str_cut(f->drop_ins, sizeof(f->drop_ins), "/etc/a.conf /etc/b.conf");
    str_cut(f->program, sizeof(f->program), "/usr/bin/nomad");
    str_cut(f->words, sizeof(f->words), "/usr/bin/nomad agent -config /etc/nomad.d");
    f->reload = true;
    a = about(b);
    assert_true(a.unit && !a.missing && a.reload);
    assert_string_equal(a.fragment, "/lib/systemd/system/nomad.service");
    assert_string_equal(a.type, "notify");
    assert_string_equal(a.kill_mode, "control-group");
    assert_string_equal(a.user, "nomad");
    assert_string_equal(a.drop_ins, "/etc/a.conf /etc/b.conf");
    assert_string_equal(a.program, "/usr/bin/nomad");
    assert_int_equal(a.words_len, sizeof(words));
    assert_memory_equal(a.words, words, sizeof(words));
}

static void what_hangs_together_with_a_unit_is_told(void **state)
{
    struct bench *b = *state;
    struct fake_systemd *f = b->systemd;
    struct service_about a;

    str_cut(f->load, sizeof(f->load), "loaded");
    str_cut(f->conditions, sizeof(f->conditions),
            "ConditionPathExists 0 1 /a ConditionMemory 1 0 4G");
    str_cut(f->files, sizeof(f->files), "/etc/a.env 0 /etc/b.env 1");
    str_cut(f->stop, sizeof(f->stop), "stop -now x");
    str_cut(f->needs, sizeof(f->needs), "a.service b.mount a.service");
    str_cut(f->bound, sizeof(f->bound), "c.service");
    str_cut(f->other_load, sizeof(f->other_load), "masked");
    str_cut(f->other_active, sizeof(f->other_active), "inactive");
    str_cut(f->restart, sizeof(f->restart), "on-failure");
    f->kill_signal = 2;
    f->prevented = 78;
    f->restart_us = 2000000;
    f->limit_us = 10000000;
    f->limit_starts = 3;
    a = about(b);
    assert_true(a.conditions.told && a.files.told && a.needs.told && a.bound.told && a.stop.told);
    assert_int_equal(a.conditions.n, 2);
    assert_string_equal(a.conditions.list[0].type, "ConditionPathExists");
    assert_string_equal(a.conditions.list[0].what, "/a");
    assert_true(a.conditions.list[0].negate && !a.conditions.list[0].trigger);
    assert_true(a.conditions.list[1].trigger && !a.conditions.list[1].negate);
    assert_int_equal(a.files.n, 2);
    assert_string_equal(a.files.list[0].path, "/etc/a.env");
    assert_true(!a.files.list[0].optional && a.files.list[1].optional);
    assert_string_equal(a.stop.text, "ExecStop=/bin/stop -now x");
    assert_string_equal(a.start.text, "");
    assert_int_equal(a.needs.n, 2);
    assert_string_equal(a.needs.list[1].name, "b.mount");
    assert_string_equal(a.needs.list[1].how, "Requires");
    assert_string_equal(a.needs.list[1].load, "masked");
    assert_string_equal(a.bound.list[0].active, "inactive");
    assert_string_equal(a.restart, "on-failure");
    assert_int_equal(a.stop_signal, 2);
    assert_true(a.prevents[78] && !a.prevents[1]);
    assert_true(a.restart_us == 2000000 && a.limit_us == 10000000 && a.limit_starts == 3);
}

/* What the unit needs for a start, and the commands that systemd runs at a stop. */
static void what_a_unit_asks_of_its_host_is_told(void **state)
{
    struct bench *b = *state;
    struct fake_systemd *f = b->systemd;
    struct service_about a;

    str_cut(f->load, sizeof(f->load), "loaded");
    str_cut(f->start_pre, sizeof(f->start_pre), "/opt/render.sh");
    str_cut(f->failure_units, sizeof(f->failure_units), "mail.service");
    str_cut(f->mounted, sizeof(f->mounted), "/srv/a -/srv/b +/srv/c");
    str_cut(f->binds, sizeof(f->binds), "/srv/d /d 0 /srv/e /e 1");
    str_cut(f->groups, sizeof(f->groups), "docker disk");
    str_cut(f->working, sizeof(f->working), "/srv/w");
    str_cut(f->failure_action, sizeof(f->failure_action), "reboot");
    f->refuses_stop = true;
    a = about(b);
    assert_int_equal(a.paths.n, 4);
    assert_string_equal(a.paths.list[0].key, "WorkingDirectory");
    assert_string_equal(a.paths.list[1].path, "/opt/render.sh");
    assert_true(a.paths.list[1].program && !a.paths.list[2].program);
    assert_string_equal(a.paths.list[2].path, "/srv/a");
    assert_string_equal(a.paths.list[3].path, "/srv/d");
    assert_true(a.paths.list[3].outside && !a.paths.list[2].outside);
    assert_string_equal(a.groups[1], "disk");
    assert_string_equal(a.stop.text, "OnFailure=mail.service; FailureAction=reboot");
    assert_true(a.refuses);
    f->may_fail = true;
    str_cut(f->root, sizeof(f->root), "/srv/root");
    str_cut(f->failure_action, sizeof(f->failure_action), "none");
    a = about(b);
    assert_string_equal(a.paths.list[0].path, "/srv/root");
    assert_int_equal(a.paths.n, 3); /* and its working directory, and the source of a mount */
    assert_string_equal(a.stop.text, "OnFailure=mail.service");
    assert_string_equal(a.start.text, "ExecStartPre=/opt/render.sh");
}

/* Units that stop with Nomad's unit, without the unit itself. */
static void what_is_bound_through_another_is_told(void **state)
{
    struct bench *b = *state;
    struct fake_systemd *f = b->systemd;
    struct service_about a;

    str_cut(f->load, sizeof(f->load), "loaded");
    str_cut(f->bound, sizeof(f->bound), "c.service");
    str_cut(f->bound_to_others, sizeof(f->bound_to_others), "d.service nomad.service");
    str_cut(f->other_active, sizeof(f->other_active), "active");
    a = about(b);
    assert_int_equal(a.bound.n, 2);
    assert_string_equal(a.bound.list[1].name, "d.service");
    assert_string_equal(a.bound.list[1].active, "active");
}

/* Values that are too long, and properties that an older systemd does not have. */
static void lists_that_are_not_whole_are_told(void **state)
{
    struct bench *b = *state;
    struct fake_systemd *f = b->systemd;

    str_cut(f->load, sizeof(f->load), "loaded");
    for (int i = 0; i < 40; i++)
        snprintf(f->needs + strlen(f->needs), sizeof(f->needs) - strlen(f->needs), "%d.x ", i);
    assert_true(about(b).needs.more);
    assert_int_equal(about(b).needs.n, ABOUT_UNITS);
    memset(f->stop, 'w', sizeof(f->stop) - 1);
    f->stop[1] = ' ';
    assert_int_equal(strlen(about(b).stop.text), ABOUT_COMMANDS - 1);
    f->knows_little = true;
    assert_false(about(b).needs.told || about(b).conditions.told || about(b).stop.told);
    assert_int_equal(about(b).stop_signal, 0);
}

static void a_unit_that_is_not_there_is_told(void **state)
{
    struct bench *b = *state;

    str_cut(b->systemd->load, sizeof(b->systemd->load), "not-found");
    assert_true(about(b).missing);
    str_cut(b->systemd->load, sizeof(b->systemd->load), "masked");
    assert_true(about(b).missing);
    str_cut(b->systemd->load, sizeof(b->systemd->load), "loaded");
    assert_false(about(b).missing);
}

/* An older systemd, a unit without a command, and a unit with a command that is too long. */
static void what_is_not_told_stays_empty(void **state)
{
    struct bench *b = *state;
    struct service_about a = about(b);

    assert_int_equal(a.words_len, 0);
    assert_string_equal(a.program, "");
    assert_string_equal(a.drop_ins, "");
    str_cut(b->systemd->program, sizeof(b->systemd->program), "/x");
    memset(b->systemd->words, 'w', 5000);
    a = about(b);
    assert_string_equal(a.program, "/x");
    assert_int_equal(a.words_len, 0);
    memset(b->systemd->drop_ins, 'd', sizeof(b->systemd->drop_ins) - 1);
    assert_int_equal(strlen(about(b).drop_ins), sizeof(b->systemd->drop_ins) - 1);
    b->systemd->knows_little = true;
    a = about(b);
    assert_true(a.unit && !a.missing && !a.reload);
    assert_string_equal(a.kill_mode, "");
}

static void no_bus_is_an_error(void **state)
{
    struct bench *b = *state;
    struct service_state st;
    struct err err = ERR_INIT;

    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    assert_int_equal(b->service.state(b->service.self, &st, &err), -1);
    assert_int_equal(err.kind, ERR_NETWORK);
    struct service_about a;
    assert_int_equal(b->service.about(b->service.self, &a, &err), -1);
}

#define COMMANDS(f) cmocka_unit_test_setup_teardown(f, set_up_commands, tear_down_commands)
#define SYSTEMD(f)  cmocka_unit_test_setup_teardown(f, set_up_systemd, tear_down_systemd)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        COMMANDS(a_restart_is_stop_then_start),
        COMMANDS(a_command_that_fails_is_told),
        COMMANDS(a_command_that_hangs_is_ended),
        COMMANDS(commands_have_no_unit),
        COMMANDS(a_start_limit_of_one_act),
        COMMANDS(a_command_outlives_its_asker_and_is_waited_for),
        COMMANDS(a_stale_pid_file_names_nobody),
        SYSTEMD(a_job_is_waited_for),
        SYSTEMD(a_job_that_fails_is_told),
        SYSTEMD(a_refusal_says_why),
        SYSTEMD(states_are_told),
        SYSTEMD(a_lost_connection_is_made_good),
        SYSTEMD(what_is_loaded_is_told),
        SYSTEMD(what_hangs_together_with_a_unit_is_told),
        SYSTEMD(what_a_unit_asks_of_its_host_is_told),
        SYSTEMD(what_is_bound_through_another_is_told),
        SYSTEMD(lists_that_are_not_whole_are_told),
        SYSTEMD(a_unit_that_is_not_there_is_told),
        SYSTEMD(what_is_not_told_stays_empty),
        SYSTEMD(no_bus_is_an_error),
    };

    if (argc > 2 && str_eq(argv[1], "run-command"))
        return service_command_main(argc - 2, argv + 2);
    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
