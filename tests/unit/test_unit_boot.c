/* service.h, unit_boot.h: does Nomad start when its host boots? Read and changed through commands
 * that really run, and through systemd on a test bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "fake_systemd.h"
#include "file.h"
#include "scratch_dir.h"
#include "service.h"
#include "str.h"

struct bench {
    char *dir;
    struct agent_conf conf;
    struct service service;
    struct fake_systemd *systemd; /* NULL: commands */
};

static struct bench *open_bench(void)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    b->dir = scratch_open();
    return b;
}

static int set_up_commands(void **state)
{
    struct bench *b = open_bench();
    struct err err = ERR_INIT;
    char lock[300];

    scratch_path(b->dir, "lock", lock);
    *state = b;
    return service_command_new(&b->conf, "/proc/self/exe", lock, &b->service, &err);
}

static int set_up_systemd(void **state)
{
    struct bench *b = open_bench();
    struct err err = ERR_INIT;

    b->systemd = fake_systemd_start(b->dir);
    str_cut(b->conf.unit, sizeof(b->conf.unit), "nomad.service");
    *state = b;
    return service_systemd_new(&b->conf, &b->service, &err);
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    b->service.free(b->service.self);
    if (b->systemd != NULL)
        fake_systemd_stop(b->systemd);
    scratch_close(b->dir);
    free(b);
    return 0;
}

static struct service_about about(struct bench *b)
{
    struct service_about a = {.unit = false};
    struct err err = ERR_INIT;

    if (b->service.about(b->service.self, &a, &err) < 0)
        fail_msg("%s", err.text);
    return a;
}

static int at_boot(struct bench *b, bool starts, struct err *err)
{
    *err = (struct err)ERR_INIT;
    return b->service.at_boot(b->service.self, starts, err);
}

