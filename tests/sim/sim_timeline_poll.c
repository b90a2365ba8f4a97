#include "json.h"
#include "sim_browse.h"
#include "sim_timeline.h"
#include "str.h"

#define POLL_MS 100

struct poller {
    int topic;
    bool asked;
    int64_t due;
    struct sim_request q;
    char last[SIM_TOPICS][64];
};

static int host_of(const char *addr)
{
    return sim_timeline_host(addr) - 1;
}

/* The value of one list entry about its server. */
static void entry_of(enum sim_topic topic, const struct json *m, const char *first_version,
                     char *text, size_t n)
{
    const char *vote = json_bool(m, "Voter", false) ? "voter" : "nonvoter";

    if (topic == SIM_TOPIC_MEMBERS) {
        bool new_one = !str_eq(json_str(json_get(m, "Tags"), "build", ""), first_version);
        snprintf(text, n, "%s%s", json_str(m, "Status", ""), new_one ? ",new" : "");
    } else if (topic == SIM_TOPIC_AUTOPILOT) {
        snprintf(text, n, "%s,%s,%s", json_str(m, "SerfStatus", ""),
                 json_bool(m, "Healthy", false) ? "healthy" : "sick", vote);
    } else {
        str_cut(text, n, vote);
    }
}

static void value_of(const struct sim_scene *s, enum sim_topic topic, const struct sim_answer *a,
                     const char *first_version, char *value, size_t n)
{
    struct err err = ERR_INIT;
    auto_json struct json *o = NULL;
    const struct sim_config *x = &s->cluster->nodes[s->x].cfg;
    char name[SIM_NAME * 2];
    snprintf(name, sizeof(name), "%s.%s", x->name, x->region);
    str_cut(value, n, "500");
    if (a->status == 500)
        return;
    const char *body = (const char *)a->body.data;
    if (topic == SIM_TOPIC_LEADER) {
        char at[32] = "";
        bool some = sscanf(body, "\"%31[^\"]\"", at) == 1;
        snprintf(value, n, "%s%c", "", some ? (char)('1' + host_of(at)) : '-');
        return;
    }
    if (json_parse(a->body.data, a->body.len, 1 << 20, &o, &err) < 0)
        return;
    const struct json *items = json_get(o, topic == SIM_TOPIC_MEMBERS ? "Members" : "Servers");
    const char *mine = topic == SIM_TOPIC_AUTOPILOT ? "empty" : "absent";
    char leader = '?', text[48];
    for (size_t i = 0; i < json_len(items); i++) {
        const struct json *m = json_item(items, i);
        if (topic == SIM_TOPIC_AUTOPILOT && i == 0)
            mine = "absent";
        if (json_bool(m, "Leader", false))
            leader = (char)('1' + host_of(json_str(m, "Address", "")));
        if (!str_eq(json_str(m, topic == SIM_TOPIC_RAFT ? "Node" : "Name", ""), name))
            continue;
        entry_of(topic, m, first_version, text, sizeof(text));
        mine = text;
    }
    if (topic == SIM_TOPIC_MEMBERS)
        str_cut(value, n, mine);
    else if (topic == SIM_TOPIC_AUTOPILOT)
        snprintf(value, n, "%d/%lld X:%s", a->status, (long long)json_int(o, "FailureTolerance", 0),
                 mine);
    else
        snprintf(value, n, "X:%s leader:%c", mine, leader);
}

/* Asks one question. True: there was an answer. */
static bool poll_once(const struct sim_scene *s, int host, struct poller *p,
                      const char *first_version, char *value, size_t n)
{
    static const char *const paths[SIM_TOPICS] = {"/v1/agent/members", "/v1/status/leader",
                                                  "/v1/operator/autopilot/health",
                                                  "/v1/operator/raft/configuration"};
    struct sim_node *node = &s->cluster->nodes[host];
    struct sim_answer a = {0};
    if (!sim_node_api(node)) {
        str_cut(value, n, "down");
        return true;
    }
    if (!p->asked)
        p->q = (struct sim_request){.method = "GET", .token = "", .body = ""};
    p->asked = true;
    p->q.path = paths[p->topic];
    p->q.query = p->topic == SIM_TOPIC_LEADER && s->stale ? "stale" : "";
    p->q.accepts = sim_browse_accepts;
    p->q.ctx = s->cluster;
    bool done = sim_answer(node, &p->q, &a) == SIM_ANSWERED;
    if (done)
        value_of(s, (enum sim_topic)p->topic, &a, first_version, value, n);
    buf_free(&a.body);
    return done;
}

struct raw {
    int64_t at_ms;
    int host, topic;
    char value[64];
};

/* Replaces the numbers of hosts by their parts: only at the end the last leader is known. */
static void name_parts(const struct sim_scene *s, const struct raw *raw, int n, int before,
                       int after, struct sim_timeline *ret)
{
    ret->n = 0;
    for (int i = 0; i < n; i++) {
        char value[64];
        str_cut(value, sizeof(value), raw[i].value);
        size_t last = strlen(value) - 1;
        bool leader = raw[i].topic == SIM_TOPIC_LEADER && last == 0;
        if (leader && value[0] == '-')
            str_cut(value, sizeof(value), "none");
        else if (leader || (raw[i].topic == SIM_TOPIC_RAFT && strstr(value, "leader:") != NULL))
            value[last] = sim_timeline_part(value[last] - '1', s->x, before, after);
        sim_timeline_add(ret, raw[i].at_ms, sim_timeline_part(raw[i].host, s->x, before, after),
                         (enum sim_topic)raw[i].topic, value);
    }
}

void sim_timeline_poll(const struct sim_scene *s, struct sim_timeline *ret)
{
    struct sim_cluster *c = s->cluster;
    struct poller pollers[3] = {0};
    static const int max = 4 * SIM_CHANGES_MAX;
    struct raw *raw = xzalloc((size_t)max, sizeof(*raw));
    char version[SIM_NAME];
    int n = 0, before = sim_cluster_leader(c), acts = 0;
    int64_t start = c->now;
    str_cut(version, sizeof(version), c->nodes[s->x].cfg.version);
    while (c->now < start + s->for_ms) {
        sim_cluster_run(c, c->now + 10);
        if (acts < s->n_acts && c->now >= start + s->acts[acts].at_ms)
            s->acts[acts++].act(c, s->x);
        for (int h = 0; h < 3; h++) {
            struct poller *p = &pollers[h];
            char value[64];
            while (c->now >= p->due && poll_once(s, h, p, version, value, sizeof(value))) {
                /* The recorder did not write errors of this topic. */
                bool error = p->topic == SIM_TOPIC_RAFT && strcmp(value, "500") == 0;
                if (!error && strcmp(p->last[p->topic], value) != 0 && n < max) {
                    raw[n] = (struct raw){.at_ms = c->now - start, .host = h, .topic = p->topic};
                    str_cut(raw[n++].value, 64, value);
                    str_cut(p->last[p->topic], 64, value);
                }
                p->asked = false;
                p->topic = (p->topic + 1) % SIM_TOPICS;
                p->due = p->topic == 0 ? c->now + POLL_MS : p->due;
            }
        }
    }
    name_parts(s, raw, n, before, sim_cluster_leader(c), ret);
    free(raw);
}
