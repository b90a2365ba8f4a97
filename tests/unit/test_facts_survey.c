/* facts_survey.h on a model host: every fact as yes, no and unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include "ready_bench.h"
#include "str.h"

/* A healthy Nomad from a package. */
static void make_well(struct ready_bench *b)
{
    static const char words[] = MODEL_TARGET "\0agent\0-config\0/etc/nomad.d";
    struct model_host *m = &b->m;

    b->server = b->client = false;
    b->says.nomad = TRI_YES;
    str_cut(b->says.version, sizeof(b->says.version), "1.9.7");
    m->uptime_ms = 1000000;
    m->about = (struct service_about){.unit = true,
                                      .fragment = "/lib/systemd/system/nomad.service",
                                      .type = "simple",
                                      .kill_mode = "process",
                                      .program = MODEL_TARGET,
                                      .restart = "on-failure",
                                      .stop_signal = SIGINT,
                                      .boot = {.state = "enabled", .told = true},
                                      .conditions.told = true,
                                      .files.told = true,
                                      .needs.told = true,
                                      .bound.told = true,
                                      .start.told = true,
                                      .stop.told = true,
                                      .words_len = sizeof(words)};
    memcpy(m->about.words, words, sizeof(words));
    model_fs_put(&m->fs, "/etc/nomad.d/nomad.hcl", "data_dir = \"/opt\"", 17, 0644);
    model_fs_put_dir(&m->fs, "/opt/client");
    model_fs_put(&m->fs, "/opt/client/client-id", "", 0, 0600);
    m->package = (struct host_package){.owned = TRI_NO, .kept = TRI_NO};
    m->clock = (struct host_clock){.synchronised = TRI_YES, .error_us = 3000};
    m->attributes[0] = m->attributes[1] = (struct host_attributes){.there = true, .mode = 0755};
}

/* Facts whose yes is no fault but a property of the host; and facts that are unknown here. */
static bool is_neutral(const char *id)
{
    return str_eq(id, "libc") || str_eq(id, "binary-version") || str_eq(id, "stop-signal") ||
           str_eq(id, "dmidecode") || str_eq(id, "tls-names") || str_starts(id, "key.") ||
           str_eq(id, "unit-enabled") || str_eq(id, "booted-at") || str_starts(id, "is.");
}

static void a_host_that_is_well(void **state)
{
    struct ready_bench *b = *state;

    ready_is(b, "no-unit", TRI_NO, "nomad.service");
    assert_true(b->s.n >= 15);
    for (uint32_t i = 0; i < b->s.n; i++) {
        const struct fact *f = &b->s.list[i];

        if (f->value != TRI_NO && !is_neutral(f->id))
            fail_msg("%s: %d %s", f->id, (int)f->value, f->text);
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(f->id, b->s.list[k].id);
    }
    assert_int_equal(b->s.packaged, TRI_NO);
    ready_is(b, "libc", TRI_YES, "2.");
}

/* ---- one change brings one fact ---- */

