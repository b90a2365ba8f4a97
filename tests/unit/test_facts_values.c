/* facts_values.h on a model host: each fact as yes, no and unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>
#include "facts_values.h"
#include "ready_bench.h"
#include "str.h"

#define NOW_NS 1700000000000000000 /* model_host.c: 2023-11-14 */

static void broken(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.hcl", "a = \"");
}
static void values(struct ready_bench *b)
{
    ready_put(
        b, "/etc/nomad.d/a.hcl",
        "Region = \"eu\"\ndatacenter = \"dc7\"\nname = \"\\u0041\"\nbind_addr = \"{{ GetPrivateIP "
        "}}\"\n"
        "advertise {\n http = \"10.1.1.1\"\n rpc = \"${x}\"\n}\n"
        "client {\n node_class = \"big\"\n node_pool = <<E\nx\nE\n}\nacl { enabled = \"1\" }\n");
}
static void values_in_json(struct ready_bench *b)
{
    ready_put(
        b, "/etc/nomad.d/a.json",
        "{\"datacenter\": \"dc8\", \"client\": [{\"node_class\": \"j\"}], \"acl\": {\"enabled\": "
        "false},"
        "\"advertise\": {\"http\": \"10.1.1.2\"}}");
}
static void values_twice(struct ready_bench *b)
{
    values(b);
    ready_put(b, "/etc/nomad.d/b.hcl", "datacenter = \"dc9\"\n");
}
static void values_and_broken(struct ready_bench *b)
{
    values(b);
    broken(b);
}
static void elsewhere(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl", "client { meta { datacenter = \"no\" region = \"no\" } }\n");
}
static void by_options(struct ready_bench *b)
{
    values(b);
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -dc dc1 -region=x");
}
static void by_broken_options(struct ready_bench *b)
{
    by_options(b);
    broken(b);
}
static void by_flags(struct ready_bench *b)
{
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"\n");
    ready_start_by(b, MODEL_TARGET
                   " agent -config /etc/nomad.d -server --client=1 -acl-enabled=maybe");
}
static void by_no_flag(struct ready_bench *b) /* does not override an earlier true */
{
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -server=false");
}
static void by_a_template(struct ready_bench *b)
{
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -bind={{GetPrivateIP}}");
}
static void by_dev_connect(struct ready_bench *b)
{
    ready_put(b, READY_FILE, "leave_on_interrupt = true\nclient {\n drain_on_shutdown { }\n}\n");
    ready_start_by(b, MODEL_TARGET " agent -dev-connect -config /etc/nomad.d");
    b->m.about.stop_signal = SIGINT;
}
static void unit_written(struct ready_bench *b)
{
    str_cut(b->m.about.fragment, sizeof(b->m.about.fragment), "/etc/systemd/system/nomad.service");
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    ready_put(b, b->m.about.fragment, "");
}
static void drop_in_written(struct ready_bench *b)
{
    str_cut(b->m.about.drop_ins, sizeof(b->m.about.drop_ins),
            "/etc/systemd/system/n.d/a.conf /etc/systemd/system/n.d/b.conf");
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    ready_put(b, "/etc/systemd/system/n.d/b.conf", "");
}
static void unit_generated(struct ready_bench *b)
{
    str_cut(b->m.about.fragment, sizeof(b->m.about.fragment),
            "/run/systemd/generator/nomad.service");
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    ready_put(b, b->m.about.fragment, "");
}
static void by_dev(struct ready_bench *b)
{
    ready_start_by(b, MODEL_TARGET " agent -dev -config /etc/nomad.d");
}
static void odd_truth(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl", "acl { enabled = maybe }\n");
}

/* command/agent/config.go: Merge. */
static void taken_back(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl",
              "datacenter = \"dc7\"\nacl { enabled = true }\nleave_on_terminate = true\n");
    ready_put(b, "/etc/nomad.d/z.hcl",
              "datacenter = \"\"\nregion = \"\"\nserver { enabled = false }\n"
              "acl { enabled = false }\nleave_on_terminate = false\n");
}
static void taken_back_from_a_variable(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl", "acl { enabled = \"${x}\" }\n");
    ready_put(b, "/etc/nomad.d/z.hcl", "acl { enabled = false }\n");
}

