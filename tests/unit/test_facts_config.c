/* The facts of Nomad's configuration (facts_survey.h, facts_config.c, config_findings.h,
 * certificate_names.h) on a model host: each as yes, no and unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "config_findings.h"
#include "config_name.h"
#include "file.h"
#include "ready_bench.h"
#include "str.h"

#define CERTS "tests/fuzz/corpus/certificate_names/"

static void of_one_region(struct ready_bench *b)
{
    b->server = b->client = false;
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"\nregion = \"global\"\n");
}

/* ---- each key ---- */

static void each_key_in_its_block(void **state)
{
    for (size_t i = 0; i < CONFIG_WANTED; i++) {
        const struct config_wanted *w = &config_wanted[i];

        for (size_t k = 0; k < ARRAY_LEN(w->block) && w->block[k] != NULL; k++) {
            char id[40], text[256];

            ready_again(state);
            snprintf(id, sizeof(id), "key.%s", w->key);
            ready_is(*state, id, TRI_NO, "not in the 1 file of");
            snprintf(text, sizeof(text), "# %s\n%s = \"x\"\nmeta { %s = 1 }\n/* %s { %s = 1 } */\n",
                     w->key, w->key, w->key, w->block[k], w->key);
            ready_put(*state, "/etc/nomad.d/b.hcl", text);
            ready_is(*state, id, TRI_NO, "not in the 2 files of");
            snprintf(text, sizeof(text), "{\"%s\": [{\"x\": {\"%s\": \"secret\"}}]}", w->block[k],
                     w->key);
            ready_put(*state, "/etc/nomad.d/c.json", text);
            ready_is(*state, id, TRI_YES, "/etc/nomad.d/c.json, line 1");
        }
    }
}

/* ---- one change brings one answer ---- */

static void telemetry(struct ready_bench *b)
{
    ready_put(b, READY_FILE, "\ntelemetry {\n  Disable_tagged_metrics = true\n}\n");
}
static void broken_after(struct ready_bench *b)
{
    telemetry(b);
    ready_put(b, "/etc/nomad.d/z.hcl", "a = \"");
}
static void broken(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.hcl", "a = \"");
}
static void no_directory(struct ready_bench *b)
{
    ready_start_by(b, MODEL_TARGET " agent -config /etc/other");
}
static void no_config(struct ready_bench *b)
{
    ready_start_by(b, MODEL_TARGET " agent -dev");
}
static void a_variable(struct ready_bench *b)
{
    ready_start_by(b, MODEL_TARGET " agent -config $DIR");
}
/* `line` ends in NUL. */
static void runs_as(struct ready_bench *b, const char *line, size_t n)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/cmdline", b->m.process.pid);
    model_fs_put(&b->m.fs, path, line, n, 0444);
    ready_put(b, "/run/x.hcl", "telemetry { disable_tagged_metrics = true }");
}
/* A script starts Nomad: the command line of the running process counts. */
static void by_a_script(struct ready_bench *b)
{
    static const char line[] = "nomad\0agent\0-config=/run/x.hcl";

    ready_start_by(b, "/srv/start.sh");
    runs_as(b, line, sizeof(line));
}
static void a_second_directory(struct ready_bench *b)
{
    static const char line[] = MODEL_TARGET "\0agent\0-config\0/etc/nomad.d\0-config=/run/x.hcl";

    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d ${OPTIONS}");
    runs_as(b, line, sizeof(line));
}
static void a_part(struct ready_bench *b)
{
    static const char line[] = MODEL_TARGET "\0agent\0-config\0/else\0-config=/run/x.hcl";

    a_second_directory(b);
    runs_as(b, line, sizeof(line));
}
static void found_in_a_part(struct ready_bench *b)
{
    a_part(b);
    ready_put(b, "/etc/nomad.d/t.hcl", "telemetry { disable_tagged_metrics = true }");
}
static void a_backup(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/nomad.hcl~", "telemetry { disable_tagged_metrics = true }");
}
static void a_backup_of_dpkg(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/nomad.hcl.dpkg-dist", "");
}
static void a_second_whole(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/old.hcl", "data_dir = \"/opt/old\"\n");
}
static void the_same_twice(struct ready_bench *b)
{
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -config " READY_FILE);
}
static void an_environment(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/nomad.env", "NOMAD_LICENSE=x");
}
static void a_strange_name(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a\x1b[2J.hcl~", "");
}
static void too_many(struct ready_bench *b)
{
    for (int i = 0; i < 30; i++) {
        char path[64];

        snprintf(path, sizeof(path), "/etc/nomad.d/%d.hcl", i);
        ready_put(b, path, "");
    }
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -config /etc/nomad.d -config "
                                   "/etc/nomad.d -config /etc/nomad.d");
}

