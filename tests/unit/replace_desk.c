#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "plan_make.h"
#include "replace_desk.h"

static const char *const names[REPLACE_SERVERS] = {"s1", "s2", "s3", "n1"};
static const char *const ids[REPLACE_SERVERS] = {"s1-id", "s2-id", "s3-id", REPLACE_NEW_ID};
static const char *const addresses[REPLACE_SERVERS] = {"10.0.0.1", "10.0.0.2", "10.0.0.3",
                                                       "10.0.0.21"};

static size_t index_of(const char *name)
{
    for (size_t i = 0; i < REPLACE_SERVERS; i++)
        if (str_eq(names[i], name))
            return i;
    fail_msg("no server %s", name);
    return 0;
}

static const char *key_of(const char *name)
{
    return str_eq(name, "n1") ? REPLACE_NEW : ids[index_of(name)];
}

struct ledger_host *replace_desk_host(struct replace_desk *d, const char *name)
{
    return ledger_host(&d->f.ledger, key_of(name));
}

/* ---- the world ---- */

static void server_lists(struct replace_desk *d, size_t i, size_t n)
{
    struct server_view *v = &d->f.hosts[i].server;

    for (size_t k = 0; k < REPLACE_SERVERS; k++)
        d->members[i][k] = (struct member){.id = ids[k],
                                           .name = names[k],
                                           .region = "global",
                                           .addr = addresses[k],
                                           .rpc_port = 4647,
                                           .build = d->f.hosts[k].server.version,
                                           .raft_protocol = 3,
                                           .status = MEMBER_ALIVE};
    v->members = d->members[i];
    v->raft = d->raft;
    v->autopilot = d->autopilot;
    v->n_members = v->n_raft = v->n_autopilot = n;
}

static void lists(struct replace_desk *d, size_t n, bool votes)
{
    for (size_t i = 0; i < REPLACE_SERVERS; i++) {
        d->raft[i] = (struct peer){.id = ids[i],
                                   .name = names[i],
                                   .address = addresses[i],
                                   .voter = i < 3 || votes,
                                   .leader = i == 0};
        d->autopilot[i] = d->raft[i];
        d->autopilot[i].healthy = true;
    }
    for (size_t i = 0; i < n; i++)
        server_lists(d, i, n);
}

static void new_host(struct replace_desk *d)
{
    struct host *h = &d->f.hosts[3];

    h->key = REPLACE_NEW;
    h->name = h->addr = h->agent.address = addresses[3];
    h->region = h->server_id = h->node_id = "";
    h->is_server = h->is_client = false;
    h->joins = true;
    h->client = (struct client_view){.status = "", .version = ""};
    memset(&h->agent.hello.running, 0, sizeof(h->agent.hello.running));
    h->agent.hello.server_id[0] = h->agent.hello.client_id[0] = '\0';
}

static void facts(struct replace_desk *d)
{
    for (size_t i = 0; i < REPLACE_SERVERS; i++) {
        d->facts[i][0] = (struct fact_view){"unit-enabled", i == 3 ? TRI_NO : TRI_YES, ""};
        d->f.hosts[i].agent.facts = d->facts[i];
        d->f.hosts[i].agent.n_facts = 1;
        d->f.hosts[i].agent.hello.stamp.main_pid = i == 3 ? 0 : 700;
    }
}

/* ---- the plan ---- */

static void host_line(struct buf *b, const char *name, const char *flags)
{
    static const char two[] = "02", one[] = "01";

    buf_printf(b, "host %s %s global %s linux amd64 %s ", key_of(name), name, SMALL_FROM, flags);
    for (int i = 0; i < DIGEST_LEN; i++)
        buf_add_str(b, two);
    buf_add_byte(b, ' ');
    for (int i = 0; i < DIGEST_LEN; i++)
        buf_add_str(b, one);
    buf_add_byte(b, '\n');
}

static void read_plan(struct small_fleet *f)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;

    if (plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err) < 0)
        fail_msg("%s", err.text);
    plan_text(&f->plan, &text);
    plan_free(&f->plan);
    text.len = (size_t)(strstr(buf_str(&text), "\nhost ") + 1 - (char *)text.data);
    host_line(&text, "n1", "smj");
    host_line(&text, "s2", "smo");
    host_line(&text, "s1", "slmo");
    if (plan_read(buf_str(&text), text.len, built_in(), &f->plan, &err) < 0)
        fail_msg("%s", err.text);
}

struct replace_desk *replace_desk_open(void)
{
    static const unsigned char run_id[16] = {7};
    struct replace_desk *d = xzalloc(1, sizeof(*d));
    struct small_fleet *f = &d->f;

    small_fleet_init(f);
    read_plan(f);
    f->w.n_hosts = REPLACE_SERVERS;
    new_host(d);
    facts(d);
    lists(d, 3, false);
    ledger_init(&f->ledger, &f->plan, run_id);
    f->ledger.state = RUN_SERVERS;
    for (size_t i = 0; i < f->ledger.n_hosts; i++) {
        f->ledger.hosts[i].state = HOST_STAGED;
        f->claims[i] = CLAIM_HELD;
    }
    snprintf(f->ledger.regions[0].snapshot, sizeof(f->ledger.regions[0].snapshot), "/a.snap");
    f->lease = (struct lease_view){.all = true, .majority = true, .claims = f->claims};
    f->evidence.begun_ms = f->evidence.progress_ms = f->w.begun_ms;
    f->evidence.counting_ms = 1;
    replace_desk_look(d, 24000);
    return d;
}