/* The exit status of the commands decides; without commands nothing is done. */
static void commands_enable_and_disable(void **state)
{
    struct bench *b = *state;
    struct service_about a;
    struct err err = ERR_INIT;

    assert_int_equal(at_boot(b, false, &err), -1);
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_non_null(strstr(err.text, "[command] disable"));
    assert_int_equal(at_boot(b, true, &err), -1);
    assert_non_null(strstr(err.text, "[command] enable"));
    snprintf(b->conf.enable, sizeof(b->conf.enable), "/bin/sh %s/boot on", b->dir);
    snprintf(b->conf.disable, sizeof(b->conf.disable), "/bin/sh %s/boot off", b->dir);
    char text[200];
    snprintf(text, sizeof(text), "echo $1 >>%s/log\n[ $1 = off ]\n", b->dir);
    scratch_write(b->dir, "boot", text, 0755);
    assert_int_equal(at_boot(b, false, &err), 0);
    assert_int_equal(at_boot(b, true, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
    assert_string_equal(err.text, "the enable command ended with status 1");
    auto_buf struct buf log = BUF_INIT;
    char path[300];
    struct err unread = ERR_INIT;
    scratch_path(b->dir, "log", path);
    assert_int_equal(file_read(path, 4096, 0, &log, &unread), 0);
    assert_string_equal(buf_str(&log), "off\non\n");
    assert_int_equal(b->service.about(b->service.self, &a, &err), 0);
    assert_string_equal(a.boot.state, "commands");
}

/* ---- systemd ---- */

#define LINK "/nowhere/multi-user.target.wants/nomad.service"

static void put_enabled(struct fake_systemd *f)
{
    str_cut(f->file_state, sizeof(f->file_state), "enabled");
    str_cut(f->links, sizeof(f->links), LINK);
    str_cut(f->wanted, sizeof(f->wanted), "multi-user.target");
}

static void it_is_disabled_and_enabled(void **state)
{
    struct bench *b = *state;
    struct fake_systemd *f = b->systemd;
    struct err err = ERR_INIT;

    put_enabled(f);
    assert_string_equal(about(b).boot.state, "enabled");
    assert_true(about(b).boot.told);
    assert_string_equal(about(b).boot.others, "");
    for (int i = 0; i < 2; i++) { /* a second time changes nothing */
        assert_int_equal(at_boot(b, false, &err), 0);
        assert_true(f->disabled == 1 && f->reloaded == 1);
    }
    assert_string_equal(about(b).boot.state, "disabled");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(at_boot(b, true, &err), 0);
        assert_true(f->enabled == 1 && f->reloaded == 2);
    }
}

static void state_static(struct fake_systemd *f)
{
    str_cut(f->file_state, 32, "static");
}
static void state_masked(struct fake_systemd *f)
{
    str_cut(f->file_state, 32, "masked");
}
static void state_generated(struct fake_systemd *f)
{
    str_cut(f->file_state, 32, "generated");
}
static void state_runtime(struct fake_systemd *f)
{
    str_cut(f->file_state, 32, "enabled-runtime");
}
static void state_untold(struct fake_systemd *f)
{
    f->file_state[0] = '\0';
}
static void links_untold(struct fake_systemd *f)
{
    f->no_links = true;
}
static void by_another(struct fake_systemd *f)
{
    str_cut(f->wanted, sizeof(f->wanted), "multi-user.target site.target");
}
static void by_a_timer(struct fake_systemd *f)
{
    str_cut(f->triggered, 128, "nomad.timer");
}
static void required(struct fake_systemd *f)
{
    str_cut(f->bound, 128, "app.service");
}
static void does_not_change(struct fake_systemd *f)
{
    f->stubborn = true;
}
static void by_its_file_too(struct fake_systemd *f)
{
    memcpy(f->wanted_then, f->wanted, sizeof(f->wanted));
}
static void without_reload(struct fake_systemd *f)
{
    f->no_reload = true;
}

/* If disabling would not prevent the start, it is refused before anything changes. */
static void what_would_start_all_the_same_is_refused(void **state)
{
    static const struct {
        void (*change)(struct fake_systemd *f);
        enum err_kind kind;
        const char *says;
        bool touched;
    } rows[] = {
        {state_static, ERR_REFUSED, "nomad.service is static", false},
        {state_masked, ERR_REFUSED, "nomad.service is masked", false},
        {state_generated, ERR_REFUSED, "nomad.service is generated", false},
        {state_runtime, ERR_REFUSED, "nomad.service is enabled-runtime", false},
        {state_untold, ERR_NETWORK, "does not report whether", false},
        {links_untold, ERR_REFUSED, "does not report which other units", false},
        {by_another, ERR_REFUSED, "because site.target would start it all the same", false},
        {by_a_timer, ERR_REFUSED, "because nomad.timer would start it all the same", false},
        {required, ERR_REFUSED, "because app.service would start it all the same", false},
        {does_not_change, ERR_STATE, "but systemd reports enabled", true},
        {by_its_file_too, ERR_STATE, "but multi-user.target would start it", true},
        {without_reload, ERR_NETWORK, "not now", true},
    };
    struct bench *b = *state;
    struct fake_systemd *f = b->systemd;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = ERR_INIT;

        f->no_links = f->stubborn = f->no_reload = false;
        f->triggered[0] = f->bound[0] = f->wanted_then[0] = '\0';
        f->disabled = 0;
        put_enabled(f);
        rows[i].change(f);
        assert_int_equal(at_boot(b, false, &err), -1);
        if (err.kind != rows[i].kind || strstr(err.text, rows[i].says) == NULL ||
            (f->disabled != 0) != rows[i].touched)
            fail_msg("%zu: %d %s, disabled %u", i, err.kind, err.text, f->disabled);
    }
    /* After a failed reload the next one succeeds. */
    f->no_reload = false;
    struct err err = ERR_INIT;
    assert_int_equal(at_boot(b, false, &err), 0);
    assert_string_equal(about(b).boot.others, "");
}

#define COMMANDS(f) cmocka_unit_test_setup_teardown(f, set_up_commands, tear_down)
#define SYSTEMD(f)  cmocka_unit_test_setup_teardown(f, set_up_systemd, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMANDS(commands_enable_and_disable),
        SYSTEMD(it_is_disabled_and_enabled),
        SYSTEMD(what_would_start_all_the_same_is_refused),
    };

    return cmocka_run_group_tests_name("unit_boot", tests, NULL, NULL);
}
