/* Rows about servers that are replaced: in a small fleet three new servers replace the three old
 * ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hazard_kinds.h"
#include "plan_make.h"
#include "plan_replace.h"
#include "small_fleet.h"

#define NEW   3
#define FACTS 48

struct replaced {
    struct small_fleet f;
    struct host hosts[SMALL_HOSTS + NEW];
    struct fact_view facts[SMALL_SERVERS + NEW][FACTS]; /* s1..s3, then the new ones */
    struct plan plan;
    bool planned;
};

static const char *const new_keys[NEW] = {"agent/1", "agent/2", "agent/3"};
static const char *const new_names[NEW] = {"n1", "n2", "n3"};
static const char *const new_addresses[NEW] = {"10.0.0.21", "10.0.0.22", "10.0.0.23"};
static const char *const old_names[SMALL_SERVERS] = {"s1", "s2", "s3"};

static struct agent_view *agent(struct replaced *r, int i)
{
    return &r->hosts[i < SMALL_SERVERS ? i : i - SMALL_SERVERS + SMALL_HOSTS].agent;
}

/* i: 0-2 are the old servers, 3-5 the new ones. */
static void set(struct replaced *r, int i, const char *id, enum tri value, const char *text)
{
    struct agent_view *a = agent(r, i);
    size_t k = 0;

    while (k < a->n_facts && !str_eq(r->facts[i][k].id, id))
        k++;
    assert_true(k < FACTS);
    r->facts[i][k] = (struct fact_view){id, value, text};
    a->n_facts = MAX_OF(a->n_facts, k + 1);
}

static void facts_fill(struct replaced *r, int i)
{
    memcpy(r->facts[i], small_fleet_facts, sizeof(small_fleet_facts));
    agent(r, i)->facts = r->facts[i];
    agent(r, i)->n_facts = SMALL_FACTS;
    set(r, i, "unit-enabled", i < SMALL_SERVERS ? TRI_YES : TRI_NO, "");
    set(r, i, "gossip-key", TRI_YES, "/etc/nomad.d/a.hcl, line 3");
    set(r, i, "gossip-id", TRI_YES, "01234567");
    set(r, i, "stop-allowed", TRI_YES, "");
    set(r, i, "booted-at", TRI_YES, "1700000000000");
    set(r, i, "start-stopped", i < SMALL_SERVERS ? TRI_NO : TRI_YES, "write start_stopped");
    if (i < SMALL_SERVERS)
        return;
    set(r, i, "is.server", TRI_YES, "true");
    set(r, i, "is.name", TRI_YES, new_names[i - SMALL_SERVERS]);
    set(r, i, "is.region", TRI_NO, "");
    set(r, i, "bootstrap-expect", TRI_NO, "");
    set(r, i, "data-dir-fresh", TRI_YES, "/srv/nomad");
    set(r, i, "joins", TRI_YES, "10.0.0.9:4648,10.0.0.2");
    set(r, i, "config-newer", TRI_NO, "Nomad does not run");
}

static void new_host(struct replaced *r, int k)
{
    struct host *h = &r->hosts[SMALL_HOSTS + k];

    *h = r->f.hosts[SMALL_HOSTS - 1];
    h->key = new_keys[k];
    h->name = h->addr = h->agent.address = new_addresses[k];
    h->region = h->dc = h->node_pool = h->server_id = h->node_id = "";
    h->is_client = false;
    h->joins = true;
    memset(&h->client, 0, sizeof(h->client));
    h->agent.hello.server_id[0] = h->agent.hello.client_id[0] = '\0';
    memset(&h->agent.hello.running, 0, sizeof(h->agent.hello.running));
}