static void leave_int(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl", "leave_on_interrupt = true\n");
}
static void leave_term(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl", "leave_on_terminate = true\n");
}
static void drains(struct ready_bench *b)
{
    ready_put(
        b, "/etc/nomad.d/a.hcl",
        "leave_on_interrupt = true\nclient {\n drain_on_shutdown {\n deadline = \"1h\"\n}\n}\n");
}
static void drains_never(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl", "client {\n drain_on_shutdown {\n}\n}\n");
}
static void drains_no_client(struct ready_bench *b)
{
    drains(b);
    ready_put(b, READY_FILE, "data_dir = \"/opt/nomad\"\nserver { enabled = true }\n");
}

static void drains_client_by_option(struct ready_bench *b)
{
    drains_no_client(b);
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -client");
}

static void written(struct ready_bench *b)
{
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    ready_put(b, "/etc/nomad.d/a.hcl", "region = \"eu\"\n");
}
static void environment_written(struct ready_bench *b)
{
    b->m.about.files.told = true;
    b->m.about.files.n = 1;
    str_cut(b->m.about.files.list[0].path, sizeof(b->m.about.files.list[0].path), "/etc/n.env");
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    ready_put(b, "/etc/n.env", "A=b\n");
}
static void written_and_stopped(struct ready_bench *b)
{
    written(b);
    b->m.process.there = false;
}

static void taken_out(struct ready_bench *b)
{
    b->m.fs.now_ns = NOW_NS + 3600 * 1000000000LL;
    model_fs_put_dir(&b->m.fs, "/etc/nomad.d");
}
static void by_a_link(struct ready_bench *b)
{
    model_fs_put_dir(&b->m.fs, "/data/nomad");
    model_fs_put_link(&b->m.fs, "/opt/nomad", "/data/nomad");
    str_cut(b->f.data_dir, sizeof(b->f.data_dir), "/data/nomad");
}
static void by_a_link_of_a_client(struct ready_bench *b)
{
    by_a_link(b);
    b->server = false;
}
static void elsewhere_of_a_client(struct ready_bench *b)
{
    model_fs_put_dir(&b->m.fs, "/data/nomad");
    model_fs_put_dir(&b->m.fs, "/opt/nomad");
    str_cut(b->f.data_dir, sizeof(b->f.data_dir), "/data/nomad");
    b->server = false;
}

static void volume(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/a.hcl",
              "client {\n host_volume \"x\" {\n path = \"/srv/x\"\n}\n}\n");
}
static void volume_hangs(struct ready_bench *b)
{
    volume(b);
    b->m.hangs = "/srv/x";
}

/* Nomad's process has mounts of its own, and reads other files under these paths. */
static void other_files(struct ready_bench *b)
{
    char path[96];

    values(b);
    snprintf(path, sizeof(path), "/proc/%u/root", b->m.process.pid);
    model_fs_put_dir(&b->m.fs, path);
    snprintf(path, sizeof(path), "/proc/%u/root%s", b->m.process.pid, "/etc/nomad.d");
    model_fs_put_dir(&b->m.fs, path);
}
/* Only one file of the directory differs. */
static void another_file(struct ready_bench *b)
{
    char path[96];

    other_files(b);
    snprintf(path, sizeof(path), "/proc/%u/root%s", b->m.process.pid, "/etc/nomad.d");
    model_fs_put_dir(&b->m.fs, "/etc/nomad.d");
    model_fs_put_link(&b->m.fs, path, "/etc/nomad.d");
    snprintf(path, sizeof(path), "/proc/%u/root" READY_FILE, b->m.process.pid);
    model_fs_put_link(&b->m.fs, path, READY_FILE);
    snprintf(path, sizeof(path), "/proc/%u/root%s", b->m.process.pid, "/etc/nomad.d/a.hcl");
    ready_put(b, path, "datacenter = \"dc1\"\n");
}