void replace_desk_close(struct replace_desk *d)
{
    small_fleet_free(&d->f);
    free(d);
}

/* ---- what happens ---- */

void replace_desk_joins(struct replace_desk *d, bool votes)
{
    struct host *h = &d->f.hosts[3];

    h->name = "n1";
    h->region = "global";
    h->server_id = REPLACE_NEW_ID;
    h->is_server = true;
    h->server = d->f.hosts[2].server;
    h->server.version = SMALL_TO;
    h->server.voter = votes;
    h->agent.hello.disk = h->agent.hello.running = d->f.plan.hosts[0].digest;
    str_cut(h->agent.hello.server_id, sizeof(h->agent.hello.server_id), REPLACE_NEW_ID);
    lists(d, 4, votes);
    replace_desk_pid(d, "n1", 701);
}

void replace_desk_joined(struct replace_desk *d)
{
    struct ledger_host *lh = replace_desk_host(d, "n1");

    replace_desk_joins(d, true);
    lh->state = HOST_DONE;
    lh->order = MSG_SERVICE;
    lh->answered = true;
    lh->outcome = OUTCOME_SETTLED;
    lh->effect_ms = lh->settled_ms = d->f.w.begun_ms;
    d->facts[3][0].value = TRI_YES;
    replace_desk_look(d, 24000);
}

void replace_desk_status(struct replace_desk *d, const char *name, enum member_status s)
{
    size_t i = index_of(name);
    struct host *h = &d->f.hosts[i];

    for (size_t k = 0; k < REPLACE_SERVERS; k++)
        d->members[k][i].status = s;
    if (s == MEMBER_LEFT || s == MEMBER_FAILED)
        h->server = (struct server_view){.leader = "",
                                         .version = "",
                                         .build_date = "",
                                         .raft_state = "",
                                         .self_region = "",
                                         .last_contact_ms = -1};
}

void replace_desk_dead(struct replace_desk *d)
{
    d->f.plan.hosts[1].dead = true;
    d->f.plan.regions[0].voters = 2;
    d->silent[1] = true;
    d->autopilot[1].healthy = false;
    for (size_t i = 0; i < REPLACE_SERVERS; i++)
        d->f.hosts[i].server.healthy = false;
    replace_desk_status(d, "s2", MEMBER_FAILED);
}

void replace_desk_out_of_raft(struct replace_desk *d, const char *name)
{
    size_t i = index_of(name), last = REPLACE_SERVERS - 1;

    d->raft[i] = d->raft[last];
    d->autopilot[i] = d->autopilot[last];
    for (size_t k = 0; k < REPLACE_SERVERS; k++)
        if (d->f.hosts[k].server.n_raft == REPLACE_SERVERS)
            d->f.hosts[k].server.n_raft = d->f.hosts[k].server.n_autopilot = last;
}

void replace_desk_pid(struct replace_desk *d, const char *name, uint32_t pid)
{
    d->f.hosts[index_of(name)].agent.hello.stamp.main_pid = pid;
}

void replace_desk_answered(struct replace_desk *d, const char *name, enum refusal refusal)
{
    struct ledger_host *lh = replace_desk_host(d, name);

    lh->order = MSG_SERVICE;
    lh->answered = true;
    lh->refusal = refusal;
    lh->effect_ms = lh->receipt_ms = d->f.w.begun_ms;
}

void replace_desk_look(struct replace_desk *d, int64_t ms)
{
    for (int64_t at = 0; at < ms; at += 2000) {
        small_fleet_later(&d->f, 2000);
        for (size_t i = 0; i < REPLACE_SERVERS; i++) /* a dead server does not answer */
            if (d->f.hosts[i].is_server && d->f.hosts[i].server.n_members == 0)
                d->f.hosts[i].server.self_at = d->f.hosts[i].server.leader_at =
                    d->f.hosts[i].server.members_at = d->f.hosts[i].server.raft_at =
                        d->f.hosts[i].server.autopilot_at = 0;
    }
    for (size_t i = 0; i < REPLACE_SERVERS; i++)
        if (d->silent[i])
            d->f.hosts[i].agent.hello_at = d->f.hosts[i].agent.status_at = 0;
    small_fleet_decide(&d->f);
}

void replace_desk_state(struct replace_desk *d, const char *name, enum host_state state)
{
    struct ledger_host *lh = replace_desk_host(d, name);

    lh->state = state;
    lh->order = MSG_NONE;
    lh->answered = false;
    lh->refusal = REFUSAL_NONE;
    lh->attempts = 0;
    lh->effect_ms = d->f.w.begun_ms;
}

const struct intent *replace_desk_intent(struct replace_desk *d, enum intent_kind kind,
                                         const char *name)
{
    const struct decision *is = &d->f.decision;

    for (size_t i = 0; i < is->n_intents; i++)
        if (is->intents[i].kind == kind && str_eq(is->intents[i].key, key_of(name)))
            return &is->intents[i];
    fail_msg("nothing of the kind for %s: %s", name,
             is->n_waiting > 0 ? is->waiting[0].text : "no reason");
    return NULL;
}
