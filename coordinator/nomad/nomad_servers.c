#include "nomad_servers.h"

#include "str.h"
#include "url_hide.h"

#define MEMBERS_MAX_BYTES (4 * 1024 * 1024)

static void take_leader(struct server_slot *, struct arena *, const struct http_answer *,
                        struct err *);
static void take_self(struct server_slot *, struct arena *, const struct http_answer *,
                      struct err *);
static void take_autopilot(struct server_slot *, struct arena *, const struct http_answer *,
                           struct err *);
static void take_raft(struct server_slot *, struct arena *, const struct http_answer *,
                      struct err *);

static const struct {
    const char *path;
    int64_t deadline_ms;
    unsigned right; /* the right that a refused token lacks; 0: none, or known elsewhere (raft) */
    void (*take)(struct server_slot *, struct arena *, const struct http_answer *, struct err *);
} questions[] = {
    [ASK_LEADER] = {"/v1/status/leader?stale", NOMAD_LOCAL_MS, 0, take_leader},
    [ASK_MEMBERS] = {"/v1/agent/members", NOMAD_LOCAL_MS, DENIED_NODE, NULL},
    [ASK_SELF] = {"/v1/agent/self", NOMAD_LOCAL_MS, DENIED_AGENT, take_self},
    [ASK_AUTOPILOT] = {"/v1/operator/autopilot/health", NOMAD_LEADER_MS, DENIED_OPERATOR,
                       take_autopilot},
    [ASK_RAFT] = {"/v1/operator/raft/configuration?stale", NOMAD_LOCAL_MS, 0, take_raft},
};
_Static_assert(ARRAY_LEN(questions) == SERVER_QUESTIONS, "a question without a row");

static void ask_server_all(struct servers *s, struct server_slot *slot);
static void ask_server(struct servers *s, struct server_ask *ask, const struct nomad_base *base);

void servers_init(struct servers *s, struct nomad_http *nomad, const struct clock *clock)
{
    memset(s, 0, sizeof(*s));
    s->nomad = nomad;
    s->clock = clock;
    s->seed = (struct server_ask){.owner = s, .question = ASK_MEMBERS};
}

/* [servers] maps the name of a server without its region. */
static int find_base(const struct nomad_http *nomad, const struct server_place *p,
                     struct nomad_base *ret)
{
    char plain[TEXT_MAX];
    str_cut(plain, sizeof(plain), p->name);
    size_t len = strlen(plain), tail = strlen(p->region) + 1;
    if (len > tail && plain[len - tail] == '.' && str_eq(plain + len - tail + 1, p->region))
        plain[len - tail] = '\0';
    const struct nomad_whom whom = {p->id, plain, p->region};
    return nomad_base_of(nomad, &whom, p->addr, ret);
}

void servers_remember(struct servers *s, const struct server_place *places, size_t n)
{
    s->n_others = 0;
    for (size_t i = 0; i < n && s->n_others < SERVERS_OTHERS; i++) {
        if (find_base(s->nomad, &places[i], &s->others[s->n_others]) < 0)
            continue;
        s->other_asks[s->n_others++] = (struct server_ask){.owner = s, .question = ASK_MEMBERS};
    }
}

static void write_place(const struct server_slot *slot, struct server_place *ret)
{
    str_cut(ret->id, sizeof(ret->id), slot->id);
    str_cut(ret->name, sizeof(ret->name), slot->name);
    str_cut(ret->region, sizeof(ret->region), slot->region);
    str_cut(ret->addr, sizeof(ret->addr), slot->addr);
}

size_t servers_places(const struct servers *s, struct server_place *ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n && n < max; i++)
        if (s->slots[i]->has_base && s->slots[i]->was_alive)
            write_place(s->slots[i], &ret[n++]);
    return n;
}

void servers_free(struct servers *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->slots[i]);
    memset(s, 0, sizeof(*s));
}

static struct server_slot *find_server(struct servers *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->slots[i]->id, id))
            return s->slots[i];
    return NULL;
}

static struct server_slot *add_server(struct servers *s, const char *id)
{
    if (s->n == SERVERS_MAX)
        return NULL;
    struct server_slot *slot = xzalloc(1, sizeof(*slot));
    str_cut(slot->id, sizeof(slot->id), id);
    for (int q = 0; q < SERVER_QUESTIONS; q++)
        slot->asks[q] =
            (struct server_ask){.owner = s, .slot = slot, .question = (enum server_question)q};
    s->slots[s->n++] = slot;
    return slot;
}

