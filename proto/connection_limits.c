#include "connection_limits.h"

struct member {
    uint32_t id; /* 0: the slot is free */
    struct address from;
    uint64_t last; /* value of the crowd's count when it joined, was last heard or last served */
    int serving;   /* number of its frames that a handler has */
    int party;     /* number of staying members of its party, with itself */
    bool leaving;  /* to be closed; does not count any more */
    bool told;     /* connection_limits_to_close has named it */
};

struct connection_limits {
    size_t max, max_each;
    uint64_t count; /* number of calls so far; stands for the time */
    size_t size;    /* number of members that stay */
    size_t n;
    struct member members[]; /* twice max, because closing a connection takes a moment */
};

struct connection_limits *connection_limits_new(int max, int max_each)
{
    size_t n = 2 * (size_t)max;
    struct connection_limits *c = xzalloc(1, sizeof(*c) + n * sizeof(struct member));
    c->max = (size_t)max;
    c->max_each = (size_t)max_each;
    c->n = n;
    return c;
}

void connection_limits_free(struct connection_limits *c)
{
    free(c);
}

size_t connection_limits_count(const struct connection_limits *c)
{
    return c->size;
}

static struct member *find_member(struct connection_limits *c, uint32_t id)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->members[i].id == id)
            return &c->members[i];
    }
    return NULL;
}

static bool is_staying(const struct member *m)
{
    return m->id != 0 && !m->leaving;
}

/* Adds step to the count of every other member of m's party. Returns how many other members the
 * party has. */
static int count_party(struct connection_limits *c, const struct member *m, int step)
{
    int others = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct member *o = &c->members[i];
        if (o == m || !is_staying(o) || !address_same_party(&o->from, &m->from))
            continue;
        o->party += step;
        others++;
    }
    return others;
}

static void mark_leaving(struct connection_limits *c, struct member *m)
{
    m->leaving = true;
    c->size--;
    (void)count_party(c, m, -1);
}

/* Finds the member to close: of the largest party (with `of`: of the party of that address), the
 * member that has been silent longest. NULL: all members are being served. */
static struct member *find_silent(struct connection_limits *c, const struct address *of)
{
    struct member *best = NULL;
    for (size_t i = 0; i < c->n; i++) {
        struct member *m = &c->members[i];
        if (!is_staying(m) || m->serving > 0 || (of != NULL && !address_same_party(&m->from, of)))
            continue;
        if (best == NULL || m->party > best->party ||
            (m->party == best->party && m->last < best->last))
            best = m;
    }
    return best;
}

bool connection_limits_admit(struct connection_limits *c, uint32_t id, const struct address *from)
{
    struct member new = {.id = id, .from = *from, .last = ++c->count};
    struct member *slot = find_member(c, 0);

    if (slot == NULL)
        return false;
    bool party_full = (size_t)count_party(c, &new, 0) >= c->max_each;
    if (party_full || c->size >= c->max) {
        struct member *silent = find_silent(c, party_full ? from : NULL);
        if (silent == NULL)
            return false;
        mark_leaving(c, silent);
    }
    new.party = 1 + count_party(c, &new, 1);
    *slot = new;
    c->size++;
    return true;
}

void connection_limits_begin_serving(struct connection_limits *c, uint32_t id)
{
    struct member *m = find_member(c, id);
    if (m == NULL)
        return;
    m->serving++;
    m->last = ++c->count;
}

void connection_limits_end_serving(struct connection_limits *c, uint32_t id)
{
    struct member *m = find_member(c, id);
    if (m == NULL)
        return;
    m->serving--;
    m->last = ++c->count;
}

void connection_limits_remove(struct connection_limits *c, uint32_t id)
{
    struct member *m = find_member(c, id);
    if (m == NULL)
        return;
    if (!m->leaving)
        mark_leaving(c, m);
    memset(m, 0, sizeof(*m));
}

uint32_t connection_limits_to_close(struct connection_limits *c)
{
    for (size_t i = 0; i < c->n; i++) {
        struct member *m = &c->members[i];
        if (m->id != 0 && m->leaving && !m->told) {
            m->told = true;
            return m->id;
        }
    }
    return 0;
}
