/*
 * The stand-in against recordings of real Nomad: the same keys, the same JSON
 * types, the same statuses and content types; and for restarts, stops and returns
 * the same order of events.
 * timeout: 240
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "file.h"
#include "json.h"
#include "sim_answer.h"
#include "sim_cluster.h"
#include "sim_timeline.h"
#include "str.h"

#define FOLDER "tests/fixtures/recordings/"
#define SEED   20261122
#define NOW    INT64_C(1795345000000)

/* Behaviour that no recording shows. The output lists it, so that nobody takes it for proven. */
static const char *const not_recorded[] = {
    "versions other than 0.12 and 1.0: paging, LastDrain, NodePool, Leader and Voters in autopilot",
    "leadership transfer; operator/keyring; operator/scheduler; metrics; namespaces",
    "answers to PUT: drain, eligibility, autopilot configuration, force-leave, ACL",
    "drains and down nodes: their pace and events follow measured.md and the source",
    "raft protocol 2 with a leader change of more than three servers",
    "agent/monitor: its frames and levels; the lines of the faults log-warn and log-fatal",
    "the body of a snapshot (the stand-in's is text), only its headers",
};

static void say_what_is_not_recorded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(not_recorded); i++)
        print_message("# not held by a recording: %s\n", not_recorded[i]);
    assert_true(ARRAY_LEN(not_recorded) > 0);
}

/* ---- shapes ---- */

/* Maps with names as keys: any key is accepted, with values like the first one's. */
static const char *const maps[] = {
    "Attributes", "Drivers", "Meta", "Summary", "TaskGroups", "TaskStates", "Options",
};
/* Fields that may be null or have a value, and elements that may be missing. */
static const char *const loose[] = {"Servers",       "RetryJoin",      "Files",
                                    "Plugins",       "Config",         "KeyLoader",
                                    "ScoreMetaData", "NodesAvailable", "Meta"};

static bool listed(const char *const *list, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], key))
            return true;
    return false;
}

static char type_of(const struct json *v)
{
    if (json_is_object(v))
        return '{';
    if (json_is_array(v))
        return '[';
    if (json_is_text(v))
        return 's';
    if (json_is_bool(v))
        return 'b';
    return v == NULL ? '-' : 'n'; /* a number, or null */
}

static int differ(const char *path, const char *what)
{
    print_message("# %s: %s\n", path, what);
    return 1;
}

static int compare(const struct json *real, const struct json *ours, const char *key,
                   const char *path);

static int compare_objects(const struct json *real, const struct json *ours, const char *path)
{
    int bad = 0;
    for (size_t i = 0; i < json_len(real); i++) {
        const char *key;
        char below[400];
        const struct json *v = json_pair(real, i, &key);
        snprintf(below, sizeof(below), "%.300s/%.90s", path, key);
        if (json_get(ours, key) == NULL)
            bad += differ(below, "not in the stand-in's answer");
        else
            bad += compare(v, json_get(ours, key), key, below);
    }
    for (size_t i = 0; i < json_len(ours); i++) {
        const char *key;
        char below[400];
        (void)json_pair(ours, i, &key);
        snprintf(below, sizeof(below), "%.300s/%.90s", path, key);
        if (json_get(real, key) == NULL)
            bad += differ(below, "in the stand-in's answer only");
    }
    return bad;
}

static int compare(const struct json *real, const struct json *ours, const char *key,
                   const char *path)
{
    char a = type_of(real), b = type_of(ours);
    if (listed(loose, ARRAY_LEN(loose), key) && (a == 'n' || b == 'n' || json_len(ours) == 0))
        return 0;
    if (a != b)
        return differ(path, "another JSON type");
    if (a == '{' && listed(maps, ARRAY_LEN(maps), key)) {
        const char *name;
        if (json_len(real) == 0 || json_len(ours) == 0)
            return 0;
        const struct json *r = json_pair(real, 0, &name), *o = json_get(ours, name);
        return compare(r, o != NULL ? o : json_pair(ours, 0, &name), "", path);
    }
    if (a == '{')
        return compare_objects(real, ours, path);
    if (a == '[' && json_len(real) > 0) {
        if (json_len(ours) == 0)
            return differ(path, "an empty list");
        return compare(json_item(real, 0), json_item(ours, 0), "", path);
    }
    return 0;
}