static int up(void **state)
{
    struct replaced *r = xzalloc(1, sizeof(*r));

    small_fleet_init(&r->f);
    memcpy(r->hosts, r->f.hosts, sizeof(r->f.hosts));
    for (int k = 0; k < NEW; k++)
        new_host(r, k);
    for (int i = 0; i < SMALL_SERVERS + NEW; i++)
        facts_fill(r, i);
    r->f.w.hosts = r->hosts;
    r->f.w.n_hosts = SMALL_HOSTS + NEW;
    r->f.policy.replace.n_joins = r->f.policy.replace.n_leaves = NEW;
    for (int k = 0; k < NEW; k++) {
        r->f.policy.replace.joins[k] = new_keys[k];
        r->f.policy.replace.leaves[k] = old_names[k];
        r->hosts[k].server.acl_enabled = TRI_NO;
    }
    *state = r;
    return 0;
}

static int down(void **state)
{
    struct replaced *r = *state;

    if (r->planned)
        plan_free(&r->plan);
    small_fleet_free(&r->f);
    free(r);
    return 0;
}

static int make(struct replaced *r, struct err *err)
{
    if (r->planned)
        plan_free(&r->plan);
    int rc =
        plan_make(&r->f.w, &r->f.survey, &r->f.release, &r->f.policy, built_in(), &r->plan, err);
    r->planned = rc == 0;
    return rc;
}

static const struct finding *found(struct replaced *r, const char *id)
{
    struct err err = ERR_INIT;

    if (make(r, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < r->plan.n_findings; i++)
        if (str_eq(r->plan.findings[i].id, id))
            return &r->plan.findings[i];
    return NULL;
}

static void new_ones_come_first_and_the_leader_goes_last(void **state)
{
    static const char *const order[] = {"10.0.0.21", "10.0.0.22", "10.0.0.23", "s2", "s3", "s1"};
    struct replaced *r = *state;
    const struct finding *none = found(r, "");
    const struct plan *p = &r->plan;

    assert_null(none);
    if (plan_refused(p) != NULL)
        fail_msg("[%s] %s", plan_refused(p)->id, plan_refused(p)->text);
    assert_true(p->replaces);
    assert_int_equal(p->n_hosts, 6);
    assert_int_equal(p->n_servers, 6);
    assert_int_equal(p->n_todo, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(p->hosts[i].name, order[i]);
        assert_int_equal(p->hosts[i].role, i < NEW ? ROLE_JOINS : ROLE_LEAVES);
        assert_string_equal(p->hosts[i].region, "global");
        assert_int_equal(digest_is_zero(&p->hosts[i].digest), i >= NEW);
    }
    assert_int_equal(p->server_on_not_ready, ON_REVERT);
    assert_true(p->transfer);
    assert_false(p->bad_leader_pair);
}

/* ---- who was named ---- */

static const struct {
    const char *leaves, *says;
    bool left; /* s3 has left before */
} names[] = {
    {"s1", NULL, false},
    {"s2-id", NULL, false},
    {"10.0.0.2", NULL, false},
    {"s1.global", NULL, false},
    {"s2-i", NULL, false},
    {"s9", "no server has this name", false},
    {"c1", "c1 is not a server", false},
    {"10.0.0.21", "--remove 10.0.0.21: --add names this host", false},
    {"s3", "--remove s3: s3 is named twice", false},
    {"s3", "this server has left the cluster already", true},
};

static void each_name_is_one_server(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct err err = ERR_INIT;
        struct replaced *r;

        down(state);
        up(state);
        r = *state;
        r->f.policy.replace.leaves[0] = names[i].leaves;
        r->f.policy.replace.leaves[1] = "s3";
        r->f.policy.replace.n_leaves = names[i].left ? 1 : 2;
        for (int k = 0; k < SMALL_SERVERS && names[i].left; k++) {
            r->f.members[k][2].status = MEMBER_LEFT;
            r->hosts[2].server.self_at = 0;
        }
        int rc = make(r, &err);
        if (names[i].says == NULL ? rc != 0 : rc == 0 || strstr(err.text, names[i].says) == NULL)
            fail_msg("--remove %s: %s", names[i].leaves, rc == 0 ? "a plan" : err.text);
        assert_true(rc == 0 || err.kind == ERR_USAGE);
    }
}

