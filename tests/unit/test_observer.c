/* Observations of a Nomad of canned answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/resource.h>
#include "gate.h"
#include "nomad_desk.h"
#include "str.h"

struct scene {
    struct watched w;
    int servers, nodes;
    int hangs;    /* this server answers nothing; -1 */
    int denies;   /* 403 to everything but the leader; -1 */
    int impostor; /* reports another server's raft id; -1 */
    bool doubled; /* pages overlap */
    bool node_lists_fail;
    const char *build;
    int pages;   /* asked for */
    int details; /* requested records of single nodes */
    int asked;   /* in all */
};

static void members(const struct scene *s, struct buf *out)
{
    buf_add_str(out, "{\"Members\":[");
    for (int i = 0; i < s->servers; i++)
        buf_printf(
            out,
            "%s{\"Name\":\"s%d.global\",\"Addr\":\"10.0.0.%d\",\"Status\":\"alive\",\"Tags\":"
            "{\"role\":\"nomad\",\"id\":\"id-%d\",\"region\":\"global\",\"build\":\"%s\","
            "\"port\":\"4647\"}}",
            i > 0 ? "," : "", i, i, i, s->build);
    buf_add_str(out, "]}");
}

static void self(const struct scene *s, int server, struct buf *out)
{
    int id = server == s->impostor ? 0 : server;
    buf_printf(out,
               "{\"config\":{\"Region\":\"global\",\"Version\":{\"Version\":\"%s\"}},\"member\":"
               "{\"Tags\":{\"id\":\"id-%d\"}},\"stats\":{\"raft\":{\"state\":\"%s\"}}}",
               s->build, id, server == 0 ? "Leader" : "Follower");
}

static void node_stub(struct buf *out, int i)
{
    buf_printf(out,
               "{\"ID\":\"node-%05d\",\"Name\":\"c%05d\",\"Address\":\"10.1.%d.%d\",\"Datacenter\":"
               "\"dc1\",\"NodeClass\":\"\",\"NodePool\":\"default\",\"Version\":\"1.10.5\","
               "\"Status\":\"ready\",\"SchedulingEligibility\":\"eligible\",\"Drain\":false,"
               "\"ModifyIndex\":%d,\"Drivers\":{\"docker\":{\"Detected\":true,\"Healthy\":true,"
               "\"HealthDescription\":\"Healthy\",\"UpdateTime\":\"2026-11-22T10:58:11Z\","
               "\"Attributes\":{\"driver.docker\":\"1\",\"driver.docker.version\":\"24.0.5\"}},"
               "\"exec\":{\"Detected\":true,\"Healthy\":true,\"HealthDescription\":\"Healthy\","
               "\"UpdateTime\":\"2026-11-22T10:58:11Z\",\"Attributes\":{\"driver.exec\":\"1\"}}}}",
               i, i, i / 250, i % 250, i + 10);
}

static void nodes(struct scene *s, const char *token, struct desk_answer *ret)
{
    uint64_t first = 0;
    int size = s->pages >= 0 ? NODES_PAGE : s->nodes;
    if (token != NULL && str_to_u64(token, 1000000, &first) < 0)
        abort();
    s->pages++;
    int from = (int)first - (s->doubled && first > 0 ? 5 : 0);
    int to = MIN_OF(from + size, s->nodes);
    buf_add_str(&ret->body, "[");
    for (int i = from; i < to; i++) {
        if (i > from)
            buf_add_str(&ret->body, ",");
        node_stub(&ret->body, i);
    }
    buf_add_str(&ret->body, "]");
    if (to < s->nodes)
        snprintf(ret->next_token, sizeof(ret->next_token), "%d", to);
    ret->index = 77;
}

static void answer(void *ctx, int server, const char *path, const char *token,
                   struct desk_answer *ret)
{
    struct scene *s = ctx;
    s->asked++;
    ret->status = 200;
    if (server == s->hangs)
        ret->status = 0;
    else if (str_eq(path, "/v1/status/leader"))
        buf_add_str(&ret->body, "\"10.0.0.0:4647\"");
    else if (server == s->denies) {
        ret->status = 403;
        buf_add_str(&ret->body, "Permission denied");
    } else if (str_eq(path, "/v1/agent/members"))
        members(s, &ret->body);
    else if (str_eq(path, "/v1/agent/self"))
        self(s, server, &ret->body);
    else if (str_eq(path, "/v1/operator/autopilot/health")) {
        ret->status = 429;
        buf_add_str(&ret->body, "{\"Healthy\":false,\"FailureTolerance\":1,\"Servers\":null}");
    } else if (str_eq(path, "/v1/nodes") && s->node_lists_fail)
        ret->status = 500;
    else if (str_eq(path, "/v1/nodes"))
        nodes(s, token, ret);
    else {
        s->details += str_starts(path, "/v1/node/node-00003");
        ret->status = 404;
    }
}

