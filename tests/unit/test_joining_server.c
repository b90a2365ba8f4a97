/* A host that will join: when it is the same as a server in Nomad's lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "joining_server.h"
#include "str.h"

#define KEY "agent/0123456789abcdef0123456789abcdef"

/* Nomad's list in one observation, and the agent's report at that time. */
struct round {
    const char *what;
    const char *told;
    const char *ids[2], *addrs[2]; /* "": no such row */
    bool left;                     /* the first of them, as all servers report */
    int row;                       /* index of that server; -1: a row of its own */
    const char *problem;           /* a part of the text; NULL: none */
};

static const struct round unlisted[] = {
    {"nobody knows anything", "", {"", ""}, {"", ""}, false, -1, NULL},
    {"it tells an id, not listed yet", "new", {"a", ""}, {"10.0.0.1", ""}, false, -1, NULL},
    {"listed, but it tells no id", "", {"new", ""}, {"10.0.0.9", ""}, false, -1, NULL},
    {"another id at its address", "new", {"old", ""}, {"10.0.0.9", ""}, false, -1, "the id old"},
    {"one that has left its address", "new", {"old", ""}, {"10.0.0.9", ""}, true, -1, NULL},
    {"its id at another address", "new", {"new", ""}, {"10.0.0.8", ""}, false, -1, "at 10.0.0.8"},
    {"another spelling of its address",
     "new",
     {"new", ""},
     {"::ffff:10.0.0.9", ""},
     false,
     0,
     NULL},
};

/* One observation after the other: a host that was matched once stays matched. */
static const struct round listed[] = {
    {"before", "", {"a", ""}, {"10.0.0.1", ""}, false, -1, NULL},
    {"listed with its id", "new", {"a", "new"}, {"10.0.0.1", "10.0.0.9"}, false, 1, NULL},
    {"silent", "", {"a", "new"}, {"10.0.0.1", "10.0.0.9"}, false, 1, NULL},
    {"first in the list", "new", {"new", "z"}, {"10.0.0.9", "10.0.0.1"}, false, 0, NULL},
    {"another id is told", "b", {"a", "new"}, {"10.0.0.1", "10.0.0.9"}, false, 1, NULL},
    {"it moved", "new", {"a", "new"}, {"10.0.0.1", "10.0.0.7"}, false, 1, "at 10.0.0.7"},
    {"not listed", "new", {"a", ""}, {"10.0.0.1", ""}, false, -1, NULL},
    {"it has left", "", {"new", ""}, {"10.0.0.9", ""}, true, 0, NULL},
};

static struct joining_server joiner_at(const char *address)
{
    struct joining_server j;
    struct err err = ERR_INIT;
    memset(&j, 0, sizeof(j));
    str_cut(j.key, sizeof(j.key), KEY);
    assert_int_equal(agent_place(address, &j.at, &err), 0);
    return j;
}

/* Rows of servers as servers_fill makes them; every server that has not left lists itself. */
static void make_world(const struct round *r, struct world *w, struct host *hosts,
                       struct member *lists)
{
    memset(w, 0, sizeof(*w));
    memset(hosts, 0, 4 * sizeof(*hosts));
    w->arena = (struct arena)ARENA_INIT;
    w->hosts = hosts;
    for (size_t i = 0; i < 2 && r->ids[i][0] != '\0'; i++) {
        struct host *h = &hosts[w->n_hosts++];
        h->key = h->server_id = r->ids[i];
        h->node_id = "";
        h->name = "listed";
        h->addr = r->addrs[i];
        h->is_server = true;
        lists[i] = (struct member){.id = r->ids[i],
                                   .status = i == 0 && r->left ? MEMBER_LEFT : MEMBER_ALIVE};
        h->server.members = &lists[i];
        h->server.n_members = 1;
        h->server.members_at = 1;
    }
}