static void a_plugin(struct ready_bench *b)
{
    ready_put_mode(b, "/opt/nomad/plugins/nomad-driver-x", "", 0755);
}
static void a_plugin_listed(struct ready_bench *b)
{
    a_plugin(b);
    ready_put(b, "/etc/nomad.d/p.hcl", "plugin \"nomad-driver-x\" {\n}\n");
}
static void a_plugin_commented(struct ready_bench *b)
{
    a_plugin(b);
    ready_put(b, "/etc/nomad.d/p.hcl", "# plugin \"nomad-driver-x\" {\n# }\n");
}
static void no_program(struct ready_bench *b)
{
    ready_put(b, "/opt/nomad/plugins/README", "");
}
static void elsewhere(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/p.hcl", "plugin_dir = \"/opt/plugins\"");
    ready_put_mode(b, "/opt/plugins/driver-y", "", 0755);
}
static void by_an_option(struct ready_bench *b)
{
    a_plugin(b);
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d --plugin-dir=/x");
}
static void a_plugin_and_broken(struct ready_bench *b)
{
    a_plugin(b);
    broken(b);
}
static void a_variable_directory(struct ready_bench *b)
{
    ready_put(b, READY_FILE, "data_dir = \"${x}\"");
}

static void dmidecode(struct ready_bench *b)
{
    ready_put_mode(b, "/usr/sbin/dmidecode", "", 0755);
}
static void on_ec2(struct ready_bench *b)
{
    ready_put(b, "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
}
static void on_old_ec2(struct ready_bench *b)
{
    ready_put(b, "/sys/class/dmi/id/sys_vendor", "Xen\n");
    ready_put(b, "/sys/class/dmi/id/bios_version", "4.11.amazon\n");
}
static void on_ec2_with_it(struct ready_bench *b)
{
    on_ec2(b);
    dmidecode(b);
}

static void certificate(struct ready_bench *b, const char *name)
{
    auto_buf struct buf pem = BUF_INIT;
    struct err err = ERR_INIT;
    char path[128];

    snprintf(path, sizeof(path), CERTS "%s", name);
    assert_int_equal(file_read(path, MODEL_CONTENT, 0, &pem, &err), 0);
    model_fs_put(&b->m.fs, "/tls/cert", pem.data, pem.len, 0644);
    ready_put(b, "/etc/nomad.d/tls.hcl", "tls {\n cert_file = \"/tls/cert\"\n}\n");
}
static void fits(struct ready_bench *b)
{
    certificate(b, "global");
}
static void of_another_region(struct ready_bench *b)
{
    certificate(b, "eu");
}
static void default_region(struct ready_bench *b)
{
    certificate(b, "global");
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"");
}
static void region_by_option(struct ready_bench *b)
{
    certificate(b, "global");
    ready_start_by(b, MODEL_TARGET " agent -region eu -config /etc/nomad.d");
}
static void plain_names(struct ready_bench *b)
{
    certificate(b, "plain");
}
static void a_star(struct ready_bench *b)
{
    certificate(b, "star");
}
static void no_names(struct ready_bench *b)
{
    certificate(b, "none");
}
static void no_certificate(struct ready_bench *b)
{
    fits(b);
    ready_put(b, "/tls/cert", "-----BEGIN CERTIFICATE----------END CERTIFICATE-----\n");
}
static void no_such_file(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/tls.hcl", "tls {\n cert_file = \"/tls/cert\"\n}\n");
}

static void docker_block(struct ready_bench *b)
{
    ready_put(b, READY_FILE,
              "data_dir = \"/opt/nomad\"\nplugin \"docker\" {\n  config { endpoint = \"unix:///x\" "
              "}\n}\n");
}

static void docker_elsewhere(struct ready_bench *b)
{
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"\nclient { meta { docker = \"yes\" } }\n");
}

static void by_vault_options(struct ready_bench *b)
{
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -vault-create-from-role=x");
}

static void an_escaped_key(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.json", "{\"server\": {\"raft\\u005flogstore\": {}}}");
}

#define METRICS "key.disable_tagged_metrics"

