#include "enrolment.h"

#include <ctype.h>
#include "agent_place.h"
#include "clock.h"
#include "hello_plain.h"
#include "str.h"

#define ENROL_MS   10000
#define ENROL_OPEN 128
/* An agent answers one unsealed hello a second. An agent that refuses at once is asked again. */
#define ENROL_TRIES    3
#define ENROL_AGAIN_MS 1100

struct asking {
    struct command_context *context;
    struct enrolment *entry;
    struct header head;
    struct digest digest;
    size_t *left;
    int64_t asked_ms;
    bool again;
};

static void take_plain_hello(void *ctx, const void *frame, size_t n, const struct err *why)
{
    struct asking *a = ctx;
    struct enrolment *e = a->entry;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct err err = ERR_INIT;
    (*a->left)--;
    if (frame == NULL) {
        a->again = clock_mono(a->context->clock) - a->asked_ms < ENROL_AGAIN_MS;
        str_cut(e->why, sizeof(e->why), why->text);
        return;
    }
    if (hello_plain_read(frame, n, context_question_key(a->context), &a->head, &a->digest, &e->key,
                         r, &err) < 0) {
        str_cut(e->why, sizeof(e->why), err.text);
        return;
    }
    e->answered = true;
    e->why[0] = '\0'; /* the text of an earlier try */
    str_cut(e->server_id, sizeof(e->server_id), r->u.hello.server_id);
    str_cut(e->client_id, sizeof(e->client_id), r->u.hello.client_id);
    str_cut(e->told_host, sizeof(e->told_host), r->u.hello.host);
}

static int ask_plain_hello(struct asking *a, struct err *err)
{
    auto_buf struct buf frame = BUF_INIT;
    const struct command_context *c = a->context;
    a->asked_ms = clock_mono(a->context->clock);
    a->again = false;
    if (hello_plain(&c->trust, context_question_key(c), &a->head, &a->digest, &frame, err) < 0)
        return -1;
    return links_call(c->links, a->entry->address, frame.data, frame.len, ENROL_MS,
                      take_plain_hello, a, err);
}

/* Asks every agent that is marked `again`, once. */
static int ask_agents(struct command_context *c, struct asking *asks, size_t n, size_t *left,
                      struct err *err)
{
    size_t next = 0;
    int rc = 0;

    while (rc == 0 && (next < n || *left > 0)) {
        for (; rc == 0 && next < n && *left < ENROL_OPEN; next++) {
            struct enrolment *e = asks[next].entry;
            struct err why = ERR_INIT;
            if (!asks[next].again)
                continue;
            asks[next].again = false;
            (*left)++;
            if (agent_address(&c->conf, e->host, e->address, sizeof(e->address)) < 0)
                (void)err_set(&why, ERR_NOTFOUND, 0, "Nomad reports no address of this host");
            else if (ask_plain_hello(&asks[next], &why) == 0)
                continue;
            str_cut(e->why, sizeof(e->why), why.text);
            (*left)--;
        }
        if (*left > 0 && http_wait(c->http, ENROL_MS, err) < 0)
            rc = -1;
        links_drain(c->links);
        enum operator_request what;
        if (c->signalled && signals_read(&c->signals, &what))
            rc = err_set(err, ERR_STATE, 0, "interrupted; no host was enrolled");
    }
    return rc;
}

static bool any_again(const struct asking *asks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (asks[i].again)
            return true;
    return false;
}

int enrolment_ask(struct command_context *c, const struct host *hosts, size_t n,
                  struct enrolment **ret, struct err *err)
{
    struct enrolment *list = xzalloc(n + 1, sizeof(*list));
    autofree struct asking *asks = xzalloc(n + 1, sizeof(*asks));
    size_t left = 0;
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        list[i].host = &hosts[i];
        asks[i] = (struct asking){.context = c, .entry = &list[i], .left = &left, .again = true};
    }
    for (int i = 0; rc == 0 && i < ENROL_TRIES && any_again(asks, n); i++) {
        if (i > 0)
            clock_sleep(c->clock, ENROL_AGAIN_MS);
        rc = ask_agents(c, asks, n, &left, err);
    }
    if (rc < 0) {
        /* Calls in progress still point into asks: end the calls before asks is freed. */
        links_free(c->links);
        c->links = NULL;
        free(list);
        return -1;
    }
    *ret = list;
    return 0;
}

