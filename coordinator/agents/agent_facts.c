/* The facts an agent told, kept small and shown in a world. */
#include "agent.h"

#include "str.h"

void agent_facts_drop(struct agent *g)
{
    free(take_ptr(&g->facts));
    g->facts_len = 0;
    g->view.n_facts = 0;
}

void agent_facts_take(struct agent *g, const struct receipt_status *s)
{
    auto_buf struct buf b = BUF_INIT;

    agent_facts_drop(g);
    for (uint32_t i = 0; i < s->n_facts; i++) {
        const struct fact *f = &s->facts[i];
        (void)buf_add_byte(&b, (unsigned char)f->value);
        (void)buf_add(&b, f->id, strlen(f->id) + 1);
        (void)buf_add(&b, f->text, strlen(f->text) + 1);
    }
    if (b.len == 0)
        return;
    g->facts = xalloc(b.len);
    memcpy(g->facts, b.data, b.len);
    g->facts_len = b.len;
    g->view.n_facts = s->n_facts;
}

void agent_facts_fill(const struct agent *g, struct agent_view *v, struct arena *arena)
{
    v->facts = NULL;
    v->n_facts = g->facts_len > 0 ? g->view.n_facts : 0;
    if (v->n_facts == 0)
        return;
    struct fact_view *facts = arena_array(arena, v->n_facts, sizeof(*facts));
    const char *at = memcpy(arena_alloc(arena, g->facts_len), g->facts, g->facts_len);
    for (size_t i = 0; i < v->n_facts; i++) {
        facts[i].value = (enum tri)(unsigned char)*at++;
        facts[i].id = at;
        at += strlen(at) + 1;
        facts[i].text = at;
        at += strlen(at) + 1;
    }
    v->facts = facts;
}