static void joins_as_before(struct ready_bench *b)
{
    ready_put(b, READY_FILE,
              "data_dir = \"/opt/nomad\"\nserver { retry_join = [\"10.0.0.1\", \"10.0.0.2:4648\"] "
              "start_join = [\"10.0.0.1\"] encrypt = \"x\" }\nclient { servers = [\"s3.example\"] "
              "host_volume \"servers\" { path = \"/v\" } }\n");
}
static void joins_by_block(struct ready_bench *b)
{
    ready_put(b, READY_FILE,
              "data_dir = \"/opt/nomad\"\nserver { server_join { retry_join = [\"[fd00::1]:4648\", "
              "\"provider=aws tag_key=k secret_access_key=SECRET\", \"{{ GetPrivateIP }}\"] } }\n"
              "client { server_join { retry_join = [\"10.9.9.9\"] } }\n"
              "consul { retry_join = [\"10.8.8.8\"] }\n");
}
static void joins_in_json(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.json",
              "{\"server\": [{\"server_join\": [{\"retry_join\": [\"10.7.7.7\"]}]}]}");
}
/* Nomad has not started here yet. */
static void to_be_started(struct ready_bench *b)
{
    b->law.start_stopped = true;
    b->m.process.there = false;
    joins_as_before(b);
}
static void nobody_there(struct ready_bench *b)
{
    to_be_started(b);
    b->m.odd_peer = "10.0.0.1:4647";
    b->m.odd = PEER_NOBODY;
}
static void joins_many(struct ready_bench *b)
{
    char text[1200] = "client { servers = [";

    for (int i = 0; i < 30; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "\"10.100.100.%d\", ", 100 + i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "] }");
    ready_put(b, "/etc/nomad.d/z.hcl", text);
}
static void joins_unread(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.hcl", "a = <<");
}

static void expects(struct ready_bench *b)
{
    ready_put(b, READY_FILE,
              "data_dir = \"/opt/nomad\"\nserver { bootstrap_expect = 1 encrypt = \"SECRET\" }\n");
}
static void expects_in_json(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.json",
              "{\"server\": {\"bootstrap_expect\": 3, \"encrypt\": \"SECRET\"}}");
}
/* As in Nomad's merge: 0 does not override an earlier value. */
static void expects_less_later(struct ready_bench *b)
{
    expects(b);
    ready_put(b, "/etc/nomad.d/z.hcl", "server { bootstrap_expect = 0 }\n");
}
static void expects_by_option(struct ready_bench *b)
{
    ready_start_by(b,
                   MODEL_TARGET " agent -config /etc/nomad.d -bootstrap-expect=5 -encrypt SECRET");
}
static void expects_nothing_plain(struct ready_bench *b)
{
    ready_put(b, "/etc/nomad.d/z.hcl", "server { bootstrap_expect = \"${n}\" encrypt = \"\" }\n");
}
static void ran_as_a_server(struct ready_bench *b)
{
    model_fs_put_dir(&b->m.fs, "/opt/nomad");
    model_fs_put_dir(&b->m.fs, "/opt/nomad/server");
}
static void ran_as_a_client(struct ready_bench *b)
{
    model_fs_put_dir(&b->m.fs, "/opt/nomad");
    model_fs_put_dir(&b->m.fs, "/opt/nomad/client");
}
static void empty_data_dir(struct ready_bench *b)
{
    model_fs_put_dir(&b->m.fs, "/opt/nomad");
}

