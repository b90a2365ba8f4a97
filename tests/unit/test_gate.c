#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "orders_sent.h"
#include "evidence.h"
#include "fingerprint.h"
#include "gate.h"
#include "gate_host.h"
#include "raft_view.h"
#include "small_fleet.h"

static struct small_fleet *fleet(void)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    small_fleet_run(f, RUN_SERVERS);
    return f;
}

static void done(struct small_fleet *f)
{
    small_fleet_free(f);
    free(f);
}

/* ---- the region ---- */

static void as_is(struct small_fleet *f)
{
    (void)f;
}
static void no_answer(struct small_fleet *f)
{
    f->hosts[1].server.leader_at = 0;
}
static void old_answer(struct small_fleet *f)
{
    f->hosts[1].server.self_at -= FRESH_MS + 1;
}
static void denies(struct small_fleet *f)
{
    f->hosts[1].server.denied = "node:read, agent:read";
    f->hosts[1].server.self_at = f->hosts[1].server.members_at = 0;
    f->regions[0].servers_at = 0;
}
static void no_leader(struct small_fleet *f)
{
    f->hosts[1].server.has_leader = false;
    f->hosts[1].server.leader = "";
}
static void stranger_leads(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.leader = "10.9.9.9:4647";
}
static void another_port(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.leader = "10.0.0.1:5647";
}
static void candidate(struct small_fleet *f)
{
    f->hosts[2].server.raft_state = "Candidate";
}
static void other_term(struct small_fleet *f)
{
    f->hosts[2].server.term = 2;
}
static void behind(struct small_fleet *f)
{
    f->hosts[0].server.commit_index = 1000;
}
static void not_applied(struct small_fleet *f)
{
    f->hosts[2].server.applied_index = 100;
}
static void no_contact(struct small_fleet *f)
{
    f->hosts[2].server.last_contact_ms = 3000;
}
static void never_contact(struct small_fleet *f)
{
    f->hosts[2].server.last_contact_ms = -1;
}
static void member_failed(struct small_fleet *f)
{
    f->members[1][2].status = MEMBER_FAILED;
}
static void member_left(struct small_fleet *f)
{
    f->members[1][2].status = MEMBER_LEFT;
}
static void member_missing(struct small_fleet *f)
{
    f->hosts[1].server.n_members = 2;
}
static void old_build(struct small_fleet *f)
{
    f->members[1][2].build = "1.9.0";
}
static void non_voter(struct small_fleet *f)
{
    f->raft[2].voter = false;
}
static void leftover(struct small_fleet *f)
{
    f->raft[2].id = "somebody";
    f->raft[2].name = "(unknown)";
}
static void sick(struct small_fleet *f)
{
    f->autopilot[2].healthy = false;
}
static void no_tolerance(struct small_fleet *f)
{
    f->hosts[2].server.failure_tolerance = 0;
}
static void autopilot_null(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.n_autopilot = 0;
}
static void protocol2(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++) {
        f->hosts[i].server.raft_protocol = 2;
        f->hosts[i].server.autopilot_body = false;
        f->hosts[i].server.autopilot_status = 500;
    }
}
static void no_rights(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++) {
        f->hosts[i].server.autopilot_body = false;
        f->hosts[i].server.autopilot_status = f->hosts[i].server.raft_status = 403;
    }
}
static void no_rights_non_voter(struct small_fleet *f)
{
    no_rights(f);
    f->hosts[2].server.voter = false;
}
static void no_rights_unknown(struct small_fleet *f)
{
    no_rights(f);
    f->hosts[2].server.voter_known = false;
}
static void fewer_voters(struct small_fleet *f)
{
    f->plan.regions[0].voters = 4;
}
static void not_listed(struct small_fleet *f)
{
    f->regions[0].servers_at = 0;
}
static void problem(struct small_fleet *f)
{
    f->w.problem = "no server answers";
}

