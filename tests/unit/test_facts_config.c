/* The facts of Nomad's configuration (facts_survey.h, facts_config.c, config_findings.h,
 * certificate_names.h) on a model host: each as yes, no and cannot tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "config_findings.h"
#include "config_name.h"
#include "facts_survey.h"
#include "file.h"
#include "model_host.h"
#include "str.h"

#define MAIN_FILE "/etc/nomad.d/nomad.hcl"
#define CERTS     "tests/fuzz/corpus/certificate_names/"

struct bench {
    struct model_host m;
    struct phases p;
    struct facts f;
    struct facts_survey s;
};

static void on_changed(void *ctx)
{
    (void)ctx;
}

static void on_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    (void)text;
}

static void put_mode(struct bench *b, const char *path, const char *text, uint32_t mode)
{
    model_fs_put(&b->m.fs, path, text, strlen(text), mode);
}

static void put(struct bench *b, const char *path, const char *text)
{
    put_mode(b, path, text, 0644);
}

/* line: blanks stand for NUL. */
static void start_by(struct bench *b, const char *line)
{
    struct service_about *a = &b->m.about;

    a->words_len = strlen(line) + 1;
    for (size_t i = 0; i < a->words_len; i++)
        a->words[i] = line[i] == ' ' ? '\0' : line[i];
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct phases_config conf = {.dir = MODEL_DIR,
                                 .fetch_dir = MODEL_FETCH,
                                 .binary = MODEL_TARGET,
                                 .data_dir = "",
                                 .hold_file = MODEL_HOLD,
                                 .changed = on_changed,
                                 .note = on_note};
    struct err err = ERR_INIT;

    model_open(&b->m, "new");
    b->m.about = (struct service_about){.unit = true, .program = MODEL_TARGET};
    start_by(b, MODEL_TARGET " agent -config /etc/nomad.d");
    put(b, MAIN_FILE, "data_dir = \"/opt/nomad\"\nregion = \"global\"\n");
    if (phases_open(&b->m.host, &conf, &b->p, &err) < 0)
        return -1;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    phases_close(&b->p);
    free(b);
    return 0;
}

static void is(struct bench *b, const char *id, enum tri value, const char *says)
{
    const struct fact *f;
    bool learned = false;

    facts_gather(&b->p, "", &b->f, &learned);
    facts_survey(&b->p, &b->f, &b->s);
    f = facts_survey_find(&b->s, id);
    if (f == NULL)
        fail_msg("%s is not told", id);
    else if (f->value != value || strstr(f->text, says) == NULL)
        fail_msg("%s: %d \"%s\", not %d \"%s\"", id, (int)f->value, f->text, (int)value, says);
}

/* ---- each key ---- */

static void each_key_in_its_block(void **state)
{
    for (size_t i = 0; i < CONFIG_WANTED; i++) {
        const struct config_wanted *w = &config_wanted[i];

        for (size_t k = 0; k < ARRAY_LEN(w->block) && w->block[k] != NULL; k++) {
            char id[40], text[256];

            tear_down(state);
            set_up(state);
            snprintf(id, sizeof(id), "key.%s", w->key);
            is(*state, id, TRI_UNKNOWN, "not in the 1 file of");
            snprintf(text, sizeof(text), "# %s\n%s = \"x\"\nmeta { %s = 1 }\n/* %s { %s = 1 } */\n",
                     w->key, w->key, w->key, w->block[k], w->key);
            put(*state, "/etc/nomad.d/b.hcl", text);
            is(*state, id, TRI_UNKNOWN, "not in the 2 files of");
            snprintf(text, sizeof(text), "{\"%s\": [{\"x\": {\"%s\": \"secret\"}}]}", w->block[k],
                     w->key);
            put(*state, "/etc/nomad.d/c.json", text);
            is(*state, id, TRI_YES, "/etc/nomad.d/c.json, line 1");
        }
    }
}

/* ---- one change brings one answer ---- */

typedef void change(struct bench *b);