/* An answer lists this member: remember it, and ask a new member in this round. */
static void meet_member(struct servers *s, const struct member *m)
{
    const char *id = m->id[0] != '\0' ? m->id : m->name;
    struct server_slot *slot = find_server(s, id);
    if (m->status == MEMBER_NONE || id[0] == '\0' ||
        (slot == NULL && (slot = add_server(s, id)) == NULL))
        return;
    if (slot->seen && slot->seen_as == MEMBER_ALIVE && m->status == MEMBER_ALIVE &&
        !str_eq(slot->addr, m->addr))
        slot->conflict = arena_printf(s->arena, "id %s is claimed at %.60s and at %.60s", slot->id,
                                      slot->addr, m->addr);
    if (slot->seen && m->status != MEMBER_ALIVE)
        return; /* a server that calls the member alive knows its address best */
    bool fresh = !slot->has_base;
    slot->seen = true;
    slot->seen_as = m->status;
    str_cut(slot->name, sizeof(slot->name), m->name);
    str_cut(slot->region, sizeof(slot->region), m->region);
    str_cut(slot->addr, sizeof(slot->addr), m->addr);
    str_cut(slot->build, sizeof(slot->build), m->build);
    slot->rpc_port = m->rpc_port;
    struct server_place place;
    write_place(slot, &place);
    slot->has_base = find_base(s->nomad, &place, &slot->base) == 0;
    if (fresh && slot->seen_as != MEMBER_LEFT)
        ask_server_all(s, slot);
}

static void take_members(struct servers *s, struct server_ask *ask,
                         const struct http_answer *answer, const struct err *why)
{
    struct member *members = NULL;
    const char *region = "";
    size_t n = 0;
    struct err err = ERR_INIT;
    if (answer == NULL || answer->status != 200 ||
        parse_members(answer->body, answer->body_len, s->arena, &members, &n, &region, &err) < 0) {
        if (ask != &s->seed)
            return;
        nomad_why(answer, err.kind != ERR_NONE ? &err : why, s->problem, sizeof(s->problem));
        s->refused = answer != NULL && (answer->status == 401 || answer->status == 403);
        for (size_t i = 0; i < s->n_others; i++)
            ask_server(s, &s->other_asks[i], &s->others[i]);
        return;
    }
    s->anybody = true;
    if (ask == &s->seed)
        str_cut(s->own_region, sizeof(s->own_region), region);
    if (ask->slot != NULL) {
        ask->slot->view.members_at = ask->at;
        ask->slot->view.members = members;
        ask->slot->view.n_members = n;
    }
    for (size_t i = 0; i < n; i++)
        meet_member(s, &members[i]);
}

static void take_leader(struct server_slot *slot, struct arena *a, const struct http_answer *answer,
                        struct err *err)
{
    const char *leader = "";
    if (answer->status != 200 || parse_leader(answer->body, answer->body_len, a, &leader, err) < 0)
        return;
    slot->view.leader_at = slot->asks[ASK_LEADER].at;
    slot->view.has_leader = leader[0] != '\0';
    slot->view.leader = leader;
}

static void take_self(struct server_slot *slot, struct arena *a, const struct http_answer *answer,
                      struct err *err)
{
    if (answer->status != 200 ||
        parse_self(answer->body, answer->body_len, a, &slot->self, err) < 0)
        return;
    slot->view.self_at = slot->asks[ASK_SELF].at;
}

static void take_autopilot(struct server_slot *slot, struct arena *a,
                           const struct http_answer *answer, struct err *err)
{
    slot->view.autopilot_at = slot->asks[ASK_AUTOPILOT].at;
    slot->view.autopilot_status = answer->status;
    slot->view.autopilot_body =
        parse_autopilot(answer->body, answer->body_len, a, &slot->view, err) == 0;
}

static void take_raft(struct server_slot *slot, struct arena *a, const struct http_answer *answer,
                      struct err *err)
{
    slot->view.raft_status = answer->status;
    if (answer->status == 200 && parse_raft(answer->body, answer->body_len, a, &slot->view.raft,
                                            &slot->view.n_raft, err) < 0)
        return;
    slot->view.raft_at = slot->asks[ASK_RAFT].at;
}