static const struct {
    const char *name;
    void (*change)(struct small_fleet *f);
    enum verdict_kind kind;
    const char *text;
} region_rows[] = {
    {"all is well", as_is, GATE_PASS, ""},
    {"a server does not answer", no_answer, GATE_UNKNOWN, "s2 did not report a leader"},
    {"an old answer", old_answer, GATE_UNKNOWN, "s2"},
    {"one refuses the token", denies, GATE_UNKNOWN,
     "s2 refuses the token (403): it lacks node:read, agent:read there"},
    {"no leader", no_leader, GATE_FAIL, "s2 knows no leader"},
    {"a leader nobody knows", stranger_leads, GATE_UNKNOWN, "10.9.9.9"},
    {"the same host, another port", another_port, GATE_UNKNOWN, "5647"},
    {"a candidate", candidate, GATE_FAIL, "s3 is Candidate"},
    {"another term", other_term, GATE_FAIL, "term 2"},
    {"behind", behind, GATE_FAIL, "index 500 of 1000"},
    {"not applied", not_applied, GATE_FAIL, "applied 100 of 500"},
    {"no contact", no_contact, GATE_FAIL, "3000 ms"},
    {"contact never", never_contact, GATE_FAIL, "s3"},
    {"failed by one", member_failed, GATE_FAIL, "s3 is failed by s2"},
    {"left by one", member_left, GATE_FAIL, "s3 is left by s2"},
    {"not listed by one", member_missing, GATE_FAIL, "s3 is not listed by s2"},
    {"another build by one", old_build, GATE_FAIL, "still sees 1.9.0"},
    {"a non-voter", non_voter, GATE_FAIL, "s3 is not a voter"},
    {"a leftover peer", leftover, GATE_FAIL, "s3 is not a voter"},
    {"autopilot: not healthy", sick, GATE_FAIL, "s3 is not healthy"},
    {"autopilot: no tolerance", no_tolerance, GATE_FAIL, "tolerance 0"},
    {"autopilot: Servers null", autopilot_null, GATE_UNKNOWN, "autopilot"},
    {"raft protocol 2", protocol2, GATE_PASS, ""},
    {"a token without rights", no_rights, GATE_PASS, ""},
    {"the same, a non-voter", no_rights_non_voter, GATE_FAIL, "s3 is not a voter"},
    {"the same, voter unknown", no_rights_unknown, GATE_UNKNOWN, "s3"},
    {"fewer voters than before", fewer_voters, GATE_FAIL, "3 voters, 4 before"},
    {"the list is not complete", not_listed, GATE_UNKNOWN, "listed"},
    {"nothing observed", problem, GATE_UNKNOWN, "no server answers"},
};

static void test_region(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(region_rows); i++) {
        struct small_fleet *f = fleet();
        region_rows[i].change(f);
        struct gate_result g = gate_region(&f->w, &f->plan, &f->ledger, "global", f->w.begun_ms);
        if (g.kind != region_rows[i].kind || strstr(g.text, region_rows[i].text) == NULL)
            fail_msg("%s: verdict %d, %s", region_rows[i].name, (int)g.kind, g.text);
        done(f);
    }
}

/* A server that left and is not planned is past. A planned server that left is missing. */
static void test_past(void **state)
{
    struct small_fleet *f = fleet();
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][2].status = MEMBER_LEFT;
    f->hosts[2].server =
        (struct server_view){.leader = "", .version = "", .raft_state = "", .self_region = ""};
    f->raft[2] = f->raft[1];
    f->autopilot[2] = f->autopilot[1];
    assert_int_equal(gate_region(&f->w, &f->plan, &f->ledger, "global", f->w.begun_ms).kind,
                     GATE_UNKNOWN);
    struct plan none = f->plan;
    none.n_hosts = 2; /* the plan's order is s2, s3, s1: only s2 and s1 stay */
    struct plan_host two[2] = {f->plan.hosts[0], f->plan.hosts[2]};
    none.hosts = two;
    none.by_key.slots = NULL; /* the index was of the other hosts */
    none.n_regions = 0;
    assert_int_equal(gate_region(&f->w, &none, &f->ledger, "global", f->w.begun_ms).kind,
                     GATE_PASS);
    done(f);
}

static void test_quorum(void **state)
{
    struct small_fleet *f = fleet();
    (void)state;
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "s1-id", f->w.begun_ms).kind,
                     GATE_PASS);
    f->hosts[1].server.raft_state = "Candidate";
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "s3-id", f->w.begun_ms).kind,
                     GATE_FAIL);
    /* the server reports nothing about itself */
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "s2-id", f->w.begun_ms).kind,
                     GATE_PASS);
    f->hosts[1].server.leader_at = 0;
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "s2-id", f->w.begun_ms).kind,
                     GATE_PASS);
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "s3-id", f->w.begun_ms).kind,
                     GATE_UNKNOWN);
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "c1-id", f->w.begun_ms).kind,
                     GATE_UNKNOWN);
    done(f);
}