static void nothing(struct bench *b)
{
    (void)b;
}
static void telemetry(struct bench *b)
{
    put(b, MAIN_FILE, "\ntelemetry {\n  Disable_tagged_metrics = true\n}\n");
}
static void broken_after(struct bench *b)
{
    telemetry(b);
    put(b, "/etc/nomad.d/z.hcl", "a = \"");
}
static void broken(struct bench *b)
{
    put(b, "/etc/nomad.d/z.hcl", "a = \"");
}
static void no_directory(struct bench *b)
{
    start_by(b, MODEL_TARGET " agent -config /etc/other");
}
static void no_config(struct bench *b)
{
    start_by(b, MODEL_TARGET " agent -dev");
}
static void a_variable(struct bench *b)
{
    start_by(b, MODEL_TARGET " agent -config $DIR");
}
/* line ends in NUL. */
static void runs_as(struct bench *b, const char *line, size_t n)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/cmdline", b->m.process.pid);
    model_fs_put(&b->m.fs, path, line, n, 0444);
    put(b, "/run/x.hcl", "telemetry { disable_tagged_metrics = true }");
}
/* A script starts it: what runs tells. */
static void by_a_script(struct bench *b)
{
    static const char line[] = "nomad\0agent\0-config=/run/x.hcl";

    start_by(b, "/srv/start.sh");
    runs_as(b, line, sizeof(line));
}
static void a_second_directory(struct bench *b)
{
    static const char line[] = MODEL_TARGET "\0agent\0-config\0/etc/nomad.d\0-config=/run/x.hcl";

    start_by(b, MODEL_TARGET " agent -config /etc/nomad.d ${OPTIONS}");
    runs_as(b, line, sizeof(line));
}
static void a_part(struct bench *b)
{
    static const char line[] = MODEL_TARGET "\0agent\0-config\0/else\0-config=/run/x.hcl";

    a_second_directory(b);
    runs_as(b, line, sizeof(line));
}
static void found_in_a_part(struct bench *b)
{
    a_part(b);
    put(b, "/etc/nomad.d/t.hcl", "telemetry { disable_tagged_metrics = true }");
}
static void a_backup(struct bench *b)
{
    put(b, "/etc/nomad.d/nomad.hcl~", "telemetry { disable_tagged_metrics = true }");
}
static void a_backup_of_dpkg(struct bench *b)
{
    put(b, "/etc/nomad.d/nomad.hcl.dpkg-dist", "");
}
static void a_second_whole(struct bench *b)
{
    put(b, "/etc/nomad.d/old.hcl", "data_dir = \"/opt/old\"\n");
}
static void the_same_twice(struct bench *b)
{
    start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -config " MAIN_FILE);
}
static void an_environment(struct bench *b)
{
    put(b, "/etc/nomad.d/nomad.env", "NOMAD_LICENSE=x");
}
static void a_strange_name(struct bench *b)
{
    put(b, "/etc/nomad.d/a\x1b[2J.hcl~", "");
}
static void too_many(struct bench *b)
{
    for (int i = 0; i < 30; i++) {
        char path[64];

        snprintf(path, sizeof(path), "/etc/nomad.d/%d.hcl", i);
        put(b, path, "");
    }
    start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -config /etc/nomad.d -config "
                             "/etc/nomad.d -config /etc/nomad.d");
}

static void a_plugin(struct bench *b)
{
    put_mode(b, "/opt/nomad/plugins/nomad-driver-x", "", 0755);
}
static void a_plugin_listed(struct bench *b)
{
    a_plugin(b);
    put(b, "/etc/nomad.d/p.hcl", "plugin \"nomad-driver-x\" {\n}\n");
}
static void a_plugin_commented(struct bench *b)
{
    a_plugin(b);
    put(b, "/etc/nomad.d/p.hcl", "# plugin \"nomad-driver-x\" {\n# }\n");
}
static void no_program(struct bench *b)
{
    put(b, "/opt/nomad/plugins/README", "");
}
static void elsewhere(struct bench *b)
{
    put(b, "/etc/nomad.d/p.hcl", "plugin_dir = \"/opt/plugins\"");
    put_mode(b, "/opt/plugins/driver-y", "", 0755);
}
static void by_an_option(struct bench *b)
{
    a_plugin(b);
    start_by(b, MODEL_TARGET " agent -config /etc/nomad.d --plugin-dir=/x");
}
static void a_plugin_and_broken(struct bench *b)
{
    a_plugin(b);
    broken(b);
}
static void a_variable_directory(struct bench *b)
{
    put(b, MAIN_FILE, "data_dir = \"${x}\"");
}

