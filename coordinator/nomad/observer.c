#include "observer.h"

#include "count_reader.h"
#include "str.h"
#include "url_hide.h"
#include "version.h"

struct region_state {
    char name[NAME_MAX_LEN];
    struct nomad_base base; /* of the region's speaker in the last round */
    bool spoken;            /* `base` is set */
    uint64_t asked;         /* the round in which the region's nodes were asked for */
};

struct observer {
    struct observer_config c;
    struct servers servers;
    struct nodes nodes;
    struct count_reader counts;
    struct region_state regions[NODE_REGIONS_MAX];
    size_t n_regions;
    uint64_t round;
    bool open, seen; /* seen: the last round found a fleet */
    int64_t begun, ended, due;
    int64_t rest_until; /* observer_set_rest; 0: off */
    uint64_t asked;     /* nomad_asked when the round began */
    int64_t happened;   /* time of the last change */
    bool wanted;        /* there was a change since the last round began */
    uint64_t changes;   /* counters of the agents and the counts at the last tick */
    struct world *building, *ready, *given;
    struct joining_server *joining;
    size_t n_joiners;
    char (*interest)[UUID_MAX];
    size_t n_interest;
};

struct observer *observer_new(const struct observer_config *c)
{
    struct observer *o = xzalloc(1, sizeof(*o));
    o->c = *c;
    servers_init(&o->servers, c->nomad, c->clock);
    nodes_init(&o->nodes, c->nomad, c->clock);
    count_reader_init(&o->counts, c->nomad, c->clock);
    return o;
}

static void drop_world(struct world **w)
{
    if (*w != NULL) {
        world_free(*w);
        free(*w);
    }
    *w = NULL;
}

void observer_free(struct observer *o)
{
    if (o == NULL)
        return;
    drop_world(&o->building);
    drop_world(&o->ready);
    drop_world(&o->given);
    servers_free(&o->servers);
    nodes_free(&o->nodes);
    count_reader_free(&o->counts);
    free(o->interest);
    free(o->joining);
    free(o);
}

void observer_set_joining(struct observer *o, const struct joining_server *joining, size_t n)
{
    o->joining = xrealloc(o->joining, (n + 1) * sizeof(*o->joining));
    o->n_joiners = n;
    if (n > 0)
        memcpy(o->joining, joining, n * sizeof(*joining));
}

/* The key of a server's host is the server id, except for a host that joined. */
static const char *server_id_of(const struct observer *o, const char *key)
{
    for (size_t i = 0; i < o->n_joiners; i++)
        if (str_eq(o->joining[i].key, key))
            return o->joining[i].server_id;
    return key;
}

static bool is_same_interest(const struct observer *o, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n && n == o->n_interest; i++)
        if (!str_eq(o->interest[i], keys[i]))
            return false;
    return n == o->n_interest;
}

void observer_interest(struct observer *o, const char *const *keys, size_t n)
{
    if (is_same_interest(o, keys, n))
        return;
    o->interest = xrealloc(o->interest, (n + 1) * sizeof(*o->interest));
    o->n_interest = n;
    for (size_t i = 0; i < n; i++)
        str_cut(o->interest[i], sizeof(o->interest[i]), keys[i]);
    if (o->c.agents != NULL)
        agents_interest(o->c.agents, keys, n);
}

/* Finds the node ids of the hosts of interest in the last world. */
static void update_node_interest(struct observer *o)
{
    const struct world *w = o->ready != NULL ? o->ready : o->given;
    if (w == NULL)
        return; /* observer_give_back did this already */
    const char **ids = xalloc((o->n_interest + 1) * sizeof(*ids));
    const char **names = xalloc((o->n_interest + 1) * sizeof(*names));
    size_t n = 0;
    for (size_t i = 0; i < o->n_interest; i++) {
        const struct host *h = world_host(w, o->interest[i]);
        if (h == NULL || h->node_id[0] == '\0')
            continue;
        ids[n] = h->node_id;
        names[n++] = h->name;
    }
    nodes_interest(&o->nodes, ids, names, n);
    free(ids);
    free(names);
}

static struct region_state *region_state_of(struct observer *o, const char *name)
{
    for (size_t i = 0; i < o->n_regions; i++)
        if (str_eq(o->regions[i].name, name))
            return &o->regions[i];
    if (name[0] == '\0' || o->n_regions == NODE_REGIONS_MAX)
        return NULL;
    struct region_state *r = &o->regions[o->n_regions++];
    memset(r, 0, sizeof(*r));
    str_cut(r->name, sizeof(r->name), name);
    return r;
}