static void test_two_voters(void **state)
{
    struct small_fleet *f = fleet();
    (void)state;
    f->raft[2].voter = false;
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "s2-id", f->w.begun_ms).kind,
                     GATE_FAIL);
    f->plan.policy.accept_outage = true;
    assert_int_equal(gate_quorum(&f->w, &f->plan, &f->ledger, "s2-id", f->w.begun_ms).kind,
                     GATE_PASS);
    done(f);
}

/* ---- the servers, counted ---- */

static void voter_unread(struct small_fleet *f)
{
    no_rights_unknown(f);
}
static void no_rights_to_its_state(struct small_fleet *f)
{
    f->hosts[1].server.self_at = 0;
    f->hosts[1].server.denied = "agent:read";
}
static void far_behind(struct small_fleet *f)
{
    f->hosts[2].server.last_log_index = 1;
}
static void all_leaderless(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.has_leader = false;
}
static void first_candidate_then_silent(struct small_fleet *f)
{
    f->hosts[0].server.raft_state = "Candidate";
    f->hosts[2].server.self_at = f->hosts[2].server.leader_at = 0;
}

/* What the four callers use of the one count. */
static const struct {
    const char *name;
    void (*change)(struct small_fleet *f);
    uint32_t voters, up, well, abreast;
    bool led;
    const char *away;
} count_rows[] = {
    {"all is well", as_is, 3, 3, 3, 3, true, ""},
    {"a candidate", candidate, 3, 2, 2, 2, true, "s3"},
    {"a non-voter is up, and no voter", non_voter, 2, 2, 2, 2, true, "s3"},
    {"who cannot be asked whether it votes is up", voter_unread, 2, 3, 2, 2, true, "s3"},
    {"who tells our token nothing may tell the others", no_rights_to_its_state, 3, 2, 3, 2, true,
     ""},
    {"behind is well, and not abreast", far_behind, 3, 3, 3, 2, true, ""},
    {"without a leader all are up", all_leaderless, 3, 3, 0, 3, false, "s1"},
    {"who is silent is named before others", first_candidate_then_silent, 3, 1, 1, 1, true, "s3"},
};

static struct voter_count counted(const struct small_fleet *f, const struct host *without)
{
    struct gate_result unused;
    struct raft_view v;

    raft_view_init(&v, &f->w, &f->plan, &f->ledger, "global", f->w.begun_ms, &unused);
    v.leader = &f->hosts[0];
    raft_view_leave_out(&v, without);
    return gate_voters(&v);
}

static void test_voters_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(count_rows); i++) {
        struct small_fleet *f = fleet();
        count_rows[i].change(f);
        struct voter_count c = counted(f, NULL);
        if (c.base != 3 || c.listed != 3 || c.voters != count_rows[i].voters ||
            c.up != count_rows[i].up || c.well != count_rows[i].well ||
            c.abreast != count_rows[i].abreast || c.led != count_rows[i].led ||
            !str_eq(c.away != NULL ? c.away->name : "", count_rows[i].away))
            fail_msg("%s: %u voters, %u up, %u well, %u abreast, away %s", count_rows[i].name,
                     c.voters, c.up, c.well, c.abreast, c.away != NULL ? c.away->name : "");
        done(f);
    }
}

/* A server taken as gone counts as a voter, and for nothing else. */
static void test_voters_without(void **state)
{
    struct small_fleet *f = fleet();
    struct voter_count c = counted(f, &f->hosts[2]);
    (void)state;
    assert_int_equal(c.voters, 3);
    assert_int_equal(c.up, 2);
    assert_int_equal(c.well, 2);
    assert_int_equal(c.abreast, 2);
    done(f);
}

/* ---- one host ---- */