static void dmidecode(struct bench *b)
{
    put_mode(b, "/usr/sbin/dmidecode", "", 0755);
}
static void on_ec2(struct bench *b)
{
    put(b, "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
}
static void on_old_ec2(struct bench *b)
{
    put(b, "/sys/class/dmi/id/sys_vendor", "Xen\n");
    put(b, "/sys/class/dmi/id/bios_version", "4.11.amazon\n");
}
static void on_ec2_with_it(struct bench *b)
{
    on_ec2(b);
    dmidecode(b);
}

static void certificate(struct bench *b, const char *name)
{
    auto_buf struct buf pem = BUF_INIT;
    struct err err = ERR_INIT;
    char path[128];

    snprintf(path, sizeof(path), CERTS "%s", name);
    assert_int_equal(file_read(path, MODEL_CONTENT, 0, &pem, &err), 0);
    model_fs_put(&b->m.fs, "/tls/cert", pem.data, pem.len, 0644);
    put(b, "/etc/nomad.d/tls.hcl", "tls {\n cert_file = \"/tls/cert\"\n}\n");
}
static void fits(struct bench *b)
{
    certificate(b, "global");
}
static void of_another_region(struct bench *b)
{
    certificate(b, "eu");
}
static void default_region(struct bench *b)
{
    certificate(b, "global");
    put(b, MAIN_FILE, "data_dir = \"/opt/nomad\"");
}
static void region_by_option(struct bench *b)
{
    certificate(b, "global");
    start_by(b, MODEL_TARGET " agent -region eu -config /etc/nomad.d");
}
static void plain_names(struct bench *b)
{
    certificate(b, "plain");
}
static void a_star(struct bench *b)
{
    certificate(b, "star");
}
static void no_names(struct bench *b)
{
    certificate(b, "none");
}
static void no_certificate(struct bench *b)
{
    fits(b);
    put(b, "/tls/cert", "-----BEGIN CERTIFICATE----------END CERTIFICATE-----\n");
}
static void no_such_file(struct bench *b)
{
    put(b, "/etc/nomad.d/tls.hcl", "tls {\n cert_file = \"/tls/cert\"\n}\n");
}

static void docker_block(struct bench *b)
{
    put(b, MAIN_FILE,
        "data_dir = \"/opt/nomad\"\nplugin \"docker\" {\n  config { endpoint = \"unix:///x\" "
        "}\n}\n");
}

static void docker_elsewhere(struct bench *b)
{
    put(b, MAIN_FILE, "data_dir = \"/opt/nomad\"\nclient { meta { docker = \"yes\" } }\n");
}

#define METRICS "key.disable_tagged_metrics"

static const struct {
    change *change;
    const char *id;
    enum tri value;
    const char *says;
} rows[] = {
    {telemetry, METRICS, TRI_YES, MAIN_FILE ", line 3"},
    {broken_after, METRICS, TRI_YES, MAIN_FILE ", line 3"},
    {broken, METRICS, TRI_UNKNOWN, "/etc/nomad.d/z.hcl is neither HCL nor JSON"},
    {no_directory, METRICS, TRI_UNKNOWN, "/etc/other cannot be read"},
    {no_config, METRICS, TRI_UNKNOWN, "without -config"},
    {a_variable, METRICS, TRI_UNKNOWN, "variable"},
    {by_a_script, METRICS, TRI_YES, "/run/x.hcl, line 1"},
    {a_second_directory, METRICS, TRI_YES, "/run/x.hcl, line 1"},
    {a_part, METRICS, TRI_UNKNOWN, "was started otherwise"},
    {a_part, "config-leftovers", TRI_UNKNOWN, "holds a variable"},
    {found_in_a_part, METRICS, TRI_YES, "/etc/nomad.d/t.hcl, line 1"},
    {a_backup, METRICS, TRI_UNKNOWN, "not in the 1 file"},
    {too_many, METRICS, TRI_UNKNOWN, "too many"},
    {nothing, "config-leftovers", TRI_NO, ""},
    {an_environment, "config-leftovers", TRI_NO, ""},
    {the_same_twice, "config-leftovers", TRI_NO, ""},
    {a_backup, "config-leftovers", TRI_YES, "does not read /etc/nomad.d/nomad.hcl~"},
    {a_backup_of_dpkg, "config-leftovers", TRI_YES, "nomad.hcl.dpkg-dist"},
    {a_strange_name, "config-leftovers", TRI_YES, "/a\\x1b[2J.hcl~"},
    {a_second_whole, "config-leftovers", TRI_NO, ""},
    {broken, "config-leftovers", TRI_UNKNOWN, "z.hcl"},
    {no_config, "config-leftovers", TRI_UNKNOWN, "without -config"},
    {nothing, "second-config", TRI_NO, ""},
    {the_same_twice, "second-config", TRI_NO, ""},
    {a_backup, "second-config", TRI_NO, ""},
    {a_second_whole, "second-config", TRI_YES,
     "/etc/nomad.d/nomad.hcl and /etc/nomad.d/old.hcl both"},
    {broken, "second-config", TRI_UNKNOWN, "z.hcl"},
    {no_config, "second-config", TRI_UNKNOWN, "without -config"},
    {nothing, "key.docker", TRI_UNKNOWN, "not in the 1 file"},
    {docker_block, "key.docker", TRI_YES, MAIN_FILE ", line 2"},
    {docker_elsewhere, "key.docker", TRI_UNKNOWN, "not in the 1 file"},
    {nothing, "plugin-unlisted", TRI_NO, "no directory"},
    {no_program, "plugin-unlisted", TRI_NO, ""},
    {a_plugin, "plugin-unlisted", TRI_YES, "nomad-driver-x"},
    {a_plugin_listed, "plugin-unlisted", TRI_NO, ""},
    {a_plugin_commented, "plugin-unlisted", TRI_YES, "nomad-driver-x"},
    {elsewhere, "plugin-unlisted", TRI_YES, "driver-y"},
    {by_an_option, "plugin-unlisted", TRI_UNKNOWN, "not known"},
    {a_plugin_and_broken, "plugin-unlisted", TRI_UNKNOWN, "z.hcl"},
    {a_variable_directory, "plugin-unlisted", TRI_UNKNOWN, "not known"},
    {nothing, "dmidecode", TRI_YES, "not needed"},
    {dmidecode, "dmidecode", TRI_YES, "/usr/sbin/dmidecode"},
    {on_ec2, "dmidecode", TRI_NO, ""},
    {on_old_ec2, "dmidecode", TRI_NO, ""},
    {on_ec2_with_it, "dmidecode", TRI_YES, "/usr/sbin/dmidecode"},
    {nothing, "tls-names", TRI_UNKNOWN, "no tls cert_file"},
    {fits, "tls-names", TRI_YES, ""},
    {default_region, "tls-names", TRI_YES, ""},
    {region_by_option, "tls-names", TRI_UNKNOWN, "may fit"},
    {of_another_region, "tls-names", TRI_NO, "other names"},
    {plain_names, "tls-names", TRI_NO, "other names"},
    {a_star, "tls-names", TRI_UNKNOWN, "may fit"},
    {no_names, "tls-names", TRI_UNKNOWN, ""},
    {no_certificate, "tls-names", TRI_UNKNOWN, "cannot be read as a certificate"},
    {no_such_file, "tls-names", TRI_UNKNOWN, "cannot be read as a certificate"},
};

static void each_fact(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tear_down(state);
        set_up(state);
        rows[i].change(*state);
        is(*state, rows[i].id, rows[i].value, rows[i].says);
    }
}

