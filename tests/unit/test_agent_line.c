/* Which line of known_hosts contains the key of an agent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent.h"
#include "str.h"

static const struct {
    const char *server_id, *address;
    bool by_id, keyed; /* by_id: the file has another key for the agent's id */
} rows[] = {
    {"raft-1", "10.0.0.21:4650", false, true},
    {"raft-1", "10.0.0.21:4700", false, false},
    {"raft-1", "10.0.0.22:4650", false, false},
    {"", "10.0.0.21:4650", false, false}, /* no server */
    {"raft-1", "10.0.0.21:4650", true, true},
};

/* A server that has joined is known by the address of its enrolment, until its id has a line. */
static void by_the_address_of_its_enrolment(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct known_hosts known = {.n = 0};
        struct pubkey first, other;
        struct agent *g = agent_new("raft-1");
        struct err err = ERR_INIT;
        char id[UUID_MAX];

        memset(&first, 1, sizeof(first));
        memset(&other, 2, sizeof(other));
        joining_key(id, &first);
        assert_int_equal(known_hosts_add(&known, id, "10.0.0.21", &first, &err), 1);
        if (rows[i].by_id)
            assert_int_equal(known_hosts_add(&known, "raft-1", "s1", &other, &err), 1);
        str_cut(g->server_id, sizeof(g->server_id), rows[i].server_id);
        str_cut(g->address, sizeof(g->address), rows[i].address);
        str_cut(g->key, sizeof(g->key), rows[i].server_id);
        agent_look_up(g, &known);
        assert_int_equal(g->keyed, rows[i].keyed);
        if (rows[i].keyed)
            assert_true(pubkey_eq(&g->pub, rows[i].by_id ? &other : &first));
        agent_free(g);
        known_hosts_free(&known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_address_of_its_enrolment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
