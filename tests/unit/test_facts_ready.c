/* The facts about files, listeners and the law (facts_survey.h; facts_values.c, facts_ready.c,
 * facts_paths.c) on a model host: each as yes, no and cannot tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include "facts_ready.h"
#include "model_host.h"
#include "str.h"

#define MAIN_FILE "/etc/nomad.d/nomad.hcl"
#define PEM       "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
#define NOW_NS    1700000000000000000 /* model_host.c: 2023-11-14 */

struct bench {
    struct model_host m;
    struct phases p;
    struct facts f;
    struct facts_survey s;
    struct law law;
    bool client, server;
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
    const struct phases_config conf = {.dir = MODEL_DIR,
                                       .fetch_dir = MODEL_FETCH,
                                       .binary = MODEL_TARGET,
                                       .data_dir = "",
                                       .hold_file = MODEL_HOLD,
                                       .api = "http://127.0.0.1:4646",
                                       .law = &b->law,
                                       .changed = on_changed,
                                       .note = on_note};
    struct err err = ERR_INIT;

    model_open(&b->m, "new");
    b->m.about = (struct service_about){.unit = true, .program = MODEL_TARGET};
    b->m.uptime_ms = 1000 * 60 * 60;
    b->m.leader = "\"10.0.0.1:4647\"";
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]";
    b->law = (struct law){.gap_ms = 30000, .url_prefixes = ""};
    b->server = b->client = true;
    start_by(b, MODEL_TARGET " agent -config /etc/nomad.d");
    put(b, MAIN_FILE,
        "data_dir = \"/opt/nomad\"\nserver { enabled = true }\n"
        "client { enabled = true }\n");
    put(b, "/opt/nomad/server/raft/raft.db", "0123456789");
    put(b, "/opt/nomad/server/raft/snapshots/1/state.bin", "01234");
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

static void survey(struct bench *b)
{
    bool learned = false;

    facts_gather(&b->p, "", &b->f, &learned);
    str_cut(b->f.server_id, sizeof(b->f.server_id), b->server ? "11111111-2222" : "");
    str_cut(b->f.client_id, sizeof(b->f.client_id), b->client ? "33333333-4444" : "");
    facts_ready_ask(&b->p, &b->f);
    facts_survey(&b->p, &b->f, &b->s);
}

static const struct fact *find(struct bench *b, const char *id)
{
    survey(b);
    return facts_survey_find(&b->s, id);
}

static void is(struct bench *b, const char *id, enum tri value, const char *says)
{
    const struct fact *f = find(b, id);

    if (f == NULL)
        fail_msg("%s is not told", id);
    else if (f->value != value || strstr(f->text, says) == NULL)
        fail_msg("%s: %d \"%s\", not %d \"%s\"", id, (int)f->value, f->text, (int)value, says);
}

/* ---- one change brings one answer ---- */

typedef void change(struct bench *b);

static void nothing(struct bench *b)
{
    (void)b;
}
static void broken(struct bench *b)
{
    put(b, "/etc/nomad.d/z.hcl", "a = \"");
}
static void values(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl",
        "Region = \"eu\"\ndatacenter = \"dc7\"\nname = \"\\u0041\"\nbind_addr = \"{{ GetPrivateIP "
        "}}\"\n"
        "advertise {\n http = \"10.1.1.1\"\n rpc = \"${x}\"\n}\n"
        "client {\n node_class = \"big\"\n node_pool = <<E\nx\nE\n}\nacl { enabled = \"1\" }\n");
}
static void values_in_json(struct bench *b)
{
    put(b, "/etc/nomad.d/a.json",
        "{\"datacenter\": \"dc8\", \"client\": [{\"node_class\": \"j\"}], \"acl\": {\"enabled\": "
        "false},"
        "\"advertise\": {\"http\": \"10.1.1.2\"}}");
}
static void values_twice(struct bench *b)
{
    values(b);
    put(b, "/etc/nomad.d/b.hcl", "datacenter = \"dc9\"\n");
}
static void values_and_broken(struct bench *b)
{
    values(b);
    broken(b);
}
static void elsewhere(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl", "client { meta { datacenter = \"no\" region = \"no\" } }\n");
}
static void by_options(struct bench *b)
{
    values(b);
    start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -dc dc1 -region=x");
}
static void by_dev(struct bench *b)
{
    start_by(b, MODEL_TARGET " agent -dev -config /etc/nomad.d");
}
static void odd_truth(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl", "acl { enabled = maybe }\n");
}

static void leave_int(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl", "leave_on_interrupt = true\n");
}
static void leave_term(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl", "leave_on_terminate = true\n");
}
static void drains(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl",
        "leave_on_interrupt = true\nclient {\n drain_on_shutdown {\n deadline = \"1h\"\n}\n}\n");
}
static void drains_never(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl", "client {\n drain_on_shutdown {\n}\n}\n");
}
static void drains_no_client(struct bench *b)
{
    drains(b);
    put(b, MAIN_FILE, "data_dir = \"/opt/nomad\"\nserver { enabled = true }\n");
}

