/* facts_ready.h on a model host: each fact as yes, no and unknown; and the cost of the questions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "api_place.h"
#include "model_vendor.h"
#include "ready_bench.h"
#include "str.h"

static void demanded(struct ready_bench *b)
{
    b->law.require_vendor_signature = true;
    b->p.conf.vendor_keys = model_vendor_keys;
    model_vendor_open(&b->m);
    ready_put(b, GPGV_PROGRAM, "");
}
static void demanded_without_gpgv(struct ready_bench *b)
{
    demanded(b);
    model_fs_drop(&b->m.fs, GPGV_PROGRAM);
}
static void demanded_without_keys(struct ready_bench *b)
{
    demanded(b);
    model_fs_drop(&b->m.fs, MODEL_KEYS);
}
static void mute(struct ready_bench *b)
{
    b->m.status = 500;
}
static void fails(struct ready_bench *b)
{
    b->m.process.since_ms = b->m.uptime_ms; /* model_host.c: Nomad does not answer yet */
}
static void listens_elsewhere(struct ready_bench *b)
{
    fails(b);
    b->m.tcp.n = 2;
    b->m.tcp.list[0] =
        (struct tcp_listener){.address = "10.0.0.5", .port = 4646, .inode = 1, .own = true};
    b->m.tcp.list[1] = (struct tcp_listener){
        .address = "::", .any = true, .six = true, .port = 4647, .inode = 2, .own = true};
}
static void young(struct ready_bench *b)
{
    fails(b);
    b->m.uptime_ms = 5000;
}
/* A Nomad that listens elsewhere will not answer later either. */
static void young_and_elsewhere(struct ready_bench *b)
{
    listens_elsewhere(b);
    b->m.uptime_ms = 5000;
}
static void stopped(struct ready_bench *b)
{
    b->m.process.there = false;
}

static void other_at(struct ready_bench *b, const char *address, uint16_t port)
{
    struct tcp_listener *l = &b->m.tcp.list[b->m.tcp.n++];

    *l = (struct tcp_listener){.port = port, .inode = 7, .any = str_eq(address, "0.0.0.0")};
    str_cut(l->address, sizeof(l->address), address);
    b->m.owner = (struct host_owner){.there = true, .pid = 77, .name = "nginx"};
}
static void a_proxy(struct ready_bench *b)
{
    other_at(b, "127.0.0.1", 4646);
}
static void a_page(struct ready_bench *b)
{
    a_proxy(b);
    b->m.leader = "<!DOCTYPE html><title>It works</title>";
}
static void a_proxy_without_such_a_path(struct ready_bench *b)
{
    a_proxy(b);
    b->m.leader = "<html>404 Not Found</html>";
    b->m.status = 404;
}
static void a_program_content_with_all(struct ready_bench *b)
{
    a_proxy(b);
    b->m.leader = "{\"status\":\"ok\"}";
}
static void the_same_on_a_client(struct ready_bench *b)
{
    a_proxy(b);
    b->server = false;
    b->m.health = "{\"status\":\"ok\"}";
}
static void asked_without_tls(struct ready_bench *b)
{
    b->server = false;
    b->m.health = "Client sent an HTTP request to an HTTPS server.\n";
    b->m.status = 400;
}
static void api_here(struct ready_bench *b, const char *config)
{
    b->m.tcp.n = 1;
    b->m.tcp.list[0] = (struct tcp_listener){
        .address = "0.0.0.0", .any = true, .port = 4646, .inode = 1, .own = true};
    ready_put(b, "/etc/nomad.d/a.hcl", config);
}
static void stays(struct ready_bench *b)
{
    api_here(b, "");
}
static void stays_among_others(struct ready_bench *b)
{
    api_here(b, "bind_addr = \"10.0.0.5\"\naddresses { http = \"10.0.0.5 127.0.0.1\" }\n");
}
static void moves_by_bind(struct ready_bench *b)
{
    b->server = false;
    api_here(b, "bind_addr = \"10.0.0.5\"\n");
}
static void moves_by_address(struct ready_bench *b)
{
    api_here(b, "bind_addr = \"0.0.0.0\"\naddresses { http = \"10.0.0.5\" }\n");
}
static void moves_by_port(struct ready_bench *b)
{
    api_here(b, "ports { http = 5646 }\n");
}
static void moves_to_tls(struct ready_bench *b)
{
    api_here(b, "tls { http = true }\n");
}
static void moves_from_tls(struct ready_bench *b)
{
    api_here(b, "");
    b->p.conf.api = "https://127.0.0.1:4646";
}
static void was_with_tls(struct ready_bench *b) /* Nomad wants TLS, and its answer says so */
{
    moves_to_tls(b);
    b->m.status = 400;
}
static void moves_by_option(struct ready_bench *b)
{
    api_here(b, "");
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d -bind=10.0.0.6");
}
static void a_second_nomad(struct ready_bench *b)
{
    a_proxy(b);
    str_cut(b->m.owner.name, sizeof(b->m.owner.name), "nomad");
}
static void api_taken(struct ready_bench *b)
{
    fails(b);
    a_proxy(b);
}
static void api_taken_by_all(struct ready_bench *b)
{
    fails(b);
    other_at(b, "0.0.0.0", 4646);
}
static void api_of_another_address(struct ready_bench *b)
{
    fails(b);
    other_at(b, "127.0.0.2", 4646);
}
static void by_its_child(struct ready_bench *b)
{
    api_taken(b);
    b->m.owner.own = true;
}
static void nobody_found(struct ready_bench *b)
{
    api_taken(b);
    b->m.owner.there = false;
}
static void rpc_taken(struct ready_bench *b)
{
    other_at(b, "10.0.0.9", 4647);
}
static void rpc_of_another_address(struct ready_bench *b)
{
    rpc_taken(b);
    ready_put(b, "/etc/nomad.d/a.hcl", "bind_addr = \"10.0.0.8\"\n");
}
static void rpc_of_a_client(struct ready_bench *b)
{
    rpc_taken(b);
    b->server = false;
}
static void rpc_is_own(struct ready_bench *b)
{
    other_at(b, "10.0.0.8", 4647);
    b->m.tcp.list[0].own = true;
    rpc_taken(b);
}
static void serf_by_port(struct ready_bench *b)
{
    other_at(b, "0.0.0.0", 5555);
    ready_put(b, "/etc/nomad.d/a.hcl", "ports { serf = 5555 }\nbind_addr = \"10.0.0.8\"\n");
}
static void no_table(struct ready_bench *b)
{
    b->m.no_tcp = true;
}

