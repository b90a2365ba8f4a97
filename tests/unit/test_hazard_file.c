/* Files of hazards: the built-in rows, what a file may add or raise, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "built_in.h"
#include "file.h"
#include "hazard_file.h"
#include "hazard_kinds.h"
#include "release_day.h"
#include "scratch_dir.h"
#include "skip_because.h"

/* ---- what is built in ---- */

static void what_is_built_in_parses(void **state)
{
    const struct hazards *h = built_in();
    bool used[128] = {false};
    (void)state;
    assert_true(h->n_rows >= 212 && h->n_walls >= 15 && h->n_bad_leaders >= 5);
    assert_true(h->n_lates >= 3 && h->n_minors >= 18);
    assert_false(digest_is_zero(&h->digest));
    for (size_t i = 0; i < h->n_rows; i++)
        used[h->rows[i].kind - hazard_kinds] = true;
    for (size_t i = 0; i < hazard_kinds_len; i++)
        if (!used[i])
            fail_msg("no row is of kind %s", hazard_kinds[i].name);
}

/* One value of each kind, in the syntax of the file. */
static void rows_hold_what_stands_there(void **state)
{
    const struct hazard *row = built_in_row("bad-1.9.4");
    (void)state;
    assert_string_equal(row->kind->name, "jobs");
    assert_string_equal(row->target, "1.8.9-1.8.11 1.9.4-1.9.6");
    assert_true(row->number == (TRAIT(JOB_BRIDGE) | TRAIT(JOB_CNI)));
    assert_int_equal(row->severity, SEVERITY_BLOCK);
    assert_int_equal(row->unsure, SEVERITY_BLOCK);
    assert_string_equal(row->advice, "Choose 1.9.7 or later.");
    row = built_in_row("key-service");
    assert_int_equal(row->number, CONFIG_KMS);
    assert_int_equal(row->scope, SCOPE_SERVERS);
    row = built_in_row("raft-protocol");
    assert_int_equal(row->number, 3);
    assert_null(row->least);
    row = built_in_row("kill-mode");
    assert_true(row->of_unit && !row->staged_only && row->kind->detect == NULL);
    assert_int_equal(built_in_row("license-place")->edition, EDITION_ENT);
}

static void every_name_stands_for_something(void **state)
{
    static const char *const words[] = {"lxc",      "writes-logs", "dc-star",
                                        "old-join", "consul",      "csi"};
    (void)state;
    assert_int_equal(hazard_trait(words[0]), 0);
    assert_int_equal(hazard_trait(words[1]), JOB_TRAITS - 1);
    assert_int_equal(hazard_switch_named(words[2]), 0);
    assert_int_equal(hazard_switch_named(words[3]), CONFIG_SWITCHES - 1);
    assert_int_equal(hazard_attribute_named(words[4]), 0);
    assert_int_equal(hazard_attribute_named(words[5]), NODE_ATTRIBUTES - 1);
    assert_int_equal(hazard_trait("none"), -1);
}

static struct version parsed(const char *text)
{
    struct version v;
    struct err err = ERR_INIT;
    assert_int_equal(version_parse(text, &v, &err), 0);
    return v;
}

/* Dates of Nomad's changelogs: the important pairs, and every series in its order. */
static void days_of_release(void **state)
{
    (void)state;
    static const struct {
        const char *v, *day;
    } rows[] = {
        {"1.6.6", "2024-01-15"},
        {"1.7.3", "2024-01-15"},
        {"1.7.2", "2023-12-13"},
        {"1.9.7", "2025-03-11"},
        {"1.10.15+ent", "2026-08-12"},
        {"2.0.5", "2026-08-12"},
        {"0.8.0", "2018-04-12"},
        {"1.11.3", "2026-03-11"},
        {"1.11.0-beta.1", ""},
        {"1.12.0", ""},
        {"2.0.6", "2026-09-09"},
        {"2.0.7", "2026-09-18"},
        {"2.0.8", ""},
        {"1.0.2-acme1", ""}, /* an own build has its own date */
        {"1.4.14", "2023-10-30"},
    };
    char day[DAY_TEXT], before[DAY_TEXT];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct version v = parsed(rows[i].v);
        release_day(built_in(), day, &v);
        assert_string_equal(day, rows[i].day);
    }
    size_t known = 0;
    for (unsigned major = 0; major <= 2; major++)
        for (unsigned minor = 0; minor < 13; minor++)
            for (unsigned patch = 0; patch < 30; patch++) {
                struct version v = {.major = major, .minor = minor, .patch = patch},
                               last = {.major = major, .minor = minor, .patch = patch - 1};
                release_day(built_in(), day, &v);
                known += day[0] != '\0';
                if (patch == 0 || day[0] == '\0')
                    continue;
                release_day(built_in(), before, &last);
                assert_true(!version_built_before(day, before) && before[0] != '\0');
            }
    assert_int_equal(known, 259);
    assert_true(version_built_before("2023-12-13", "2024-01-15T09:00:00Z"));
    assert_false(version_built_before("2024-01-15", "2024-01-15T09:00:00Z"));
    assert_false(version_built_before("", "2024-01-15"));
    assert_false(version_built_before("2023-12-13", "yesterday"));
}