static void on_server_answered(void *ctx, const struct http_answer *answer, const struct err *why)
{
    struct server_ask *ask = ctx;
    struct servers *s = ask->owner;
    struct err err = ERR_INIT;
    bool was_slow = ask->slow;
    ask->open = false;
    ask->slow = answer == NULL || answer->status == 0;
    if (s->arena == NULL || ask->round != s->round)
        return;
    if (answer != NULL && answer->status == 403 && ask->slot != NULL)
        ask->slot->denied |= questions[ask->question].right;
    if (ask->question == ASK_MEMBERS)
        take_members(s, ask, answer, why);
    else if (answer != NULL && answer->status != 0)
        questions[ask->question].take(ask->slot, s->arena, answer, &err);
    if (ask->slot != NULL && (answer == NULL || answer->status == 0) &&
        ask->slot->problem == NULL) {
        char text[TEXT_MAX];
        nomad_why(answer, why, text, sizeof(text));
        ask->slot->problem = arena_strdup(s->arena, text);
    }
    *(was_slow ? &s->pending_slow : &s->pending) -= 1;
}

static void ask_server(struct servers *s, struct server_ask *ask, const struct nomad_base *base)
{
    if (ask->open)
        return;
    ask->open = true;
    ask->round = s->round;
    ask->at = clock_mono(s->clock);
    *(ask->slow ? &s->pending_slow : &s->pending) += 1;
    nomad_ask(s->nomad, &(struct nomad_request){.base = base,
                                                .path = questions[ask->question].path,
                                                .deadline_ms = questions[ask->question].deadline_ms,
                                                .max = MEMBERS_MAX_BYTES,
                                                .on_done = on_server_answered,
                                                .ctx = ask});
}

static void ask_server_all(struct servers *s, struct server_slot *slot)
{
    for (int q = 0; q < SERVER_QUESTIONS && slot->has_base; q++)
        ask_server(s, &slot->asks[q], &slot->base);
}

void servers_begin(struct servers *s, struct arena *arena, uint64_t round)
{
    bool nobody = !s->anybody;
    size_t known = s->n;
    enum member_status was[SERVERS_MAX];
    s->arena = arena;
    s->round = round;
    s->pending = s->pending_slow = 0;
    s->anybody = s->refused = false;
    s->problem[0] = '\0';
    for (size_t i = 0; i < s->n; i++) {
        struct server_slot *slot = s->slots[i];
        was[i] = slot->seen_as;
        slot->seen = false;
        slot->denied = 0;
        slot->seen_as = MEMBER_UNKNOWN;
        slot->problem = slot->conflict = NULL;
        memset(&slot->view, 0, sizeof(slot->view));
        memset(&slot->self, 0, sizeof(slot->self));
    }
    s->pending++; /* an immediate answer must not end the round */
    for (size_t i = 0; i < known; i++)
        if (was[i] != MEMBER_LEFT)
            ask_server_all(s, s->slots[i]);
    if (nobody) {
        struct nomad_base base;
        nomad_base_seed(s->nomad, &base);
        ask_server(s, &s->seed, &base);
    }
    s->pending--;
}

/* If another server answers at the address of the member, all its answers are dropped. */
static void check_identity(struct servers *s, struct server_slot *slot)
{
    if (slot->view.self_at == 0 || slot->self.raft_id[0] == '\0' ||
        str_eq(slot->self.raft_id, slot->id))
        return;
    char shown[101];
    url_shown(shown, sizeof(shown), slot->base.url);
    slot->problem = arena_printf(s->arena, "server %.40s answers at %s, not server %s",
                                 slot->self.raft_id, shown, slot->id);
    memset(&slot->view, 0, sizeof(slot->view));
    memset(&slot->self, 0, sizeof(slot->self));
}

static bool has_open(const struct server_slot *slot)
{
    for (int q = 0; q < SERVER_QUESTIONS; q++)
        if (slot->asks[q].open)
            return true;
    return false;
}

void servers_end(struct servers *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct server_slot *slot = s->slots[i];
        check_identity(s, slot);
        if (s->anybody)
            slot->was_alive = slot->seen_as == MEMBER_ALIVE;
        if (s->anybody && !slot->seen && !has_open(slot))
            free(slot);
        else
            s->slots[kept++] = slot;
    }
    s->n = kept;
    s->arena = NULL;
}