static void check_row(const struct round *r, const struct world *w, size_t n_listed)
{
    const struct host *h = &w->hosts[r->row >= 0 ? (size_t)r->row : n_listed];
    assert_int_equal(w->n_hosts, n_listed + (r->row < 0));
    assert_string_equal(h->key, KEY);
    assert_true(h->joins);
    assert_string_equal(h->agent.address, "10.0.0.9:4650");
    assert_int_equal(h->agent.misplaced, r->problem != NULL);
    if (r->problem != NULL)
        assert_non_null(strstr(h->agent.problem, r->problem));
    assert_int_equal(h->is_server, r->row >= 0);
    if (r->row < 0)
        assert_string_equal(h->name, "10.0.0.9");
    for (size_t i = 0; i < n_listed; i++)
        if ((int)i != r->row)
            assert_false(w->hosts[i].joins);
}

static void play(struct joining_server *j, const struct round *r)
{
    struct world w;
    struct host hosts[4];
    struct member lists[2];
    print_message("# %s\n", r->what);
    make_world(r, &w, hosts, lists);
    size_t n = w.n_hosts;
    joining_bind(j, r->told, &w);
    joining_add_row(j, &w);
    joining_mark(j);
    check_row(r, &w, n);
    arena_free(&w.arena);
}

static void test_one_that_was_never_listed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unlisted); i++) {
        struct joining_server j = joiner_at("10.0.0.9");
        play(&j, &unlisted[i]);
    }
}

static void test_it_stays_what_it_was(void **state)
{
    struct joining_server j = joiner_at("10.0.0.9");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(listed); i++)
        play(&j, &listed[i]);
    assert_string_equal(j.server_id, "new");
}

static void test_only_who_was_enrolled_there(void **state)
{
    static const struct {
        const char *address, *says; /* NULL: the host is one */
    } rows[] = {
        {"10.0.0.9", NULL},
        {"10.0.0.9:4650", NULL},
        {"10.0.0.9:4700", "caravan enroll --host 10.0.0.9:4700"},
        {"10.0.0.8", "not enrolled"}, /* a line for a Nomad id is no line for an address */
        {"s9", "no address"},
    };
    struct known_hosts known;
    struct err err = ERR_INIT;
    struct pubkey key;
    (void)state;
    memset(&known, 0, sizeof(known));
    memset(&key, 7, sizeof(key));
    assert_int_equal(known_hosts_add(&known, KEY, "10.0.0.9", &key, &err), 1);
    assert_int_equal(known_hosts_add(&known, "id-8", "10.0.0.8", &key, &err), 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct joining_server j;
        int rc = joining_find(&known, rows[i].address, &j, &err);
        assert_int_equal(rc, rows[i].says == NULL ? 0 : -1);
        if (rc < 0)
            assert_non_null(strstr(err.text, rows[i].says));
        else
            assert_string_equal(j.key, KEY);
    }
    known_hosts_free(&known);
}

/* A copied machine: both hosts report the id of one member. */
static void test_two_that_tell_one_id(void **state)
{
    static const struct round r = {"", "new", {"new", ""}, {"10.0.0.9", ""}, false, 0, NULL};
    struct joining_server a = joiner_at("10.0.0.9"), b = joiner_at("10.0.0.10");
    struct world w;
    struct host hosts[4];
    struct member lists[2];
    (void)state;
    str_cut(b.key, sizeof(b.key), "agent/other");
    make_world(&r, &w, hosts, lists);
    joining_bind(&a, "new", &w);
    joining_bind(&b, "new", &w);
    joining_add_row(&b, &w);
    joining_mark(&b);
    assert_string_equal(hosts[0].key, KEY);
    assert_false(hosts[0].agent.misplaced);
    assert_int_equal(w.n_hosts, 2);
    assert_true(hosts[1].agent.misplaced);
    assert_non_null(strstr(hosts[1].agent.problem, "and also at 10.0.0.9:4650"));
    arena_free(&w.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_was_never_listed),
        cmocka_unit_test(test_it_stays_what_it_was),
        cmocka_unit_test(test_only_who_was_enrolled_there),
        cmocka_unit_test(test_two_that_tell_one_id),
    };
    return cmocka_run_group_tests_name("joining_server", tests, NULL, NULL);
}