/* ---- what a file may do ---- */

static void add(struct hazards *h, const char *text)
{
    struct err err = ERR_INIT;
    assert_int_equal(hazards_load(NULL, h, &err), 0);
    if (hazards_add(h, "f", text, &err) < 0)
        fail_msg("%s", err.text);
}

static const struct hazard *row_in(const struct hazards *h, const char *id)
{
    for (size_t i = 0; i < h->n_rows; i++)
        if (str_eq(h->rows[i].id, id))
            return &h->rows[i];
    return NULL;
}

static void a_file_adds_rows(void **state)
{
    struct hazards h;
    (void)state;
    add(&h, "[hazard acme-2.0.6]\n"
            "kind = told\n"
            "target = 2.0.6 2.0.9-\n"
            "severity = block\n"
            "what = its scheduler\n"
            "  forgets jobs\n"
            "advice = Choose 2.0.7.\n"
            "[wall 2.1.0]\n"
            "[bad-leader 2.1.0]\nlast = 2.1.1\n"
            "[late acme]\ntarget = 2.1.0-\nafter = 2h\nwhat = x\nlook = y\n"
            "[released]\n2.1 = 2026-11-29\n");
    const struct hazard *row = row_in(&h, "acme-2.0.6");
    assert_non_null(row);
    assert_string_equal(row->what, "its scheduler forgets jobs");
    assert_int_equal(row->unsure, SEVERITY_BLOCK);
    assert_int_equal(h.n_rows, built_in()->n_rows + 1);
    assert_string_equal(h.walls[h.n_walls - 1].feature, "2.1.0");
    assert_string_equal(h.bad_leaders[h.n_bad_leaders - 1].last, "2.1.1");
    assert_int_equal(h.lates[h.n_lates - 1].after_ms, 2 * 3600 * 1000);
    hazards_free(&h);
}

static void a_file_raises_and_widens(void **state)
{
    struct hazards h;
    struct err err = ERR_INIT;
    (void)state;
    add(&h, "[hazard csi-restart]\nseverity = block\ntarget = 2.0.6\n"
            "[hazard unproven]\nunsure = warn\n"
            "[released]\n1.11 = 2025-11-11 2025-12-09 2026-02-11 2026-03-11 2026-04-21 2026-05-12\n"
            "  2026-05-22 2026-06-09 2026-07-07 2026-08-12 2026-11-01\n");
    const struct hazard *row = row_in(&h, "csi-restart");
    struct version v = parsed("2.0.6"), was = parsed("1.4.0"), patch = parsed("1.11.10");
    char day[DAY_TEXT];
    assert_int_equal(row->severity, SEVERITY_BLOCK);
    assert_int_equal(row->unsure, SEVERITY_WARN);
    assert_true(version_within(&v, row->target) && version_within(&was, row->target));
    assert_int_equal(row_in(&h, "unproven")->unsure, SEVERITY_WARN);
    release_day(&h, day, &patch);
    assert_string_equal(day, "2026-11-01");
    /* and the next file may not lower it */
    assert_int_equal(hazards_add(&h, "g", "[hazard csi-restart]\nseverity = warn\n", &err), -1);
    hazards_free(&h);
}

#define ROW  "[hazard a]\nkind = told\nseverity = warn\nwhat = w\nadvice = a\n"
#define JOBS "[hazard a]\nkind = jobs\nseverity = warn\nwhat = w\nadvice = a\n"