const char *servers_kept(const struct servers *s, const struct server_slot *slot)
{
    if (slot->view.self_at != 0 && slot->self.view.acl_enabled == TRI_NO)
        return "";
    return nomad_token_kept(s->nomad, &slot->base);
}

/* A server of the region answers questions about the region itself. A server of another region
 * would forward them, with the token. */
static bool is_of_region(const struct servers *s, const struct server_slot *slot)
{
    if (slot->view.self_at != 0)
        return str_eq(slot->self.view.self_region, slot->region);
    return slot->view.leader_at != 0 && str_eq(slot->region, s->own_region);
}

bool servers_may_answer(const struct servers *s, const char *region)
{
    for (size_t i = 0; i < s->n; i++)
        for (int q = 0; q < SERVER_QUESTIONS && str_eq(s->slots[i]->region, region); q++) {
            const struct server_ask *ask = &s->slots[i]->asks[q];
            if (ask->open && !ask->slow && ask->round == s->round)
                return true;
        }
    return false;
}

const struct server_slot *servers_to_ask(const struct servers *s, const char *region)
{
    const struct server_slot *any = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct server_slot *slot = s->slots[i];
        if (!str_eq(slot->region, region) || !is_of_region(s, slot) ||
            servers_kept(s, slot)[0] != '\0')
            continue;
        if (slot->view.self_at != 0 && str_eq(slot->self.view.raft_state, "Leader"))
            return slot;
        any = slot;
    }
    return any;
}

int64_t servers_complete_at(const struct servers *s, const char *region)
{
    int64_t at = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct server_slot *slot = s->slots[i];
        if (!str_eq(slot->region, region) || slot->seen_as != MEMBER_ALIVE)
            continue;
        if (slot->view.members_at == 0)
            return 0;
        at = at == 0 ? slot->view.members_at : MIN_OF(at, slot->view.members_at);
    }
    return at;
}

/* Adds the values of agent/self; those of leader, members, autopilot and raft stay as they are. */
static void merge_self(const struct server_slot *slot, struct server_view *v)
{
    const struct server_view own = slot->self.view;
    struct server_view merged = own;
    merged.leader_at = v->leader_at;
    merged.has_leader = v->has_leader;
    merged.leader = v->leader;
    merged.members_at = v->members_at;
    merged.members = v->members;
    merged.n_members = v->n_members;
    merged.self_at = v->self_at;
    merged.autopilot_at = v->autopilot_at;
    merged.autopilot_status = v->autopilot_status;
    merged.autopilot_body = v->autopilot_body;
    merged.healthy = v->healthy;
    merged.failure_tolerance = v->failure_tolerance;
    merged.autopilot = v->autopilot;
    merged.n_autopilot = v->n_autopilot;
    merged.raft_at = v->raft_at;
    merged.raft_status = v->raft_status;
    merged.raft = v->raft;
    merged.n_raft = v->n_raft;
    *v = merged;
}

void servers_fill(const struct servers *s, const struct server_slot *slot, struct arena *a,
                  struct host *ret)
{
    char shown[sizeof(slot->base.url)];
    struct server_view v = slot->view;
    if (v.self_at != 0)
        merge_self(slot, &v);
    else
        v.last_contact_ms = -1;
    const char **texts[] = {&v.leader, &v.version, &v.build_date, &v.raft_state, &v.self_region};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (*texts[i] == NULL)
            *texts[i] = "";
    size_t name = strlen(slot->name), tail = strlen(slot->region) + 1;
    bool dotted = name > tail && slot->name[name - tail] == '.';
    ret->key = ret->server_id = arena_strdup(a, slot->id);
    ret->name = arena_strndup(a, slot->name, dotted ? name - tail : name);
    ret->region = arena_strdup(a, slot->region);
    ret->addr = arena_strdup(a, slot->addr);
    ret->node_id = ret->dc = ret->node_class = ret->node_pool = "";
    ret->is_server = true;
    url_shown(shown, sizeof(shown), slot->base.url);
    v.api = arena_strdup(a, shown);
    v.token_kept = servers_kept(s, slot);
    v.token_clear = nomad_token_clear(s->nomad, &slot->base);
    ret->server = v;
}