static void held(struct ready_bench *b)
{
    b->m.held = true;
}
static void peer_restores(struct ready_bench *b)
{
    b->m.odd_peer = "10.0.0.2:4647";
    b->m.odd = PEER_MUTE;
}
static void two_gone(struct ready_bench *b)
{
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\"]";
}
static void no_leader(struct ready_bench *b)
{
    b->m.leader = "\"\"";
}
static void no_answers(struct ready_bench *b)
{
    b->m.leader = "";
}
static void a_client_alone(struct ready_bench *b)
{
    b->m.leader = "";
    b->server = false;
}
/* The model's clock: Tuesday 2023-11-14, 23:13:20 UTC. */
static void has_hours(struct ready_bench *b, const char *text)
{
    static struct hours hours;
    struct err err = ERR_INIT;

    if (hours_parse(text, &hours, &err) < 0)
        fail_msg("%s", err.text);
    b->law.hours = &hours;
    b->law.hours_text = text;
}
static void in_hours(struct ready_bench *b)
{
    has_hours(b, "tue 23:00-24:00 UTC");
}
static void outside_hours(struct ready_bench *b)
{
    has_hours(b, "23:30-05:00 UTC");
}
static void two_signers(struct ready_bench *b)
{
    b->law.release_threshold = 2;
}
static void two_operators(struct ready_bench *b)
{
    static struct operators o;
    struct err err = ERR_INIT;

    if (operators_parse("anna,berta", &o, &err) < 0)
        fail_msg("%s", err.text);
    b->law.operators = &o;
}
static void swapped_now(struct ready_bench *b)
{
    b->law.gap_ms = 30000;
    b->p.rec.swapped_ms = b->m.uptime_ms;
}
static void swapped_and_long(struct ready_bench *b)
{
    swapped_now(b);
    b->law.gap_ms = 3600 * 1000;
}
static void swapped_and_no_quorum(struct ready_bench *b)
{
    swapped_now(b);
    two_gone(b);
}