/* Returns the Nomad id that both answers contain; "": none. */
static const char *shared_id(const struct enrolment *a, const struct enrolment *b)
{
    if (a->server_id[0] != '\0' && str_eq(a->server_id, b->server_id))
        return a->server_id;
    if (a->client_id[0] != '\0' && str_eq(a->client_id, b->client_id))
        return a->client_id;
    return "";
}

static void check_ids(struct enrolment *e)
{
    const struct host *h = e->host;
    const struct {
        bool asked;
        const char *told, *known;
    } ids[] = {{h->is_server, e->server_id, h->server_id},
               {h->is_client, e->client_id, h->node_id}};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (!ids[i].asked || str_eq(ids[i].told, ids[i].known))
            continue;
        if (ids[i].told[0] != '\0') {
            e->verdict = ENROL_MISPLACED;
            snprintf(e->why, sizeof(e->why),
                     "the agent at %s reports the Nomad id %s, but Nomad lists %s there",
                     e->address, ids[i].told, ids[i].known);
            return;
        }
        if (e->verdict == ENROL_NEW) {
            e->verdict = ENROL_UNREADY;
            snprintf(e->why, sizeof(e->why),
                     "its agent does not know the Nomad id of the host yet");
        }
    }
}

bool enrolment_ready(const struct enrolment *e)
{
    return (!e->host->is_server || e->server_id[0] != '\0') &&
           (!e->host->is_client || e->client_id[0] != '\0');
}

static bool is_shell_word(const char *s)
{
    static const char more[] = ".-_:[]";
    for (const char *p = s; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr(more, *p) == NULL)
            return false;
    return s[0] != '\0' && s[0] != '-';
}

const char *enrolment_word(const struct host *h)
{
    const char *words[] = {h->name, h->server_id, h->node_id};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (is_shell_word(words[i]))
            return words[i];
    return "HOST";
}

static void set_changed(struct enrolment *e, const struct pubkey *known)
{
    char was[FINGERPRINT_LEN], now[FINGERPRINT_LEN];
    pubkey_fingerprint(was, known);
    pubkey_fingerprint(now, &e->key);
    e->verdict = ENROL_CHANGED;
    snprintf(
        e->why, sizeof(e->why),
        "its key has changed: known %s, now %s; `caravan enroll --rekey %s` accepts the new key",
        was, now, enrolment_word(e->host));
}

void enrolment_lines(const struct known_hosts *known, const struct enrolment *e,
                     const struct known_host *ret[static ENROLMENT_LINES])
{
    struct agent_place at;
    struct err unused = ERR_INIT;
    ret[0] = known_hosts_find(known, e->host->server_id);
    ret[1] = known_hosts_find(known, e->host->node_id);
    ret[2] = agent_place(e->address, &at, &unused) == 0 ? known_hosts_at(known, at.name) : NULL;
}

static void check_enrolled_key(struct enrolment *e, const struct known_hosts *known)
{
    const struct known_host *lines[ENROLMENT_LINES];
    enrolment_lines(known, e, lines);
    e->verdict = ENROL_NEW;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (lines[i] == NULL)
            continue;
        e->verdict = ENROL_KNOWN;
        if (pubkey_eq(&lines[i]->key, &e->key))
            continue;
        set_changed(e, &lines[i]->key);
        return;
    }
}

/* Nomad does not list a host at this address: the agent must not be that of a host that is known,
 * or that Nomad lists, at another address. */
