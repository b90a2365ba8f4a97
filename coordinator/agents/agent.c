#include "agent.h"

#include "agent_place.h"
#include "heartbeat.h"
#include "str.h"

struct agent *agent_new(const char *key)
{
    struct agent *g = xzalloc(1, sizeof(*g));
    str_cut(g->key, sizeof(g->key), key);
    return g;
}

void agent_free(struct agent *g)
{
    free(g->failure_text);
    free(g->evidence);
    free(g->notes);
    free(take_ptr(&g->facts));
    free(g);
}

#define LINES 4

/* A server that has joined may have no line by its ids yet, only the line by its address. */
static const struct known_host *find_line_by_place(const struct agent *g,
                                                   const struct known_hosts *known)
{
    struct agent_place at;
    struct err unused = ERR_INIT;
    return g->server_id[0] != '\0' && agent_place(g->address, &at, &unused) == 0
               ? known_hosts_at(known, at.name)
               : NULL;
}

static void find_lines(const struct agent *g, const struct known_hosts *known,
                       const struct known_host *ret[static LINES])
{
    ret[0] = known_hosts_find(known, g->server_id);
    ret[1] = known_hosts_find(known, g->node_id);
    ret[2] = known_hosts_find(known, g->key);
    ret[3] =
        ret[0] == NULL && ret[1] == NULL && ret[2] == NULL ? find_line_by_place(g, known) : NULL;
}

const struct known_host *agent_line(const struct agent *g, const struct known_hosts *known)
{
    const struct known_host *lines[LINES];
    find_lines(g, known, lines);
    for (size_t i = 0; i < LINES; i++)
        if (lines[i] != NULL)
            return lines[i];
    return NULL;
}

void agent_look_up(struct agent *g, const struct known_hosts *known)
{
    const struct known_host *lines[LINES], *k = agent_line(g, known);
    find_lines(g, known, lines);
    g->keyed = k != NULL;
    for (size_t i = 0; i < LINES; i++)
        g->keyed &= lines[i] == NULL || pubkey_eq(&lines[i]->key, &k->key);
    if (k != NULL)
        g->pub = k->key;
    if (k != NULL && !g->keyed)
        str_cut(g->problem, sizeof(g->problem),
                "different keys are enrolled for the server id, the client id and the address of "
                "this host: `caravan enroll --rekey HOST` shows them, and accepts the host's "
                "present key");
}

/* ---- hello ---- */

#define UPTIME_DRIFT 1000 /* two clocks may differ by one part in so many */

/* The reported uptime, but at most the last one plus the time since then. The start_by of orders is
 * counted from the uptime: a host that claims days could keep an order for days. The first answer
 * of a boot is accepted as it is; the host's own caravan-swap checks start_by again. A lower uptime
 * is accepted too: a host that lies in this way only makes its own orders late. */
static uint64_t plausible_uptime(const struct agent_view *v, const struct receipt *r, int64_t asked)
{
    bool same_boot = memcmp(v->session, r->head.session, SESSION_LEN) == 0;
    int64_t since = asked - v->hello_at;

    if (v->hello_at == 0 || !same_boot || since < 0)
        return r->head.time_ms;
    return MIN_OF(r->head.time_ms, v->uptime_ms + (uint64_t)(since + since / UPTIME_DRIFT + 1));
}

/* No lease is longer than LEASE_MAX_MS. */
static struct lease_state believe_lease(const struct lease_state *told)
{
    struct lease_state l = *told;
    l.expires_in_ms = MIN_OF(l.expires_in_ms, (uint32_t)LEASE_MAX_MS);
    return l;
}

bool agent_take_wire(struct agent *g, const struct receipt_hello *h, struct err *err)
{
    uint8_t most = MIN_OF(h->wire_max, (uint8_t)WIRE_MAX);

    g->wire = most >= MAX_OF(h->wire_min, (uint8_t)WIRE_MIN) ? most : 0;
    if (g->wire == 0)
        (void)err_set(err, ERR_STATE, 0,
                      "the agent speaks versions %u to %u of the wire, this caravan versions %d to "
                      "%d: upgrade the older of the two programs",
                      (unsigned)h->wire_min, (unsigned)h->wire_max, WIRE_MIN, WIRE_MAX);
    return g->wire != 0;
}

