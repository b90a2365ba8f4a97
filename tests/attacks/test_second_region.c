/*
 * An attacker who can join the gossip (which has no key by default) can pose as a server of any
 * region. When the coordinator asks an honest server about that region, Nomad itself forwards the
 * request to the attacker, by RPC and with the token of the request. So such a request must not
 * have a token.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "nomad_desk.h"
#include "str.h"

#define SECRET "11111111-2222-3333-4444-555555555555"

struct scene {
    const char *rogue; /* the second member */
    struct watched w;
    int own, handed_on; /* requests with the token: about our region, about another region */
};

#define MEMBER(name, addr, id, region)                                                             \
    "{\"Name\":\"" name "\",\"Addr\":\"" addr                                                      \
    "\",\"Status\":\"alive\",\"Tags\":{\"role\":\"nomad\","                                        \
    "\"id\":\"" id "\",\"region\":\"" region "\",\"build\":\"1.10.5\",\"port\":\"4647\"}}"

static void answer(void *ctx, int server, const char *path, const char *token,
                   struct desk_answer *ret)
{
    struct scene *s = ctx;
    bool secret = ret->secret != NULL && str_eq(ret->secret, SECRET);
    bool other = ret->region != NULL && !str_eq(ret->region, "global");

    (void)server;
    (void)token;
    s->handed_on += secret && other;
    ret->status = 200;
    if (str_eq(path, "/v1/status/leader")) {
        buf_add_str(&ret->body, "\"10.0.0.1:4647\"");
    } else if (!secret) {
        ret->status = 403;
    } else if (str_eq(path, "/v1/agent/members")) {
        buf_printf(&ret->body,
                   "{\"ServerRegion\":\"global\",\"Members\":[" MEMBER("s0.global", "10.0.0.1",
                                                                       "id-0", "global") "%s%s]}",
                   s->rogue[0] != '\0' ? "," : "", s->rogue);
    } else if (str_eq(path, "/v1/agent/self")) {
        buf_add_str(&ret->body,
                    "{\"config\":{\"Region\":\"global\",\"Version\":{\"Version\":\"1.10.5\"}},"
                    "\"member\":{\"Tags\":{\"id\":\"id-0\"}},\"stats\":{\"raft\":{\"state\":"
                    "\"Leader\"}}}");
    } else if (str_eq(path, "/v1/nodes")) {
        s->own += !other;
        buf_add_str(&ret->body, "[{\"ID\":\"node-1\",\"Name\":\"c1\",\"Address\":\"10.0.0.2\"}]");
    } else {
        ret->status = 404;
    }
}

static struct scene *begin(const char *rogue)
{
    struct scene *s = xzalloc(1, sizeof(*s));

    s->rogue = rogue;
    watched_begin(&s->w, 1, SECRET, answer, s);
    return s;
}

static void end(struct scene *s)
{
    watched_end(&s->w);
    free(s);
}

static void no_token_is_handed_on(const char *rogue)
{
    struct scene *s = begin(rogue);
    struct nomad_base base;
    bool would = false;

    for (int i = 0; i < 3; i++) {
        const struct world *w = watched_round(&s->w);
        assert_string_equal(w->problem, "");
        observer_server_to_ask(s->w.observer, "evil", &base);
        would |= base.token != TOKEN_NOT;
    }
    if (s->handed_on > 0)
        fail_msg("%d times the token was given to be handed on to region evil", s->handed_on);
    if (would)
        fail_msg("what is asked about region evil as a whole comes with the token");
    end(s);
}

/* The attacker's server has no address that the coordinator could ask. */
static void a_region_of_a_strangers(void **state)
{
    (void)state;
    no_token_is_handed_on(MEMBER("x.evil", "", "id-9", "evil"));
}

/* The attacker says that our own server belongs to that region. */
static void our_server_under_another_name(void **state)
{
    (void)state;
    no_token_is_handed_on(MEMBER("s0.evil", "10.0.0.1", "id-0", "evil"));
}

static void our_own_region_is_told_it(void **state)
{
    struct scene *s = begin("");
    struct nomad_base base;

    (void)state;
    const struct world *w = watched_round(&s->w);
    assert_int_equal(w->n_hosts, 2);
    assert_true(s->own > 0);
    observer_server_to_ask(s->w.observer, "global", &base);
    assert_int_equal(base.token, TOKEN_SENT);
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_of_a_strangers),
        cmocka_unit_test(our_server_under_another_name),
        cmocka_unit_test(our_own_region_is_told_it),
    };

    return cmocka_run_group_tests_name("second_region", tests, NULL, NULL);
}