static void written(struct bench *b)
{
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    put(b, "/etc/nomad.d/a.hcl", "region = \"eu\"\n");
}
static void environment_written(struct bench *b)
{
    b->m.about.files.told = true;
    b->m.about.files.n = 1;
    str_cut(b->m.about.files.list[0].path, sizeof(b->m.about.files.list[0].path), "/etc/n.env");
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    put(b, "/etc/n.env", "A=b\n");
}
static void written_and_stopped(struct bench *b)
{
    written(b);
    b->m.process.there = false;
}

static void mute(struct bench *b)
{
    b->m.status = 500;
}
static void fails(struct bench *b)
{
    b->m.process.since_ms = b->m.uptime_ms; /* model_host.c: it does not answer yet */
}
static void listens_elsewhere(struct bench *b)
{
    fails(b);
    b->m.tcp.n = 2;
    b->m.tcp.list[0] =
        (struct tcp_listener){.address = "10.0.0.5", .port = 4646, .inode = 1, .own = true};
    b->m.tcp.list[1] = (struct tcp_listener){
        .address = "::", .any = true, .six = true, .port = 4647, .inode = 2, .own = true};
}
static void young(struct bench *b)
{
    fails(b);
    b->m.uptime_ms = 5000;
}
static void stopped(struct bench *b)
{
    b->m.process.there = false;
}

static void other_at(struct bench *b, const char *address, uint16_t port)
{
    struct tcp_listener *l = &b->m.tcp.list[b->m.tcp.n++];

    *l = (struct tcp_listener){.port = port, .inode = 7, .any = str_eq(address, "0.0.0.0")};
    str_cut(l->address, sizeof(l->address), address);
    b->m.owner = (struct host_owner){.there = true, .pid = 77, .name = "nginx"};
}
static void a_proxy(struct bench *b)
{
    other_at(b, "127.0.0.1", 4646);
}
static void a_second_nomad(struct bench *b)
{
    a_proxy(b);
    str_cut(b->m.owner.name, sizeof(b->m.owner.name), "nomad");
}
static void api_taken(struct bench *b)
{
    fails(b);
    a_proxy(b);
}
static void api_taken_by_all(struct bench *b)
{
    fails(b);
    other_at(b, "0.0.0.0", 4646);
}
static void api_of_another_address(struct bench *b)
{
    fails(b);
    other_at(b, "127.0.0.2", 4646);
}
static void by_its_child(struct bench *b)
{
    api_taken(b);
    b->m.owner.own = true;
}
static void nobody_found(struct bench *b)
{
    api_taken(b);
    b->m.owner.there = false;
}
static void rpc_taken(struct bench *b)
{
    other_at(b, "10.0.0.9", 4647);
}
static void rpc_of_another_address(struct bench *b)
{
    rpc_taken(b);
    put(b, "/etc/nomad.d/a.hcl", "bind_addr = \"10.0.0.8\"\n");
}
static void rpc_of_a_client(struct bench *b)
{
    rpc_taken(b);
    b->server = false;
}
static void rpc_is_own(struct bench *b)
{
    other_at(b, "10.0.0.8", 4647);
    b->m.tcp.list[0].own = true;
    rpc_taken(b);
}
static void serf_by_port(struct bench *b)
{
    other_at(b, "0.0.0.0", 5555);
    put(b, "/etc/nomad.d/a.hcl", "ports { serf = 5555 }\nbind_addr = \"10.0.0.8\"\n");
}
static void no_table(struct bench *b)
{
    b->m.no_tcp = true;
}

