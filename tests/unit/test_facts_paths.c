/* facts_paths.h on a model host: each fact as yes, no and unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sodium.h>
#include "facts_paths.h"
#include "ready_bench.h"
#include "str.h"

#define PEM "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"

static void broken(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.hcl", "a = \"");
}
static void volume(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl",
              "client {\n host_volume \"x\" {\n path = \"/srv/x\"\n}\n}\n");
}
static void volume_there(struct ready_bench *b)
{
    volume(b);
    ready_put(b, "/srv/x/file", "");
}
static void volumes_of_json(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.json",
              "{\"client\": {\"host_volume\": [{\"x\": {\"path\": \"/srv/x\"}}, {\"y\": {\"path\": "
              "\"/srv/y\"}}]}}");
}
static void volume_of_a_variable(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl", "client { host_volume \"x\" { path = \"${y}\" } }");
}
static void volume_without_client(struct ready_bench *b)
{
    volume(b);
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"\nserver { enabled = true }\n");
}
static void volume_hangs(struct ready_bench *b)
{
    volume(b);
    b->m.hangs = "/srv/x";
}
static void volume_hangs_and_key_gone(struct ready_bench *b)
{
    volume_hangs(b);
    ready_put(b, "/etc/nomad.d/b.hcl", "tls {\n rpc = true\n key_file = \"/tls/key\"\n}\n");
}
static void volume_again(struct ready_bench *b)
{
    volume(b);
    ready_put(b, "/etc/nomad.d/b.hcl", "client { host_volume \"x\" { path = \"/opt/nomad\" } }");
}
static void key(struct ready_bench *b, uint32_t mode)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "tls {\n http = true\n key_file = \"/tls/key\"\n}\n");
    ready_put_mode(b, "/tls/key", "k", mode);
    ready_put(b, "/tls/other", "");
}
static void key_is_empty(struct ready_bench *b)
{
    key(b, 0600);
    ready_put(b, "/tls/key", "");
}
static void key_is_a_directory(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "tls {\n http = true\n key_file = \"/tls\"\n}\n");
    ready_put(b, "/tls/other", "");
}
static void key_of_root(struct ready_bench *b)
{
    key(b, 0600);
    b->m.user = (struct path_user){.uid = 0, .reads_all = true, .writes_all = true};
}
static void as_nomad(struct ready_bench *b)
{
    b->m.user = (struct path_user){.uid = 990, .gid = 990};
}
static void key_not_for_nomad(struct ready_bench *b)
{
    key(b, 0600);
    as_nomad(b);
}
static void of_nomad(struct ready_bench *b, uint32_t mode)
{
    as_nomad(b);
    ready_put_mode(b, "/opt/nomad/client/state.db", "x", mode);
}
static void state_of_root(struct ready_bench *b)
{
    of_nomad(b, 0600);
}
/* In the model root owns files and directories; every user may use this file. */
static void state_of_all(struct ready_bench *b)
{
    of_nomad(b, 0666);
}
static void state_left_over(struct ready_bench *b)
{
    state_of_root(b);
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"\nserver { enabled = true }\n");
}
static void interface(struct ready_bench *b, const char *name)
{
    char path[64], config[96];

    snprintf(config, sizeof(config), "client { network_interface = \"%s\" }\n", name);
    ready_put(b, "/etc/nomad.d/b.hcl", config);
    snprintf(path, sizeof(path), "/proc/%u/net/dev", b->m.process.pid);
    ready_put(b, path, "Inter-|   Receive\n face |bytes\n    lo: 1 2\n  eth99: 1\nens3: 3 4\n");
}
static void no_interface(struct ready_bench *b)
{
    interface(b, "eth9");
}
static void an_interface(struct ready_bench *b)
{
    interface(b, "ens3");
}
static void no_table(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "client { network_interface = \"eth9\" }\n");
}
static void interface_of_an_option(struct ready_bench *b)
{
    an_interface(b);
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -network-interface=eth8");
}
static void interface_of_a_template(struct ready_bench *b)
{
    interface(b, "{{ GetDefaultInterfaces }}");
}
static void environment(struct ready_bench *b, const char *name, const char *value)
{
    char path[64], text[128];
    int n = snprintf(text, sizeof(text), "A=b%c%s=%s", '\0', name, value);

    snprintf(path, sizeof(path), "/proc/%u/environ", b->m.process.pid);
    model_fs_put(&b->m.fs, path, text, (size_t)n + 1, 0400);
}
static void licence_by_environment(struct ready_bench *b)
{
    environment(b, "NOMAD_LICENSE_PATH", "/etc/gone.hclic");
}
static void licence_of_another_name(struct ready_bench *b)
{
    environment(b, "XNOMAD_LICENSE_PATH", "/etc/gone.hclic");
}
static void authority_by_environment(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/s.hcl", "consul { ssl = true }\n");
    environment(b, "CONSUL_CACERT", "/c/env");
}
static void authority_without_tls(struct ready_bench *b)
{
    environment(b, "CONSUL_CACERT", "/c/env");
}
static void consul_without_tls(struct ready_bench *b) /* Nomad starts: measured with 1.10.4 */
{
    ready_put(b, "/etc/nomad.d/b.hcl", "consul { ca_file = \"/c/1\" }\n");
}
static void consul_with_tls_by_environment(struct ready_bench *b)
{
    consul_without_tls(b);
    environment(b, "CONSUL_HTTP_SSL", "true");
}
static void authority_by_both(struct ready_bench *b)
{
    authority_by_environment(b);
    ready_put(b, "/etc/nomad.d/b.hcl", "consul {\n ssl = true\n ca_file = \"/c/1\" }\n");
}
static void relative_by_environment(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/s.hcl", "consul { ssl = true }\n");
    environment(b, "CONSUL_CACERT", "ca.pem");
}
static void another_user_by_now(struct ready_bench *b)
{
    static const struct path_user nomad = {.uid = 990, .gid = 990};

    key_of_root(b);
    str_cut(b->m.about.user, sizeof(b->m.about.user), "nomad");
    b->m.next_user = &nomad;
}
static void no_plugins(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "plugin_dir = \"/opt/plugins\"\n");
}
static void key_listed(struct ready_bench *b)
{
    key_not_for_nomad(b);
    b->m.listed = "/tls/key";
}
static void key_without_tls(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "tls {\n key_file = \"/tls/key\"\n}\n");
}
static void no_user(struct ready_bench *b)
{
    b->m.no_user = true;
}
static void no_data_dir(struct ready_bench *b)
{
    ready_put(b, READY_FILE, "data_dir = \"/gone\"\n");
}
static void another_by_option(struct ready_bench *b)
{
    no_data_dir(b);
    ready_put(b, "/etc/nomad.d/b.hcl", "consul {\n ssl = true\n ca_file = \"/c/1\" }\n");
    str_cut(b->f.data_dir, sizeof(b->f.data_dir), "/opt/nomad");
    ready_start_by(b, MODEL_TARGET
                   " agent -config /etc/nomad.d -data-dir=/opt/nomad -consul-ca-file /x");
}
static void licence(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "server { license_path = \"/etc/nomad.hclic\" }");
}
static void licence_in_the_environment(struct ready_bench *b)
{
    licence(b);
    environment(b, "NOMAD_LICENSE", "02MV4UU43BK5");
}
static void is_version(struct ready_bench *b, const char *version)
{
    b->says.nomad = TRI_YES;
    str_cut(b->says.version, sizeof(b->says.version), version);
    licence(b);
}
static void licence_of_enterprise(struct ready_bench *b)
{
    is_version(b, "1.9.7+ent");
}
static void licence_of_the_free_one(struct ready_bench *b)
{
    is_version(b, "1.9.7");
}
static void consuls(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl",
              "consul {\n ssl = true\n ca_file = \"/c/1\" }\nconsul {\n name = \"b\"\n ca_file = "
              "\"/c/2\" }\n");
}
static void vault_off(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "vault { enabled = false ca_file = \"/v\" }");
}
static void vault_on(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/b.hcl", "vault { enabled = true ca_file = \"/v\" }");
}
static void many_paths(struct ready_bench *b)
{
    auto_buf struct buf text = BUF_INIT;

    (void)buf_add_str(&text, "client {\n");
    for (int i = 0; i <= CONFIG_PATHS; i++)
        (void)buf_printf(&text, "host_volume \"v%d\" { path = \"/opt/nomad\" }\n", i);
    (void)buf_add_str(&text, "}\n");
    ready_put(b, "/etc/nomad.d/b.hcl", buf_str(&text));
}

