#include "sim_state.h"
#include "err.h"

static const struct sim_id no_id;

void sim_state_init(struct sim_state *s)
{
    memset(s, 0, sizeof(*s));
    s->head = s->tail = -1;
}

void sim_state_free(struct sim_state *s)
{
    free(s->slots);
    free(s->hash);
    sim_state_init(s);
}

void sim_state_clear(struct sim_state *s)
{
    struct sim_slot *slots = s->slots;
    int *hash = s->hash;
    int cap = s->cap, hash_cap = s->hash_cap;
    sim_state_init(s);
    s->slots = slots;
    s->cap = cap;
    s->hash = hash;
    s->hash_cap = hash_cap;
    for (int i = 0; i < hash_cap; i++)
        hash[i] = -1;
}

static unsigned key_hash(enum sim_record_kind kind, const struct sim_id *id)
{
    uint64_t a, b;
    memcpy(&a, id->b, 8);
    memcpy(&b, id->b + 8, 8);
    uint64_t h = (a ^ b * 31 ^ (uint64_t)kind * 1315423911u) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(h >> 40);
}

static int probe_hash(const struct sim_state *s, enum sim_record_kind kind, const struct sim_id *id)
{
    unsigned mask = (unsigned)s->hash_cap - 1;
    unsigned at = key_hash(kind, id) & mask;
    while (s->hash[at] >= 0) {
        const struct sim_record *r = &s->slots[s->hash[at]].r;
        if (r->kind == kind && sim_id_eq(&r->id, id))
            break;
        at = (at + 1) & mask;
    }
    return (int)at;
}

static void grow_hash(struct sim_state *s)
{
    s->cap = s->cap > 0 ? s->cap * 2 : 32;
    s->hash_cap = s->cap * 4;
    s->slots = xrealloc(s->slots, (size_t)s->cap * sizeof(*s->slots));
    s->hash = xrealloc(s->hash, (size_t)s->hash_cap * sizeof(*s->hash));
    for (int i = 0; i < s->hash_cap; i++)
        s->hash[i] = -1;
    for (int i = 0; i < s->n; i++)
        s->hash[probe_hash(s, s->slots[i].r.kind, &s->slots[i].r.id)] = i;
}

int sim_state_slot(const struct sim_state *s, enum sim_record_kind kind, const struct sim_id *id)
{
    return s->hash_cap > 0 ? s->hash[probe_hash(s, kind, id)] : -1;
}

const struct sim_record *sim_state_find(const struct sim_state *s, enum sim_record_kind kind,
                                        const struct sim_id *id)
{
    int slot = sim_state_slot(s, kind, id != NULL ? id : &no_id);
    return slot >= 0 ? &s->slots[slot].r : NULL;
}

static void list_remove(struct sim_state *s, int slot)
{
    struct sim_slot *x = &s->slots[slot];
    *(x->prev >= 0 ? &s->slots[x->prev].next : &s->head) = x->next;
    *(x->next >= 0 ? &s->slots[x->next].prev : &s->tail) = x->prev;
}

static void list_append(struct sim_state *s, int slot)
{
    s->slots[slot].prev = s->tail;
    s->slots[slot].next = -1;
    *(s->tail >= 0 ? &s->slots[s->tail].next : &s->head) = slot;
    s->tail = slot;
}

static void note_term(struct sim_state *s, const struct sim_record *r)
{
    if (s->n_terms > 0 && s->terms[s->n_terms - 1].term == r->term)
        return;
    if (s->n_terms == SIM_TERMS_KEPT) {
        memmove(s->terms, s->terms + 1, sizeof(s->terms[0]) * (SIM_TERMS_KEPT - 1));
        s->n_terms--;
    }
    s->terms[s->n_terms++] = (struct sim_term_start){r->term_first, r->term};
}

int sim_state_apply(struct sim_state *s, const struct sim_record *r)
{
    if (s->n == s->cap)
        grow_hash(s);
    int at = probe_hash(s, r->kind, &r->id);
    int slot = s->hash[at];
    if (slot >= 0) {
        list_remove(s, slot);
    } else {
        slot = s->n++;
        s->hash[at] = slot;
    }
    s->slots[slot].r = *r;
    list_append(s, slot);
    note_term(s, r);
    s->last_index = r->index;
    s->last_term = r->term;
    s->table_index[r->kind] = r->index;
    return slot;
}

int sim_state_append(struct sim_state *s, struct sim_record *r, uint64_t term)
{
    r->index = s->last_index + 1;
    r->term = term;
    bool same = s->n_terms > 0 && s->terms[s->n_terms - 1].term == term;
    r->term_first = same ? s->terms[s->n_terms - 1].first : r->index;
    return sim_state_apply(s, r);
}

int sim_state_after(const struct sim_state *s, uint64_t index)
{
    int found = -1;
    for (int i = s->tail; i >= 0 && s->slots[i].r.index > index; i = s->slots[i].prev)
        found = i;
    return found;
}

bool sim_state_has(const struct sim_state *s, uint64_t index, uint64_t term)
{
    if (index == 0)
        return true;
    if (index > s->last_index)
        return false;
    for (int i = s->n_terms - 1; i >= 0; i--)
        if (s->terms[i].first <= index)
            return s->terms[i].term == term;
    return false;
}

void sim_state_lose(struct sim_state *s)
{
    struct sim_record keep[3];
    int n = 0;
    uint64_t index = s->last_index, term = s->last_term;
    for (int i = s->head; i >= 0; i = s->slots[i].next) {
        enum sim_record_kind kind = s->slots[i].r.kind;
        if (kind == SIM_REC_NOOP || kind == SIM_REC_CONFIG || kind == SIM_REC_AUTOPILOT)
            keep[n++] = s->slots[i].r;
    }
    struct sim_term_start terms[SIM_TERMS_KEPT];
    int n_terms = s->n_terms;
    memcpy(terms, s->terms, sizeof(terms));
    sim_state_clear(s);
    for (int i = 0; i < n; i++)
        sim_state_apply(s, &keep[i]);
    memcpy(s->terms, terms, sizeof(terms));
    s->n_terms = n_terms;
    s->last_index = index;
    s->last_term = term;
}

const struct sim_raft_config *sim_state_config(const struct sim_state *s)
{
    const struct sim_record *r = sim_state_find(s, SIM_REC_CONFIG, NULL);
    return r != NULL ? &r->u.config : NULL;
}

struct sim_autopilot_config sim_state_autopilot(const struct sim_state *s)
{
    const struct sim_record *r = sim_state_find(s, SIM_REC_AUTOPILOT, NULL);
    if (r == NULL)
        return (struct sim_autopilot_config){true, 200, 10000, 250, 0, 0, 0};
    struct sim_autopilot_config c = r->u.autopilot;
    c.modify_index = r->index;
    return c;
}