bool agent_take_hello(struct agent *g, const struct receipt *r, int64_t asked)
{
    const struct receipt_hello *h = &r->u.hello;
    struct agent_view *v = &g->view;
    bool reborn = memcmp(v->session, r->head.session, SESSION_LEN) != 0;
    bool changed = v->hello_at == 0 || reborn || v->work.phase != h->phase ||
                   !digest_eq(&v->hello.running, &h->running) ||
                   (g->joining && !str_eq(v->hello.server_id, h->server_id));
    if (reborn)
        v->work.revision = 0;
    g->failures = 0;
    g->hello_wanted = false;
    g->problem[0] = '\0';
    v->uptime_ms = plausible_uptime(v, r, asked);
    v->hello_at = asked;
    v->hello = *h;
    v->hello.lease = believe_lease(&h->lease);
    memcpy(v->session, r->head.session, SESSION_LEN);
    if (asked > v->status_at)
        v->work.phase = h->phase;
    if (asked >= v->lease_at) {
        v->lease_at = asked;
        v->lease = v->hello.lease;
    }
    return changed;
}

/* ---- facts ---- */

static void put_fact(struct buf *b, enum tri value, const char *id, const char *text)
{
    (void)buf_add_byte(b, (unsigned char)value);
    (void)buf_add(b, id, strlen(id) + 1);
    (void)buf_add(b, text, strlen(text) + 1);
}

static void set_facts(struct agent *g, const struct buf *b, size_t n)
{
    free(take_ptr(&g->facts));
    g->facts_len = b->len;
    g->view.n_facts = n;
    g->view.heartbeat = (struct told_heartbeat){.at = 0};
    if (b->len == 0)
        return;
    g->facts = xalloc(b->len);
    memcpy(g->facts, b->data, b->len);
}

static bool is_fact_kept(const char *id)
{
    static const char *const kept[] = {"seed", "url-prefixes", "file-urls", "joins"};

    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (str_eq(id, kept[i]))
            return true;
    return false;
}

void agent_drop_facts(struct agent *g)
{
    auto_buf struct buf b = BUF_INIT;
    size_t n = 0;

    for (size_t at = 0; at < g->facts_len;) {
        enum tri value = (enum tri)(unsigned char)g->facts[at];
        const char *id = g->facts + at + 1, *text = id + strlen(id) + 1;
        at = (size_t)(text - g->facts) + strlen(text) + 1;
        if (!is_fact_kept(id))
            continue;
        put_fact(&b, value, id, text);
        n++;
    }
    set_facts(g, &b, n);
}

static void take_facts(struct agent *g, const struct receipt_status *s)
{
    auto_buf struct buf b = BUF_INIT;

    for (uint32_t i = 0; i < s->n_facts; i++)
        put_fact(&b, s->facts[i].value, s->facts[i].id, s->facts[i].text);
    set_facts(g, &b, s->n_facts);
}

/* The receipt and the heartbeat have times of the host's own boot. The difference says how long
 * before the receipt the host asked its Nomad for the heartbeat. A heartbeat with a later time than
 * the receipt is ignored. */
static void take_heartbeat(struct agent_view *v, const struct receipt *r, int64_t came)
{
    const struct receipt_status *s = &r->u.status;
    struct heartbeat b;
    struct err err = ERR_INIT;

    for (uint32_t i = 0; i < s->n_facts; i++) {
        if (!str_eq(s->facts[i].id, HEARTBEAT_FACT) || s->facts[i].value != TRI_YES ||
            heartbeat_parse(s->facts[i].text, &b, &err) < 0 || (uint64_t)b.at_ms > r->head.time_ms)
            continue;
        int64_t at = came - (int64_t)(r->head.time_ms - (uint64_t)b.at_ms);
        if (at > 0)
            v->heartbeat =
                (struct told_heartbeat){.at = at, .age_ms = b.age_ms, .ttl_ms = b.ttl_ms};
    }
}

/* ---- status ---- */

static void set_agent_text(char **at, const char *text)
{
    if (*at != NULL && str_eq(*at, text))
        return;
    free(*at);
    *at = xstrdup(text);
}