static void add_der(struct buf *b, unsigned char tag, const void *p, size_t n)
{
    (void)buf_add_byte(b, tag);
    (void)buf_add_byte(b, (unsigned char)n);
    (void)buf_add(b, p, n);
}

static void add_certificate(struct buf *pem, const char *begins, const char *ends)
{
    auto_buf struct buf times = BUF_INIT;
    auto_buf struct buf part = BUF_INIT;
    auto_buf struct buf all = BUF_INIT;
    auto_buf struct buf whole = BUF_INIT;
    char letters[1024];

    add_der(&times, strlen(begins) == 13 ? 0x17 : 0x18, begins, strlen(begins));
    add_der(&times, strlen(ends) == 13 ? 0x17 : 0x18, ends, strlen(ends));
    add_der(&part, 0xa0, "\x02\x01\x02", 3);
    add_der(&part, 0x02, "\x01", 1);
    add_der(&part, 0x30, "", 0);
    add_der(&part, 0x30, "", 0);
    add_der(&part, 0x30, times.data, times.len);
    add_der(&all, 0x30, part.data, part.len);
    add_der(&whole, 0x30, all.data, all.len);
    sodium_bin2base64(letters, sizeof(letters), whole.data, whole.len,
                      sodium_base64_VARIANT_ORIGINAL);
    (void)buf_printf(pem, PEM, letters);
}