static struct scene *begin(struct scene s)
{
    struct scene *p = xzalloc(1, sizeof(*p));
    *p = s;
    watched_begin(&p->w, s.servers, "", answer, p);
    return p;
}

static void end(struct scene *s)
{
    watched_end(&s->w);
    free(s);
}

static const struct scene plain = {
    .servers = 3, .nodes = 7, .hangs = -1, .denies = -1, .impostor = -1, .build = "1.10.5"};

static void test_one_round_tells_everything(void **state)
{
    struct scene *s = begin(plain);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_string_equal(w->problem, "");
    assert_int_equal(w->n_hosts, 10);
    assert_int_equal(w->n_regions, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_true(w->hosts[i].is_server);
        assert_true(w->hosts[i].server.self_at > 0 && w->hosts[i].server.members_at > 0);
        assert_string_equal(w->hosts[i].server.leader, "10.0.0.0:4647");
        assert_int_equal(w->hosts[i].server.autopilot_status, 429);
        assert_true(w->hosts[i].server.autopilot_body);
        assert_false(w->hosts[i].server.healthy);
        assert_string_equal(host_version(w, &w->hosts[i]), "1.10.5");
    }
    assert_string_equal(w->hosts[0].name, "s0");
    assert_string_equal(w->hosts[3].name, "c00000");
    assert_int_equal(w->hosts[3].client.list_index, 77);
    assert_true(w->regions[0].servers_at >= w->begun_ms);
    assert_true(w->regions[0].nodes_at > 0);
    assert_false(w->regions[0].can_raft); /* 404 here */
    assert_ptr_equal(world_host(w, "node-00003"), &w->hosts[6]);
    end(s);
}

/* A run stores the servers at any moment, also while a round is under way and no server has
 * answered yet: a resume must find the cluster by them. */
static void test_servers_to_store(void **state)
{
    struct scene *s = begin(plain);
    struct server_place places[DESK_SERVERS];
    struct err err = ERR_INIT;
    const struct world *w = NULL;
    (void)state;
    assert_int_equal(observer_servers(s->w.observer, places, DESK_SERVERS), 0);
    watched_round(&s->w);
    while (w == NULL) {
        int64_t due = observer_tick(s->w.observer) - clock_mono(clock_system());
        assert_int_equal(observer_servers(s->w.observer, places, DESK_SERVERS), 3);
        w = observer_take(s->w.observer);
        if (w == NULL && http_wait(s->w.http, MAX_OF(due, (int64_t)0), &err) < 0)
            fail_msg("%s", err.text);
    }
    end(s);
}

/* The first observation waits for it, once; later observations do not wait. */
static void test_who_hangs_holds_nobody_up(void **state)
{
    struct scene scene = plain;
    scene.hangs = 2;
    struct scene *s = begin(scene);
    (void)state;
    watched_round(&s->w);
    watched_round(&s->w);
    const struct world *w = watched_round(&s->w);
    assert_true(w->ended_ms - w->begun_ms < NOMAD_LOCAL_MS / 2);
    assert_true(w->hosts[0].server.self_at > 0 && w->hosts[1].server.self_at > 0);
    assert_string_equal(w->hosts[2].name, "s2");
    assert_int_equal(w->hosts[2].server.self_at, 0);
    assert_int_equal(w->hosts[2].server.leader_at, 0);
    assert_int_equal(w->regions[0].servers_at, 0); /* not every living server reports it */
    end(s);
}

static void test_another_server_at_its_address(void **state)
{
    struct scene scene = plain;
    scene.impostor = 1;
    struct scene *s = begin(scene);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_string_equal(w->hosts[1].key, "id-1");
    assert_int_equal(w->hosts[1].server.self_at, 0);
    assert_int_equal(w->hosts[1].server.members_at, 0);
    assert_true(w->hosts[0].server.self_at > 0);
    end(s);
}

static void test_a_token_that_may_not(void **state)
{
    struct scene scene = plain;
    scene.denies = 1;
    struct scene *s = begin(scene);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_int_equal(w->hosts[1].server.self_at, 0);
    assert_true(w->hosts[1].server.leader_at > 0);
    assert_int_equal(w->hosts[1].server.raft_status, 403);
    assert_non_null(strstr(w->regions[0].denied, "agent:read"));
    assert_non_null(strstr(w->regions[0].denied, "node:read"));
    assert_non_null(strstr(w->regions[0].denied, "operator:read"));
    assert_string_equal(w->hosts[1].server.denied, "node:read, agent:read"); /* gates need these */
    assert_string_equal(w->hosts[0].server.denied, "");
    end(s);
}