static void test_server(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger_host *lh = ledger_host(&f->ledger, "s2-id");
    struct server_view *v = &f->hosts[1].server;
    int64_t now = f->w.begun_ms;
    (void)state;
    lh->base_leader_index = 500;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s2-id", now).kind, GATE_FAIL);
    v->version = SMALL_TO;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s2-id", now).kind, GATE_PASS);
    v->last_log_index = 499;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s2-id", now).kind, GATE_FAIL);
    v->last_log_index = 500;
    v->applied_index = 499;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s2-id", now).kind, GATE_FAIL);
    v->applied_index = 500;
    lh->effect_ms = now; /* asked before the effect ended */
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s2-id", now).kind, GATE_UNKNOWN);
    lh->effect_ms = 0;
    lh->base_leader_index = 0;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s2-id", now).kind, GATE_UNKNOWN);
    done(f);
}

/* There was no leader when the server began to settle: its index is taken when there is a
 * leader, and then stays. */
static void test_measure(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger_host *lh = ledger_host(&f->ledger, "s2-id");
    int64_t now = f->w.begun_ms;
    struct host *leader =
        world_host(&f->w, region_leader(&f->w, &f->plan, NULL, "global", now)->key);
    (void)state;
    lh->base_leader_index = 0;
    order_note_leader_index(&f->ledger, &f->plan, &f->w, now);
    assert_int_equal(lh->base_leader_index, 0); /* it does not settle */
    lh->state = HOST_SETTLING;
    f->hosts[2].server.has_leader = false; /* an election */
    order_note_leader_index(&f->ledger, &f->plan, &f->w, now);
    assert_int_equal(lh->base_leader_index, 0);
    f->hosts[2].server.has_leader = true;
    order_note_leader_index(&f->ledger, &f->plan, &f->w, now);
    assert_int_equal(lh->base_leader_index, leader->server.commit_index);
    assert_true(lh->dirty);
    leader->server.commit_index += 100;
    order_note_leader_index(&f->ledger, &f->plan, &f->w, now);
    assert_int_equal(lh->base_leader_index, leader->server.commit_index - 100);
    done(f);
}

/* A client that was swapped, as its gate sees it. */
struct swapped {
    struct small_fleet *f;
    struct ledger_host *lh;
    struct client_view *c;
    struct agent_view *a;
    struct digest before, planned;
    int64_t now;
};

static struct swapped swapped_client(void)
{
    struct small_fleet *f = fleet();
    struct swapped s = {.f = f,
                        .lh = ledger_host(&f->ledger, "c1-id"),
                        .c = &f->hosts[3].client,
                        .a = &f->hosts[3].agent,
                        .before = f->hosts[3].agent.hello.running,
                        .planned = plan_host(&f->plan, "c1-id")->digest,
                        .now = f->w.begun_ms};

    s.lh->base_modify_index = 10;
    assert_null(fingerprint_take(&f->w, &f->hosts[3], 0, s.now, true, &s.lh->fingerprint));
    s.c->own_version = s.c->version = SMALL_TO;
    s.c->modify_index = 11;
    s.a->hello.running = s.planned;
    return s;
}

static void assert_gate(const struct swapped *s, enum verdict_kind kind)
{
    assert_int_equal(gate_client(&s->f->w, &s->f->plan, &s->f->ledger, "c1-id", s->now).kind, kind);
}

static void test_client(void **state)
{
    struct swapped s = swapped_client();
    (void)state;
    assert_gate(&s, GATE_PASS);
    s.c->modify_index = 10; /* ready alone proves nothing */
    assert_gate(&s, GATE_FAIL);
    s.c->modify_index = 11;
    s.f->features[0][SMALL_DRIVER].value = "unhealthy";
    assert_gate(&s, GATE_FAIL);
    s.f->features[0][SMALL_DRIVER].value = "healthy";
    assert_gate(&s, GATE_PASS);
    s.c->status = "initializing";
    assert_gate(&s, GATE_FAIL);
    s.c->status = "ready";
    s.c->own_node_id = "another";
    assert_gate(&s, GATE_FAIL);
    s.c->own_at = 0; /* with ACLs on, it answers nobody without a token */
    assert_gate(&s, GATE_PASS);
    s.c->own_healthy = TRI_NO;
    assert_gate(&s, GATE_FAIL);
    s.c->own_healthy = TRI_YES;
    assert_gate(&s, GATE_PASS);
    s.c->health_at = 0;
    assert_gate(&s, GATE_UNKNOWN);
    done(s.f);
}