static const char *const wrong[][2] = {
    {"[hazard a]\nkind = toll\n", "f:2: there is no kind \"toll\""},
    {"[hazard a]\nseverity = bad\n",
     "f:2: severity must be info, warn, block or hard, not \"bad\""},
    {"[hazard a]\nscope = all of them\n", "f:2: scope must be all, servers or clients"},
    {"[hazard a]\nedition = oss\n", "f:2: edition must be any, ce or ent"},
    {"[hazard a]\nunit = maybe\n", "f:2: unit must be no or yes"},
    {"[hazard a]\ntarget = 2.0\n", "f:2: target: \"2.0\" is no list of versions"},
    {"[hazard a]\ntarget = 2.0.3-2.0.1\n", "f:2: target: "},
    {"[hazard a]\ntarget = 2.0.1+ent-\n", "f:2: target: "},
    {"[hazard a]\ncrossing = 2.0.1-2.0.3\n",
     "f:2: crossing: \"2.0.1-2.0.3\" is no list of versions"},
    {"[hazard a]\ncrossing = 2.0.1-rc.1\n", "f:2: crossing: "},
    {"[hazard a]\nfrom =\n", "f:2: from: "},
    {"[hazard a]\ntrait = bridge brigde\n", "f:2: there is no trait \"brigde\""},
    {"[hazard a]\nswitch = kms vault\n", "f:2: there is no switch \"kms vault\""},
    {"[hazard a]\nattribute = cpu\n", "f:2: there is no attribute \"cpu\""},
    {"[hazard a]\nadvise = x\n",
     "f:2: unknown key \"advise\" in [hazard a]; did you mean key \"advice\"?"},
    {"[hazard A]\n", "f:1: an id has at most 31"},
    {"[hazard a,b]\n", "f:1: an id has at most 31"},
    {"[hazrd a]\n", "f:1: unknown section [hazrd a]"},
    {"[hazard a]\nkind = told\nseverity = warn\nwhat = w\n", "f:1: the section has no advice"},
    {"[hazard a]\nkind = told\nwhat = w\nadvice = a\n", "f:1: the section has no severity"},
    {"[hazard a]\nseverity = warn\nwhat = w\nadvice = a\n", "f:1: the section has no kind"},
    {"[hazard a]\nkind = told\nseverity = warn\nadvice = a\n",
     "f:1: a row of kind told needs what"},
    {JOBS, "f:1: a row of kind jobs needs trait"},
    {ROW "trait = csi\n", "f:1: a row of kind told has no trait"},
    {ROW "unit = yes\n", "f:1: unit and staged-only are for kinds about single hosts"},
    {ROW ROW, "f:6: [hazard a] is given twice"},
    {ROW "kind = told\n", "f:6: kind is given twice in [hazard a]"},
    {"[hazard a]\nkind = clients-least\nseverity = warn\nwhat = w\nleast = new\nadvice = a\n",
     "f:1: least: \"new\" is no version"},
    {"[hazard a]\nkind = raft-protocol\nseverity = warn\nleast = 3.0\nadvice = a\n",
     "f:1: least must be a number"},
    {"[hazard a]\nkind = old-failed\nseverity = warn\nadvice = a\n",
     "f:1: a row of kind old-failed needs crossing"},
    /* a section that exists */
    {"[hazard bad-2.0.5]\nseverity = warn\n",
     "f:1: severity of a row that exists already can only be raised, not lowered"},
    {"[hazard unhealthy]\nunsure = block\n",
     "f:1: unsure of a row that exists already can only be raised"},
    {"[hazard bad-2.0.5]\nadvice = none\n", "f:1: this row exists already"},
    {"[hazard bad-2.0.5]\nkind = told\nseverity = hard\nwhat = w\nadvice = a\n",
     "f:1: this row exists already"},
    {"[hazard unhealthy]\ntarget = 2.0.1\n",
     "f:1: this row exists already and is about every target"},
    {"[wall 1.4.0]\nfeature = variables\n", "f:1: this wall exists already"},
    {"[late identities]\n", "f:1: this row exists already"},
    {"[released]\n2.0 = 2026-04-21 2026-05-12\n", "f:2: 2.0: the list must begin with the days"},
    /* the other sections */
    {"[wall 2.x]\n", "f:1: "},
    {"[bad-leader 2.1.0]\n", "f:1: the section has no last"},
    {"[late x]\nwhat = w\nlook = l\n", "f:1: the section has no after"},
    {"[late x]\nafter = 0s\n", "f:2: after must be "},
    {"[released]\n2.1.0 = 2026-04-21\n", "f:2: \"2.1.0\" is no minor version"},
    {"[released]\n2.1 = 2026-04-21  2026-04-22\n", "f:2: 2.1: days are written as"},
    {"[released]\n2.1 = soon\n", "f:2: 2.1: days are written as"},
};

static void what_is_wrong_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct hazards h;
        struct err err = ERR_INIT;
        assert_int_equal(hazards_load(NULL, &h, &err), 0);
        if (hazards_add(&h, "f", wrong[i][0], &err) == 0)
            fail_msg("took %s", wrong[i][0]);
        assert_int_equal(err.kind, ERR_CONFIG);
        if (!str_starts(err.text, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], err.text);
        hazards_free(&h);
    }
}