/* ---- endpoints ---- */

struct endpoint {
    const char *fixture; /* the name without its suffix */
    const char *path;    /* the id of a client, for :id */
    int who;             /* 0: a follower, 1: the leader, 2: a client */
};

static const struct endpoint endpoints[] = {
    {"agent-health-client", "/v1/agent/health", 2},
    {"agent-health-server", "/v1/agent/health", 0},
    {"agent-members", "/v1/agent/members", 0},
    {"agent-self-client", "/v1/agent/self", 2},
    {"agent-self-server-follower", "/v1/agent/self", 0},
    {"agent-self-server-leader", "/v1/agent/self", 1},
    {"agent-servers-client", "/v1/agent/servers", 2},
    {"autopilot-configuration", "/v1/operator/autopilot/configuration", 0},
    {"autopilot-health", "/v1/operator/autopilot/health", 0},
    {"bad-path", "/v1/no/such/path", 0},
    {"deployments", "/v1/deployments", 0},
    {"jobs", "/v1/jobs", 0},
    {"node-allocations", "/v1/node/:id/allocations", 0},
    {"node-not-found", "/v1/node/00000000-1111-2222-3333-444444444444", 0},
    {"node", "/v1/node/:id", 0},
    {"nodes", "/v1/nodes", 0},
    {"raft-configuration", "/v1/operator/raft/configuration", 0},
    {"regions", "/v1/regions", 0},
    {"status-leader", "/v1/status/leader", 0},
    {"status-peers", "/v1/status/peers", 0},
};

static void settle(struct sim_cluster *c, uint8_t raft_vsn)
{
    struct sim_timing t = sim_timing_of(SIM_REAL);
    sim_cluster_init(c, SEED, NOW);
    sim_cluster_fleet(c, 3, 2, "1.0.18", &t, raft_vsn);
    sim_cluster_run(c, NOW + 40000);
    assert_true(sim_cluster_leader(c) >= 0);
}

static struct sim_node *asked(struct sim_cluster *c, int who)
{
    int leader = sim_cluster_leader(c);
    if (who == 2)
        return &c->nodes[3];
    return &c->nodes[who == 1 ? leader : (leader + 1) % 3];
}

static void ask(struct sim_node *n, const char *method, const char *path, const char *token,
                struct sim_answer *ret)
{
    struct sim_request q = {.method = method, .path = path, .query = "", .token = token};
    q.body = "{\"DrainSpec\":null}";
    buf_clear(&ret->body);
    ret->has_index = false;
    assert_int_equal(sim_answer(n, &q, ret), SIM_ANSWERED);
}

static void load(const char *folder, const char *name, const char *end, struct buf *ret)
{
    char path[200];
    struct err err = ERR_INIT;
    snprintf(path, sizeof(path), FOLDER "%s/%s.%s", folder, name, end);
    if (file_read(path, 1 << 20, 0, ret, &err) < 0)
        fail_msg("%s", err.text);
}

/* "200 application/json 45 true 0": status, type, and whether there is an index. */
static int same_status(const char *line, const struct sim_answer *a, const char *name)
{
    char type[64], known[16];
    int status;
    unsigned long long index;
    long long contact;
    char *charset = strstr(line, "; charset=utf-8");
    bool utf8 = charset != NULL;
    if (utf8)
        memmove(charset, charset + 15, strlen(charset + 15) + 1);
    int got = sscanf(line, "%d %63s %llu %15s %lld", &status, type, &index, known, &contact);
    char want[80] = "";
    if (got >= 2)
        snprintf(want, sizeof(want), "%s%s", type, utf8 ? "; charset=utf-8" : "");
    if (got < 1 || status != a->status || !str_eq(want, a->content_type))
        return differ(name, "another status or content type");
    if ((got >= 3) != a->has_index)
        return differ(name, "X-Nomad-Index there in one only");
    if (got == 5 && (!a->known_leader || contact != a->last_contact_ms))
        return differ(name, "KnownLeader or LastContact");
    return 0;
}

