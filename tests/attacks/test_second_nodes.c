/*
 * A hostile server sends an endless list of nodes: one page may be as long as a whole list without
 * pages, and there may be a thousand pages. Every node costs memory of the coordinator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "nomad_desk.h"
#include "nomad_nodes.h"
#include "str.h"

struct scene {
    int pages; /* number of pages that were requested */
};

/* Answers every request with NODES_PAGE + 1 nodes and the token of another page. */
static void answer(void *ctx, int server, const char *path, const char *token,
                   struct desk_answer *ret)
{
    struct scene *s = ctx;

    (void)server;
    (void)token;
    ret->status = 200;
    if (str_eq(path, "/v1/agent/members")) {
        buf_add_str(
            &ret->body,
            "{\"ServerRegion\":\"r\",\"Members\":[{\"Name\":\"s0.r\",\"Addr\":\"127.0.0.1\","
            "\"Status\":\"alive\",\"Tags\":{\"role\":\"nomad\",\"id\":\"id-0\",\"region\":"
            "\"r\",\"build\":\"1.10.5\",\"port\":\"4647\"}}]}");
    } else if (str_eq(path, "/v1/nodes")) {
        int first = s->pages++ * 1000;
        for (int i = 0; i <= NODES_PAGE; i++)
            buf_printf(&ret->body, "%c{\"ID\":\"n-%d\",\"Name\":\"c-%d\"}", i > 0 ? ',' : '[',
                       first + i, first + i);
        buf_add_str(&ret->body, "]");
        snprintf(ret->next_token, sizeof(ret->next_token), "%d", s->pages);
    } else {
        ret->status = 404;
    }
}

static void pages_are_no_larger_than_asked_for(void **state)
{
    struct scene s = {.pages = 0};
    struct watched watched;

    (void)state;
    watched_begin(&watched, 1, "", answer, &s);
    const struct world *w = watched_round(&watched);
    assert_int_equal(s.pages, 1);
    assert_int_equal(w->n_hosts, 1);
    watched_end(&watched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_no_larger_than_asked_for),
    };

    return cmocka_run_group_tests_name("second_nodes", tests, NULL, NULL);
}