/* ---- what each row says ---- */

struct row {
    const char *id;
    int host; /* of the fact; -1: use change */
    const char *fact;
    enum tri value;
    const char *text, *says;
    enum severity severity;
    void (*change)(struct replaced *r);
};

static void lists_it_already(struct replaced *r)
{
    r->hosts[SMALL_HOSTS].is_server = true;
    r->hosts[SMALL_HOSTS].name = "n1";
    r->hosts[SMALL_HOSTS].region = "global";
}
static void is_silent(struct replaced *r)
{
    r->hosts[SMALL_HOSTS].agent.hello_at = 0;
    r->hosts[SMALL_HOSTS].agent.problem = "connection refused";
}
static void runs_already(struct replaced *r)
{
    r->hosts[SMALL_HOSTS].agent.hello.stamp.main_pid = 77;
}
static void was_there(struct replaced *r)
{
    r->f.members[1][2].name = "n2.global";
    r->f.members[1][2].status = MEMBER_LEFT;
}
static void by_host_name(struct replaced *r)
{
    set(r, 3, "is.name", TRI_NO, "");
    str_cut(r->hosts[SMALL_HOSTS].agent.hello.host, NAME_MAX_LEN, "n2");
}
static void nobody_tells_gossip(struct replaced *r)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        set(r, i, "gossip-key", TRI_UNKNOWN, "a.hcl: no plain text");
}
static void is_a_client(struct replaced *r)
{
    r->hosts[1].is_client = true;
    r->hosts[1].client = r->f.hosts[SMALL_SERVERS].client;
}
static void drained_client(struct replaced *r)
{
    is_a_client(r);
    r->hosts[1].client.n_allocs = 0;
    r->hosts[1].client.eligible = false;
    r->hosts[1].client.draining = true;
}
static void unread_client(struct replaced *r)
{
    is_a_client(r);
    r->hosts[1].client.allocs_at = 0;
}
static void panics(struct replaced *r)
{
    small_fleet_version(&r->f, "1.10.1");
    for (int i = 0; i < SMALL_SERVERS; i++) {
        r->hosts[i].server.version = "1.10.1";
        r->hosts[i].server.leave_on_interrupt = TRI_YES;
    }
}
static void s2_is_dead(struct replaced *r)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        r->f.members[i][1].status = MEMBER_FAILED;
    r->hosts[1].server.self_at = r->hosts[1].server.members_at = 0;
    r->hosts[1].server.leader_at = r->hosts[1].server.raft_at = 0;
    r->hosts[1].agent.hello_at = 0;
}
static void as_they_are(struct replaced *r)
{
    (void)r;
}
static void fewer(struct replaced *r)
{
    r->f.policy.replace.n_joins = 2;
}
static void more_and_even(struct replaced *r)
{
    r->f.policy.replace.n_leaves = 2;
}
static void one_for_one(struct replaced *r)
{
    for (int i = 1; i < SMALL_SERVERS; i++)
        r->f.raft[i].voter = r->f.autopilot[i].voter = r->hosts[i].server.voter = false;
    r->f.policy.replace.n_joins = r->f.policy.replace.n_leaves = 1;
}
static void nobody_votes(struct replaced *r)
{
    for (int i = 0; i < SMALL_SERVERS; i++) {
        r->hosts[i].server.raft_at = 0;
        r->hosts[i].server.voter_known = r->hosts[i].server.autopilot_body = false;
    }
}
static void two_regions(struct replaced *r)
{
    r->hosts[1].region = "other";
}
static void old_protocol(struct replaced *r)
{
    r->hosts[2].server.raft_protocol = 2;
}
static void unread_protocol(struct replaced *r)
{
    r->hosts[2].server.raft_protocol = 0;
}
static void enterprise(struct replaced *r)
{
    str_cut(r->f.release.version, sizeof(r->f.release.version), "1.10.5+ent");
    r->f.survey.regions[0].migration_off = false;
}
static void zones(struct replaced *r)
{
    enterprise(r);
    r->f.survey.regions[0].migration_off = true;
    r->f.survey.regions[0].zones = true;
}
static void lesser_token(struct replaced *r)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        r->hosts[i].server.acl_enabled = TRI_YES;
    r->f.survey.regions[0].token.management = false;
}
static void s3_stays_ahead(struct replaced *r)
{
    r->f.policy.replace.n_leaves = 2; /* s1, s2 */
    r->hosts[2].server.version = "1.11.0";
    for (int k = 0; k < SMALL_SERVERS; k++)
        r->f.members[k][2].build = "1.11.0";
}
/* s3 stays, and the pair of versions is a bad one. */
static void s3_stays_behind(struct replaced *r)
{
    str_cut(r->f.release.version, sizeof(r->f.release.version), "1.10.2+ent");
    for (int i = 0; i < SMALL_SERVERS; i++)
        r->hosts[i].server.version = "1.10.1+ent";
    r->f.policy.replace.n_joins = r->f.policy.replace.n_leaves = 2;
}
static void unread_autopilot(struct replaced *r)
{
    enterprise(r);
    r->f.survey.regions[0].autopilot = ASKED_DENIED;
}

