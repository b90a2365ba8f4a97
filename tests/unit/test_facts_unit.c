/* facts_unit.h, bound_units.h: the facts about the next stop and start of Nomad's unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include "facts_unit.h"
#include "ready_bench.h"
#include "str.h"

static void add_need(struct ready_bench *b, const char *how, const char *name, const char *load,
                     const char *active)
{
    struct about_unit *u = &b->m.about.needs.list[b->m.about.needs.n++];

    str_cut(u->how, sizeof(u->how), how);
    str_cut(u->name, sizeof(u->name), name);
    str_cut(u->load, sizeof(u->load), load);
    str_cut(u->active, sizeof(u->active), active);
}

static void add_bound(struct service_about *a, const char *name, const char *active)
{
    struct about_unit *u = &a->bound.list[a->bound.n++];

    str_cut(u->name, sizeof(u->name), name);
    str_cut(u->load, sizeof(u->load), "loaded");
    str_cut(u->active, sizeof(u->active), active);
}

/* The unit that HashiCorp's packages bring. */
static void make_well(struct service_about *a)
{
    *a = (struct service_about){.unit = true,
                                .restart = "on-failure",
                                .restart_us = 2000000,
                                .limit_us = 10000000,
                                .limit_starts = 3,
                                .stop_signal = SIGINT,
                                .conditions.told = true,
                                .files.told = true,
                                .needs.told = true,
                                .bound.told = true,
                                .start.told = true,
                                .stop.told = true};
}

static void packaged(struct ready_bench *b)
{
    model_fs_unlink(&b->m.fs, READY_FILE); /* each row makes the files that it needs */
    make_well(&b->m.about);
    add_need(b, "Requires", "sysinit.target", "loaded", "active");
}