static void some_places(struct ready_bench *b)
{
    b->law.url_prefixes = "https://a.example/ http://b.example/x";
}
static void too_many_places(struct ready_bench *b)
{
    static char list[1000];
    memset(list, 'x', sizeof(list) - 1);
    b->law.url_prefixes = list;
}
static void root_allows(struct ready_bench *b)
{
    b->law.allow_stop = b->law.start_stopped = true;
}
static void file_places(struct ready_bench *b)
{
    b->law.allow_file_urls = true;
}

static void seed_at(struct ready_bench *b, const char *url)
{
    b->m.seed_socket = true;
    b->p.conf.seed_url = url;
}
static void a_seed(struct ready_bench *b)
{
    seed_at(b, "http://10.0.0.5:4655/");
}
static void a_seed_without_a_slash(struct ready_bench *b)
{
    seed_at(b, "http://10.0.0.5:4655");
}
static void a_seed_that_does_not_listen(struct ready_bench *b)
{
    a_seed(b);
    b->m.seed_socket = false;
}
static void a_seed_without_a_url(struct ready_bench *b)
{
    seed_at(b, "");
}
static void a_seed_with_a_query(struct ready_bench *b)
{
    seed_at(b, "http://10.0.0.5:4655/?file=");
}
static void a_seed_in_files(struct ready_bench *b)
{
    seed_at(b, "file:///srv/");
}
static void a_seed_of_a_user(struct ready_bench *b)
{
    seed_at(b, "http://you@10.0.0.5:4655/");
}
static void a_seed_nobody_tells_of(struct ready_bench *b)
{
    a_seed(b);
    b->m.no_manager = true;
}