static void tls(struct ready_bench *b, const char *key, const char *a_ends, const char *b_ends)
{
    auto_buf struct buf pem = BUF_INIT;
    char config[128];

    snprintf(config, sizeof(config), "tls {\n rpc = true\n %s = \"/tls/cert\"\n}\n", key);
    ready_put(b, "/etc/nomad.d/t.hcl", config);
    add_certificate(&pem, "200101000000Z", a_ends);
    if (b_ends != NULL)
        add_certificate(&pem, "200101000000Z", b_ends);
    ready_put(b, "/tls/cert", buf_str(&pem));
}
static void certificate_lasts(struct ready_bench *b)
{
    tls(b, "cert_file", "491231235959Z", "20991231235959Z");
}
static void certificate_ended(struct ready_bench *b)
{
    tls(b, "cert_file", "231114000000Z", NULL);
}
static void its_chain_ended(struct ready_bench *b)
{
    tls(b, "cert_file", "491231235959Z", "231114000000Z");
}
static void certificate_begins(struct ready_bench *b)
{
    auto_buf struct buf pem = BUF_INIT;

    certificate_lasts(b);
    add_certificate(&pem, "20250101000000Z", "20300101000000Z");
    ready_put(b, "/tls/cert", buf_str(&pem));
}
static void authority_ended(struct ready_bench *b)
{
    tls(b, "ca_file", "200601000000Z", "231114000000Z");
}
static void one_authority_ended(struct ready_bench *b)
{
    tls(b, "ca_file", "491231235959Z", "231114000000Z");
}
static void no_certificate(struct ready_bench *b)
{
    certificate_lasts(b);
    ready_put(b, "/tls/cert", "nothing");
}
static void certificate_gone(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/t.hcl", "tls {\n rpc = true\n cert_file = \"/tls/cert\"\n}\n");
}

static void peers_json(struct ready_bench *b)
{
    ready_put(b, "/opt/nomad/server/raft/peers.json", "[]");
}
static void peers_json_of_a_client(struct ready_bench *b)
{
    peers_json(b);
    b->server = false;
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"\nclient { enabled = true }\n");
}
static void peers_json_hangs(struct ready_bench *b)
{
    b->m.hangs = "/opt/nomad/server/raft/peers.json";
}
static void unknown_data_dir(struct ready_bench *b)
{
    ready_put(b, READY_FILE, "server { enabled = true }\n");
}
static void raft_hangs(struct ready_bench *b)
{
    b->m.hangs = "/opt/nomad/server/raft";
}