static void control_group(struct ready_bench *b)
{
    str_cut(b->m.about.kill_mode, sizeof(b->m.about.kill_mode), "control-group");
}
static void no_kill_mode(struct ready_bench *b)
{
    b->m.about.kill_mode[0] = '\0';
}
static void notify(struct ready_bench *b)
{
    str_cut(b->m.about.type, sizeof(b->m.about.type), "notify");
}
static void notify_reload(struct ready_bench *b)
{
    str_cut(b->m.about.type, sizeof(b->m.about.type), "notify-reload");
}
static void no_type(struct ready_bench *b)
{
    b->m.about.type[0] = '\0';
}
static void drop_in(struct ready_bench *b)
{
    str_cut(b->m.about.drop_ins, sizeof(b->m.about.drop_ins), "/etc/systemd/x.conf");
}
static void reload(struct ready_bench *b)
{
    b->m.about.reload = true;
}
static void missing(struct ready_bench *b)
{
    b->m.about.missing = true;
}
static void commands(struct ready_bench *b)
{
    memset(&b->m.about, 0, sizeof(b->m.about));
}
static void no_manager(struct ready_bench *b)
{
    b->m.no_about = true;
}
static void other_program(struct ready_bench *b)
{
    str_cut(b->m.about.program, sizeof(b->m.about.program), "/opt/nomad");
    b->m.process.there = false;
}
static void other_running(struct ready_bench *b)
{
    str_cut(b->m.about.program, sizeof(b->m.about.program), "/opt/nomad");
    b->m.process.inode += 7;
}
static void other_name(struct ready_bench *b)
{
    other_program(b);
    b->m.way = (struct host_link_chain){.there = true, .same = true};
}
static void through_links(struct ready_bench *b)
{
    other_program(b);
    b->m.way = (struct host_link_chain){.there = true, .through = true, .same = true};
}
static void by_script(struct ready_bench *b)
{
    str_cut(b->m.about.program, sizeof(b->m.about.program), "/usr/local/bin/start-nomad");
}
static void linked(struct ready_bench *b)
{
    model_link(&b->m);
}
static void users(struct ready_bench *b)
{
    b->m.users = (struct host_users){.n = 2, .pid = 77};
}
static void other_unit(struct ready_bench *b)
{
    b->m.unit_naming = "nomad2.service";
}
static void other_unit_of_a_variable(struct ready_bench *b)
{
    other_unit(b);
    b->m.unit_naming_unknown = true;
}
static void owned_by_dpkg(struct ready_bench *b)
{
    b->m.package = (struct host_package){
        .owned = TRI_YES, .kept = TRI_NO, .manager = "dpkg", .name = "nomad 1.9.7-1"};
}
static void owned_by_rpm(struct ready_bench *b)
{
    owned_by_dpkg(b);
    str_cut(b->m.package.manager, sizeof(b->m.package.manager), "rpm");
}
static void held(struct ready_bench *b)
{
    owned_by_dpkg(b);
    b->m.package.kept = TRI_YES;
    str_cut(b->m.package.how, sizeof(b->m.package.how), "held");
}
static void package_unknown(struct ready_bench *b)
{
    b->m.package = (struct host_package){.owned = TRI_UNKNOWN, .why = "dpkg-query is broken"};
}
static void placed_by_us(struct ready_bench *b)
{
    bool learned = false;

    nomad_on_host_read(&b->p, "", &b->f, &learned);
    b->p.rec.placed = b->f.disk;
}
static void placed_other(struct ready_bench *b)
{
    memset(&b->p.rec.placed, 7, sizeof(b->p.rec.placed));
}
static void no_file(struct ready_bench *b)
{
    model_fs_unlink(&b->m.fs, MODEL_TARGET);
}
static void read_only(struct ready_bench *b)
{
    b->m.read_only = true;
}
static void noexec(struct ready_bench *b)
{
    b->m.noexec = true;
}
static void little_room(struct ready_bench *b)
{
    b->m.room = 2 * MODEL_BINARY;
}
static void enough_room(struct ready_bench *b)
{
    b->m.room = 3 * MODEL_BINARY;
}
static void unsynchronised(struct ready_bench *b)
{
    b->m.clock.synchronised = TRI_NO;
}
static void clock_unknown(struct ready_bench *b)
{
    b->m.clock.synchronised = TRI_UNKNOWN;
}

static void a_script(struct ready_bench *b)
{
    static const char script[] = "#!/bin/sh\nexec /opt/nomad agent \"$@\"\n";

    model_fs_put(&b->m.fs, MODEL_TARGET, script, sizeof(script) - 1, 0755);
}
static void unasked(struct ready_bench *b)
{
    b->says = (struct version_said){.nomad = TRI_UNKNOWN};
}
static void held_by_root(struct ready_bench *b)
{
    model_fs_put(&b->m.fs, MODEL_HOLD, "", 0, 0644);
}
static void another_program(struct ready_bench *b)
{
    b->says = (struct version_said){.nomad = TRI_NO, .text = "its `version` prints \"Consul v1\""};
}
static void without_trials(struct ready_bench *b)
{
    another_program(b);
    b->says.nomad = TRI_UNKNOWN;
}