static int check_endpoint(struct sim_cluster *c, const char *folder, const struct endpoint *e)
{
    char path[120], id[SIM_UUID_TEXT];
    struct buf body = BUF_INIT, status = BUF_INIT;
    struct sim_answer a = {0};
    struct err err = ERR_INIT;
    struct json *real = NULL, *ours = NULL;
    sim_id_text(id, &c->nodes[3].durable.client_id);
    const char *colon = strstr(e->path, ":id");
    snprintf(path, sizeof(path), "%s", e->path);
    if (colon != NULL)
        snprintf(path, sizeof(path), "%.*s%s%s", (int)(colon - e->path), e->path, id, colon + 3);
    ask(asked(c, e->who), "GET", path, "", &a);
    load(folder, e->fixture, "json", &body);
    load(folder, e->fixture, "status", &status);
    char *line = xstrdup(buf_str(&status));
    int bad = same_status(line, &a, e->fixture);
    if (a.status == 200 && strcmp(a.content_type, "application/json") == 0) {
        if (json_parse(body.data, body.len, 1 << 20, &real, &err) < 0 ||
            json_parse(a.body.data, a.body.len, 1 << 20, &ours, &err) < 0)
            fail_msg("%s: %s", e->fixture, err.text);
        bad += compare(real, ours, "", e->fixture);
    } else {
        bad += str_eq(buf_str(&body), buf_str(&a.body)) ? 0 : differ(e->fixture, buf_str(&a.body));
    }
    json_free(real);
    json_free(ours);
    free(line);
    buf_free(&body);
    buf_free(&status);
    buf_free(&a.body);
    return bad;
}

static void endpoints_have_the_recorded_shape(void **state)
{
    (void)state;
    static struct sim_cluster c;
    int bad = 0;
    settle(&c, 3);
    for (size_t i = 0; i < ARRAY_LEN(endpoints); i++)
        bad += check_endpoint(&c, "1.0.18-raft3", &endpoints[i]);
    sim_cluster_free(&c);
    assert_int_equal(bad, 0);
}

static void raft_protocol_2_answers_as_recorded(void **state)
{
    (void)state;
    static const struct endpoint old[] = {
        {"agent-members", "/v1/agent/members", 0},
        {"agent-self-client", "/v1/agent/self", 2},
        {"agent-self-server-follower", "/v1/agent/self", 0},
        {"agent-self-server-leader", "/v1/agent/self", 1},
        {"autopilot-health", "/v1/operator/autopilot/health", 0},
        {"node", "/v1/node/:id", 0},
        {"nodes", "/v1/nodes", 0},
        {"raft-configuration", "/v1/operator/raft/configuration", 0},
        {"status-peers", "/v1/status/peers", 0},
    };
    static struct sim_cluster c;
    int bad = 0;
    settle(&c, 2);
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        bad += check_endpoint(&c, "mixed-0.12.12-1.0.18", &old[i]);
    }
    sim_cluster_free(&c);
    assert_int_equal(bad, 0);
}

/* ---- ACLs ---- */

struct acl_row {
    const char *fixture, *method, *path, *token;
};

