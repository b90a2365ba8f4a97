/* The facts of a host that the run keeps when it begins: stage orders are made from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent.h"

static const struct fact told[] = {
    {"law-refuses", TRI_YES, "root holds it"},
    {"url-prefixes", TRI_YES, "https://mirror.example/"},
    {"libc", TRI_YES, "2.36"},
    {"file-urls", TRI_NO, ""},
    {"seed", TRI_UNKNOWN, "[seed] url is not set"},
};

static void tell(struct agent *g, const struct fact *facts, uint32_t n)
{
    struct receipt *r = xzalloc(1, sizeof(*r));

    r->u.status.n_facts = n;
    for (uint32_t i = 0; i < n; i++)
        r->u.status.facts[i] = facts[i];
    r->u.status.work.revision = g->view.work.revision + 1;
    (void)agent_take_status(g, r, &(struct status_asked){.at = 1000, .now = 1001});
    free(r);
}

static void shows(const struct agent *g, const char *id, enum tri value, const char *text)
{
    struct arena arena = {0};
    struct host h = {.server_id = "", .node_id = ""};

    agent_fill(g, &h, &arena);
    const struct fact_view *f = agent_fact(&h.agent, id);
    if (text == NULL) {
        assert_null(f);
    } else {
        assert_non_null(f);
        assert_int_equal(f->value, value);
        assert_string_equal(f->text, text);
    }
    arena_free(&arena);
}

static void test_what_orders_are_made_by_is_kept(void **state)
{
    struct agent *g = agent_new("c1-id");

    (void)state;
    tell(g, told, ARRAY_LEN(told));
    shows(g, "libc", TRI_YES, "2.36");
    for (int i = 0; i < 2; i++) {
        agent_drop_facts(g);
        shows(g, "url-prefixes", TRI_YES, "https://mirror.example/");
        shows(g, "file-urls", TRI_NO, "");
        shows(g, "seed", TRI_UNKNOWN, "[seed] url is not set");
        shows(g, "libc", TRI_NO, NULL);
        shows(g, "law-refuses", TRI_NO, NULL);
    }
    tell(g, told, 1); /* after a new status only the new facts are known */
    shows(g, "law-refuses", TRI_YES, "root holds it");
    shows(g, "seed", TRI_NO, NULL);
    agent_drop_facts(g);
    assert_int_equal(g->view.n_facts, 0);
    assert_null(g->facts);
    agent_drop_facts(g);
    agent_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_orders_are_made_by_is_kept),
    };
    return cmocka_run_group_tests_name("agent_facts", tests, NULL, NULL);
}