#define N     TRI_NO
#define Y     TRI_YES
#define U     TRI_UNKNOWN
#define HARD  SEVERITY_HARD
#define BLOCK SEVERITY_BLOCK
#define WARN  SEVERITY_WARN
#define BY(f) -1, NULL, N, NULL
static const struct row rows[] = {
    {"not-new", BY(), "already, as server n1 of region global", HARD, lists_it_already},
    {"not-new", BY(), "does not answer: connection refused", HARD, is_silent},
    {"not-new", BY(), "runs already (process 77)", HARD, runs_already},
    {"data-dir-used", 4, "data-dir-fresh", N, "/srv/nomad/server is there", "is there", HARD, NULL},
    {"data-dir-used", 4, "data-dir-fresh", U, "not known", "not known", BLOCK, NULL},
    {"name-taken", BY(), "called n2.global, and the server at 10.0.0.3 has or had this name", HARD,
     was_there},
    {"name-taken", BY(), "called n2, and so will the Nomad at 10.0.0.21", HARD, by_host_name},
    {"name-taken", 5, "is.name", U, "a.hcl", "which name", BLOCK, NULL},
    {"bootstraps", 3, "bootstrap-expect", Y, "1", "its own cluster", HARD, NULL},
    {"bootstraps", 3, "bootstrap-expect", U, "no plain text", "no plain", BLOCK, NULL},
    {"no-server", 3, "is.server", N, "", "does not make it a server", HARD, NULL},
    {"no-server", 3, "is.server", Y, "false", "does not make it a server", HARD, NULL},
    {"no-server", 3, "is.server", U, "a.hcl", "whether", BLOCK, NULL},
    {"other-region", 3, "is.region", Y, "north", "names region north, not global", HARD, NULL},
    {"other-region", 3, "is.region", U, "a.hcl", "which region", BLOCK, NULL},
    {"gossip", 3, "gossip-key", N, "", "no gossip key, but s1 has one", BLOCK, NULL},
    {"gossip", 3, "gossip-id", Y, "ffffffff", "another gossip key than s1", BLOCK, NULL},
    {"gossip", 3, "gossip-key", U, "a.hcl", "its agent does not report", WARN, NULL},
    {"gossip", BY(), "no server's agent", WARN, nobody_tells_gossip},
    {"joins-nobody", 3, "joins", N, "", "names no server to join", HARD, NULL},
    {"joins-nobody", 3, "joins", Y, "10.0.0.9,10.0.0.21:4648", "no answering server", BLOCK, NULL},
    {"joins-nobody", 3, "joins", Y, "nomad.example:4648", "whether a server", WARN, NULL},
    {"joins-nobody", 3, "joins-reach", N, "no Nomad server answers", "answers", BLOCK, NULL},
    {"joins-nobody", 3, "joins", U, "there are more addresses than fit into a fact",
     "more addresses", WARN, NULL},
    {"clock-apart", 4, "booted-at", Y, "1700000300000", "5 min 0 s ahead of the clock of s1", BLOCK,
     NULL},
    {"clock-apart", 4, "booted-at", Y, "1699999985000", "15.0 s behind the clock of s1", BLOCK,
     NULL},
    {"clock-apart", 4, "booted-at", U, "", "its agent does not report its clock", SEVERITY_INFO,
     NULL},
    {"start-stopped", 3, "start-stopped", N, "write start_stopped = yes", "start_stopped", HARD,
     NULL},
    {"start-stopped", 3, "start-stopped", U, "not asked", "not asked", HARD, NULL},
    {"stop-allowed", 1, "stop-allowed", N, "write allow_stop = yes", "allow_stop", HARD, NULL},
    {"stop-allowed", 1, "stop-allowed", U, "not asked", "not asked", HARD, NULL},
    {"undo-allowed", 4, "stop-allowed", N, "write allow_stop = yes", "allow_stop", WARN, NULL},
    {"unit-enabled", 1, "unit-enabled", U, "static", "static", HARD, NULL},
    {"unit-enabled", 3, "unit-enabled", U, "static", "static", HARD, NULL},
    {"client-too", BY(), "1 allocation runs or will run there", HARD, is_a_client},
    {"client-too", BY(), "its drain has not ended", HARD, drained_client},
    {"client-too", BY(), "could not be read", HARD, unread_client},
    {"leave-panics", BY(), "a stop is a leave", WARN, panics},
    {"dead:s2", BY(), "every server reports that it has failed", BLOCK, s2_is_dead},
    {"voters", BY(), "3 voting servers now and would have 2: then fewer", HARD, fewer},
    {"voters", BY(), "3 voting servers now and would have 4: an even", HARD, more_and_even},
    {"replace-quorum", BY(), "1 of 2 voters is healthy, and 2 are a quorum", HARD, one_for_one},
    {"replace-quorum", BY(), "how many servers", HARD, nobody_votes},
    {"token-rights", BY(), "a management token, with which raft peers are removed", HARD,
     lesser_token},
    {"one-region", BY(), "is in region", HARD, two_regions},
    {"old-raft", BY(), "raft protocol 2", HARD, old_protocol},
    {"old-raft", BY(), "could not be read", HARD, unread_protocol},
    {"older-target", BY(), "stays, and runs 1.11.0, which is newer than 1.10.5", HARD,
     s3_stays_ahead},
    {"bad-leaders", BY(), "stays on 1.10.1+ent: a leader on 1.10.2+ent", HARD, s3_stays_behind},
    {"moves-votes", BY(), "upgrade migration is on", HARD, enterprise},
    {"moves-votes", BY(), "redundancy zones are on", HARD, zones},
    {"moves-votes", BY(), "the token has no right to ask", BLOCK, unread_autopilot},
    {"names-removed", BY(), "3 hosts name a server that leaves: 10.0.0.21 (s2, in its files)", WARN,
     as_they_are},
};