static void test_client_by_its_agent(void **state)
{
    struct swapped s = swapped_client();
    (void)state;
    s.c->own_at = 0;
    assert_gate(&s, GATE_PASS);
    s.a->hello.running = s.before;
    assert_gate(&s, GATE_FAIL);
    s.a->hello.running = s.planned;
    str_cut(s.a->hello.client_id, sizeof(s.a->hello.client_id), "another");
    assert_gate(&s, GATE_FAIL);
    str_cut(s.a->hello.client_id, sizeof(s.a->hello.client_id), "c1-id");
    s.a->work.stamp.main_pid = 7; /* another process than the process with the reported digest */
    assert_gate(&s, GATE_FAIL);
    s.a->work.stamp.main_pid = 0;
    s.lh->ordered_ms = s.a->hello_at; /* reported before the order */
    assert_gate(&s, GATE_UNKNOWN);
    s.lh->ordered_ms = s.a->hello_at - 1;
    s.a->hello_at = s.now - FRESH_MS - 1;
    assert_gate(&s, GATE_UNKNOWN);
    done(s.f);
}

static void test_allocs(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger_host *lh = ledger_host(&f->ledger, "c1-id");
    struct alloc_view *a = &f->allocs[0][0];
    int64_t now = f->w.begun_ms;
    (void)state;
    lh->n_allocs = 1;
    lh->allocs[0] = (struct kept_alloc){"alloc", 77, 0, 0};
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_PASS);
    a->restarts = 1;
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_FAIL);
    a->restarts = 0;
    a->started_ns = 78;
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_FAIL);
    a->client_status = "complete"; /* stopped by its job's owner */
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_PASS);
    a->client_status = "lost";
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_FAIL);
    f->hosts[3].client.allocs_at = 0;
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_UNKNOWN);
    f->plan.policy.drain = true; /* tasks of system jobs, which a drain leaves running */
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_UNKNOWN);
    lh->n_allocs = 0;
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_PASS);
    done(f);
}

/* A task that had not started before the host's turn may start at any time. */
static void test_allocs_whose_tasks_begin_later(void **state)
{
    static const int64_t began[] = {77, 90}, again[] = {91, 90}, one_again[] = {91};
    struct small_fleet *f = fleet();
    struct ledger_host *lh = ledger_host(&f->ledger, "c1-id");
    struct alloc_view *a = &f->allocs[0][0];
    int64_t now = f->w.begun_ms;
    (void)state;
    lh->n_allocs = 1;
    lh->allocs[0] = (struct kept_alloc){"alloc", 77, 0, 1};
    *a = (struct alloc_view){"alloc", "running", 90, 0, false, began, 2};
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_PASS);
    a->starts = again;
    struct gate_result g = gate_allocs(&f->w, &f->ledger, "c1-id", now);
    assert_int_equal(g.kind, GATE_FAIL);
    assert_non_null(strstr(g.text, "(alloc was restarted)"));
    *a = (struct alloc_view){"alloc", "running", 91, 0, false, one_again, 1};
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "c1-id", now).kind, GATE_FAIL);
    done(f);
}

/* A server that is also a client is back when both are. */
static void test_both_roles(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger_host *lh = ledger_host(&f->ledger, "s1-id");
    struct host *h = &f->hosts[0];
    int64_t now = f->w.begun_ms;
    (void)state;
    lh->base_leader_index = 1;
    h->server.version = SMALL_TO;
    lh->fingerprint.len = 0;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s1-id", now).kind, GATE_PASS);
    h->is_client = true;
    h->client = f->hosts[3].client;
    h->client.version = SMALL_TO;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s1-id", now).kind, GATE_PASS);
    lh->base_modify_index = h->client.modify_index; /* it was a ready client before */
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s1-id", now).kind, GATE_FAIL);
    h->client.modify_index++;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s1-id", now).kind, GATE_PASS);
    h->client.status = "down";
    struct gate_result g = gate_server(&f->w, &f->plan, &f->ledger, "s1-id", now);
    assert_int_equal(g.kind, GATE_FAIL);
    assert_non_null(strstr(g.text, "s1 is down as a client"));
    h->client.list_at = lh->effect_ms;
    assert_int_equal(gate_server(&f->w, &f->plan, &f->ledger, "s1-id", now).kind, GATE_UNKNOWN);
    lh->n_allocs = 1;
    lh->allocs[0] = (struct kept_alloc){"alloc", 70, 0, 0};
    assert_int_equal(gate_allocs(&f->w, &f->ledger, "s1-id", now).kind, GATE_FAIL);
    done(f);
}