static const struct ready_row rows[] = {
    {NULL, "bootstrap-expect", TRI_NO, ""},
    {expects, "bootstrap-expect", TRI_YES, "1"},
    {expects_in_json, "bootstrap-expect", TRI_YES, "3"},
    {expects_less_later, "bootstrap-expect", TRI_YES, "1"},
    {expects_by_option, "bootstrap-expect", TRI_YES, "5"},
    {expects_nothing_plain, "bootstrap-expect", TRI_UNKNOWN, "z.hcl, line 1"},
    {joins_unread, "bootstrap-expect", TRI_UNKNOWN, "z.hcl"},
    {NULL, "gossip-key", TRI_NO, ""},
    {expects, "gossip-key", TRI_YES, READY_FILE ", line 2"},
    {expects_in_json, "gossip-key", TRI_YES, "z.json"},
    {expects_by_option, "gossip-key", TRI_YES, "-encrypt"},
    {expects, "gossip-id", TRI_YES, "10b6d2f2"},
    {expects_in_json, "gossip-id", TRI_YES, "10b6d2f2"},
    {expects_nothing_plain, "gossip-key", TRI_NO, ""},
    {joins_unread, "gossip-key", TRI_UNKNOWN, "z.hcl"},
    {ran_as_a_server, "data-dir-fresh", TRI_NO, "/opt/nomad/server exists"},
    {ran_as_a_client, "data-dir-fresh", TRI_NO, "/opt/nomad/client exists"},
    {empty_data_dir, "data-dir-fresh", TRI_YES, "/opt/nomad"},
    {NULL, "joins", TRI_NO, ""},
    {joins_as_before, "joins", TRI_YES, "10.0.0.1, 10.0.0.2:4648, s3.example"},
    {to_be_started, "joins-reach", TRI_YES, "10.0.0.1:4647"},
    {nobody_there, "joins-reach", TRI_YES, "10.0.0.2:4647"},
    {joins_by_block, "joins", TRI_YES,
     "[fd00::1]:4648, provider=aws ..., {{ GetPrivateIP }}, 10.9.9.9"},
    {joins_in_json, "joins", TRI_YES, "10.7.7.7"},
    {joins_many, "joins", TRI_UNKNOWN, "more addresses than fit"},
    {joins_unread, "joins", TRI_UNKNOWN, "z.hcl"},
    {NULL, "is.region", TRI_NO, "not in"},
    {NULL, "is.data_dir", TRI_YES, "/opt/nomad"},
    {NULL, "is.server", TRI_YES, "true"},
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
    {by_options, "is.datacenter", TRI_YES, "dc1"},
    {by_options, "is.region", TRI_YES, "x"},
    {by_broken_options, "is.datacenter", TRI_YES, "dc1"},
    {by_broken_options, "is.node_class", TRI_UNKNOWN, "z.hcl"},
    {by_flags, "is.client", TRI_YES, "true"},
    {by_flags, "is.server", TRI_YES, "true"},
    {by_flags, "is.acl", TRI_UNKNOWN,
     "the option -acl-enabled of Nomad's command: the value is no plain text"},
    {by_no_flag, "is.server", TRI_YES, "true"},
    {by_a_template, "is.bind_addr", TRI_UNKNOWN, "the option -bind of Nomad's command"},
    {by_dev_connect, "is.server", TRI_UNKNOWN, "-dev"},
    {by_dev_connect, "stop-drains", TRI_YES, "drain_on_shutdown"},
    {unit_written, "config-newer", TRI_YES, "/etc/systemd/system/nomad.service was written"},
    {drop_in_written, "config-newer", TRI_YES, "/etc/systemd/system/n.d/b.conf was written"},
    {unit_generated, "config-newer", TRI_NO, ""},
    {by_options, "is.node_class", TRI_YES, "big"},
    {by_dev, "is.region", TRI_UNKNOWN, "-dev"},
    {odd_truth, "is.acl", TRI_UNKNOWN, "no plain text"},
    {other_files, "is.datacenter", TRI_UNKNOWN,
     "/etc/nomad.d is not what Nomad's process sees there"},
    {other_files, "is.server", TRI_UNKNOWN, "is not what Nomad's process sees there"},
    {another_file, "is.datacenter", TRI_UNKNOWN,
     "/etc/nomad.d/a.hcl is not what Nomad's process sees there"},
    {taken_back, "is.server", TRI_YES, "true"},
    {taken_back, "is.acl", TRI_YES, "true"},
    {taken_back, "is.datacenter", TRI_YES, "dc7"},
    {taken_back, "is.region", TRI_NO, "not in"},
    {taken_back, "stop-leaves", TRI_UNKNOWN, "leave_on_terminate is set"},
    {taken_back_from_a_variable, "is.acl", TRI_UNKNOWN, "no plain text"},
    {NULL, "stop-leaves", TRI_NO, ""},
    {broken, "stop-leaves", TRI_UNKNOWN, "z.hcl"},
    {leave_int, "stop-leaves", TRI_UNKNOWN, "leave_on_interrupt is set, but it is not known"},
    {leave_term, "stop-leaves", TRI_UNKNOWN, "leave_on_terminate is set, but it is not known"},
    {NULL, "stop-drains", TRI_NO, ""},
    {drains_never, "stop-drains", TRI_NO, ""},
    {drains, "stop-drains", TRI_UNKNOWN, "drain_on_shutdown (/etc/nomad.d/a.hcl, line 3)"},
    {drains_no_client, "stop-drains", TRI_NO, ""},
    {drains_client_by_option, "stop-drains", TRI_UNKNOWN, "drain_on_shutdown"},
    {broken, "stop-drains", TRI_UNKNOWN, "z.hcl"},
    {NULL, "config-newer", TRI_NO, ""},
    {written, "config-newer", TRI_YES, "/etc/nomad.d/a.hcl was written"},
    {environment_written, "config-newer", TRI_YES, "/etc/n.env was written"},
    {taken_out, "config-newer", TRI_UNKNOWN, "/etc/nomad.d changed"},
    {by_a_link, "is.data_dir", TRI_YES, "/opt/nomad"},
    {by_a_link_of_a_client, "is.data_dir", TRI_YES, "/data/nomad"},
    {elsewhere_of_a_client, "is.data_dir", TRI_YES, "/opt/nomad"},
    {written_and_stopped, "config-newer", TRI_NO, "does not run"},
    {broken, "config-newer", TRI_UNKNOWN, "z.hcl"},
};