/* Nomad has pages since 1.3; any server of the region may answer. */
static bool knows_pages(const struct observer *o, const char *region)
{
    for (size_t i = 0; i < o->servers.n; i++) {
        const struct server_slot *slot = o->servers.slots[i];
        struct version v;
        struct err unused = ERR_INIT;
        if (str_eq(slot->region, region) && slot->seen_as == MEMBER_ALIVE &&
            (version_parse(slot->build, &v, &unused) < 0 || version_cmp_text(&v, "1.3.0") < 0))
            return false;
    }
    return true;
}

/* The base for a region without a speaker: NOMAD_ADDR. region "": the region of NOMAD_ADDR itself.
 * true: the token is not sent, although there is one. */
static bool base_of_nobody(const struct observer *o, const char *region, struct nomad_base *ret)
{
    nomad_base_seed(o->c.nomad, ret);
    if (region[0] == '\0' || str_eq(region, o->servers.own_region))
        return false;
    enum token_way way = ret->token;
    nomad_base_forwarding(o->c.nomad, ret);
    return ret->token != way;
}

/* A region becomes known with the first member that names it, perhaps in the middle of a round. If
 * NOMAD_ADDR must not forward the token, the round waits for one of the region's own servers. */
static void ask_regions(struct observer *o)
{
    for (size_t i = 0; i < o->servers.n; i++) {
        struct region_state *r = region_state_of(o, o->servers.slots[i]->region);
        if (r == NULL || r->asked == o->round)
            continue;
        struct nomad_base base = r->base;
        bool spoken = r->spoken;
        if (!spoken && base_of_nobody(o, r->name, &base)) {
            const struct server_slot *speaker = servers_to_ask(&o->servers, r->name);
            if (speaker == NULL && servers_may_answer(&o->servers, r->name))
                continue;
            spoken = speaker != NULL;
            if (spoken)
                base = speaker->base;
        }
        r->asked = o->round;
        nodes_ask_region(&o->nodes, r->name, &base, !spoken, knows_pages(o, r->name));
    }
}

static void begin_round(struct observer *o, int64_t now)
{
    o->building = xzalloc(1, sizeof(*o->building));
    o->building->arena = (struct arena)ARENA_INIT;
    o->building->round = ++o->round;
    o->building->begun_ms = o->begun = now;
    o->building->told = o->c.agents == NULL || agents_have_answered(o->c.agents);
    o->open = true;
    o->wanted = false;
    o->asked = nomad_asked(o->c.nomad);
    update_node_interest(o);
    o->nodes.alone = o->given == NULL;
    o->nodes.look = o->c.patient;
    nodes_begin(&o->nodes, &o->building->arena, o->round);
    servers_begin(&o->servers, &o->building->arena, o->round);
    ask_regions(o);
}

static void end_round(struct observer *o, int64_t now)
{
    struct nomad_base seed;
    char shown[sizeof(o->c.conf->address)];
    servers_end(&o->servers);
    for (size_t i = 0; i < o->n_regions; i++) {
        const struct server_slot *speaker = servers_to_ask(&o->servers, o->regions[i].name);
        o->regions[i].spoken = speaker != NULL;
        if (speaker != NULL)
            o->regions[i].base = speaker->base;
    }
    const struct fleet f = {.conf = o->c.conf,
                            .servers = &o->servers,
                            .nodes = &o->nodes,
                            .agents = o->c.agents,
                            .joining = o->joining,
                            .n_joiners = o->n_joiners};
    fleet_build(&f, o->building);
    /* After a round that ended at its deadline, new hosts may have agents that were not asked yet.
     */
    o->building->told &= o->c.agents == NULL || agents_have_answered(o->c.agents);
    o->building->refused =
        observer_refused(o) ? arena_strdup(&o->building->arena, o->servers.problem) : "";
    nomad_base_seed(o->c.nomad, &seed);
    if (nomad_token_clear(o->c.nomad, &seed)) {
        url_shown(shown, sizeof(shown), o->c.conf->address);
        o->building->token_clear = arena_strdup(&o->building->arena, shown);
    }
    count_reader_fill(&o->counts, o->building);
    nodes_end(&o->nodes);
    o->building->ended_ms = now;
    o->seen = o->building->problem[0] == '\0';
    o->ready = take_ptr(&o->building);
    o->open = false;
    o->ended = now;
    int64_t rest = (o->begun - o->happened) / 10, took = now - o->begun;
    rest = MAX_OF((int64_t)ROUND_MIN_MS, MIN_OF(rest, (int64_t)ROUND_LATE_MS));
    o->due = MAX_OF(o->begun + rest, now + MIN_OF(2 * took, (int64_t)ROUND_REST_MS));
}