static void held(struct bench *b)
{
    b->m.held = true;
}
static void peer_restores(struct bench *b)
{
    b->m.odd_peer = "10.0.0.2:4647";
    b->m.odd = KNOCK_MUTE;
}
static void two_gone(struct bench *b)
{
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\"]";
}
static void no_leader(struct bench *b)
{
    b->m.leader = "\"\"";
}
static void no_answers(struct bench *b)
{
    b->m.leader = NULL;
}
static void a_client_alone(struct bench *b)
{
    b->m.leader = NULL;
    b->server = false;
}
static void swapped_now(struct bench *b)
{
    b->law.gap_ms = 30000;
    b->p.rec.swapped_ms = b->m.uptime_ms;
}
static void swapped_and_long(struct bench *b)
{
    swapped_now(b);
    b->law.gap_ms = 3600 * 1000;
}
static void swapped_and_no_quorum(struct bench *b)
{
    swapped_now(b);
    two_gone(b);
}

static void volume(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl", "client {\n host_volume \"x\" {\n path = \"/srv/x\"\n}\n}\n");
}
static void volume_there(struct bench *b)
{
    volume(b);
    put(b, "/srv/x/file", "");
}
static void volumes_of_json(struct bench *b)
{
    put(b, "/etc/nomad.d/a.json",
        "{\"client\": {\"host_volume\": [{\"x\": {\"path\": \"/srv/x\"}}, {\"y\": {\"path\": "
        "\"/srv/y\"}}]}}");
}
static void volume_of_a_variable(struct bench *b)
{
    put(b, "/etc/nomad.d/a.hcl", "client { host_volume \"x\" { path = \"${y}\" } }");
}
static void volume_without_client(struct bench *b)
{
    volume(b);
    put(b, MAIN_FILE, "data_dir = \"/opt/nomad\"\nserver { enabled = true }\n");
}
static void volume_hangs(struct bench *b)
{
    volume(b);
    b->m.hangs = "/srv/x";
}
static void volume_hangs_and_key_gone(struct bench *b)
{
    volume_hangs(b);
    put(b, "/etc/nomad.d/b.hcl", "tls {\n rpc = true\n key_file = \"/tls/key\"\n}\n");
}
static void volume_again(struct bench *b)
{
    volume(b);
    put(b, "/etc/nomad.d/b.hcl", "client { host_volume \"x\" { path = \"/opt/nomad\" } }");
}
static void key(struct bench *b, uint32_t mode)
{
    put(b, "/etc/nomad.d/b.hcl", "tls {\n http = true\n key_file = \"/tls/key\"\n}\n");
    put_mode(b, "/tls/key", "", mode);
    put(b, "/tls/other", "");
}
static void key_of_root(struct bench *b)
{
    key(b, 0600);
    b->m.user = (struct path_user){.uid = 0, .reads_all = true, .writes_all = true};
}
static void as_nomad(struct bench *b)
{
    b->m.user = (struct path_user){.uid = 990, .gid = 990};
}
static void key_not_for_nomad(struct bench *b)
{
    key(b, 0600);
    as_nomad(b);
}
static void key_listed(struct bench *b)
{
    key_not_for_nomad(b);
    b->m.listed = "/tls/key";
}
static void key_without_tls(struct bench *b)
{
    put(b, "/etc/nomad.d/b.hcl", "tls {\n key_file = \"/tls/key\"\n}\n");
}
static void no_user(struct bench *b)
{
    b->m.no_user = true;
}
static void no_data_dir(struct bench *b)
{
    put(b, MAIN_FILE, "data_dir = \"/gone\"\n");
}
static void licence(struct bench *b)
{
    put(b, "/etc/nomad.d/b.hcl", "server { license_path = \"/etc/nomad.hclic\" }");
}
static void consuls(struct bench *b)
{
    put(b, "/etc/nomad.d/b.hcl",
        "consul { ca_file = \"/c/1\" }\nconsul {\n name = \"b\"\n ca_file = "
        "\"/c/2\" }\n");
}
static void vault_off(struct bench *b)
{
    put(b, "/etc/nomad.d/b.hcl", "vault { enabled = false ca_file = \"/v\" }");
}
static void vault_on(struct bench *b)
{
    put(b, "/etc/nomad.d/b.hcl", "vault { enabled = true ca_file = \"/v\" }");
}
static void many_paths(struct bench *b)
{
    auto_buf struct buf text = BUF_INIT;

    (void)buf_add_str(&text, "client {\n");
    for (int i = 0; i <= CONFIG_PATHS; i++)
        (void)buf_printf(&text, "host_volume \"v%d\" { path = \"/opt/nomad\" }\n", i);
    (void)buf_add_str(&text, "}\n");
    put(b, "/etc/nomad.d/b.hcl", buf_str(&text));
}