static void each_row_tells(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *w = &rows[i];
        struct replaced *r;

        down(state);
        up(state);
        r = *state;
        /* as_they_are: the new servers can only join servers that leave */
        assert_true(found(r, w->id) == NULL || w->change == as_they_are);
        if (w->change != NULL)
            w->change(r);
        else
            set(r, w->host, w->fact, w->value, w->text);
        const struct finding *f = found(r, w->id);
        if (f == NULL || f->severity != w->severity || strstr(f->text, w->says) == NULL)
            fail_msg("%s (%s): %s", w->id, w->says, f != NULL ? f->text : "nothing");
        assert_int_equal(plan_refused(&r->plan) != NULL, w->severity >= BLOCK);
        assert_true(strlen(f->advice) > 10);
    }
}

/* Every row about replaced servers needs its world here. */
static void every_row_has_its_world(void **state)
{
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < built_in()->n_rows; i++) {
        const struct hazard *row = &built_in()->rows[i];
        bool there = !row_of_replaced(row);
        n += !there;
        for (size_t k = 0; k < ARRAY_LEN(rows); k++)
            there |= strncmp(rows[k].id, row->id, strcspn(rows[k].id, ":")) == 0;
        if (!there)
            fail_msg("row %s lacks its world", row->id);
    }
    assert_true(n >= 18);
}

