/* What was learned of an agent, as the world shows it. */
#include "agent.h"

#include "str.h"

static bool is_misplaced(const struct agent *g, const struct host *h)
{
    bool server =
        h->is_server && g->told_server[0] != '\0' && !str_eq(g->told_server, h->server_id);
    bool client = h->is_client && g->told_client[0] != '\0' && !str_eq(g->told_client, h->node_id);
    return server || client || g->doubled;
}

static const char *problem_of(const struct agent *g, const struct host *h, struct arena *a)
{
    if (g->doubled)
        return "two hosts of Nomad's lists claim this id";
    if (!g->keyed)
        return g->problem[0] != '\0' ? arena_strdup(a, g->problem) : "not enrolled";
    if (g->address[0] == '\0')
        return "Nomad tells no address of it";
    if (g->view.hello_at != 0 && is_misplaced(g, h))
        return arena_printf(a, "at %s answers the agent of %s%s%s, not of this host", g->address,
                            g->told_server, g->told_server[0] != '\0' ? " " : "", g->told_client);
    return arena_strdup(a, g->problem);
}

void agents_fill(const struct agents *a, struct host *h, struct arena *arena)
{
    const struct agent *g = agents_find(a, h->key);
    struct agent_view *v = &h->agent;
    if (g == NULL) {
        v->address = v->problem = v->program = v->os = v->arch = "";
        v->server_id = v->client_id = v->failure_text = v->evidence = "";
        return;
    }
    *v = g->view;
    v->enrolled = g->keyed;
    v->key_changed = g->key_changed;
    v->misplaced = g->doubled || (g->view.hello_at != 0 && is_misplaced(g, h));
    v->address = arena_strdup(arena, g->address);
    v->problem = problem_of(g, h, arena);
    v->failure_text = g->failure_text != NULL ? arena_strdup(arena, g->failure_text) : "";
    v->evidence = g->evidence != NULL ? arena_strdup(arena, g->evidence) : "";
    agent_facts_fill(g, v, arena);
}

const char *agents_client_of(const struct agents *a, const char *server_id)
{
    const struct agent *g = agents_find(a, server_id);
    return g != NULL && g->view.hello_at != 0 ? g->told_client : "";
}

const struct note *agents_notes(const struct agents *a, const char *key, size_t *ret_n)
{
    const struct agent *g = agents_find(a, key);
    *ret_n = g != NULL ? g->n_notes : 0;
    return g != NULL ? g->notes : NULL;
}