/* ---- certificates, made of what matters of them ---- */

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

static void tls(struct bench *b, const char *key, const char *a_ends, const char *b_ends)
{
    auto_buf struct buf pem = BUF_INIT;
    char config[128];

    snprintf(config, sizeof(config), "tls {\n rpc = true\n %s = \"/tls/cert\"\n}\n", key);
    put(b, "/etc/nomad.d/t.hcl", config);
    add_certificate(&pem, "200101000000Z", a_ends);
    if (b_ends != NULL)
        add_certificate(&pem, "200101000000Z", b_ends);
    put(b, "/tls/cert", buf_str(&pem));
}
static void certificate_lasts(struct bench *b)
{
    tls(b, "cert_file", "491231235959Z", "20991231235959Z");
}
static void certificate_ended(struct bench *b)
{
    tls(b, "cert_file", "231114000000Z", NULL);
}
static void its_chain_ended(struct bench *b)
{
    tls(b, "cert_file", "491231235959Z", "231114000000Z");
}
static void certificate_begins(struct bench *b)
{
    auto_buf struct buf pem = BUF_INIT;

    certificate_lasts(b);
    add_certificate(&pem, "20250101000000Z", "20300101000000Z");
    put(b, "/tls/cert", buf_str(&pem));
}
static void authority_ended(struct bench *b)
{
    tls(b, "ca_file", "200601000000Z", "231114000000Z");
}
static void one_authority_ended(struct bench *b)
{
    tls(b, "ca_file", "491231235959Z", "231114000000Z");
}
static void no_certificate(struct bench *b)
{
    certificate_lasts(b);
    put(b, "/tls/cert", "nothing");
}
static void certificate_gone(struct bench *b)
{
    put(b, "/etc/nomad.d/t.hcl", "tls {\n rpc = true\n cert_file = \"/tls/cert\"\n}\n");
}

static void peers_json(struct bench *b)
{
    put(b, "/opt/nomad/server/raft/peers.json", "[]");
}
static void peers_json_of_a_client(struct bench *b)
{
    peers_json(b);
    b->server = false;
    put(b, MAIN_FILE, "data_dir = \"/opt/nomad\"\nclient { enabled = true }\n");
}
static void peers_json_hangs(struct bench *b)
{
    b->m.hangs = "/opt/nomad/server/raft/peers.json";
}
static void unknown_data_dir(struct bench *b)
{
    put(b, MAIN_FILE, "server { enabled = true }\n");
}
static void raft_hangs(struct bench *b)
{
    b->m.hangs = "/opt/nomad/server/raft";
}