static void commands(struct ready_bench *b)
{
    memset(&b->m.about, 0, sizeof(b->m.about));
}
static void old_systemd(struct ready_bench *b)
{
    commands(b);
    b->m.about.unit = true;
}
static void masked(struct ready_bench *b)
{
    add_need(b, "Requires", "consul.service", "masked", "inactive");
}
static void missing(struct ready_bench *b)
{
    add_need(b, "BindsTo", "consul.service", "not-found", "inactive");
}
static void failed(struct ready_bench *b)
{
    add_need(b, "Requires", "srv-data.mount", "loaded", "failed");
}
static void broken(struct ready_bench *b)
{
    add_need(b, "Requires", "consul.service", "bad-setting", "inactive");
}
static void requisite(struct ready_bench *b)
{
    add_need(b, "Requisite", "consul.service", "loaded", "inactive");
}
static void
one_shot(struct ready_bench *b) /* the unit has done its work; the start starts it again */
{
    add_need(b, "Requires", "make-dirs.service", "loaded", "inactive");
}
static void unplugged(struct ready_bench *b)
{
    add_need(b, "Requires", "dev-sdb.device", "loaded", "inactive");
}
static void plugged(struct ready_bench *b)
{
    add_need(b, "BindsTo", "dev-sdb.device", "loaded", "active");
}
static void not_mounted(struct ready_bench *b)
{
    add_need(b, "Requires", "srv-data.mount", "loaded", "inactive");
}
static void not_mounted_and_failed(struct ready_bench *b)
{
    not_mounted(b);
    add_need(b, "Requires", "consul.service", "loaded", "failed");
}
static void stateless(struct ready_bench *b)
{
    add_need(b, "Requires", "consul.service", "", "");
}
static void more_needs(struct ready_bench *b)
{
    b->m.about.needs.more = true;
}
static void path(struct ready_bench *b, const char *key, const char *name, bool program)
{
    struct about_path *p = &b->m.about.paths.list[b->m.about.paths.n++];

    p->program = program;
    str_cut(p->key, sizeof(p->key), key);
    str_cut(p->path, sizeof(p->path), name);
}
static void no_script(struct ready_bench *b)
{
    path(b, "ExecStartPre", "/opt/render.sh", true);
}
static void a_script(struct ready_bench *b)
{
    no_script(b);
    model_fs_put(&b->m.fs, "/opt/render.sh", "x", 1, 0755);
}
static void no_program(struct ready_bench *b)
{
    no_script(b);
    model_fs_put(&b->m.fs, "/opt/render.sh", "x", 1, 0644);
}
static void no_directory(struct ready_bench *b)
{
    path(b, "WorkingDirectory", "/srv/nomad", false);
}
static void a_file_for_a_directory(struct ready_bench *b)
{
    no_directory(b);
    model_fs_put(&b->m.fs, "/srv/nomad", "x", 1, 0644);
}
static void a_working_directory(struct ready_bench *b)
{
    no_directory(b);
    model_fs_put(&b->m.fs, "/srv/nomad/x", "x", 1, 0644);
}
static void no_mount_source(struct ready_bench *b)
{
    path(b, "BindPaths", "/srv/tools", false);
    b->m.about.paths.list[0].outside = true;
}
static void script_hangs(struct ready_bench *b)
{
    a_script(b);
    b->m.hangs = "/opt/render.sh";
}
static void more_paths(struct ready_bench *b)
{
    b->m.about.paths.more = true;
}
static void refuses(struct ready_bench *b)
{
    b->m.about.refuses = true;
}
static void no_third_group(struct ready_bench *b)
{
    str_cut(b->m.about.groups[0], sizeof(b->m.about.groups[0]), "docker");
    b->m.about.dynamic_user = true;
    b->m.no_account = "docker";
}
static void no_user(struct ready_bench *b)
{
    str_cut(b->m.about.user, sizeof(b->m.about.user), "nomad");
    b->m.no_account = "nomad";
}
static void no_group(struct ready_bench *b)
{
    str_cut(b->m.about.user, sizeof(b->m.about.user), "root");
    str_cut(b->m.about.group, sizeof(b->m.about.group), "ops");
    b->m.no_account = "ops";
}
static void vague_group(struct ready_bench *b)
{
    no_group(b);
    b->m.no_account = NULL;
    b->m.vague_account = "ops";
}
static void dynamic(struct ready_bench *b)
{
    no_user(b);
    b->m.about.dynamic_user = true;
}
static void stops(struct ready_bench *b)
{
    str_cut(b->m.about.stop.text, sizeof(b->m.about.stop.text),
            "ExecStop=/usr/bin/nomad node drain");
}
static void starts(struct ready_bench *b)
{
    str_cut(b->m.about.start.text, sizeof(b->m.about.start.text), "ExecStartPre=/bin/mkdir x");
}
static void restarts(struct ready_bench *b, const char *how)
{
    str_cut(b->m.about.restart, sizeof(b->m.about.restart), how);
}
static void never(struct ready_bench *b)
{
    restarts(b, "no");
}
static void on_abnormal(struct ready_bench *b)
{
    restarts(b, "on-abnormal");
}
static void always(struct ready_bench *b)
{
    restarts(b, "always");
    b->m.about.limit_us = 0;
}
static void late(struct ready_bench *b)
{
    b->m.about.restart_us = 10000001;
}
static void once(struct ready_bench *b)
{
    b->m.about.limit_starts = 1;
}
static void once_in_a_blink(struct ready_bench *b)
{
    once(b);
    b->m.about.limit_us = 1000000;
}
static void prevented(struct ready_bench *b)
{
    b->m.about.prevents[1] = true;
}
static void prevented_otherwise(struct ready_bench *b)
{
    b->m.about.prevents[78] = true;
}
static void terminates(struct ready_bench *b)
{
    b->m.about.stop_signal = SIGTERM;
}
static void bound(struct ready_bench *b)
{
    add_bound(&b->m.about, "a.service", "active");
    add_bound(&b->m.about, "b.service", "inactive");
}
static void swapped(struct ready_bench *b)
{
    bound(b);
    b->p.bound.known = true;
    b->p.bound.n = 1;
    str_cut(b->p.bound.names[0], sizeof(b->p.bound.names[0]), "a.service");
}
static void left_down(struct ready_bench *b)
{
    swapped(b);
    str_cut(b->p.bound.names[0], sizeof(b->p.bound.names[0]), "b.service");
}
static void forgotten(struct ready_bench *b)
{
    bound(b);
    memset(&b->p.rec.placed, 7, sizeof(b->p.rec.placed));
}