static const struct ready_row rows[] = {
    {telemetry, METRICS, TRI_YES, READY_FILE ", line 3"},
    {broken_after, METRICS, TRI_YES, READY_FILE ", line 3"},
    {broken, METRICS, TRI_UNKNOWN, "/etc/nomad.d/z.hcl is neither HCL nor JSON"},
    {no_directory, METRICS, TRI_UNKNOWN, "/etc/other cannot be read"},
    {no_config, METRICS, TRI_UNKNOWN, "without -config"},
    {a_variable, METRICS, TRI_UNKNOWN, "variable"},
    {by_a_script, METRICS, TRI_YES, "/run/x.hcl, line 1"},
    {a_second_directory, METRICS, TRI_YES, "/run/x.hcl, line 1"},
    {a_part, METRICS, TRI_UNKNOWN, "started by another command"},
    {a_part, "config-leftovers", TRI_UNKNOWN, "contains a variable"},
    {found_in_a_part, METRICS, TRI_YES, "/etc/nomad.d/t.hcl, line 1"},
    {a_backup, METRICS, TRI_NO, "not in the 1 file"},
    {too_many, METRICS, TRI_UNKNOWN, "too many"},
    {NULL, "config-leftovers", TRI_NO, ""},
    {an_environment, "config-leftovers", TRI_NO, ""},
    {the_same_twice, "config-leftovers", TRI_NO, ""},
    {a_backup, "config-leftovers", TRI_YES, "does not read /etc/nomad.d/nomad.hcl~"},
    {a_backup_of_dpkg, "config-leftovers", TRI_YES, "nomad.hcl.dpkg-dist"},
    {a_strange_name, "config-leftovers", TRI_YES, "/a\\x1b[2J.hcl~"},
    {a_second_whole, "config-leftovers", TRI_NO, ""},
    {broken, "config-leftovers", TRI_UNKNOWN, "z.hcl"},
    {no_config, "config-leftovers", TRI_UNKNOWN, "without -config"},
    {NULL, "second-config", TRI_NO, ""},
    {the_same_twice, "second-config", TRI_NO, ""},
    {a_backup, "second-config", TRI_NO, ""},
    {a_second_whole, "second-config", TRI_YES,
     "/etc/nomad.d/nomad.hcl and /etc/nomad.d/old.hcl both"},
    {broken, "second-config", TRI_UNKNOWN, "z.hcl"},
    {no_config, "second-config", TRI_UNKNOWN, "without -config"},
    {NULL, "key.create_from_role", TRI_NO, "not in the 1 file"},
    {by_vault_options, "key.create_from_role", TRI_YES, "option -vault-create-from-role"},
    {by_vault_options, "key.allow_unauthenticated", TRI_NO, "not in the 1 file"},
    {an_escaped_key, "key.raft_logstore", TRI_UNKNOWN, "has a key that is written with escapes"},
    {NULL, "key.docker", TRI_NO, "not in the 1 file"},
    {docker_block, "key.docker", TRI_YES, READY_FILE ", line 2"},
    {docker_elsewhere, "key.docker", TRI_NO, "not in the 1 file"},
    {NULL, "plugin-unlisted", TRI_NO, "no directory"},
    {no_program, "plugin-unlisted", TRI_NO, ""},
    {a_plugin, "plugin-unlisted", TRI_YES, "nomad-driver-x"},
    {a_plugin_listed, "plugin-unlisted", TRI_NO, ""},
    {a_plugin_commented, "plugin-unlisted", TRI_YES, "nomad-driver-x"},
    {elsewhere, "plugin-unlisted", TRI_YES, "driver-y"},
    {by_an_option, "plugin-unlisted", TRI_UNKNOWN, "not known"},
    {a_plugin_and_broken, "plugin-unlisted", TRI_UNKNOWN, "z.hcl"},
    {a_variable_directory, "plugin-unlisted", TRI_UNKNOWN, "not known"},
    {NULL, "dmidecode", TRI_YES, "not needed"},
    {dmidecode, "dmidecode", TRI_YES, "/usr/sbin/dmidecode"},
    {on_ec2, "dmidecode", TRI_NO, ""},
    {on_old_ec2, "dmidecode", TRI_NO, ""},
    {on_ec2_with_it, "dmidecode", TRI_YES, "/usr/sbin/dmidecode"},
    {NULL, "tls-names", TRI_UNKNOWN, "no tls cert_file"},
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

static const struct ready_host host = {of_one_region, rows, ARRAY_LEN(rows)};

/* No fact's text contains the value of a key, except the values of the closed list in
 * config_values.h, and paths that cannot be used. */
static void no_value_is_told(void **state)
{
    struct ready_bench *b = *state;

    certificate(b, "plain");
    ready_put(
        b, READY_FILE,
        "data_dir = \"/opt/nomad\"\nregion = \"global\"\nplugin_dir = \"/plugins\"\n"
        "vault { token = \"SECRET\" create_from_role = \"SECRET\" }\n"
        "server { encrypt = \"SECRET\" raft_logstore { x = \"SECRET\" } }\n"
        "acl { token = \"SECRET\" enabled = true }\nname = \"n\"\n"
        "consul { token = \"SECRET\" auth = \"SECRET\" }\nclient { meta { name = \"SECRET\" } }\n");
    ready_put_mode(b, "/plugins/driver", "", 0755);
    ready_is(b, "key.create_from_role", TRI_YES, READY_FILE ", line 4");
    ready_is(b, "plugin-unlisted", TRI_YES, "driver");
    ready_is(b, "is.name", TRI_YES, "n");
    assert_true(b->s.n < SURVEY_MAX);
    for (uint32_t i = 0; i < b->s.n; i++)
        assert_null(strstr(b->s.list[i].text, "SECRET"));
}

/* ---- the wait of each start of a client ---- */

#define DENY(list) "client { options { \"fingerprint.denylist\" = \"" list "\" } }"

static const struct {
    enum peer_check heard;
    const char *config;
    enum tri value;
    const char *says;
} waits[] = {
    {PEER_MUTE, "client { enabled = true }", TRI_YES, "each start waits 8 s"},
    {PEER_MUTE, DENY("network"), TRI_YES, "8 s"},
    {PEER_MUTE, DENY("env_aws,env_gce"), TRI_YES,
     "4 s for a cloud's metadata, but no service "
     "answers: 2 fingerprinters ask"},
    {PEER_MUTE, DENY(" env_gce ,env_azure,\tenv_digitalocean,x"), TRI_YES, "1 fingerprinter asks"},
    {PEER_MUTE, DENY("env_aws,env_azure,env_digitalocean,env_gce"), TRI_NO, "no fingerprinter"},
    {PEER_MUTE, DENY("env_aw,env_azures,env_,"), TRI_YES, "8 s"},
    {PEER_MUTE, "client { options = { \"fingerprint.blacklist\" = \"env_aws\" } }", TRI_YES, "6 s"},
    {PEER_MUTE, "client { options { fingerprint.denylist = \"env_aws\" } }", TRI_YES, "6 s"},
    {PEER_MUTE, "{\"client\": [{\"options\": {\"fingerprint.denylist\": \"env_aws\"}}]}", TRI_YES,
     "6 s"},
    {PEER_MUTE, "client { options { \"fingerprint.allowlist\" = \"cpu,env_gce\" } }", TRI_YES,
     "2 s"},
    {PEER_MUTE, "client { options { \"fingerprint.whitelist\" = \"cpu\" } }", TRI_NO, "no finger"},
    {PEER_MUTE, "options { \"fingerprint.denylist\" = \"env_aws\" }", TRI_YES, "8 s"},
    {PEER_MUTE, DENY("${var.list}"), TRI_UNKNOWN, "not plain text"},
    {PEER_MUTE, "a = \"", TRI_UNKNOWN, "neither HCL nor JSON"},
    {PEER_SERVES, "", TRI_NO, "a cloud's metadata service answers"},
    {PEER_NOBODY, "", TRI_NO, "at once"},
    {PEER_UNKNOWN, "", TRI_UNKNOWN, "was not checked"},
};

static void clouds_that_are_waited_for(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        struct ready_bench *b;

        ready_again(state);
        b = *state;
        ready_put(b, waits[i].config[0] == '{' ? "/etc/nomad.d/c.json" : "/etc/nomad.d/c.hcl",
                  waits[i].config);
        b->p.metadata = waits[i].heard;
        b->client = true;
        ready_is(b, "metadata-probes", waits[i].value, waits[i].says);
        b->client = false; /* a server does not ask the metadata service */
        assert_null(ready_find(b, "metadata-probes"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY_TEST(each_key_in_its_block), READY_ROWS,
        READY_TEST(no_value_is_told),      READY_TEST(clouds_that_are_waited_for),
        cmocka_unit_test(names_of_files),
    };

    return cmocka_run_group_tests_name("facts_config", tests, NULL, NULL);
}