/* Whatever is found, no text holds anything that stands right of a key, but for the closed list of
 * config_values.h, and paths that cannot be used. */
static void no_value_is_told(void **state)
{
    struct bench *b = *state;

    certificate(b, "plain");
    put(b, MAIN_FILE,
        "data_dir = \"/opt/nomad\"\nregion = \"global\"\nplugin_dir = \"/plugins\"\n"
        "vault { token = \"SECRET\" create_from_role = \"SECRET\" }\n"
        "server { encrypt = \"SECRET\" raft_logstore { x = \"SECRET\" } }\n"
        "acl { token = \"SECRET\" enabled = true }\nname = \"n\"\n"
        "consul { token = \"SECRET\" auth = \"SECRET\" }\nclient { meta { name = \"SECRET\" } }\n");
    put_mode(b, "/plugins/driver", "", 0755);
    is(b, "key.create_from_role", TRI_YES, MAIN_FILE ", line 4");
    is(b, "plugin-unlisted", TRI_YES, "driver");
    is(b, "is.name", TRI_YES, "n");
    assert_true(b->s.n < SURVEY_MAX);
    for (uint32_t i = 0; i < b->s.n; i++)
        assert_null(strstr(b->s.list[i].text, "SECRET"));
}

/* ---- what each start of a client waits for ---- */

#define DENY(list) "client { options { \"fingerprint.denylist\" = \"" list "\" } }"