static const struct ready_host host = {NULL, rows, ARRAY_LEN(rows)};

static void the_hosts_name_is_the_default(void **state)
{
    struct ready_bench *b = *state;
    char name[256] = "";

    assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
    ready_is(b, "is.name", TRI_YES, name);
    ready_put(b, "/etc/nomad.d/a.hcl", "name = \"other\"\n");
    ready_is(b, "is.name", TRI_YES, "other");
}

/* A path that hangs, or a value that is no plain text, makes no other fact unknown. */
static void one_question_alone(void **state)
{
    struct ready_bench *b = *state;

    volume_hangs(b);
    ready_put(b, "/etc/nomad.d/c.hcl", "name = \"${x}\"\n");
    ready_survey(b);
    for (uint32_t i = 0; i < b->s.n; i++) {
        const struct fact *f = &b->s.list[i];

        if (str_starts(f->id, "is.") && !str_eq(f->id, "is.name"))
            assert_int_not_equal(f->value, TRI_UNKNOWN);
    }
    ready_is(b, "is.name", TRI_UNKNOWN, "");
    ready_is(b, "raft-peers-file", TRI_NO, "");
    ready_is(b, "certificate-expired", TRI_NO, "");
    ready_is(b, "law-refuses", TRI_NO, "");
}

static void leaves_by_its_command(void **state)
{
    struct ready_bench *b = *state;

    drains(b);
    b->m.about.stop_signal = SIGTERM;
    str_cut(b->m.about.stop.text, sizeof(b->m.about.stop.text), "ExecStop=/bin/kill -INT $MAINPID");
    ready_is(b, "stop-leaves", TRI_UNKNOWN, "leave_on_interrupt is set, but it is not known");
    ready_is(b, "stop-drains", TRI_UNKNOWN, "");
    str_cut(b->m.about.stop.text, sizeof(b->m.about.stop.text), "ExecStopPost=/bin/true");
    ready_is(b, "stop-leaves", TRI_NO, "");
}

static void leaves_by_its_signal(void **state)
{
    static const struct {
        int signal;
        ready_change *change;
        enum tri leaves, drains;
    } stops[] = {
        {SIGINT, drains, TRI_YES, TRI_YES},     {SIGTERM, drains, TRI_NO, TRI_NO},
        {SIGTERM, leave_term, TRI_YES, TRI_NO}, {SIGINT, leave_term, TRI_NO, TRI_NO},
        {SIGQUIT, leave_term, TRI_NO, TRI_NO},  {SIGINT, broken, TRI_UNKNOWN, TRI_UNKNOWN},
        {SIGINT, drains_never, TRI_NO, TRI_NO}, {SIGINT, NULL, TRI_NO, TRI_NO},
        {0, drains, TRI_UNKNOWN, TRI_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        struct ready_bench *b;

        ready_again(state);
        b = *state;
        if (stops[i].change != NULL)
            stops[i].change(b);
        b->m.about.stop_signal = stops[i].signal;
        ready_is(b, "stop-leaves", stops[i].leaves, "");
        ready_is(b, "stop-drains", stops[i].drains, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY_ROWS,
        READY_TEST(the_hosts_name_is_the_default),
        READY_TEST(one_question_alone),
        READY_TEST(leaves_by_its_signal),
        READY_TEST(leaves_by_its_command),
    };

    return cmocka_run_group_tests_name("facts_values", tests, NULL, NULL);
}