static bool is_round_over(const struct observer *o, int64_t now)
{
    int64_t took = now - o->begun;
    if (took >= (o->c.patient ? ROUND_PATIENT_MS : ROUND_MAX_MS))
        return true;
    if (o->servers.pending + o->nodes.pending > 0)
        return false;
    return o->servers.pending_slow + o->nodes.pending_slow == 0 || took >= ROUND_GRACE_MS;
}

static void note_change(struct observer *o, int64_t now)
{
    o->happened = now;
    o->wanted = true;
}

void observer_look_sooner(struct observer *o, bool hellos)
{
    note_change(o, clock_mono(o->c.clock));
    if (hellos && o->c.agents != NULL)
        agents_ask_sooner(o->c.agents);
}

static void look_at_changes(struct observer *o, int64_t now)
{
    uint64_t changes = o->counts.changes;
    changes += o->c.agents != NULL ? agents_changes(o->c.agents) : 0;
    if (changes != o->changes)
        note_change(o, now);
    o->changes = changes;
}

void observer_set_rest(struct observer *o, int64_t until_ms)
{
    o->rest_until = until_ms;
}

/* The usual time, or during observer_set_rest a later time, which limits the questions a second. */
static int64_t round_due(const struct observer *o)
{
    int64_t rest = REST_ASK_MS * (int64_t)(nomad_asked(o->c.nomad) - o->asked);
    int64_t rare = o->begun + MIN_OF(rest, (int64_t)REST_MOST_MS);
    return MAX_OF(o->due, MIN_OF(rare, o->rest_until));
}

/* A round must begin after the change that it is to show: at least one millisecond later. */
static int64_t next_round(const struct observer *o)
{
    /* For status and plan, only the round after the agents' answers is needed: while the agents
     * have not answered, and after that round, no further round begins. If the last round found no
     * fleet, another round follows. */
    if (o->c.patient && o->c.agents != NULL && o->seen &&
        (!agents_have_answered(o->c.agents) || (o->given != NULL && o->given->told)))
        return INT64_MAX;
    int64_t soon = MAX_OF(o->begun + ROUND_SOON_MS, o->ended + (o->ended - o->begun) / 2);
    return o->wanted ? MIN_OF(o->due, MAX_OF(soon, o->happened + 1)) : round_due(o);
}

int64_t observer_tick(struct observer *o)
{
    int64_t now = clock_mono(o->c.clock);
    count_reader_tick(&o->counts, &o->servers);
    look_at_changes(o, now);
    if (!o->open && o->ready == NULL && now >= next_round(o))
        begin_round(o, now);
    if (o->open) {
        ask_regions(o);
        if (is_round_over(o, now))
            end_round(o, now);
    }
    if (!o->open)
        return next_round(o);
    if (o->servers.pending + o->nodes.pending == 0)
        return o->begun + ROUND_GRACE_MS;
    return o->begun + (o->c.patient ? ROUND_PATIENT_MS : ROUND_MAX_MS);
}

void observer_server_to_ask(const struct observer *o, const char *region, struct nomad_base *ret)
{
    (void)base_of_nobody(o, region, ret);
    for (size_t i = 0; i < o->n_regions; i++)
        if (o->regions[i].spoken && str_eq(o->regions[i].name, region))
            *ret = o->regions[i].base;
}

size_t observer_servers(const struct observer *o, struct server_place *ret, size_t max)
{
    return servers_places(&o->servers, ret, max);
}

void observer_remember(struct observer *o, const struct server_place *places, size_t n)
{
    servers_remember(&o->servers, places, n);
}

void observer_count(struct observer *o, const char *const *keys, size_t n)
{
    autofree const char **ids = xalloc((n + 1) * sizeof(*ids));
    for (size_t i = 0; i < n; i++)
        ids[i] = server_id_of(o, keys[i]);
    count_reader_want(&o->counts, ids, n);
}

bool observer_base(const struct observer *o, const char *key, struct nomad_base *ret)
{
    const char *id = server_id_of(o, key);
    for (size_t i = 0; i < o->servers.n; i++)
        if (o->servers.slots[i]->has_base && str_eq(o->servers.slots[i]->id, id)) {
            *ret = o->servers.slots[i]->base;
            return true;
        }
    return false;
}

bool observer_refused(const struct observer *o)
{
    return o->servers.refused && !o->servers.anybody;
}

void observer_set_patient(struct observer *o, bool patient)
{
    o->c.patient = patient;
}

const struct world *observer_world(const struct observer *o)
{
    return o->given;
}

const struct world *observer_take(struct observer *o)
{
    if (o->ready == NULL)
        return NULL;
    drop_world(&o->given);
    o->given = take_ptr(&o->ready);
    return o->given;
}

void observer_give_back(struct observer *o)
{
    update_node_interest(o);
    drop_world(&o->given);
    o->nodes.alone = o->ready == NULL;
}