static void tokens_get_the_recorded_answers(void **state)
{
    (void)state;
    static const char management[] = "11111111-2222-3333-4444-555555555555";
    static const char reader[] = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    static const char bad_token[] = "99999999-9999-9999-9999-999999999999";
    const struct acl_row rows[] = {
        {"anonymous-agent-self", "GET", "/v1/agent/self", ""},
        {"anonymous-autopilot", "GET", "/v1/operator/autopilot/health", ""},
        {"anonymous-health", "GET", "/v1/agent/health", ""},
        {"anonymous-leader", "GET", "/v1/status/leader", ""},
        {"anonymous-members", "GET", "/v1/agent/members", ""},
        {"anonymous-nodes", "GET", "/v1/nodes", ""},
        {"anonymous-peers", "GET", "/v1/status/peers", ""},
        {"anonymous-raft", "GET", "/v1/operator/raft/configuration", ""},
        {"anonymous-token-self", "GET", "/v1/acl/token/self", ""},
        {"bad-token-nodes", "GET", "/v1/nodes", bad_token},
        {"management-token-self", "GET", "/v1/acl/token/self", management},
        {"reader-allocations", "GET", "/v1/allocations", reader},
        {"reader-autopilot", "GET", "/v1/operator/autopilot/health", reader},
        {"reader-drain", "PUT", "/v1/node/00000000-1111-2222-3333-444444444444/drain", reader},
        {"reader-raft", "GET", "/v1/operator/raft/configuration", reader},
        {"reader-snapshot", "GET", "/v1/operator/snapshot", reader},
    };
    static struct sim_cluster c;
    struct sim_timing t = sim_timing_of(SIM_REAL);
    int failures = 0;
    sim_cluster_init(&c, SEED, NOW);
    sim_cluster_fleet(&c, 3, 2, "1.0.18", &t, 3);
    for (int i = 0; i < 3; i++) {
        c.nodes[i].cfg.acl = true;
        assert_int_equal(sim_id_parse(management, &c.nodes[i].cfg.management), 0);
        assert_int_equal(sim_id_parse(reader, &c.nodes[i].cfg.reader), 0);
    }
    sim_cluster_run(&c, NOW + 40000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf body = BUF_INIT, status = BUF_INIT;
        struct sim_answer a = {0};
        struct err err = ERR_INIT;
        struct json *real = NULL, *ours = NULL;
        ask(asked(&c, 0), rows[i].method, rows[i].path, rows[i].token, &a);
        a.has_index = false; /* this line is not in the status lines */
        load("1.0.18-acl", rows[i].fixture, "body", &body);
        load("1.0.18-acl", rows[i].fixture, "status", &status);
        char *line = xstrdup(buf_str(&status));
        failures += same_status(line, &a, rows[i].fixture);
        if (a.status == 200 && json_parse(body.data, body.len, 65536, &real, &err) == 0 &&
            json_parse(a.body.data, a.body.len, 65536, &ours, &err) == 0)
            failures += compare(real, ours, "", rows[i].fixture);
        else if (!str_eq(buf_str(&body), buf_str(&a.body)))
            failures += differ(rows[i].fixture, buf_str(&a.body));
        json_free(real);
        json_free(ours);
        free(line);
        buf_free(&body);
        buf_free(&status);
        buf_free(&a.body);
    }
    sim_cluster_free(&c);
    assert_int_equal(failures, 0);
}

/* ---- the order of events ---- */

static void stop(struct sim_cluster *c, int x)
{
    sim_node_stop(&c->nodes[x]);
}

static void start(struct sim_cluster *c, int x)
{
    sim_cluster_start(c, x);
}

static void start_new(struct sim_cluster *c, int x)
{
    str_cut(c->nodes[x].cfg.version, SIM_NAME, "1.0.18");
    sim_cluster_start(c, x);
}

static void force_leave(struct sim_cluster *c, int x)
{
    struct sim_write w = {.kind = SIM_WRITE_FORCE_LEAVE};
    snprintf(w.name, sizeof(w.name), "%s.global", c->nodes[x].cfg.name);
    assert_true(sim_node_write(&c->nodes[sim_cluster_leader(c)], &w) != 0);
}

struct scene {
    const char *file;
    double from_s, to_s; /* from 0.1 s before the action until the next action */
    int x, before, after;
    uint8_t raft_vsn;
    bool stale;
    const char *version;
    int64_t for_ms;
    int n_acts;
    int64_t at_ms[4];
    void (*act[4])(struct sim_cluster *c, int x);
};