static const struct ready_row rows[] = {
    {NULL, "path-unusable", TRI_NO, ""},
    {volume, "path-unusable", TRI_YES, "host_volume \"x\": /srv/x does not exist"},
    {volume_there, "path-unusable", TRI_NO, ""},
    {volumes_of_json, "path-unusable", TRI_YES,
     "host_volume \"x\": /srv/x does not exist; and 1 more"},
    {volume_of_a_variable, "path-unusable", TRI_UNKNOWN, "host_volume \"x\" (/etc/nomad.d/a.hcl"},
    {volume_without_client, "path-unusable", TRI_NO, ""},
    {volume_hangs, "path-unusable", TRI_UNKNOWN, "/srv/x: no answer within 2 s"},
    {volume_hangs_and_key_gone, "path-unusable", TRI_YES, "tls key_file: /tls/key does not exist"},
    {volume_again, "path-unusable", TRI_NO, ""},
    {state_of_root, "path-unusable", TRI_YES,
     "data_dir: Nomad runs as user 990, who may not use "
     "/opt/nomad; and 4 more"},
    {state_of_all, "path-unusable", TRI_YES, "and 3 more"},
    {state_left_over, "path-unusable", TRI_YES, "and 2 more"},
    {no_interface, "path-unusable", TRI_YES,
     "client network_interface (/etc/nomad.d/b.hcl, line 1): there is no interface eth9"},
    {no_table, "path-unusable", TRI_NO, ""},
    {an_interface, "path-unusable", TRI_NO, ""},
    {interface_of_an_option, "path-unusable", TRI_YES, "command): there is no interface eth8"},
    {interface_of_a_template, "path-unusable", TRI_NO, ""},
    {key_is_empty, "path-unusable", TRI_YES, "tls key_file: /tls/key is empty"},
    {key_is_a_directory, "path-unusable", TRI_YES, "tls key_file: /tls is a directory"},
    {no_certificate, "path-unusable", TRI_YES, "tls cert_file: /tls/cert contains no certificate"},
    {certificate_lasts, "path-unusable", TRI_NO, ""},
    {licence_by_environment, "path-unusable", TRI_YES,
     "server license_path: /etc/gone.hclic does not exist"},
    {licence_of_another_name, "path-unusable", TRI_NO, ""},
    {licence_in_the_environment, "path-unusable", TRI_NO, ""},
    {licence_of_enterprise, "path-unusable", TRI_YES, "license_path: /etc/nomad.hclic"},
    {licence_of_the_free_one, "path-unusable", TRI_NO, ""},
    {authority_by_environment, "path-unusable", TRI_YES, "consul ca_file: /c/env does not exist"},
    {authority_by_both, "path-unusable", TRI_YES, "consul ca_file: /c/1 does not exist"},
    {authority_without_tls, "path-unusable", TRI_NO, ""},
    {consul_without_tls, "path-unusable", TRI_NO, ""},
    {consul_with_tls_by_environment, "path-unusable", TRI_YES, "consul ca_file: /c/1 does not"},
    {relative_by_environment, "path-unusable", TRI_UNKNOWN, "CONSUL_CACERT in Nomad's environment"},
    {key_of_root, "path-unusable", TRI_NO, ""},
    {key_not_for_nomad, "path-unusable", TRI_YES, "Nomad runs as user 990, who may not use"},
    {another_user_by_now, "path-unusable", TRI_UNKNOWN,
     "the unit has User=nomad, but Nomad runs as"},
    {no_plugins, "path-unusable", TRI_UNKNOWN,
     "plugin_dir: /opt/plugins does not exist: Nomad starts"},
    {key_listed, "path-unusable", TRI_YES,
     "data_dir"}, /* a sure finding counts before an unsure one */
    {key_without_tls, "path-unusable", TRI_NO, ""},
    {no_user, "path-unusable", TRI_UNKNOWN, "there is no user"},
    {no_data_dir, "path-unusable", TRI_YES, "data_dir: /gone does not exist"},
    {another_by_option, "path-unusable", TRI_NO, ""},
    {licence, "path-unusable", TRI_YES, "server license_path: /etc/nomad.hclic does not exist"},
    {consuls, "path-unusable", TRI_YES, "consul ca_file: /c/1 does not exist; and 1 more"},
    {vault_off, "path-unusable", TRI_NO, ""},
    {vault_on, "path-unusable", TRI_YES, "vault ca_file: /v does not exist"},
    {many_paths, "path-unusable", TRI_UNKNOWN, "more paths"},
    {broken, "path-unusable", TRI_UNKNOWN, "z.hcl"},
    {NULL, "certificate-expired", TRI_NO, ""},
    {certificate_lasts, "certificate-expired", TRI_NO, ""},
    {certificate_ended, "certificate-expired", TRI_YES,
     "tls cert_file: /tls/cert ended 2023-11-14"},
    {its_chain_ended, "certificate-expired", TRI_YES, "ended 2023-11-14"},
    {certificate_begins, "certificate-expired", TRI_YES, "begins 2025-01-01 00:00 UTC"},
    {authority_ended, "certificate-expired", TRI_YES, "tls ca_file: /tls/cert ended"},
    {one_authority_ended, "certificate-expired", TRI_UNKNOWN, "one of several"},
    {no_certificate, "certificate-expired", TRI_UNKNOWN,
     "no certificate that caravan-swap can read"},
    {certificate_gone, "certificate-expired", TRI_UNKNOWN, "was not read"},
    {NULL, "raft-peers-file", TRI_NO, ""},
    {peers_json, "raft-peers-file", TRI_YES, "/opt/nomad/server/raft/peers.json"},
    {peers_json_of_a_client, "raft-peers-file", TRI_NO, "no server"},
    {peers_json_hangs, "raft-peers-file", TRI_UNKNOWN, "no answer within 2 s"},
    {unknown_data_dir, "raft-peers-file", TRI_UNKNOWN, "data_dir is not known"},
    {NULL, "raft-size", TRI_YES, "15"},
    {raft_hangs, "raft-size", TRI_UNKNOWN, "could not be read"},
};

static const struct ready_host host = {NULL, rows, ARRAY_LEN(rows)};

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY_ROWS,
    };

    return cmocka_run_group_tests_name("facts_paths", tests, NULL, NULL);
}