static const struct {
    change *change;
    const char *id;
    enum tri value;
    const char *says;
} rows[] = {
    {nothing, "is.region", TRI_NO, "not in"},
    {nothing, "is.data_dir", TRI_YES, "/opt/nomad"},
    {nothing, "is.server", TRI_YES, "true"},
    {values, "is.region", TRI_YES, "eu"},
    {values, "is.datacenter", TRI_YES, "dc7"},
    {values, "is.name", TRI_UNKNOWN, "a.hcl, line 3"},
    {values, "is.bind_addr", TRI_UNKNOWN, "no plain text"},
    {values, "is.advertise_http", TRI_YES, "10.1.1.1"},
    {values, "is.advertise_rpc", TRI_UNKNOWN, "no plain text"},
    {values, "is.node_class", TRI_YES, "big"},
    {values, "is.node_pool", TRI_UNKNOWN, "no plain text"},
    {values, "is.acl", TRI_YES, "true"},
    {values_in_json, "is.datacenter", TRI_YES, "dc8"},
    {values_in_json, "is.node_class", TRI_YES, "j"},
    {values_in_json, "is.acl", TRI_YES, "false"},
    {values_in_json, "is.advertise_http", TRI_YES, "10.1.1.2"},
    {values_twice, "is.datacenter", TRI_YES, "dc9"},
    {values_and_broken, "is.datacenter", TRI_UNKNOWN, "z.hcl"},
    {elsewhere, "is.datacenter", TRI_NO, ""},
    {by_options, "is.datacenter", TRI_UNKNOWN, "-dc"},
    {by_options, "is.region", TRI_UNKNOWN, "-region"},
    {by_options, "is.node_class", TRI_YES, "big"},
    {by_dev, "is.region", TRI_UNKNOWN, "-dev"},
    {odd_truth, "is.acl", TRI_UNKNOWN, "no plain text"},

    {nothing, "stop-leaves", TRI_NO, ""},
    {broken, "stop-leaves", TRI_UNKNOWN, "z.hcl"},
    {leave_int, "stop-leaves", TRI_UNKNOWN, "leave_on_interrupt is set, and which signal"},
    {leave_term, "stop-leaves", TRI_UNKNOWN, "leave_on_terminate is set, and which signal"},
    {nothing, "stop-drains", TRI_NO, ""},
    {drains_never, "stop-drains", TRI_NO, ""},
    {drains, "stop-drains", TRI_UNKNOWN, "drain_on_shutdown (/etc/nomad.d/a.hcl, line 3)"},
    {drains_no_client, "stop-drains", TRI_NO, ""},
    {broken, "stop-drains", TRI_UNKNOWN, "z.hcl"},

    {nothing, "config-newer", TRI_NO, ""},
    {written, "config-newer", TRI_YES, "/etc/nomad.d/a.hcl was written"},
    {environment_written, "config-newer", TRI_YES, "/etc/n.env was written"},
    {written_and_stopped, "config-newer", TRI_NO, "does not run"},
    {broken, "config-newer", TRI_UNKNOWN, "z.hcl"},

    {nothing, "api-silent", TRI_NO, "http://127.0.0.1:4646 answers"},
    {mute, "api-silent", TRI_YES, "http://127.0.0.1:4646: HTTP status 500"},
    {fails, "api-silent", TRI_YES, "refused; no listening socket"},
    {listens_elsewhere, "api-silent", TRI_YES, "listens at 10.0.0.5:4646, [::]:4647"},
    {young, "api-silent", TRI_UNKNOWN, "just now"},
    {stopped, "api-silent", TRI_NO, "does not run"},

    {nothing, "port-taken", TRI_NO, ""},
    {a_proxy, "port-taken", TRI_NO, ""},
    {a_second_nomad, "port-taken", TRI_YES, "process 77 (nomad) listens at 127.0.0.1:4646"},
    {api_taken, "port-taken", TRI_YES, "process 77 (nginx) listens at 127.0.0.1:4646, the API"},
    {api_taken_by_all, "port-taken", TRI_YES, "0.0.0.0:4646"},
    {api_of_another_address, "port-taken", TRI_NO, ""},
    {by_its_child, "port-taken", TRI_NO, ""},
    {nobody_found, "port-taken", TRI_UNKNOWN, "who listens at 127.0.0.1:4646"},
    {rpc_taken, "port-taken", TRI_YES, "10.0.0.9:4647, the RPC port"},
    {rpc_of_another_address, "port-taken", TRI_NO, ""},
    {rpc_of_a_client, "port-taken", TRI_NO, ""},
    {rpc_is_own, "port-taken", TRI_NO, ""},
    {serf_by_port, "port-taken", TRI_YES, "0.0.0.0:5555, the serf port"},
    {no_table, "port-taken", TRI_UNKNOWN, "no table"},

    {nothing, "law-refuses", TRI_NO, ""},
    {held, "law-refuses", TRI_YES, "hold file"},
    {peer_restores, "law-refuses", TRI_YES, "10.0.0.2:4647 is connected but does not serve"},
    {two_gone, "law-refuses", TRI_YES, "without this server 1 of 2"},
    {no_leader, "law-refuses", TRI_YES, "no leader"},
    {no_answers, "law-refuses", TRI_YES, "could not be asked"},
    {a_client_alone, "law-refuses", TRI_NO, ""},
    {swapped_now, "law-refuses", TRI_NO, ""},
    {swapped_and_long, "law-refuses", TRI_YES, "root demands 3600000 ms"},
    {swapped_and_no_quorum, "law-refuses", TRI_YES, "without this server 1 of 2"},

    {nothing, "path-unusable", TRI_NO, ""},
    {volume, "path-unusable", TRI_YES, "host_volume \"x\": /srv/x is not there"},
    {volume_there, "path-unusable", TRI_NO, ""},
    {volumes_of_json, "path-unusable", TRI_YES,
     "host_volume \"x\": /srv/x is not there; and 1 more"},
    {volume_of_a_variable, "path-unusable", TRI_UNKNOWN, "host_volume \"x\" (/etc/nomad.d/a.hcl"},
    {volume_without_client, "path-unusable", TRI_NO, ""},
    {volume_hangs, "path-unusable", TRI_UNKNOWN, "/srv/x: no answer within 2 s"},
    {volume_hangs_and_key_gone, "path-unusable", TRI_YES, "tls key_file: /tls/key is not there"},
    {volume_again, "path-unusable", TRI_NO, ""},
    {key_of_root, "path-unusable", TRI_NO, ""},
    {key_not_for_nomad, "path-unusable", TRI_YES, "user 990, as whom Nomad runs, may not use"},
    {key_listed, "path-unusable", TRI_YES, "data_dir"}, /* what is sure comes before */
    {key_without_tls, "path-unusable", TRI_NO, ""},
    {no_user, "path-unusable", TRI_UNKNOWN, "there is no user"},
    {no_data_dir, "path-unusable", TRI_YES, "data_dir: /gone is not there"},
    {licence, "path-unusable", TRI_YES, "server license_path: /etc/nomad.hclic is not there"},
    {consuls, "path-unusable", TRI_YES, "consul ca_file: /c/1 is not there; and 1 more"},
    {vault_off, "path-unusable", TRI_NO, ""},
    {vault_on, "path-unusable", TRI_YES, "vault ca_file: /v is not there"},
    {many_paths, "path-unusable", TRI_UNKNOWN, "more paths"},
    {broken, "path-unusable", TRI_UNKNOWN, "z.hcl"},

    {nothing, "certificate-expired", TRI_NO, ""},
    {certificate_lasts, "certificate-expired", TRI_NO, ""},
    {certificate_ended, "certificate-expired", TRI_YES,
     "tls cert_file: /tls/cert ended 2023-11-14"},
    {its_chain_ended, "certificate-expired", TRI_YES, "ended 2023-11-14"},
    {certificate_begins, "certificate-expired", TRI_YES, "begins 2025-01-01 00:00 UTC"},
    {authority_ended, "certificate-expired", TRI_YES, "tls ca_file: /tls/cert ended"},
    {one_authority_ended, "certificate-expired", TRI_UNKNOWN, "one of several"},
    {no_certificate, "certificate-expired", TRI_UNKNOWN, "no certificate that is understood"},
    {certificate_gone, "certificate-expired", TRI_UNKNOWN, "was not read"},

    {nothing, "raft-peers-file", TRI_NO, ""},
    {peers_json, "raft-peers-file", TRI_YES, "/opt/nomad/server/raft/peers.json"},
    {peers_json_of_a_client, "raft-peers-file", TRI_NO, "no server"},
    {peers_json_hangs, "raft-peers-file", TRI_UNKNOWN, "no answer within 2 s"},
    {unknown_data_dir, "raft-peers-file", TRI_UNKNOWN, "data_dir is not known"},

    {nothing, "raft-size", TRI_YES, "15"},
    {raft_hangs, "raft-size", TRI_UNKNOWN, "could not be read"},
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

/* A path that hangs, a value that is no plain text: nothing else is unknown for that. */
static void one_question_alone(void **state)
{
    struct bench *b = *state;

    volume_hangs(b);
    put(b, "/etc/nomad.d/c.hcl", "name = \"${x}\"\n");
    survey(b);
    for (uint32_t i = 0; i < b->s.n; i++) {
        const struct fact *f = &b->s.list[i];

        if (str_starts(f->id, "is.") && !str_eq(f->id, "is.name"))
            assert_int_not_equal(f->value, TRI_UNKNOWN);
    }
    is(b, "is.name", TRI_UNKNOWN, "");
    is(b, "raft-peers-file", TRI_NO, "");
    is(b, "certificate-expired", TRI_NO, "");
    is(b, "law-refuses", TRI_NO, "");
}

static void leaves_by_its_signal(void **state)
{
    static const struct {
        int signal;
        change *change;
        enum tri leaves, drains;
    } stops[] = {
        {SIGINT, drains, TRI_YES, TRI_YES},     {SIGTERM, drains, TRI_NO, TRI_NO},
        {SIGTERM, leave_term, TRI_YES, TRI_NO}, {SIGINT, leave_term, TRI_NO, TRI_NO},
        {SIGQUIT, leave_term, TRI_NO, TRI_NO},  {SIGINT, broken, TRI_UNKNOWN, TRI_UNKNOWN},
        {SIGINT, drains_never, TRI_NO, TRI_NO}, {SIGINT, nothing, TRI_NO, TRI_NO},
        {0, drains, TRI_UNKNOWN, TRI_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        struct bench *b;

        tear_down(state);
        set_up(state);
        b = *state;
        stops[i].change(b);
        b->m.about.stop_signal = stops[i].signal;
        is(b, "stop-leaves", stops[i].leaves, "");
        is(b, "stop-drains", stops[i].drains, "");
    }
}

/* Asked once in a while, and at once when what was asked about changed. */
static void asked_once_in_a_while(void **state)
{
    struct bench *b = *state;
    unsigned asks;

    survey(b);
    asks = b->m.asks;
    assert_true(asks > 0);
    b->m.uptime_ms += FACTS_KEPT_MS - 1;
    survey(b);
    assert_int_equal(b->m.asks, asks);
    b->m.held = true;
    survey(b);
    assert_true(b->m.asks > asks);
    asks = b->m.asks;
    is(b, "law-refuses", TRI_YES, "hold file");
    assert_int_equal(b->m.asks, asks);
    b->m.uptime_ms += FACTS_KEPT_MS;
    survey(b);
    assert_true(b->m.asks > asks);
    asks = b->m.asks;
    b->m.process.pid++;
    survey(b);
    assert_true(b->m.asks > asks);
}

static void addresses_of_the_api(void **state)
{
    static const struct {
        const char *url, *address;
        uint16_t port;
    } urls[] = {
        {"http://127.0.0.1:4646", "127.0.0.1", 4646},
        {"https://[::1]:4646/", "::1", 4646},
        {"http://localhost:1", "127.0.0.1", 1},
        {"unix:///run/nomad", NULL, 0},
        {"http://server.global.nomad:4646", NULL, 0},
        {"http://127.0.0.1", NULL, 0},
        {"http://127.0.0.1:", NULL, 0},
        {"http://127.0.0.1:99999", NULL, 0},
        {"http://[::1:4646", NULL, 0},
        {"", NULL, 0},
        {"http://", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        char address[48];
        uint16_t port = 0;
        int rc = facts_api_parse(urls[i].url, address, &port);

        assert_int_equal(rc, urls[i].address != NULL ? 0 : -1);
        if (rc == 0) {
            assert_string_equal(address, urls[i].address);
            assert_int_equal(port, urls[i].port);
        }
    }
}

/* A bad answer is asked for again soon, and less often the longer it stays bad. */
static void bad_answers_are_asked_again(void **state)
{
    struct bench *b = *state;
    int64_t waits[8];

    survey(b);
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
    no_leader(b);
    b->p.asked.at_ms = 0;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        survey(b);
        waits[i] = facts_ready_due(&b->p);
        b->m.uptime_ms += waits[i];
    }
    assert_int_equal(waits[0], FACTS_AGAIN_MS);
    assert_int_equal(waits[1], 2 * FACTS_AGAIN_MS);
    assert_int_equal(waits[7], FACTS_KEPT_MS);
    b->m.uptime_ms = 5000; /* young: no less often */
    b->p.asked.at_ms = 0;
    for (size_t i = 0; i < 3; i++) {
        survey(b);
        assert_int_equal(facts_ready_due(&b->p), FACTS_AGAIN_MS);
        b->m.uptime_ms += FACTS_AGAIN_MS;
    }
    b->m.leader = "\"10.0.0.1:4647\"";
    is(b, "law-refuses", TRI_NO, "");
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
    b->m.held = true; /* who looks for the file notices by himself */
    is(b, "law-refuses", TRI_YES, "hold file");
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
}

#define IN_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BENCH(each_fact),
        IN_BENCH(one_question_alone),
        IN_BENCH(leaves_by_its_signal),
        IN_BENCH(asked_once_in_a_while),
        IN_BENCH(bad_answers_are_asked_again),
        cmocka_unit_test(addresses_of_the_api),
    };

    return cmocka_run_group_tests_name("facts_ready", tests, NULL, NULL);
}