static void rows_have_a_limit(void **state)
{
    struct hazards h;
    struct err err = ERR_INIT;
    auto_buf struct buf text = BUF_INIT;
    (void)state;
    assert_int_equal(hazards_load(NULL, &h, &err), 0);
    for (size_t i = h.n_rows; i <= HAZARD_ROWS_MAX; i++)
        buf_printf(&text, "[hazard n%zu]\nkind = told\nseverity = info\nwhat = w\nadvice = a\n", i);
    assert_int_equal(hazards_add(&h, "f", buf_str(&text), &err), -1);
    assert_non_null(strstr(err.text, "more than 1000 sections"));
    assert_int_equal(h.n_rows, HAZARD_ROWS_MAX);
    hazards_free(&h);
}

/* ---- directories ---- */

static void put(const char *path, const char *text, mode_t mode)
{
    struct err err = ERR_INIT;
    if (file_replace(path, text, strlen(text), mode, &err) < 0)
        fail_msg("%s", err.text);
}

static struct coord_conf conf_in(const char *dir)
{
    struct coord_conf c = {.elsewhere = true};
    struct err err = ERR_INIT;
    char path[300];
    str_cut(c.dir, sizeof(c.dir), dir);
    assert_int_equal(conf_path(&c, "hazards.d", path, &err), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    return c;
}

static void directories_are_read_in_order(void **state)
{
    char dir[256], path[300];
    struct hazards h;
    struct err err = ERR_INIT;
    (void)state;
    scratch_make(dir, sizeof(dir));
    struct coord_conf c = conf_in(dir);
    snprintf(path, sizeof(path), "%s/hazards.d/20.conf", dir);
    put(path, "[hazard a]\nseverity = hard\n", 0644);
    snprintf(path, sizeof(path), "%s/hazards.d/10.conf", dir);
    put(path, ROW, 0644);
    snprintf(path, sizeof(path), "%s/hazards.d/30.conf.old", dir);
    put(path, "nonsense", 0644);
    if (hazards_load(&c, &h, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(row_in(&h, "a")->severity, SEVERITY_HARD);
    assert_false(digest_eq(&h.digest, &built_in()->digest));
    hazards_free(&h);
    /* a wrong file is named with its place */
    snprintf(path, sizeof(path), "%s/hazards.d/25.conf", dir);
    put(path, "[hazard a]\nkind = told\n", 0644);
    assert_int_equal(hazards_load(&c, &h, &err), -1);
    assert_non_null(strstr(err.text, "hazards.d/25.conf:1: this row exists already"));
    /* a file that anybody may change is refused, */
    put(path, "[hazard a]\nunsure = hard\n", 0646);
    assert_int_equal(hazards_load(&c, &h, &err), -1);
    assert_non_null(strstr(err.text, "25.conf may be changed by anybody"));
    unlink(path);
    /* so is a directory where anybody may make files, */
    snprintf(path, sizeof(path), "%s/hazards.d", dir);
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(hazards_load(&c, &h, &err), -1);
    assert_non_null(strstr(err.text, "hazards.d may be changed by anybody"));
    /* and a named file that does not exist */
    str_cut(c.hazards_dir, sizeof(c.hazards_dir), "/nowhere/hazards.d");
    assert_int_equal(hazards_load(&c, &h, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    scratch_remove(dir);
}

static void the_files_of_others_are_refused(void **state)
{
    char dir[256], path[300];
    struct hazards h;
    struct err err = ERR_INIT;
    (void)state;
    if (geteuid() != 0)
        skip_because("a file of somebody else needs root");
    scratch_make(dir, sizeof(dir));
    struct coord_conf c = conf_in(dir);
    snprintf(path, sizeof(path), "%s/hazards.d/10.conf", dir);
    put(path, ROW, 0644);
    assert_int_equal(chown(path, 12345, 0), 0);
    assert_int_equal(hazards_load(&c, &h, &err), -1);
    assert_non_null(strstr(err.text, "10.conf belongs to user 12345"));
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_in_parses),
        cmocka_unit_test(rows_hold_what_stands_there),
        cmocka_unit_test(every_name_stands_for_something),
        cmocka_unit_test(days_of_release),
        cmocka_unit_test(a_file_adds_rows),
        cmocka_unit_test(a_file_raises_and_widens),
        cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
        cmocka_unit_test(rows_have_a_limit),
        cmocka_unit_test(directories_are_read_in_order),
        cmocka_unit_test(the_files_of_others_are_refused),
    };
    return cmocka_run_group_tests_name("hazard_file", tests, NULL, NULL);
}
