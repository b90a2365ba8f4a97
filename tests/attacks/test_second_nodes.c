/*
 * A hostile server's list of nodes: a page may be as long as a whole list of before there were
 * pages, and there may be a thousand of them. Each node takes room here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "console_fixture.h"
#include "nomad_desk.h"
#include "nomad_nodes.h"
#include "observer.h"
#include "str.h"

struct scene {
    int pages; /* asked for */
};

/* Whatever is asked for: NODES_PAGE + 1 nodes, and one more page. */
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
        snprintf(ret->next_token, sizeof ret->next_token, "%d", s->pages);
    } else {
        ret->status = 404;
    }
}

static void pages_are_no_larger_than_asked_for(void **state)
{
    struct scene s = {.pages = 0};
    struct nomad_desk *desk = nomad_desk_start(1, answer, &s);
    struct console_fixture fixture;
    struct http *http = NULL;
    struct nomad_http *nomad = NULL;
    struct err err = ERR_INIT;
    const struct world *w = NULL;

    (void)state;
    assert_int_equal(console_fixture_begin(&fixture), 0);
    snprintf(fixture.conf.address, sizeof fixture.conf.address, "http://127.0.0.1:%u",
             nomad_desk_port(desk, 0));
    assert_int_equal(http_new(&http, &err), 0);
    assert_int_equal(nomad_http_new(&fixture.conf, http, &nomad, &err), 0);
    struct observer *o = observer_new(
        &(struct observer_config){.conf = &fixture.conf, .nomad = nomad, .clock = clock_system()});
    while (w == NULL) {
        int64_t due = observer_tick(o) - clock_mono(clock_system());
        w = observer_take(o);
        assert_true(w != NULL || http_wait(http, MAX_OF(due, (int64_t)0), &err) >= 0);
    }
    assert_int_equal(s.pages, 1);
    assert_int_equal(w->n_hosts, 1);
    http_free(http);
    nomad_http_free(nomad);
    observer_free(o);
    nomad_desk_stop(desk);
    console_fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_no_larger_than_asked_for),
    };

    return cmocka_run_group_tests_name("second_nodes", tests, NULL, NULL);
}