static void test_a_list_that_fails_proves_nothing(void **state)
{
    struct scene scene = plain;
    scene.node_lists_fail = true;
    struct scene *s = begin(scene);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_int_equal(w->n_hosts, 3);
    assert_int_equal(w->regions[0].nodes_at, 0);
    end(s);
}

static void test_pages_that_overlap(void **state)
{
    struct scene scene = plain;
    scene.nodes = 1001;
    scene.doubled = true;
    struct scene *s = begin(scene);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_int_equal(w->n_hosts, 3 + 1001);
    assert_true(s->pages >= 5);
    end(s);
}

static void test_before_1_3_there_are_no_pages(void **state)
{
    struct scene scene = plain;
    scene.build = "1.2.16";
    scene.nodes = 450;
    scene.pages = -1000; /* the whole list at once */
    struct scene *s = begin(scene);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_int_equal(w->n_hosts, 3 + 450);
    assert_int_equal(s->pages, -999);
    end(s);
}

static void test_nobody_answers(void **state)
{
    struct scene scene = plain;
    scene.servers = 1;
    scene.denies = 0;
    struct scene *s = begin(scene);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_int_equal(w->n_hosts, 0);
    assert_non_null(strstr(w->problem, "Permission denied"));
    assert_non_null(strstr(w->problem, "127.0.0.1"));
    end(s);
}

static void no_wake(void *ctx)
{
    (void)ctx;
}

struct with_agents {
    struct scene *s;
    struct known_hosts known;
    struct keypair *key;
    struct links *links;
    struct agents *agents;
};

/* With agents: one is known, or none. */
static void begin_with_agents(struct with_agents *a, bool patient, const char *known)
{
    static const struct trust trust;
    struct err err = ERR_INIT;
    *a = (struct with_agents){.s = begin(plain)};
    assert_int_equal(crypto_init(&err), 0);
    a->key = keypair_generate();
    if (known != NULL)
        assert_int_equal(known_hosts_add(&a->known, known, "", keypair_public(a->key), &err), 1);
    assert_int_equal(links_new(no_wake, NULL, &a->links, &err), 0);
    a->agents = agents_new(&(struct agents_config){.conf = &a->s->w.fixture.conf,
                                                   .trust = &trust,
                                                   .key = a->key,
                                                   .known = &a->known,
                                                   .links = a->links,
                                                   .clock = clock_system(),
                                                   .once = true});
    observer_free(a->s->w.observer);
    a->s->w.observer = observer_new(&(struct observer_config){.conf = &a->s->w.fixture.conf,
                                                              .nomad = a->s->w.nomad,
                                                              .agents = a->agents,
                                                              .clock = clock_system(),
                                                              .patient = patient});
}

static void end_with_agents(struct with_agents *a)
{
    links_free(a->links);
    end(a->s);
    agents_free(a->agents);
    known_hosts_free(&a->known);
    keypair_free(a->key);
}

/* At the begin no host was to be asked: the observation itself shows the first host. */
static void test_hosts_seen_first_were_not_asked(void **state)
{
    struct with_agents a;
    (void)state;
    begin_with_agents(&a, false, "id-0");
    const struct world *w = watched_round(&a.s->w);
    assert_int_equal(w->n_hosts, 10);
    assert_false(w->told);
    end_with_agents(&a);
}

/* One host has joined already, and one is not listed: both have rows of their own, the second one
 * after all others. */