/* One immediate answer without news may be about a lease or a note. A second one means that the
 * agent holds back too many statuses already, so that the next question waits a little. */
static void set_status_due(struct agent *g, bool news, int64_t now)
{
    g->empty_answers = news ? 0 : g->empty_answers + 1;
    g->status_due = g->empty_answers > 1 ? now + AGENT_CROWDED_MS : now;
}

bool agent_take_status(struct agent *g, struct receipt *r, const struct status_asked *q)
{
    const struct receipt_status *s = &r->u.status;
    struct agent_view *v = &g->view;
    int64_t now = q->now, asked = q->at;
    bool instant = q->instant, held = !instant && now - asked > AGENT_HOLD_MS / 8;
    bool session = memcmp(v->session, r->head.session, SESSION_LEN) == 0;
    bool other = v->work.phase != s->work.phase || !session ||
                 memcmp(&v->work.stamp, &s->work.stamp, sizeof(v->work.stamp)) != 0;
    bool news = v->status_at == 0 || s->work.revision != q->after;
    if (!instant)
        set_status_due(g, held || news, now);
    if (session && v->status_at != 0 && s->work.revision < v->work.revision)
        return false; /* a newer answer came first */
    /* Progress alone can wait for the next observation. */
    bool changed = other || v->work.order_sequence != s->work.order_sequence;
    /* An immediate answer counts from the time of its question, which may be before the event that
     * the answer must prove. */
    g->instant_wanted |= !held && v->work.revision != s->work.revision && !q->once;
    g->hello_wanted |= other && !q->once; /* the digests of its binaries may have changed */
    v->status_at = MAX_OF(v->status_at, held ? now : asked);
    v->work = s->work;
    v->work.silence_ms = MIN_OF(s->work.silence_ms, (uint32_t)AGENT_SILENT_MOST_MS);
    v->failure = s->verdict.failure;
    set_agent_text(&g->failure_text, s->verdict.text);
    set_agent_text(&g->evidence, s->verdict.evidence);
    v->lease_at = v->status_at;
    v->lease = believe_lease(&s->lease);
    take_facts(g, s);
    take_heartbeat(v, r, held ? now : asked);
    free(g->notes);
    g->notes = take_ptr(&r->u.status.notes);
    g->n_notes = s->n_notes;
    r->u.status.n_notes = 0;
    return changed;
}

/* ---- the agent in a host of the world ---- */

static void fill_facts(const struct agent *g, struct agent_view *v, struct arena *arena)
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

static bool is_misplaced(const struct agent *g, const struct host *h)
{
    const struct receipt_hello *told = &g->view.hello;
    bool server =
        h->is_server && told->server_id[0] != '\0' && !str_eq(told->server_id, h->server_id);
    bool client =
        h->is_client && told->client_id[0] != '\0' && !str_eq(told->client_id, h->node_id);
    return server || client || g->doubled;
}

static const char *problem_of(const struct agent *g, const struct host *h, struct arena *a)
{
    const struct receipt_hello *told = &g->view.hello;

    if (g->doubled)
        return "two hosts in Nomad's lists claim this id";
    if (!g->keyed)
        return g->problem[0] != '\0' ? arena_strdup(a, g->problem) : "not enrolled";
    if (g->address[0] == '\0')
        return "Nomad lists no address of this host";
    if (g->view.hello_at != 0 && is_misplaced(g, h))
        return arena_printf(a, "the agent of %s%s%s answers at %s, not the agent of this host",
                            told->server_id, told->server_id[0] != '\0' ? " " : "", told->client_id,
                            g->address);
    return arena_strdup(a, g->problem);
}

void agent_fill(const struct agent *g, struct host *h, struct arena *arena)
{
    struct agent_view *v = &h->agent;
    *v = g->view;
    v->enrolled = g->keyed;
    v->misplaced = g->doubled || (g->view.hello_at != 0 && is_misplaced(g, h));
    v->address = arena_strdup(arena, g->address);
    v->problem = problem_of(g, h, arena);
    v->failure_text = g->failure_text != NULL ? arena_strdup(arena, g->failure_text) : "";
    v->evidence = g->evidence != NULL ? arena_strdup(arena, g->evidence) : "";
    fill_facts(g, v, arena);
}