static void condition(struct ready_bench *b, const char *type, bool negate, const char *what)
{
    struct about_condition *c = &b->m.about.conditions.list[b->m.about.conditions.n++];

    *c = (struct about_condition){.negate = negate};
    str_cut(c->type, sizeof(c->type), type);
    str_cut(c->what, sizeof(c->what), what);
}
static void file_is_gone(struct ready_bench *b)
{
    condition(b, "ConditionFileNotEmpty", false, "/etc/nomad.d/nomad.hcl");
}
static void file_is_there(struct ready_bench *b)
{
    file_is_gone(b);
    model_fs_put(&b->m.fs, "/etc/nomad.d/nomad.hcl", "x", 1, 0644);
}
static void file_must_not_be(struct ready_bench *b)
{
    file_is_there(b);
    condition(b, "AssertPathExists", true, "/etc/nomad.d/nomad.hcl");
}
static void another_kind(struct ready_bench *b)
{
    file_is_there(b);
    condition(b, "ConditionMemory", false, "4G");
}
static void another_kind_and_gone(struct ready_bench *b)
{
    condition(b, "ConditionMemory", false, "4G");
    file_is_gone(b);
}
static void path_hangs(struct ready_bench *b)
{
    condition(b, "ConditionPathExists", false, "/net/x");
    b->m.hangs = "/net/x";
}
static void more_conditions(struct ready_bench *b)
{
    b->m.about.conditions.more = true;
}
static void environment(struct ready_bench *b, const char *path, bool optional)
{
    struct about_file *f = &b->m.about.files.list[b->m.about.files.n++];

    f->optional = optional;
    str_cut(f->path, sizeof(f->path), path);
}
static void no_file(struct ready_bench *b)
{
    environment(b, "/etc/nomad.env", false);
}
static void a_file(struct ready_bench *b)
{
    no_file(b);
    model_fs_put(&b->m.fs, "/etc/nomad.env", "A=b", 3, 0600);
}
static void a_directory(struct ready_bench *b)
{
    no_file(b);
    model_fs_put(&b->m.fs, "/etc/nomad.env/x", "A=b", 3, 0600);
}
static void optional(struct ready_bench *b)
{
    environment(b, "/etc/nomad.env", true);
}
static void nothing_fits(struct ready_bench *b)
{
    condition(b, "ConditionPathExistsGlob", false, "/etc/nomad.d/*.hcl");
}
static void something_fits(struct ready_bench *b)
{
    nothing_fits(b);
    model_fs_put(&b->m.fs, "/etc/nomad.d/a.hcl", "", 0, 0644);
}
static void a_pattern_that_fits(struct ready_bench *b)
{
    environment(b, "/etc/nomad.d/*.env", false);
    model_fs_put(&b->m.fs, "/etc/nomad.d/a.env", "", 0, 0644);
}
static void a_pattern(struct ready_bench *b)
{
    environment(b, "/etc/nomad*.env", false);
}
static void file_hangs(struct ready_bench *b)
{
    a_file(b);
    b->m.hangs = "/etc/nomad.env";
}
static void more_files(struct ready_bench *b)
{
    a_file(b);
    b->m.about.files.more = true;
}