static void check_joiner(struct enrolment *e, const struct known_hosts *known,
                         const struct world *w)
{
    const struct known_host *k = known_hosts_elsewhere(known, &e->key, e->host->name);
    if (!e->host->joins)
        return;
    for (size_t i = 0; w != NULL && i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        if ((e->server_id[0] == '\0' || !str_eq(e->server_id, h->server_id)) &&
            (e->client_id[0] == '\0' || !str_eq(e->client_id, h->node_id)))
            continue;
        e->verdict = ENROL_MISPLACED;
        snprintf(e->why, sizeof(e->why),
                 "its agent reports the Nomad id of host %s, which Nomad lists at %s", h->name,
                 h->addr);
        return;
    }
    if (k == NULL)
        return;
    e->verdict = ENROL_MISPLACED;
    snprintf(
        e->why, sizeof(e->why),
        "its key is the key of host %s (%s): this is that host at another address, or a copy of "
        "it",
        k->name, k->id);
}

static bool is_of(const struct host *h, const char *id)
{
    return str_eq(h->server_id, id) || str_eq(h->node_id, id);
}

static const struct host *find_listed_id(const struct world *w, const char *id)
{
    for (size_t i = 0; w != NULL && i < w->n_hosts; i++)
        if (is_of(&w->hosts[i], id))
            return &w->hosts[i];
    return NULL;
}

/* A new key of this host must not be the known key of another host that Nomad lists. A host that
 * Nomad does not list any more may have been this same machine with another data directory. */
static void check_copy(struct enrolment *e, const struct known_hosts *known, const struct world *w)
{
    if (e->host->joins || (e->verdict != ENROL_NEW && e->verdict != ENROL_CHANGED))
        return;
    for (size_t i = 0; i < known->n; i++) {
        const struct known_host *k = &known->items[i];
        if (!pubkey_eq(&k->key, &e->key) || is_of(e->host, k->id) ||
            find_listed_id(w, k->id) == NULL)
            continue;
        e->verdict = ENROL_MISPLACED;
        snprintf(
            e->why, sizeof(e->why),
            "its key is the key of host %s (%s): one machine is a copy of the other, or answers "
            "in its place",
            k->name, k->id);
        return;
    }
}

void enrolment_judge(struct enrolment *list, size_t n, const struct known_hosts *known,
                     const struct world *w)
{
    for (size_t i = 0; i < n; i++) {
        list[i].verdict = ENROL_SILENT;
        if (!list[i].answered)
            continue;
        check_enrolled_key(&list[i], known);
        check_ids(&list[i]);
        check_joiner(&list[i], known, w);
        check_copy(&list[i], known, w);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n && list[i].answered; k++) {
            const char *id = list[k].answered ? shared_id(&list[i], &list[k]) : "";
            bool key = list[k].answered && pubkey_eq(&list[i].key, &list[k].key);
            if (id[0] == '\0' && !key)
                continue;
            list[i].verdict = list[k].verdict = ENROL_MISPLACED;
            snprintf(list[i].why, sizeof(list[i].why), "%s and %s report the same %s%s",
                     list[i].address, list[k].address, id[0] != '\0' ? "Nomad id " : "key", id);
            str_cut(list[k].why, sizeof(list[k].why), list[i].why);
        }
}

/* ---- hosts by address ---- */

static const struct host *listed_at(const struct coord_conf *conf, const struct world *w,
                                    const char *address)
{
    char at[128];
    for (size_t i = 0; i < w->n_hosts; i++)
        if (!world_has_left(w, &w->hosts[i]) &&
            agent_address(conf, &w->hosts[i], at, sizeof(at)) == 0 && str_eq(at, address))
            return &w->hosts[i];
    return NULL;
}

void enrolment_host_at(const struct coord_conf *conf, const struct world *w,
                       const struct agent_place *place, struct host *ret)
{
    const struct host *h = listed_at(conf, w, place->address);
    memset(ret, 0, sizeof(*ret));
    if (h != NULL) {
        *ret = *h;
        return;
    }
    ret->key = ret->server_id = ret->node_id = "";
    ret->name = place->name;
    ret->addr = place->ip;
    ret->joins = true;
    ret->agent.address = place->address;
}

int enrolment_remember(struct known_hosts *known, const struct enrolment *e, struct err *err)
{
    char by_address[UUID_MAX] = "";
    const struct host *h = e->host;
    if (h->joins)
        joining_key(by_address, &e->key);
    const char *ids[] = {h->server_id, h->node_id, by_address};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (ids[i][0] != '\0' && known_hosts_add(known, ids[i], h->name, &e->key, err) < 0)
            return -1;
    return 0;
}