static void test_hosts_that_join(void **state)
{
    struct joining_server joining[2];
    struct with_agents a;
    struct nomad_base base;
    struct err err = ERR_INIT;
    (void)state;
    begin_with_agents(&a, false, "agent/second");
    memset(joining, 0, sizeof(joining));
    str_cut(joining[0].key, UUID_MAX, "agent/first");
    str_cut(joining[0].server_id, UUID_MAX, "id-1");
    str_cut(joining[1].key, UUID_MAX, "agent/second");
    assert_int_equal(agent_place("10.0.0.1", &joining[0].at, &err), 0);
    assert_int_equal(agent_place("127.0.0.1:9", &joining[1].at, &err), 0);
    observer_set_joining(a.s->w.observer, joining, 2);
    const struct world *w = watched_round(&a.s->w);
    assert_int_equal(w->n_hosts, 11);
    const struct host *first = world_host(w, "agent/first"), *second = &w->hosts[10];
    assert_string_equal(first->server_id, "id-1");
    assert_string_equal(first->name, "s1");
    assert_true(first->joins && first->server.self_at != 0);
    assert_string_equal(first->agent.address, "10.0.0.1:4650");
    assert_false(first->agent.enrolled);
    assert_null(world_host(w, "id-1"));
    assert_string_equal(second->key, "agent/second");
    assert_string_equal(second->name, "127.0.0.1:9");
    assert_string_equal(second->server_id, "");
    assert_string_equal(second->region, "");
    assert_true(second->joins && !second->is_server && !second->is_client);
    assert_true(second->agent.enrolled);
    assert_true(observer_base(a.s->w.observer, "agent/first", &base));
    assert_false(observer_base(a.s->w.observer, "agent/second", &base));
    end_with_agents(&a);
}

/* The caller reads the result of an observation for a while: the observer asks Nomad nothing until
 * the caller gives it back. */
static void test_a_look_is_over(void **state)
{
    struct with_agents a;
    (void)state;
    begin_with_agents(&a, true, NULL);
    const struct world *w = watched_round(&a.s->w);
    assert_true(w->told); /* no host is to be asked */
    assert_true(observer_tick(a.s->w.observer) == INT64_MAX);
    observer_give_back(a.s->w.observer);
    w = watched_round(&a.s->w);
    assert_int_equal(w->n_hosts, 10);
    observer_set_patient(a.s->w.observer, false); /* a run continues from there */
    w = watched_round(&a.s->w);
    assert_int_equal(w->n_hosts, 10);
    end_with_agents(&a);
}

/* An observation that shows no host is followed by another, although the caller has not given it
 * back. */
static void test_a_look_at_nobody_is_not_over(void **state)
{
    struct with_agents a;
    (void)state;
    begin_with_agents(&a, true, NULL);
    a.s->denies = 0;
    const struct world *w = watched_round(&a.s->w);
    assert_true(w->problem[0] != '\0');
    assert_true(observer_tick(a.s->w.observer) != INT64_MAX);
    a.s->denies = -1;
    w = watched_round(&a.s->w);
    assert_string_equal(w->problem, "");
    end_with_agents(&a);
}

/* The observer asks the hosts that the returned world marks as interesting; it renews lists as
 * always. */
static void test_a_world_given_back(void **state)
{
    static const char *const keys[] = {"node-00003"};
    struct scene *s = begin(plain);
    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_true(w->told); /* no host is to be asked */
    observer_interest(s->w.observer, keys, 1);
    observer_give_back(s->w.observer);
    assert_null(observer_world(s->w.observer));
    assert_int_equal(s->details, 0);
    w = watched_round(&s->w);
    assert_true(s->details > 0);
    for (int lists = s->pages; s->pages < lists + 3;) {
        assert_int_equal(w->n_hosts, 10);
        assert_string_equal(w->hosts[9].name, "c00006");
        assert_string_equal(w->hosts[9].client.status, "ready");
        observer_give_back(s->w.observer);
        w = watched_round(&s->w);
    }
    end(s);
}

/* While the run only waits for time: 20 requests a second, an observation when the time is over,
 * and an observation at once when something happens. */
static void test_rare_while_only_time_is_awaited(void **state)
{
    struct scene *s = begin(plain);
    struct observer *o = s->w.observer;
    (void)state;
    watched_round(&s->w);
    int before = s->asked;
    const struct world *w = watched_round(&s->w);
    int64_t rare = REST_ASK_MS * (int64_t)(s->asked - before), took = w->ended_ms - w->begun_ms;
    assert_true(rare >= 15 * REST_ASK_MS); /* three servers, five questions each */
    observer_set_rest(o, INT64_MAX);
    int64_t due = observer_tick(o);
    assert_true(due >= w->begun_ms + rare);
    assert_true(due <= w->begun_ms + MAX_OF(rare, 3 * took));
    observer_set_rest(o, w->begun_ms + 300);
    due = observer_tick(o);
    assert_true(due >= w->begun_ms + 300);
    assert_true(due <= w->begun_ms + MAX_OF((int64_t)300, 3 * took));
    observer_set_rest(o, INT64_MAX);
    observer_look_sooner(o, false);
    assert_true(observer_tick(o) < w->begun_ms + rare);
    end(s);
}

