#include "cleanup.h"
#include "fuzz_target.h"
#include "nomad_parse.h"
#include "str.h"

/* The first byte selects one of Nomad's answers; the rest is the content of that answer. */

static void check_text(const char *s)
{
    FUZZ_CHECK(s != NULL && strlen(s) < TEXT_MAX);
}

static void leader(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    const char *text = NULL;
    if (parse_leader(p, n, a, &text, err) == 0)
        check_text(text);
}

static void members(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    struct member *m = NULL;
    size_t count = 0;
    const char *region = NULL;
    if (parse_members(p, n, a, &m, &count, &region, err) < 0)
        return;
    check_text(region);
    FUZZ_CHECK(count <= NOMAD_MEMBERS_MAX);
    for (size_t i = 0; i < count; i++) {
        check_text(m[i].id);
        check_text(m[i].addr);
        FUZZ_CHECK(m[i].rpc_port >= 0 && m[i].raft_protocol >= 0);
    }
}

static void self(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    struct self_answer s;
    if (parse_self(p, n, a, &s, err) < 0)
        return;
    check_text(s.raft_id);
    check_text(s.rpc_addr);
    check_text(s.view.version);
    check_text(s.view.running.data_dir);
    check_text(s.view.running.advertise_http);
    FUZZ_CHECK(!s.view.voter || s.view.voter_known);
    FUZZ_CHECK(s.view.last_contact_ms >= -1 && s.heartbeat_age_ms >= -1);
}

static void peers(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    struct server_view v;
    struct peer *list = NULL;
    size_t count = 0;
    memset(&v, 0, sizeof(v));
    if (parse_autopilot(p, n, a, &v, err) == 0)
        FUZZ_CHECK(v.n_autopilot <= NOMAD_PEERS_MAX && v.failure_tolerance >= 0);
    if (parse_raft(p, n, a, &list, &count, err) == 0)
        FUZZ_CHECK(count <= NOMAD_PEERS_MAX);
    for (size_t i = 0; i < count; i++)
        check_text(list[i].id);
}

static void nodes(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    autofree struct node_told *hosts = NULL;
    size_t count = 0;
    if (parse_nodes(p, n, a, &hosts, &count, err) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        check_text(hosts[i].node_id);
        FUZZ_CHECK(hosts[i].node_id[0] != '\0');
        check_text(hosts[i].addr);
        FUZZ_CHECK(hosts[i].client.n_drivers <= NOMAD_DRIVERS_MAX);
    }
}

static void node(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    struct node_told h;
    bool tls = false;
    if (parse_node(p, n, a, &h, &tls, err) < 0)
        return;
    check_text(h.client.http_addr);
    check_text(h.addr);
    check_text(h.client.drain_meta_run);
}

static void allocs(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    struct alloc_view *list = NULL;
    size_t count = 0;
    if (parse_allocs(p, n, a, &list, &count, err) == 0)
        FUZZ_CHECK(count <= NOMAD_ALLOCS_MAX);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(list[i].started_ns >= 0);
}

static void rest(const uint8_t *p, size_t n, struct arena *a, struct err *err)
{
    int well = -1;
    char *text = arena_strndup(a, (const char *)p, MIN_OF(n, (size_t)60));
    if (parse_health(p, n, "client", &well, err) == 0)
        FUZZ_CHECK(well >= TRI_UNKNOWN && well <= TRI_YES);
    FUZZ_CHECK(parse_time_ns(text) >= -86400LL * 1000000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const answers[])(const uint8_t *, size_t, struct arena *, struct err *) = {
        leader, members, self, peers, nodes, node, allocs, rest};
    auto_arena struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    if (size > 0)
        answers[data[0] % ARRAY_LEN(answers)](data + 1, size - 1, &a, &err);
    return 0;
}