/* ---- compared with the key list ---- */

#define NAMES 4

struct lines {
    size_t at[NAMES]; /* each line once */
    size_t n;
};

static struct lines lines_of(const struct key_list *keys, const struct host *h, const char *address)
{
    struct agent_place at;
    struct err unused = ERR_INIT;
    const char *names[NAMES] = {h->server_id, h->node_id, h->name,
                                agent_place(address, &at, &unused) == 0 ? at.name : ""};
    struct lines l = {.n = 0};
    for (size_t i = 0; i < NAMES; i++) {
        size_t line = names[i][0] != '\0' ? key_list_find(keys, names[i]) : keys->n;
        bool new = line < keys->n;
        for (size_t k = 0; k < l.n; k++)
            new &= l.at[k] != line;
        if (new)
            l.at[l.n++] = line;
    }
    return l;
}

static void count_lines(const struct coord_conf *conf, const struct key_list *keys,
                        const struct host *h, unsigned *named)
{
    char address[128];
    if (agent_address(conf, h, address, sizeof(address)) < 0)
        address[0] = '\0';
    struct lines l = lines_of(keys, h, address);
    for (size_t i = 0; i < l.n; i++)
        named[l.at[i]]++;
}

unsigned *enrolment_named(const struct coord_conf *conf, const struct world *w,
                          const struct enrolment *list, size_t n, const struct key_list *keys)
{
    unsigned *named = xzalloc(keys->n + 1, sizeof(*named));
    for (size_t i = 0; w != NULL && i < w->n_hosts; i++)
        count_lines(conf, keys, &w->hosts[i], named);
    for (size_t i = 0; i < n; i++)
        if (list[i].host->joins)
            count_lines(conf, keys, list[i].host, named);
    return named;
}

/* Returns the only line that names this host and no other; else NULL, and e->why says why. */
static const struct key_line *line_of(struct enrolment *e, const struct key_list *keys,
                                      const unsigned *named)
{
    struct lines l = lines_of(keys, e->host, e->address);
    const struct key_line *first = l.n > 0 ? &keys->items[l.at[0]] : NULL;
    if (l.n == 0)
        snprintf(e->why, sizeof(e->why), "no line of %s names this host", keys->name);
    else if (l.n > 1)
        snprintf(e->why, sizeof(e->why), "lines %u and %u of %s both name this host", first->number,
                 keys->items[l.at[1]].number, keys->name);
    else if (named[l.at[0]] > 1)
        snprintf(e->why, sizeof(e->why),
                 "line %u of %s, %s, names %u hosts: name each host by its Nomad id", first->number,
                 keys->name, first->host, named[l.at[0]]);
    else
        return first;
    return NULL;
}

static void compare_with_list(struct enrolment *e, const struct key_list *keys,
                              const unsigned *named)
{
    char now[FINGERPRINT_LEN], why[sizeof(e->why)];
    str_cut(why, sizeof(why), e->why);
    const struct key_line *line = line_of(e, keys, named);
    pubkey_fingerprint(now, &e->key);
    e->compared = line != NULL && str_eq(line->fingerprint, now);
    if (line == NULL && e->verdict == ENROL_NEW) {
        e->verdict = ENROL_UNLISTED;
        return;
    }
    str_cut(e->why, sizeof(e->why), why);
    if (line == NULL || e->compared || e->verdict == ENROL_CHANGED)
        return;
    e->verdict = ENROL_DIFFERS;
    snprintf(e->why, sizeof(e->why), "its key has the fingerprint %s, but line %u of %s has %s",
             now, line->number, keys->name, line->fingerprint);
}

void enrolment_compare(struct enrolment *list, size_t n, const struct key_list *keys,
                       const unsigned *named)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].verdict == ENROL_NEW || list[i].verdict == ENROL_KNOWN ||
            list[i].verdict == ENROL_CHANGED)
            compare_with_list(&list[i], keys, named);
}