static void boots(struct ready_bench *b, const char *state, bool told, const char *others)
{
    b->m.about.boot = (struct about_boot){.told = told};
    str_cut(b->m.about.boot.state, sizeof(b->m.about.boot.state), state);
    str_cut(b->m.about.boot.others, sizeof(b->m.about.boot.others), others);
}
static void enabled(struct ready_bench *b)
{
    boots(b, "enabled", true, "");
}
static void disabled(struct ready_bench *b)
{
    boots(b, "disabled", true, "");
}
static void disabled_by_order(struct ready_bench *b)
{
    disabled(b);
    b->p.rec.disabled = (struct service_order){.epoch = 3, .sequence = 7};
}
static void static_unit(struct ready_bench *b)
{
    boots(b, "static", true, "app.service");
}
static void wanted_by_others(struct ready_bench *b)
{
    boots(b, "enabled", true, "site.target");
}
static void disabled_in_vain(struct ready_bench *b)
{
    boots(b, "disabled", true, "nomad.timer");
}
static void links_not_told(struct ready_bench *b)
{
    boots(b, "enabled", false, "");
}
static void commands_of_both(struct ready_bench *b)
{
    commands(b);
    boots(b, "commands", false, "");
}

static const struct ready_row rows[] = {
    {enabled, "unit-enabled", TRI_YES, ""},
    {disabled, "unit-enabled", TRI_NO, ""},
    {disabled_by_order, "unit-enabled", TRI_NO, "by order 7 of epoch 3"},
    {static_unit, "unit-enabled", TRI_UNKNOWN, "static"},
    {wanted_by_others, "unit-enabled", TRI_UNKNOWN, "enabled, but also started by site.target"},
    {disabled_in_vain, "unit-enabled", TRI_UNKNOWN, "disabled, but also started by nomad.timer"},
    {links_not_told, "unit-enabled", TRI_UNKNOWN, "which other units"},
    {old_systemd, "unit-enabled", TRI_UNKNOWN, "does not report this"},
    {commands, "unit-enabled", TRI_UNKNOWN, "[command] enable and disable are not set"},
    {commands_of_both, "unit-enabled", TRI_YES, "by configured commands"},
    {NULL, "unit-condition", TRI_NO, ""},
    {file_is_gone, "unit-condition", TRI_YES,
     "ConditionFileNotEmpty=/etc/nomad.d/nomad.hcl: the path does not exist"},
    {file_is_there, "unit-condition", TRI_NO, ""},
    {file_must_not_be, "unit-condition", TRI_YES,
     "AssertPathExists=!/etc/nomad.d/nomad.hcl: the path meets the condition"},
    {nothing_fits, "unit-condition", TRI_YES, "/etc/nomad.d/*.hcl: the path does not exist"},
    {something_fits, "unit-condition", TRI_NO, ""},
    {another_kind, "unit-condition", TRI_UNKNOWN,
     "ConditionMemory=4G: caravan-swap does not examine this kind"},
    {another_kind_and_gone, "unit-condition", TRI_YES, "the path does not exist"},
    {path_hangs, "unit-condition", TRI_UNKNOWN, "/net/x: the file system does not answer"},
    {more_conditions, "unit-condition", TRI_UNKNOWN, "more conditions"},
    {old_systemd, "unit-condition", TRI_UNKNOWN, "does not report"},
    {commands, "unit-condition", TRI_UNKNOWN, "configured commands"},
    {NULL, "env-file", TRI_NO, ""},
    {no_file, "env-file", TRI_YES, "EnvironmentFile=/etc/nomad.env: the path does not exist"},
    {a_file, "env-file", TRI_NO, ""},
    {a_directory, "env-file", TRI_YES, "the path is a directory"},
    {optional, "env-file", TRI_NO, ""},
    {a_pattern, "env-file", TRI_YES, ": the path does not exist"},
    {a_pattern_that_fits, "env-file", TRI_NO, ""},
    {file_hangs, "env-file", TRI_UNKNOWN, "the file system does not answer"},
    {more_files, "env-file", TRI_UNKNOWN, "more files"},
    {old_systemd, "env-file", TRI_UNKNOWN, "does not report"},
    {NULL, "unit-needs", TRI_NO, ""},
    {masked, "unit-needs", TRI_YES, "Requires=consul.service is masked"},
    {missing, "unit-needs", TRI_YES, "BindsTo=consul.service does not exist"},
    {failed, "unit-needs", TRI_YES, "Requires=srv-data.mount has failed"},
    {broken, "unit-needs", TRI_YES, "cannot be loaded"},
    {requisite, "unit-needs", TRI_YES, "Requisite=consul.service is not active"},
    {one_shot, "unit-needs", TRI_NO, ""},
    {unplugged, "unit-needs", TRI_YES, "Requires=dev-sdb.device is a device that does not exist"},
    {plugged, "unit-needs", TRI_NO, ""},
    {not_mounted, "unit-needs", TRI_UNKNOWN, "srv-data.mount is not mounted now"},
    {not_mounted_and_failed, "unit-needs", TRI_YES, "consul.service has failed"},
    {stateless, "unit-needs", TRI_UNKNOWN, "does not report"},
    {more_needs, "unit-needs", TRI_UNKNOWN, "more units"},
    {no_script, "unit-needs", TRI_YES, "ExecStartPre=/opt/render.sh: the path does not exist"},
    {a_script, "unit-needs", TRI_NO, ""},
    {no_program, "unit-needs", TRI_YES, "ExecStartPre=/opt/render.sh: the file is not executable"},
    {no_directory, "unit-needs", TRI_YES, "WorkingDirectory=/srv/nomad: the path does not exist"},
    {a_file_for_a_directory, "unit-needs", TRI_YES, "the path is no directory"},
    {a_working_directory, "unit-needs", TRI_NO, ""},
    {no_mount_source, "unit-needs", TRI_YES, "BindPaths=/srv/tools: the path does not exist"},
    {script_hangs, "unit-needs", TRI_UNKNOWN, "the file system does not answer"},
    {more_paths, "unit-needs", TRI_UNKNOWN, "or paths"},
    {refuses, "unit-needs", TRI_YES, "systemd refuses a restart"},
    {no_third_group, "unit-user", TRI_YES, "SupplementaryGroups=docker does not exist"},
    {commands, "unit-needs", TRI_UNKNOWN, "configured commands"},
    {old_systemd, "unit-needs", TRI_UNKNOWN, "systemd does not report this"},
    {NULL, "unit-user", TRI_NO, ""},
    {no_user, "unit-user", TRI_YES, "User=nomad does not exist"},
    {no_group, "unit-user", TRI_YES, "Group=ops does not exist"},
    {vague_group, "unit-user", TRI_UNKNOWN, "Group=ops: found in no file"},
    {dynamic, "unit-user", TRI_NO, ""},
    {commands, "unit-user", TRI_UNKNOWN, "configured commands"},
    {NULL, "unit-stop-commands", TRI_NO, ""},
    {stops, "unit-stop-commands", TRI_YES, "ExecStop=/usr/bin/nomad node drain"},
    {old_systemd, "unit-stop-commands", TRI_UNKNOWN, "does not report"},
    {NULL, "unit-start-commands", TRI_NO, ""},
    {starts, "unit-start-commands", TRI_YES, "ExecStartPre=/bin/mkdir x"},
    {old_systemd, "unit-start-commands", TRI_UNKNOWN, "does not report"},
    {NULL, "start-again", TRI_NO, "Restart=on-failure after 2.0 s, at most 3 starts within 10.0 s"},
    {always, "start-again", TRI_NO, "Restart=always after 2.0 s"},
    {never, "start-again", TRI_YES, "Restart=no: systemd does not start Nomad again"},
    {on_abnormal, "start-again", TRI_YES, "Restart=on-abnormal"},
    {late, "start-again", TRI_YES, "Restart=on-failure after 10.0 s"},
    {once, "start-again", TRI_YES, "StartLimitBurst=1"},
    {once_in_a_blink, "start-again", TRI_NO, ""},
    {prevented, "start-again", TRI_YES, "RestartPreventExitStatus"},
    {prevented_otherwise, "start-again", TRI_NO, ""},
    {old_systemd, "start-again", TRI_UNKNOWN, "does not report"},
    {NULL, "stop-signal", TRI_YES, "SIGINT"},
    {terminates, "stop-signal", TRI_YES, "SIGTERM"},
    {old_systemd, "stop-signal", TRI_UNKNOWN, "does not report"},
    {NULL, "unit-bound", TRI_NO, ""},
    {bound, "unit-bound", TRI_YES, "a.service active, b.service inactive"},
    {old_systemd, "unit-bound", TRI_UNKNOWN, "does not report"},
    {swapped, "bound-down", TRI_NO, ""},
    {left_down, "bound-down", TRI_YES, "b.service"},
    {forgotten, "bound-down", TRI_UNKNOWN, "not known any more"},
};