static const struct {
    enum knock heard;
    const char *config;
    enum tri value;
    const char *says;
} waits[] = {
    {KNOCK_MUTE, "client { enabled = true }", TRI_YES, "each start waits 8 s"},
    {KNOCK_MUTE, DENY("network"), TRI_YES, "8 s"},
    {KNOCK_MUTE, DENY("env_aws,env_gce"), TRI_YES,
     "4 s for a cloud's metadata, which nobody "
     "answers: 2 fingerprinters ask"},
    {KNOCK_MUTE, DENY(" env_gce ,env_azure,\tenv_digitalocean,x"), TRI_YES, "1 fingerprinter asks"},
    {KNOCK_MUTE, DENY("env_aws,env_azure,env_digitalocean,env_gce"), TRI_NO, "no fingerprinter"},
    {KNOCK_MUTE, DENY("env_aw,env_azures,env_,"), TRI_YES, "8 s"},
    {KNOCK_MUTE, "client { options = { \"fingerprint.blacklist\" = \"env_aws\" } }", TRI_YES,
     "6 s"},
    {KNOCK_MUTE, "client { options { fingerprint.denylist = \"env_aws\" } }", TRI_YES, "6 s"},
    {KNOCK_MUTE, "{\"client\": [{\"options\": {\"fingerprint.denylist\": \"env_aws\"}}]}", TRI_YES,
     "6 s"},
    {KNOCK_MUTE, "client { options { \"fingerprint.allowlist\" = \"cpu,env_gce\" } }", TRI_YES,
     "2 s"},
    {KNOCK_MUTE, "client { options { \"fingerprint.whitelist\" = \"cpu\" } }", TRI_NO, "no finger"},
    {KNOCK_MUTE, "options { \"fingerprint.denylist\" = \"env_aws\" }", TRI_YES, "8 s"},
    {KNOCK_MUTE, DENY("${var.list}"), TRI_UNKNOWN, "not plain text"},
    {KNOCK_MUTE, "a = \"", TRI_UNKNOWN, "neither HCL nor JSON"},
    {KNOCK_SERVES, "", TRI_NO, "a cloud answers"},
    {KNOCK_NOBODY, "", TRI_NO, "at once"},
    {KNOCK_UNKNOWN, "", TRI_UNKNOWN, "was not asked"},
};

static void clouds_that_are_waited_for(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        bool learned = false;
        struct bench *b;
        const struct fact *f;

        tear_down(state);
        set_up(state);
        b = *state;
        put(b, waits[i].config[0] == '{' ? "/etc/nomad.d/c.json" : "/etc/nomad.d/c.hcl",
            waits[i].config);
        b->p.metadata = waits[i].heard;
        facts_gather(&b->p, "", &b->f, &learned);
        str_cut(b->f.client_id, sizeof(b->f.client_id), "11111111-2222");
        facts_survey(&b->p, &b->f, &b->s);
        f = facts_survey_find(&b->s, "metadata-probes");
        if (f == NULL || f->value != waits[i].value || strstr(f->text, waits[i].says) == NULL)
            fail_msg("%s: %d \"%s\"", waits[i].config, f == NULL ? -1 : (int)f->value,
                     f == NULL ? "not told" : f->text);
        b->f.client_id[0] = '\0'; /* a server asks nobody */
        facts_survey(&b->p, &b->f, &b->s);
        assert_null(facts_survey_find(&b->s, "metadata-probes"));
    }
}

static void names_of_files(void **state)
{
    static const struct {
        const char *name;
        enum config_name kind;
    } names[] = {
        {"nomad.hcl", CONFIG_NAME_READ},
        {"nomad.json", CONFIG_NAME_READ},
        {"nomad.hcl~", CONFIG_NAME_LEFTOVER},
        {".#nomad.hcl", CONFIG_NAME_LEFTOVER},
        {"#nomad.hcl#", CONFIG_NAME_LEFTOVER},
        {"nomad.json.bak", CONFIG_NAME_LEFTOVER},
        {"nomad.hcl.rpmnew", CONFIG_NAME_LEFTOVER},
        {".nomad.hcl.swp", CONFIG_NAME_LEFTOVER},
        {"nomad.bak.hcl", CONFIG_NAME_READ},
        {"nomad.env", CONFIG_NAME_OTHER},
        {"#", CONFIG_NAME_OTHER},
        {"", CONFIG_NAME_OTHER},
        {"README", CONFIG_NAME_OTHER},
        {"README.bak", CONFIG_NAME_OTHER},
        {"nomad.env~", CONFIG_NAME_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(config_name_of(names[i].name), names[i].kind);
}

#define IN_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BENCH(each_key_in_its_block),  IN_BENCH(each_fact),
        IN_BENCH(no_value_is_told),       IN_BENCH(clouds_that_are_waited_for),
        cmocka_unit_test(names_of_files),
    };

    return cmocka_run_group_tests_name("facts_config", tests, NULL, NULL);
}