static const struct ready_row rows[] = {
    {NULL, "vendor-signature", TRI_NO, ""},
    {demanded, "vendor-signature", TRI_YES, ""},
    {demanded, "vendor-unready", TRI_NO, ""},
    {demanded_without_gpgv, "vendor-unready", TRI_YES, "gpgv is not installed"},
    {demanded_without_keys, "vendor-unready", TRI_YES, "the keyring /share/keys does not exist"},
    {a_page, "api-silent", TRI_YES, "http://127.0.0.1:4646: another program answers there"},
    {a_proxy_without_such_a_path, "api-silent", TRI_YES, "not Nomad's API (HTTP status 404)"},
    {a_program_content_with_all, "api-silent", TRI_YES, "not Nomad's API"},
    {the_same_on_a_client, "api-silent", TRI_YES, "not Nomad's API"},
    {asked_without_tls, "api-silent", TRI_NO, "answers"},
    {a_page, "port-taken", TRI_YES, "process 77 (nginx) listens at 127.0.0.1:4646"},
    {NULL, "api-silent", TRI_NO, "http://127.0.0.1:4646 answers"},
    {mute, "api-silent", TRI_YES, "http://127.0.0.1:4646: HTTP status 500"},
    {fails, "api-silent", TRI_YES, "refused; no listening socket"},
    {listens_elsewhere, "api-silent", TRI_YES, "listens at 10.0.0.5:4646, [::]:4647"},
    {young, "api-silent", TRI_UNKNOWN, "just now"},
    {young_and_elsewhere, "api-silent", TRI_YES, "listens at 10.0.0.5:4646"},
    {stopped, "api-silent", TRI_NO, "does not run"},
    {stays, "api-moves", TRI_NO, ""},
    {stays_among_others, "api-moves", TRI_NO, ""},
    {moves_by_bind, "api-moves", TRI_YES, "at 10.0.0.5, port 4646; caravan-swap asks at"},
    {moves_by_address, "api-moves", TRI_YES, "at 10.0.0.5, port 4646"},
    {moves_by_port, "api-moves", TRI_YES, "at 0.0.0.0, port 5646"},
    {moves_to_tls, "api-moves", TRI_YES, "listen with TLS"},
    {moves_from_tls, "api-moves", TRI_YES, "listen without TLS"},
    {moves_by_option, "api-moves", TRI_YES, "at 10.0.0.6"},
    {NULL, "port-taken", TRI_NO, ""},
    {a_proxy, "port-taken", TRI_NO, ""},
    {a_second_nomad, "port-taken", TRI_YES, "process 77 (nomad) listens at 127.0.0.1:4646"},
    {api_taken, "port-taken", TRI_YES, "process 77 (nginx) listens at 127.0.0.1:4646, the API"},
    {api_taken_by_all, "port-taken", TRI_YES, "0.0.0.0:4646"},
    {api_of_another_address, "port-taken", TRI_NO, ""},
    {by_its_child, "port-taken", TRI_NO, ""},
    {nobody_found, "port-taken", TRI_UNKNOWN, "a process listens at 127.0.0.1:4646"},
    {rpc_taken, "port-taken", TRI_YES, "10.0.0.9:4647, the RPC port"},
    {rpc_of_another_address, "port-taken", TRI_NO, ""},
    {rpc_of_a_client, "port-taken", TRI_NO, ""},
    {rpc_is_own, "port-taken", TRI_NO, ""},
    {serf_by_port, "port-taken", TRI_YES, "0.0.0.0:5555, the serf port"},
    {no_table, "port-taken", TRI_UNKNOWN, "no table"},
    {NULL, "law-refuses", TRI_NO, ""},
    {held, "law-refuses", TRI_YES, "hold file"},
    {peer_restores, "law-refuses", TRI_YES, "10.0.0.2:4647 is connected but does not serve"},
    {two_gone, "law-refuses", TRI_YES, "without this server 1 of 2"},
    {no_leader, "law-refuses", TRI_YES, "no leader"},
    {no_answers, "law-refuses", TRI_YES, "could not be asked"},
    {a_client_alone, "law-refuses", TRI_NO, ""},
    {in_hours, "law-refuses", TRI_NO, ""},
    {in_hours, "hours", TRI_YES, "47 tue 23:00-24:00 UTC"},
    {outside_hours, "law-refuses", TRI_YES, "they begin again at Tue 23:30"},
    {outside_hours, "hours", TRI_NO, "17 23:30-05:00 UTC"},
    {two_signers, "release-threshold", TRI_YES, "2"},
    {two_operators, "operators", TRI_YES, "anna, berta"},
    {two_operators, "law-refuses", TRI_NO, ""},
    {swapped_now, "law-refuses", TRI_NO, ""},
    {swapped_and_long, "law-refuses", TRI_YES, "root demands 3600000 ms"},
    {swapped_and_no_quorum, "law-refuses", TRI_YES, "without this server 1 of 2"},
    {NULL, "url-prefixes", TRI_NO, ""},
    {NULL, "file-urls", TRI_NO, ""},
    {some_places, "url-prefixes", TRI_YES, "https://a.example/ http://b.example/x"},
    {too_many_places, "url-prefixes", TRI_UNKNOWN, "longer than a fact can be"},
    {file_places, "file-urls", TRI_YES, ""},
    {NULL, "seed", TRI_NO, ""},
    {a_seed, "seed", TRI_YES, "http://10.0.0.5:4655/"},
    {a_seed_without_a_slash, "seed", TRI_YES, "http://10.0.0.5:4655/"},
    {a_seed_that_does_not_listen, "seed", TRI_UNKNOWN, "systemctl enable --now caravan-seed"},
    {a_seed_without_a_url, "seed", TRI_UNKNOWN, "[seed] url of agent.conf is empty"},
    {a_seed_with_a_query, "seed", TRI_UNKNOWN, "it has a query"},
    {a_seed_in_files, "seed", TRI_UNKNOWN, "neither http:// nor https://"},
    {a_seed_of_a_user, "seed", TRI_UNKNOWN, "of agent.conf cannot be used"},
    {a_seed_nobody_tells_of, "seed", TRI_UNKNOWN, "systemd could not be asked"},
    {NULL, "stop-allowed", TRI_NO, "allow_stop = yes below [law]"},
    {NULL, "start-stopped", TRI_NO, "start_stopped = yes below [law]"},
    {root_allows, "stop-allowed", TRI_YES, ""},
    {root_allows, "start-stopped", TRI_YES, ""},
};

static const struct ready_host host = {NULL, rows, ARRAY_LEN(rows)};