/* The observations of one command that waits for agents share a list; a run renews the list. */
static void test_a_look_lists_once(void **state)
{
    struct scene *s = begin(plain);
    (void)state;
    observer_set_patient(s->w.observer, true);
    const struct world *w = watched_round(&s->w);
    int64_t begun = w->begun_ms, listed = w->hosts[9].client.list_at;
    int lists = s->pages;
    for (int i = 0; i < 10; i++) {
        observer_look_sooner(s->w.observer, false);
        w = watched_round(&s->w);
        assert_int_equal(w->n_hosts, 10);
        assert_true(w->hosts[0].server.self_at >= w->begun_ms); /* servers are asked again */
    }
    if (w->ended_ms - begun < NODES_LOOK_AGE_MS) {
        assert_int_equal(s->pages, lists);
        assert_true(w->hosts[9].client.list_at == listed); /* and the age of the list is known */
    }
    observer_set_patient(s->w.observer, false);
    while (s->pages == lists)
        w = watched_round(&s->w);
    assert_true(w->hosts[9].client.list_at > listed);
    end(s);
}

static void unheard(void *ctx, const struct http_answer *answer, const struct err *err)
{
    (void)ctx;
    (void)answer;
    (void)err;
}

/* With any number of requests (as for a list of many pages) the observation stays fresh. */
static void test_a_rare_look_is_fresh(void **state)
{
    struct scene *s = begin(plain);
    struct nomad_base base;
    (void)state;
    const struct world *w = watched_round(&s->w);
    nomad_base_seed(s->w.nomad, &base);
    for (int i = 0; i < 200; i++)
        nomad_ask(s->w.nomad, &(struct nomad_request){.base = &base,
                                                      .path = "/v1/status/leader",
                                                      .deadline_ms = NOMAD_LOCAL_MS,
                                                      .on_done = unheard});
    observer_set_rest(s->w.observer, INT64_MAX);
    int64_t usual = w->ended_ms + ROUND_REST_MS; /* at most: it may come later than a rare one */
    int64_t most = MAX_OF(w->begun_ms + REST_MOST_MS, usual);
    assert_true(observer_tick(s->w.observer) <= most);
    assert_true(REST_MOST_MS <= FRESH_MS / 2);
    end(s);
}

/* 10,000 clients, in pages. The test prints time and memory, and fails only far above them, to find
 * a list that is stored twice or read in quadratic time. */
static void test_ten_thousand_clients(void **state)
{
    struct scene scene = plain;
    scene.nodes = 10000;
    struct scene *s = begin(scene);
    struct rusage usage;
    (void)state;
    observer_set_patient(s->w.observer, true); /* a run would not wait so long on a slow machine */
    const struct world *w = watched_round(&s->w);
    observer_set_patient(s->w.observer, false);
    assert_int_equal(w->n_hosts, 10003);
    getrusage(RUSAGE_SELF, &usage);
    print_message("# 10,000 clients in %d pages: %lld ms, at most %ld MiB resident\n", s->pages,
                  (long long)(w->ended_ms - w->begun_ms), usage.ru_maxrss / 1024);
    assert_int_equal(s->pages, 50);
    assert_true(w->ended_ms - w->begun_ms < 30000);
    int pages = s->pages;
    int64_t begun = w->begun_ms;
    w = watched_round(&s->w);
    /* Such an expensive list is not read in each observation. On a slow machine it may be due
     * again. */
    if (w->ended_ms - begun < NODES_LIST_AGE_MS)
        assert_int_equal(s->pages, pages);
    else
        print_message("# the second round ended after %lld ms: the list was due again\n",
                      (long long)(w->ended_ms - begun));
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_round_tells_everything),
        cmocka_unit_test(test_servers_to_store),
        cmocka_unit_test(test_who_hangs_holds_nobody_up),
        cmocka_unit_test(test_another_server_at_its_address),
        cmocka_unit_test(test_a_token_that_may_not),
        cmocka_unit_test(test_a_list_that_fails_proves_nothing),
        cmocka_unit_test(test_pages_that_overlap),
        cmocka_unit_test(test_before_1_3_there_are_no_pages),
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_hosts_seen_first_were_not_asked),
        cmocka_unit_test(test_hosts_that_join),
        cmocka_unit_test(test_a_look_is_over),
        cmocka_unit_test(test_a_look_at_nobody_is_not_over),
        cmocka_unit_test(test_a_world_given_back),
        cmocka_unit_test(test_rare_while_only_time_is_awaited),
        cmocka_unit_test(test_a_look_lists_once),
        cmocka_unit_test(test_a_rare_look_is_fresh),
        cmocka_unit_test(test_ten_thousand_clients),
    };
    return cmocka_run_group_tests_name("observer", tests, NULL, NULL);
}