static const struct scene scenes[] = {
    {"raft3.txt: a follower restarts",
     2.09,
     25,
     2,
     1,
     1,
     3,
     true,
     "1.0.18",
     20000,
     2,
     {2000, 2110},
     {stop, start}},
    {"raft3.txt: the leader restarts",
     25.08,
     55,
     1,
     1,
     3,
     3,
     true,
     "1.0.18",
     20000,
     2,
     {2000, 2130},
     {stop, start}},
    {"raft3.txt: a follower stops for 90 s and returns",
     55.05,
     999,
     1,
     3,
     3,
     3,
     true,
     "1.0.18",
     125000,
     2,
     {2000, 92000},
     {stop, start}},
    {"follower.txt",
     0,
     999,
     1,
     3,
     3,
     2,
     false,
     "0.12.12",
     10000,
     2,
     {2000, 2130},
     {stop, start_new}},
    {"leader.txt", 0, 999, 3, 3, 2, 2, false, "0.12.12", 10000, 2, {2000, 2130}, {stop, start_new}},
    {"stop.txt", 0, 999, 1, 2, 2, 2, false, "1.0.18", 60000, 2, {100, 55000}, {stop, force_leave}},
};

/* Values from before the first action are the same everywhere; only changes count. */
static void forget_the_beginning(struct sim_timeline *t, int64_t until_ms)
{
    int n = 0;
    for (int i = 0; i < t->n; i++)
        if (t->changes[i].at_ms >= until_ms)
            t->changes[n++] = t->changes[i];
    t->n = n;
}

static const char *play(const struct scene *s, uint64_t seed, char text[static 400])
{
    static struct sim_cluster c;
    static struct sim_timeline recorded, model;
    struct sim_timing t = sim_timing_of(SIM_REAL);
    struct err err = ERR_INIT;
    char path[200];
    snprintf(path, sizeof(path), FOLDER "timelines/%.*s", (int)strcspn(s->file, ":"), s->file);
    if (sim_timeline_read(path, s->from_s, s->to_s, s->x, s->before, s->after, &recorded, &err) < 0)
        fail_msg("%s", err.text);
    forget_the_beginning(&recorded, 500);
    assert_true(recorded.n >= 4);
    sim_cluster_init(&c, seed, NOW);
    sim_cluster_fleet(&c, 3, 0, s->version, &t, s->raft_vsn);
    sim_cluster_run(&c, NOW + 30000 + (int64_t)(seed % 2000));
    int leader = sim_cluster_leader(&c);
    assert_true(leader >= 0);
    struct sim_scene scene = {.cluster = &c, .stale = s->stale, .for_ms = s->for_ms};
    scene.x = s->x == s->before ? leader : (leader + 1) % 3;
    scene.n_acts = s->n_acts;
    for (int i = 0; i < s->n_acts; i++) {
        scene.acts[i].at_ms = s->at_ms[i];
        scene.acts[i].act = s->act[i];
    }
    sim_timeline_poll(&scene, &model);
    forget_the_beginning(&model, s->at_ms[0] - 1);
    const char *differs = sim_timeline_differs(&recorded, &model, 1000, text);
    sim_cluster_free(&c);
    return differs;
}

/* The model contains chance: most seeds must show the recorded order, and the test prints the other
 * results. */
static void events_come_in_the_recorded_order(void **state)
{
    (void)state;
    const int seeds = 20;
    int missed = 0;
    for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
        char text[400], why[400] = "";
        int same = 0;
        for (int k = 0; k < seeds; k++) {
            const char *differs = play(&scenes[i], SEED + (uint64_t)k * 77, text);
            same += differs == NULL;
            if (differs != NULL)
                str_cut(why, sizeof(why), differs);
        }
        print_message("# %s: %d of %d runs in the recorded order%s%s\n", scenes[i].file, same,
                      seeds, why[0] != '\0' ? "; else: " : "", why);
        missed += same < seeds * 3 / 4;
    }
    assert_int_equal(missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_have_the_recorded_shape),
        cmocka_unit_test(raft_protocol_2_answers_as_recorded),
        cmocka_unit_test(tokens_get_the_recorded_answers),
        cmocka_unit_test(events_come_in_the_recorded_order),
        cmocka_unit_test(say_what_is_not_recorded),
    };
    return cmocka_run_group_tests_name("sim_recordings", tests, NULL, NULL);
}
