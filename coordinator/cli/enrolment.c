#include "enrolment.h"

#include "agent_place.h"
#include "clock.h"
#include "hello_plain.h"
#include "str.h"

#define ENROL_MS   10000
#define ENROL_OPEN 128
/* An agent answers one such hello a second: who was turned away at once is asked again. */
#define ENROL_TRIES    3
#define ENROL_AGAIN_MS 1100

struct asking {
    struct console *console;
    struct enrolment *entry;
    struct header head;
    struct digest digest;
    size_t *left;
    int64_t asked_ms;
    bool again;
};

static void answered(void *ctx, const void *frame, size_t n, const struct err *why)
{
    struct asking *a = ctx;
    struct enrolment *e = a->entry;
    autofree struct receipt *r = xzalloc(1, sizeof *r);
    struct err err = ERR_INIT;
    (*a->left)--;
    if (frame == NULL) {
        a->again = clock_mono(a->console->clock) - a->asked_ms < ENROL_AGAIN_MS;
        str_cut(e->why, sizeof e->why, why->text);
        return;
    }
    if (hello_plain_read(frame, n, a->console->key, &a->head, &a->digest, &e->key, r, &err) < 0) {
        str_cut(e->why, sizeof e->why, err.text);
        return;
    }
    e->answered = true;
    e->why[0] = '\0'; /* of a try before */
    str_cut(e->server_id, sizeof e->server_id, r->u.hello.server_id);
    str_cut(e->client_id, sizeof e->client_id, r->u.hello.client_id);
    str_cut(e->told_host, sizeof e->told_host, r->u.hello.host);
}

static int ask_one(struct asking *a, struct err *err)
{
    auto_buf struct buf frame = BUF_INIT;
    const struct console *c = a->console;
    a->asked_ms = clock_mono(a->console->clock);
    a->again = false;
    if (hello_plain(&c->trust, c->key, &a->head, &a->digest, &frame, err) < 0)
        return -1;
    return links_call(c->links, a->entry->address, frame.data, frame.len, ENROL_MS, answered, a,
                      err);
}

/* Those that are to be asked, once. */
static int ask_all(struct console *c, struct asking *asks, size_t n, size_t *left, struct err *err)
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
            if (agent_address(&c->conf, e->host, e->address, sizeof e->address) < 0)
                (void)err_set(&why, ERR_NOTFOUND, 0, "Nomad tells no address of it");
            else if (ask_one(&asks[next], &why) == 0)
                continue;
            str_cut(e->why, sizeof e->why, why.text);
            (*left)--;
        }
        if (*left > 0 && http_wait(c->http, ENROL_MS, err) < 0)
            rc = -1;
        links_drain(c->links);
        enum control what;
        if (c->signalled && control_read(&c->signals, &what))
            rc = err_set(err, ERR_STATE, 0, "interrupted; nothing was enrolled");
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

int enrolment_ask(struct console *c, const struct host *hosts, size_t n, struct enrolment **ret,
                  struct err *err)
{
    struct enrolment *list = xzalloc(n + 1, sizeof *list);
    autofree struct asking *asks = xzalloc(n + 1, sizeof *asks);
    size_t left = 0;
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        list[i].host = &hosts[i];
        asks[i] = (struct asking){.console = c, .entry = &list[i], .left = &left, .again = true};
    }
    for (int i = 0; rc == 0 && i < ENROL_TRIES && any_again(asks, n); i++) {
        if (i > 0)
            clock_sleep(c->clock, ENROL_AGAIN_MS);
        rc = ask_all(c, asks, n, &left, err);
    }
    if (rc < 0) {
        /* Calls under way still point into asks: end them before it goes. */
        links_free(c->links);
        c->links = NULL;
        free(list);
        return -1;
    }
    *ret = list;
    return 0;
}

/* The id that two answers tell, "" none. */
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
            snprintf(e->why, sizeof e->why,
                     "at %s answers an agent whose Nomad id is %s, but Nomad has %s there",
                     e->address, ids[i].told, ids[i].known);
            return;
        }
        if (e->verdict == ENROL_NEW) {
            e->verdict = ENROL_UNREADY;
            snprintf(e->why, sizeof e->why, "its agent does not know its Nomad yet");
        }
    }
}

static void changed(struct enrolment *e, const struct pubkey *known)
{
    char was[FINGERPRINT_LEN], now[FINGERPRINT_LEN];
    pubkey_fingerprint(was, known);
    pubkey_fingerprint(now, &e->key);
    e->verdict = ENROL_CHANGED;
    snprintf(e->why, sizeof e->why, "its key has changed: known %s, now %s", was, now);
}

/* What is known of it: by Nomad's ids, and by the address it was enrolled at. */
static void check_key(struct enrolment *e, const struct known_hosts *known)
{
    struct agent_place at;
    struct err unused = ERR_INIT;
    const struct known_host *lines[] = {
        known_hosts_find(known, e->host->server_id), known_hosts_find(known, e->host->node_id),
        agent_place(e->address, &at, &unused) == 0 ? known_hosts_at(known, at.name) : NULL};
    e->verdict = ENROL_NEW;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (lines[i] == NULL)
            continue;
        e->verdict = ENROL_KNOWN;
        if (pubkey_eq(&lines[i]->key, &e->key))
            continue;
        changed(e, &lines[i]->key);
        return;
    }
}

/* One that Nomad does not list there: it must be nobody who is known, or listed, elsewhere. */
static void check_joiner(struct enrolment *e, const struct known_hosts *known,
                         const struct world *w)
{
    const struct known_host *k = known_hosts_elsewhere(known, &e->key, e->host->name);
    if (!e->host->joins || e->verdict == ENROL_CHANGED)
        return;
    for (size_t i = 0; w != NULL && i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        if ((e->server_id[0] == '\0' || !str_eq(e->server_id, h->server_id)) &&
            (e->client_id[0] == '\0' || !str_eq(e->client_id, h->node_id)))
            continue;
        e->verdict = ENROL_MISPLACED;
        snprintf(e->why, sizeof e->why,
                 "its agent tells the Nomad id of host %s, which Nomad lists at %s", h->name,
                 h->addr);
        return;
    }
    if (k == NULL)
        return;
    e->verdict = ENROL_MISPLACED;
    snprintf(e->why, sizeof e->why,
             "its key is the known one of host %s (%s): this is that host at another address, or a "
             "copy of it",
             k->name, k->id);
}

void enrolment_judge(struct enrolment *list, size_t n, const struct known_hosts *known,
                     const struct world *w)
{
    for (size_t i = 0; i < n; i++) {
        list[i].verdict = ENROL_SILENT;
        if (!list[i].answered)
            continue;
        check_key(&list[i], known);
        check_ids(&list[i]);
        check_joiner(&list[i], known, w);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n && list[i].answered; k++) {
            const char *id = list[k].answered ? shared_id(&list[i], &list[k]) : "";
            bool key = list[k].answered && pubkey_eq(&list[i].key, &list[k].key);
            if (id[0] == '\0' && !key)
                continue;
            list[i].verdict = list[k].verdict = ENROL_MISPLACED;
            snprintf(list[i].why, sizeof list[i].why, "%s and %s tell the same %s%s",
                     list[i].address, list[k].address, id[0] != '\0' ? "Nomad id " : "key", id);
            str_cut(list[k].why, sizeof list[k].why, list[i].why);
        }
}