static void an_upgrade_knows_nothing_of_them(void **state)
{
    struct replaced *r = *state;
    r->f.policy.replace.n_joins = r->f.policy.replace.n_leaves = 0;
    r->f.w.n_hosts = SMALL_HOSTS;
    set(r, 0, "stop-allowed", TRI_NO, "");
    set(r, 0, "unit-enabled", TRI_UNKNOWN, "static");
    set(r, 0, "start-stopped", TRI_NO, "");
    old_protocol(r);
    assert_null(found(r, ""));
    for (size_t i = 0; i < r->plan.n_findings; i++)
        assert_false(row_of_replaced(built_in_row(r->plan.findings[i].id)));
    assert_false(r->plan.replaces);
}

/* Findings about a new binary count for hosts that get one, and not for servers that leave. */
static void who_leaves_is_not_asked_what_a_new_binary_would_meet(void **state)
{
    static const char *const of_new[] = {"config-rejected", "no-room", "read-only",
                                         "path-unusable"};
    struct replaced *r = *state;

    for (size_t i = 0; i < ARRAY_LEN(of_new); i++) {
        set(r, 1, of_new[i], TRI_YES, "as found");
        assert_null(found(r, of_new[i]));
        set(r, 3, of_new[i], TRI_YES, "as found");
        assert_non_null(found(r, of_new[i]));
    }
    set(r, 1, "law-refuses", TRI_YES, "no leader");
    assert_non_null(found(r, "law-refuses"));
}

static void a_dead_one_is_accepted_by_its_name(void **state)
{
    struct replaced *r = *state;
    struct err err = ERR_INIT;

    s2_is_dead(r);
    r->f.policy.accepted[r->f.policy.n_accepted++] = "dead:s3";
    assert_false(found(r, "dead:s2")->accepted);
    r->f.policy.accepted[0] = "dead:s2";
    assert_true(found(r, "dead:s2")->accepted);
    assert_string_equal(r->plan.hosts[NEW].name, "s2");
    assert_true(r->plan.hosts[NEW].dead);
    assert_false(r->plan.hosts[NEW + 1].dead);
    assert_null(found(r, "unmanaged-server"));
    assert_int_equal(make(r, &err), 0);
    assert_int_equal(r->plan.regions[0].voters, 2);
    assert_true(r->plan.hosts[r->plan.n_hosts - 1].leader); /* a dead server names no leader */
}

static void voters_may_be_accepted(void **state)
{
    struct replaced *r = *state;

    fewer(r);
    r->f.policy.replace.voters = true;
    assert_int_equal(found(r, "voters")->severity, SEVERITY_WARN);
    assert_null(plan_refused(&r->plan));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, up, down)
    const struct CMUnitTest tests[] = {
        TEST(new_ones_come_first_and_the_leader_goes_last),
        TEST(each_name_is_one_server),
        TEST(each_row_tells),
        TEST(every_row_has_its_world),
        TEST(an_upgrade_knows_nothing_of_them),
        TEST(who_leaves_is_not_asked_what_a_new_binary_would_meet),
        TEST(a_dead_one_is_accepted_by_its_name),
        TEST(voters_may_be_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