static const struct ready_row rows[] = {
    {control_group, "kill-mode", TRI_YES, "KillMode=control-group"},
    {no_kill_mode, "kill-mode", TRI_UNKNOWN, "does not report"},
    {commands, "kill-mode", TRI_UNKNOWN, "configured commands"},
    {no_manager, "kill-mode", TRI_UNKNOWN, "no service manager"},
    {missing, "kill-mode", TRI_UNKNOWN, "no such unit"},
    {notify, "type-notify", TRI_YES, "Type=notify"},
    {notify_reload, "type-notify", TRI_YES, "Type=notify-reload"},
    {no_type, "type-notify", TRI_UNKNOWN, "does not report"},
    {commands, "type-notify", TRI_UNKNOWN, "configured commands"},
    {drop_in, "drop-ins", TRI_YES, "/etc/systemd/x.conf"},
    {commands, "drop-ins", TRI_UNKNOWN, "configured commands"},
    {reload, "unit-reload", TRI_YES, "changed on disk"},
    {no_manager, "unit-reload", TRI_UNKNOWN, "no service manager"},
    {missing, "unit-missing", TRI_YES, "no such unit"},
    {commands, "no-unit", TRI_YES, "configured commands"},
    {no_manager, "no-unit", TRI_UNKNOWN, "no service manager"},
    {other_program, "other-binary", TRI_YES, "the unit executes /opt/nomad"},
    {other_running, "other-binary", TRI_YES, "the unit executes /opt/nomad"},
    {other_name, "other-binary", TRI_YES, "the same file, but not by the name"},
    {through_links, "other-binary", TRI_NO, "/opt/nomad"},
    {by_script, "other-binary", TRI_UNKNOWN, "through /usr/local/bin/start-nomad"},
    {commands, "other-binary", TRI_UNKNOWN, "configured commands"},
    {linked, "binary-link", TRI_YES, "is a link to " MODEL_STORE},
    {users, "binary-shared", TRI_YES,
     "2 other agents execute the same file, the first is process 77"},
    {other_unit, "binary-shared", TRI_YES, "nomad2.service"},
    {other_unit_of_a_variable, "binary-shared", TRI_UNKNOWN, "nomad2.service"},
    {owned_by_dpkg, "package", TRI_YES, "nomad 1.9.7-1 (dpkg) owns the binary: `apt upgrade`"},
    {owned_by_rpm, "package", TRI_YES, "(rpm) owns the binary: `dnf upgrade`"},
    {held, "package", TRI_NO, "owns the binary: held"},
    {package_unknown, "package", TRI_UNKNOWN, "dpkg-query is broken"},
    {placed_by_us, "changed", TRI_NO, ""},
    {placed_other, "changed", TRI_YES, "is not what Caravan put there"},
    {no_file, "changed", TRI_UNKNOWN, "cannot be read"},
    {read_only, "read-only", TRI_YES, MODEL_BIN},
    {noexec, "noexec", TRI_YES, MODEL_BIN},
    {little_room, "no-room", TRI_YES, "needs about"},
    {enough_room, "no-room", TRI_NO, ""},
    {unsynchronised, "clock", TRI_YES, "not synchronised"},
    {clock_unknown, "clock", TRI_UNKNOWN, ""},
    {commands, "not-nomad", TRI_NO, ""},
    {a_script, "not-nomad", TRI_YES, MODEL_TARGET " is no program but a script"},
    {a_script, "binary-version", TRI_UNKNOWN, "the file in place is no program"},
    {no_file, "not-nomad", TRI_UNKNOWN, "nomad"},
    {another_program, "not-nomad", TRI_YES, "prints \"Consul v1\""},
    {another_program, "binary-version", TRI_UNKNOWN, "Consul"},
    {without_trials, "not-nomad", TRI_UNKNOWN, "Consul"},
    {unasked, "not-nomad", TRI_UNKNOWN, "was not asked"},
    {unasked, "binary-version", TRI_UNKNOWN, "was not asked"},
    {held_by_root, "not-nomad", TRI_UNKNOWN, "root holds this host"},
    {held_by_root, "binary-version", TRI_UNKNOWN, "root holds this host"},
    {commands, "binary-version", TRI_YES, "1.9.7"},
};

static const struct ready_host host = {make_well, rows, ARRAY_LEN(rows)};