static void where_it_cannot_be_compared_it_is_not_told(void **state)
{
    ready_change *const changes[] = {NULL, a_proxy, was_with_tls, fails};

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct ready_bench *b;

        ready_again(state);
        b = *state;
        if (changes[i] != NULL)
            changes[i](b);
        ready_put(b, "/etc/nomad.d/b.hcl", "ports { http = 5646 }\n");
        ready_survey(b);
        assert_null(facts_survey_find(&b->s, "api-moves"));
    }
}

static void addresses_that_reach(void **state)
{
    static const struct {
        const char *listens, *address;
        enum tri reaches;
    } ways[] = {
        {"0.0.0.0", "127.0.0.1", TRI_YES},
        {"0.0.0.0", "::1", TRI_NO},
        {"::", "127.0.0.1", TRI_YES},
        {"::", "::1", TRI_YES},
        {"127.0.0.1", "127.0.0.1", TRI_YES},
        {"10.0.0.5", "127.0.0.1", TRI_NO},
        {"10.0.0.5  127.0.0.1 ", "127.0.0.1", TRI_YES},
        {"fd00:0::1", "fd00::1", TRI_YES},
        {"host.example", "127.0.0.1", TRI_UNKNOWN},
        {"", "127.0.0.1", TRI_NO},
        {"127.0.0.1", "localhost", TRI_UNKNOWN},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        if (api_place_reaches(ways[i].listens, ways[i].address) != ways[i].reaches)
            fail_msg("row %zu", i);
    }
}

/* The questions are asked from time to time, and at once after a change. */
static void asked_once_in_a_while(void **state)
{
    struct ready_bench *b = *state;
    unsigned asks;

    ready_survey(b);
    asks = b->m.asks;
    assert_true(asks > 0);
    b->m.uptime_ms += FACTS_KEPT_MS - 1;
    ready_survey(b);
    assert_int_equal(b->m.asks, asks);
    b->m.held = true;
    ready_survey(b);
    assert_true(b->m.asks > asks);
    asks = b->m.asks;
    ready_is(b, "law-refuses", TRI_YES, "hold file");
    assert_int_equal(b->m.asks, asks);
    b->m.uptime_ms += FACTS_KEPT_MS;
    ready_survey(b);
    assert_true(b->m.asks > asks);
    asks = b->m.asks;
    b->m.process.pid++;
    ready_survey(b);
    assert_true(b->m.asks > asks);
}

/* The fact is not kept as long as the others: the end of the hours and the next begin are known. */
static void asked_when_hours_change(void **state)
{
    struct ready_bench *b = *state;

    in_hours(b);
    ready_is(b, "law-refuses", TRI_NO, "");
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
    b->m.wall_ns += 47 * 60 * INT64_C(1000000000);
    assert_int_equal(facts_ready_due(&b->p), 0);
    ready_is(b, "hours", TRI_NO, " tue 23:00-24:00 UTC");
    ready_is(b, "law-refuses", TRI_YES, "outside root's hours");
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
    b->m.wall_ns -= 47 * 60 * INT64_C(1000000000);
    assert_int_equal(facts_ready_due(&b->p), 0);
    ready_is(b, "law-refuses", TRI_NO, "");
}

static void last_step(struct phases *p)
{
    (void)p;
}

/* The view shows a finished stage before its last step is over. */
static void a_stage_is_no_reason(void **state)
{
    struct ready_bench *b = *state;

    b->p.now.then = last_step;
    ready_is(b, "law-refuses", TRI_NO, "");
    b->m.held = true;
    ready_is(b, "law-refuses", TRI_YES, "hold file");
    b->p.now.then = NULL;
}

/* A silent API is not asked for its leader too: that would take as long again. */
static void a_silent_api_is_asked_twice(void **state)
{
    struct ready_bench *b = *state;

    fails(b);
    ready_is(b, "law-refuses", TRI_YES, "could not be asked");
    assert_int_equal(b->m.asks, 2);
}