/* ---- streaks ---- */

static void test_streak(void **state)
{
    struct small_fleet *f = fleet();
    const struct policy *p = &f->plan.policy;
    (void)state;
    assert_true(evidence_settled(&f->evidence, "region/global", p, 0, f->w.begun_ms));
    /* with an old last observation, nothing has settled */
    assert_false(
        evidence_settled(&f->evidence, "region/global", p, 0, f->w.begun_ms + FRESH_MS + 1));
    /* one unknown answer breaks the streak */
    f->w.problem = "silence";
    small_fleet_later(f, 2000);
    assert_false(evidence_settled(&f->evidence, "region/global", p, 0, f->w.begun_ms));
    f->w.problem = "";
    for (int i = 0; i < 5; i++) {
        small_fleet_later(f, 2000);
        assert_false(evidence_settled(&f->evidence, "region/global", p, 0, f->w.begun_ms));
    }
    small_fleet_later(f, 2000); /* 10 s since the first, in 6 answers */
    assert_true(evidence_settled(&f->evidence, "region/global", p, 0, f->w.begun_ms));
    done(f);
}

/* A swap of any server starts every streak again; a stage does not. */
static void test_streak_disturbed(void **state)
{
    struct small_fleet *f = fleet();
    const struct policy *p = &f->plan.policy;
    struct ledger_host *lh = ledger_host(&f->ledger, "s2-id");
    (void)state;
    lh->order = MSG_STAGE;
    lh->effect_ms = f->w.begun_ms;
    small_fleet_later(f, 2000);
    assert_true(evidence_settled(&f->evidence, "region/global", p, 0, f->w.begun_ms));
    lh->order = MSG_SWAP;
    lh->effect_ms = f->w.begun_ms;
    for (int i = 0; i < 5; i++) {
        small_fleet_later(f, 2000);
        assert_false(
            evidence_settled(&f->evidence, "region/global", p, lh->effect_ms, f->w.begun_ms));
    }
    small_fleet_later(f, 2000);
    assert_true(evidence_settled(&f->evidence, "region/global", p, lh->effect_ms, f->w.begun_ms));
    done(f);
}

/* A text that stays the same says for how long; a text with changing numbers does not. */
static void test_streak_text(void **state)
{
    struct small_fleet *f = fleet();
    char text[TEXT_MAX];
    (void)state;
    small_fleet_later(f, 2000);
    const struct streak *e = evidence_find(&f->evidence, "region/global");
    streak_text(e, text, sizeof(text));
    assert_string_equal(text, ""); /* passes, however long */
    non_voter(f);
    small_fleet_later(f, 2000);
    e = evidence_find(&f->evidence, "region/global");
    streak_text(e, text, sizeof(text));
    assert_string_equal(text, "s3 is not a voter");
    small_fleet_later(f, 2000);
    small_fleet_later(f, 4000);
    e = evidence_find(&f->evidence, "region/global");
    streak_text(e, text, sizeof(text));
    assert_string_equal(text, "s3 is not a voter (for 6.0 s)");
    behind(f);
    f->hosts[0].server.last_log_index = 500;
    small_fleet_later(f, 2000);
    f->hosts[0].server.last_log_index = 600;
    small_fleet_later(f, 2000);
    e = evidence_find(&f->evidence, "region/global");
    streak_text(e, text, sizeof(text));
    assert_string_equal(text, "s1: index 600 of 1000");
    done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_two_voters),
        cmocka_unit_test(test_voters_counted),
        cmocka_unit_test(test_voters_without),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_client_by_its_agent),
        cmocka_unit_test(test_allocs),
        cmocka_unit_test(test_allocs_whose_tasks_begin_later),
        cmocka_unit_test(test_both_roles),
        cmocka_unit_test(test_streak),
        cmocka_unit_test(test_streak_disturbed),
        cmocka_unit_test(test_streak_text),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