static void the_lock_matters_where_a_package_owns(void **state)
{
    struct ready_bench *b = *state;

    (void)ready_find(b, "package");
    assert_int_equal(b->s.packaged, TRI_NO);
    held(b);
    (void)ready_find(b, "package");
    assert_int_equal(b->s.packaged, TRI_YES);
    package_unknown(b);
    (void)ready_find(b, "package");
    assert_int_equal(b->s.packaged, TRI_UNKNOWN);
}

/* apt put another file in place and nobody restarted. */
static void a_file_that_does_not_run_is_told(void **state)
{
    struct ready_bench *b = *state;
    char binary[MODEL_BINARY];

    (void)ready_find(b, "changed");
    model_binary("new", binary);
    model_fs_put(&b->m.fs, MODEL_TARGET, binary, sizeof(binary), 0755);
    b->f.ran = (struct known_file){.dev = 1, .ino = (uint64_t)b->m.process.inode};
    memset(&b->f.ran.digest, 3, sizeof(b->f.ran.digest));
    ready_is(b, "changed", TRI_YES, "is not the file that runs");
}

/* ---- staged ---- */

/* The fact about attributes that no new binary gets exists before a stage, too. */
static void rights_of_the_file_in_place(void **state)
{
    struct ready_bench *b = *state;

    b->m.attributes[0].capability[0] = '1';
    ready_is(b, "attributes", TRI_YES,
             "the binary has capabilities: Caravan gives them to no new binary");
    b->m.attributes[0].capability[0] = '\0';
    assert_null(ready_find(b, "attributes"));
    b->m.attributes[0].mode |= 04000;
    ready_is(b, "attributes", TRI_YES,
             "the binary has setuid or setgid: Caravan gives them to no new binary");
}

static void others_may_write_beside_it(void **state)
{
    struct ready_bench *b = *state;

    ready_is(b, "binary-writers", TRI_NO, "");
    b->m.writers = "group staff (50)";
    ready_is(b, "binary-writers", TRI_YES, "other users may write into /bin: group staff (50)");
}

static void facts_of_what_is_staged(void **state)
{
    static const struct {
        struct host_attributes fresh;
        const char *lost;
    } lost[] = {
        {{.there = true, .mode = 0755, .label = "x"}, "SELinux label"},
        {{.there = true, .mode = 0755, .capability = "01"}, "capabilities"},
        {{.there = true, .mode = 0755, .uid = 7}, "owner"},
        {{.there = true, .mode = 0700}, "mode"},
    };
    struct ready_bench *b = *state;

    assert_null(ready_find(b, "attributes"));
    assert_null(ready_find(b, "config-rejected"));
    b->p.rec.phase = PHASE_STAGED;
    memset(&b->p.rec.target, 5, sizeof(b->p.rec.target));
    b->m.room = 1; /* the staged binary took the room */
    ready_is(b, "no-room", TRI_NO, "");
    ready_is(b, "attributes", TRI_NO, "");
    for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
        b->m.attributes[1] = lost[i].fresh;
        ready_is(b, "attributes", TRI_YES, lost[i].lost);
    }
    ready_is(b, "config-rejected", TRI_UNKNOWN, "has not checked");
    model_fs_put(&b->m.fs, MODEL_FRESH, "x", 1, 0755);
    (void)phases_ask_config(&b->p);
    ready_is(b, "config-rejected", TRI_NO, "tried");
    b->m.config_text = "before 1.3.0";
    b->p.config.rejects = TRI_UNKNOWN;
    str_cut(b->p.config.text, sizeof(b->p.config.text), "before 1.3.0");
    ready_is(b, "config-rejected", TRI_UNKNOWN, "before 1.3.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY_TEST(a_host_that_is_well),
        READY_ROWS,
        READY_TEST(the_lock_matters_where_a_package_owns),
        READY_TEST(a_file_that_does_not_run_is_told),
        READY_TEST(rights_of_the_file_in_place),
        READY_TEST(others_may_write_beside_it),
        READY_TEST(facts_of_what_is_staged),
    };

    return cmocka_run_group_tests_name("facts_survey", tests, NULL, NULL);
}