static void its_place_by_what_listens(void **state)
{
    static const struct {
        const char *url;
        bool server, sure;
        uint16_t own[3], other; /* at 10.0.0.5; port 4646 at 127.0.0.1: see `here` */
        bool here;
        enum api_place place;
    } ways[] = {
        {"http://127.0.0.1:4646", false, true, {0}, 0, false, API_NOWHERE},
        {"http://127.0.0.1:4646", false, true, {0}, 0, true, API_HERE},
        {"http://127.0.0.1:4646", false, true, {4646}, 0, false, API_ELSEWHERE},
        {"http://127.0.0.1:4646", false, false, {4646}, 0, false, API_ELSEWHERE},
        {"http://127.0.0.1:4646", false, true, {5646}, 0, false, API_ELSEWHERE},
        {"http://127.0.0.1:4646", false, false, {5646}, 0, false, API_NOWHERE}, /* perhaps a task's
                                                                                   socket */
        {"http://127.0.0.1:4646", false, true, {0}, 4646, false, API_NOWHERE},
        {"http://127.0.0.1:4646", true, true, {4647, 4648}, 0, false, API_NOWHERE},
        {"http://127.0.0.1:4646", true, true, {4647, 4648, 5646}, 0, false, API_ELSEWHERE},
        {"unix:///run/nomad", false, true, {5646}, 0, false, API_UNKNOWN},
        {NULL, false, true, {5646}, 0, false, API_UNKNOWN},
    };
    autofree struct tcp_table *t = xzalloc(1, sizeof(*t));
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        t->n = 0;
        for (size_t k = 0; k < 3 && ways[i].own[k] != 0; k++)
            t->list[t->n++] =
                (struct tcp_listener){.address = "10.0.0.5", .port = ways[i].own[k], .own = true};
        if (ways[i].other != 0)
            t->list[t->n++] = (struct tcp_listener){.address = "10.0.0.5", .port = ways[i].other};
        if (ways[i].here)
            t->list[t->n++] =
                (struct tcp_listener){.address = "127.0.0.1", .port = 4646, .own = true};
        if (api_place_judge(t, ways[i].url, ways[i].server, ways[i].sure) != ways[i].place)
            fail_msg("row %zu", i);
    }
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
        int rc = api_place_parse(urls[i].url, address, &port);

        assert_int_equal(rc, urls[i].address != NULL ? 0 : -1);
        if (rc == 0) {
            assert_string_equal(address, urls[i].address);
            assert_int_equal(port, urls[i].port);
        }
    }
}

/* After a bad answer the question is asked again soon, and less often the longer it stays bad. */
static void bad_answers_are_asked_again(void **state)
{
    struct ready_bench *b = *state;
    int64_t waits[8];

    ready_survey(b);
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
    no_leader(b);
    b->p.asked.at_ms = 0;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        ready_survey(b);
        waits[i] = facts_ready_due(&b->p);
        b->m.uptime_ms += waits[i];
    }
    assert_int_equal(waits[0], FACTS_AGAIN_MS);
    assert_int_equal(waits[1], 2 * FACTS_AGAIN_MS);
    assert_int_equal(waits[7], FACTS_KEPT_MS);
    b->m.uptime_ms = 5000; /* Nomad is young: the questions do not become rarer */
    b->p.asked.at_ms = 0;
    for (size_t i = 0; i < 3; i++) {
        ready_survey(b);
        assert_int_equal(facts_ready_due(&b->p), FACTS_AGAIN_MS);
        b->m.uptime_ms += FACTS_AGAIN_MS;
    }
    b->m.leader = "\"10.0.0.1:4647\"";
    ready_is(b, "law-refuses", TRI_NO, "");
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
    b->m.held = true; /* caravan-swap notices the hold file without a new survey */
    ready_is(b, "law-refuses", TRI_YES, "hold file");
    assert_true(facts_ready_due(&b->p) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY_ROWS,
        READY_TEST(where_it_cannot_be_compared_it_is_not_told),
        cmocka_unit_test(addresses_that_reach),
        READY_TEST(asked_once_in_a_while),
        READY_TEST(asked_when_hours_change),
        READY_TEST(a_stage_is_no_reason),
        READY_TEST(a_silent_api_is_asked_twice),
        READY_TEST(bad_answers_are_asked_again),
        cmocka_unit_test(its_place_by_what_listens),
        cmocka_unit_test(addresses_of_the_api),
    };

    return cmocka_run_group_tests_name("facts_ready", tests, NULL, NULL);
}