static const struct ready_host host = {packaged, rows, ARRAY_LEN(rows)};

static void before_a_swap_nothing_is_down(void **state)
{
    bound(*state);
    assert_null(ready_find(*state, "bound-down"));
}

/* ---- units that stop and start with Nomad's ---- */

static void units_are_up_again_or_not(void **state)
{
    autofree struct service_about *a = xzalloc(1, sizeof(*a));
    autofree struct bound_units *b = xzalloc(1, sizeof(*b));
    char text[TEXT_MAX];

    (void)state;
    make_well(a);
    add_bound(a, "up.service", "active");
    add_bound(a, "down.service", "inactive");
    add_bound(a, "soon.service", "activating");
    bound_units_remember(b, a, 7);
    assert_int_equal(b->at_ms, 7);
    assert_int_equal(bound_units_down(b, a, text), TRI_YES);
    assert_string_equal(text, "soon.service");
    str_cut(a->bound.list[2].active, sizeof(a->bound.list[2].active), "active");
    assert_int_equal(bound_units_down(b, a, text), TRI_NO);
    str_cut(a->bound.list[0].active, sizeof(a->bound.list[0].active), "failed");
    str_cut(a->bound.list[2].active, sizeof(a->bound.list[2].active), "deactivating");
    assert_int_equal(bound_units_down(b, a, text), TRI_YES);
    assert_string_equal(text, "up.service, soon.service");
    a->bound.n =
        0; /* the unit does not exist, or is not bound any more: it does not count as active */
    assert_int_equal(bound_units_down(b, a, text), TRI_YES);
    a->bound.told = false;
    assert_int_equal(bound_units_down(b, a, text), TRI_UNKNOWN);
    assert_int_equal(bound_units_down(b, NULL, text), TRI_UNKNOWN);
    a->bound.told = true;
    bound_units_remember(b, a, 8);
    assert_int_equal(bound_units_down(b, a, text), TRI_NO);
    a->bound.more = true;
    bound_units_remember(b, a, 8);
    assert_int_equal(bound_units_down(b, a, text), TRI_UNKNOWN);
    bound_units_remember(b, NULL, 9);
    assert_int_equal(bound_units_down(b, a, text), TRI_UNKNOWN);
    memset(a, 0, sizeof(*a)); /* configured commands: nothing is bound */
    bound_units_remember(b, a, 10);
    assert_int_equal(bound_units_down(b, a, text), TRI_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY_ROWS,
        READY_TEST(before_a_swap_nothing_is_down),
        cmocka_unit_test(units_are_up_again_or_not),
    };

    return cmocka_run_group_tests_name("facts_unit", tests, NULL, NULL);
}
