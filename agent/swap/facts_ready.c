#include "facts_ready.h"
#include "api_place.h"
#include "facts_paths.h"
#include "facts_values.h"
#include "seed.h"
#include "str.h"

#define API_TRIES 2
#define TICK_MS   10                   /* the unit of times in /proc/PID/stat: USER_HZ is 100 */
#define YOUNG_NS  (120 * 1000000000LL) /* a Nomad of this age may still be starting */
#define GAP_MS    60000                /* a shorter rest of the gap is not reported */
#define API_PORT  4646
#define RPC_PORT  4647
#define SERF_PORT 4648

/* Does root allow swaps at this hour? *ret_left: for how many minutes that answer lasts. */
static bool in_hours(const struct phases *p, int *ret_left)
{
    const struct hours *hours = p->conf.law != NULL ? p->conf.law->hours : NULL;
    int64_t wall_s = p->host->wall(p->host->ctx) / 1000000000;

    *ret_left = HOURS_WEEK;
    if (hours == NULL || hours->n == 0)
        return true;
    return hours_hold(hours, MAX_OF(law_minute(wall_s, hours->utc), 0), ret_left);
}

static bool hours_changed(const struct phases *p)
{
    int left;

    return p->asked.at_ms != 0 && in_hours(p, &left) != p->asked.in_hours;
}

/* ---- the questions, and their answers ---- */

static void keep_api_error(struct phases_asked *a, const struct err *err)
{
    str_cut(a->api_text, sizeof(a->api_text), api_place_words(err));
    a->api = err->kind == ERR_NETWORK || err->kind == ERR_TIMEOUT ? TRI_NO : TRI_UNKNOWN;
}

static void ask_api(struct phases *p, const struct nomad_on_host *f)
{
    const struct host *h = p->host;
    struct phases_asked *a = &p->asked;
    bool server = f->server_id[0] != '\0';

    a->api = TRI_NO;
    for (int i = 0; i < API_TRIES && a->api != TRI_YES; i++) {
        auto_buf struct buf body = BUF_INIT;
        struct err err = ERR_INIT;
        int status = 0;

        body.limit = FETCH_ANSWER_MAX;
        if (h->ask(h->ctx, probe_path(server), PROBE_ASK_MS, &status, &body, &err) < 0) {
            keep_api_error(a, &err);
        } else {
            enum probe_answer is = probe_answers(server, status, &body);
            a->status = status;
            a->api = is == ANSWER_OF_NOMAD ? TRI_YES : TRI_NO;
            probe_answer_text(is, status, a->api_text);
        }
    }
    h->ask_end(h->ctx);
}

/* If the API does not answer, the function does not ask it again for the leader. If the gap ends
 * soon, the function ignores the gap, because the gap would hide another refusal. */
static void ask_law_for_swap(struct phases *p, const struct nomad_on_host *f)
{
    const struct law *law = p->conf.law;
    bool server = f->server_id[0] != '\0';
    /* As for a rename: a stage that is about to end would not stand in the way of a swap. */
    struct law_facts facts =
        law_facts_gather(p, law, LAW_RENAME, server && p->asked.api == TRI_YES);

    facts.server = server;
    if (facts.swapped && law->gap_ms - facts.since_swap_ms <= GAP_MS)
        facts.swapped = false;
    p->asked.law = law_judge(law, LAW_SWAP, &facts);
}

/* Is it worthwhile to ask again soon? The hold file is watched elsewhere, and the end of a gap is
 * known. */
static bool is_bad(const struct phases_asked *a)
{
    return (a->main_pid != 0 && a->api != TRI_YES) || a->law.refusal == REFUSAL_QUORUM ||
           a->law.refusal == REFUSAL_UNKNOWN;
}

static int64_t next_ask_delay(const struct phases *p, int64_t began, const struct phases_asked *was)
{
    const struct phases_asked *a = &p->asked;
    int64_t took = p->host->uptime(p->host->ctx) - began;
    int64_t wait = MAX_OF((int64_t)FACTS_AGAIN_MS, 10 * took);

    if (!a->bad)
        return FACTS_KEPT_MS;
    if (was->bad && began - (int64_t)(a->main_start * TICK_MS) > YOUNG_NS / 1000000)
        wait = MAX_OF(wait, 2 * was->again_ms);
    return MIN_OF(wait, (int64_t)FACTS_KEPT_MS);
}

void facts_ready_ask(struct phases *p, const struct nomad_on_host *f)
{
    const struct phases_asked was = p->asked;
    int64_t now = p->host->uptime(p->host->ctx);
    int left;

    if (was.at_ms != 0 && now - was.at_ms < was.again_ms && was.held == f->held &&
        was.main_pid == f->stamp.main_pid && was.main_start == f->stamp.main_start &&
        !hours_changed(p))
        return;
    p->asked = (struct phases_asked){.at_ms = now,
                                     .held = f->held,
                                     .main_pid = f->stamp.main_pid,
                                     .main_start = f->stamp.main_start,
                                     .in_hours = in_hours(p, &left)};
    if (f->stamp.main_pid != 0)
        ask_api(p, f);
    if (p->conf.law != NULL)
        ask_law_for_swap(p, f);
    p->asked.bad = is_bad(&p->asked);
    p->asked.again_ms = next_ask_delay(p, now, &was);
}

int64_t facts_ready_due(const struct phases *p)
{
    const struct phases_asked *a = &p->asked;
    int64_t left = a->at_ms + a->again_ms - p->host->uptime(p->host->ctx);

    if (hours_changed(p))
        return 0;
    return a->bad ? MAX_OF(left, (int64_t)0) : INT64_MAX;
}

/* ---- the API ---- */

static const char *api_name(const struct phases *p)
{
    return p->conf.api != NULL ? p->conf.api : "the API";
}

static void report_silent_api(struct surveying *s, int64_t age)
{
    static const char id[] = "api-silent";
    auto_buf struct buf where = BUF_INIT;
    enum api_place place = api_place_ask(s->h, s->f->stamp.main_pid, s->p->conf.api,
                                         s->f->server_id[0] != '\0', &where);

    if (age < YOUNG_NS && place != API_ELSEWHERE)
        fact_add(s, id, TRI_UNKNOWN, "%.80s: %.80s; but Nomad started just now", api_name(s->p),
                 s->p->asked.api_text);
    else
        fact_add(s, id, TRI_YES, "%.70s: %.80s%s", api_name(s->p), s->p->asked.api_text,
                 buf_str(&where));
}

static void report_api(struct surveying *s)
{
    static const char id[] = "api-silent";
    const struct phases_asked *a = &s->p->asked;
    int64_t now = s->h->wall(s->h->ctx), started = facts_nomad_started(s);

    if (started == 0)
        fact_add(s, id, TRI_NO, "Nomad does not run");
    else if (a->api == TRI_YES)
        fact_add(s, id, TRI_NO, "%.200s answers", api_name(s->p));
    else if (a->at_ms == 0 || a->api == TRI_UNKNOWN)
        fact_add(s, id, TRI_UNKNOWN, "%.250s",
                 a->at_ms == 0 ? "the API was not asked" : a->api_text);
    else
        report_silent_api(s, now - started);
}

/* ---- the place of the API after the next start ---- */

struct next_place {
    char address[CONFIG_TEXT]; /* numeric addresses, blanks between them */
    uint64_t port;
    enum tri tls;
};

/* -1: the files and options do not have these values as plain text. */
static int find_next(const struct config_read *c, struct next_place *ret)
{
    bool sure, also_sure, port_sure;
    struct config_said port = facts_value_of(c, VALUE_PORT_HTTP, &port_sure);
    struct config_said at = facts_value_of(c, VALUE_ADDRESS_HTTP, &sure);
    struct config_said bind = facts_value_of(c, VALUE_BIND_ADDR, &also_sure);

    if (!at.said)
        at = bind;
    if (!sure || !also_sure || !port_sure || facts_is_dev(c) || (at.said && !at.plain) ||
        (port.said && !port.plain))
        return -1;
    *ret = (struct next_place){.port = API_PORT, .tls = facts_value_true(c, VALUE_TLS_HTTP)};
    str_cut(ret->address, sizeof(ret->address), at.said ? at.text : "0.0.0.0");
    return port.said && str_to_u64(port.text, UINT16_MAX, &ret->port) < 0 ? -1 : 0;
}

/* Writes the difference into dst; "": there is none. */
static void compare_place(const struct next_place *next, const char *url, const char *address,
                          uint16_t port, char dst[static TEXT_MAX])
{
    bool over_tls = str_starts(url, "https://");

    dst[0] = '\0';
    if (next->port != port || api_place_reaches(next->address, address) == TRI_NO)
        snprintf(dst, TEXT_MAX,
                 "by Nomad's files its API will listen at %.100s, port %u; caravan-swap asks at "
                 "%.80s",
                 next->address, (unsigned)next->port, url);
    else if (next->tls != TRI_UNKNOWN && (next->tls == TRI_YES) != over_tls)
        snprintf(dst, TEXT_MAX,
                 "by Nomad's files its API will listen with%s TLS; caravan-swap asks at %.80s",
                 next->tls == TRI_YES ? "" : "out", url);
}

/* No fact if another process (a proxy) answers for Nomad: then the place of Nomad's own API does
 * not matter. No fact either if the API answers with another status than 200: for example, Nomad
 * already wants TLS and is asked without TLS. */
static void report_api_move(struct surveying *s, const struct config_read *c)
{
    static const char id[] = "api-moves";
    const char *url = s->p->conf.api;
    auto_buf struct buf ignored = BUF_INIT;
    struct next_place next;
    char address[48], text[TEXT_MAX];
    uint16_t port = 0;

    if (url == NULL || s->p->asked.api != TRI_YES || s->p->asked.status != 200 ||
        api_place_parse(url, address, &port) < 0 || find_next(c, &next) < 0 ||
        api_place_ask(s->h, s->f->stamp.main_pid, url, s->f->server_id[0] != '\0', &ignored) !=
            API_HERE)
        return;
    compare_place(&next, url, address, port, text);
    fact_add(s, id, text[0] != '\0' ? TRI_YES : TRI_NO, "%s", text);
}

/* ---- Nomad's ports ---- */

struct port {
    const char *name;
    enum config_value port, address;
    uint16_t usual;
};

static const struct port server_ports[] = {
    {"RPC", VALUE_PORT_RPC, VALUE_ADDRESS_RPC, RPC_PORT},
    {"serf", VALUE_PORT_SERF, VALUE_ADDRESS_SERF, SERF_PORT},
};

/* The first answer of the most serious kind. */
struct taken {
    enum tri value;
    char text[TEXT_MAX];
};

static void note_taken(struct taken *t, enum tri value, const char *name,
                       const struct tcp_listener *l, const struct host_owner *o)
{
    auto_buf struct buf at = BUF_INIT;

    if (t->value == TRI_YES || (t->value == TRI_UNKNOWN && value == TRI_UNKNOWN))
        return;
    t->value = value;
    api_place_add(&at, l);
    if (value == TRI_YES)
        snprintf(t->text, sizeof(t->text), "process %u (%s) listens at %s, the %s port of Nomad",
                 o->pid, o->name, buf_str(&at), name);
    else
        snprintf(t->text, sizeof(t->text),
                 "a process listens at %s, the %s port of Nomad: it was not found which one",
                 buf_str(&at), name);
}

/* A process that answers for Nomad (a proxy) does not take the port from Nomad. Another process
 * with the name "nomad" does. */
static void judge_listener(struct surveying *s, const struct tcp_listener *l, const char *name,
                           bool answered, struct taken *t)
{
    struct host_owner o = {.there = false};
    bool same;

    s->h->socket_owner(s->h->ctx, l->inode, s->f->stamp.main_pid, &o);
    same = str_eq(o.name, "nomad");
    if (o.there && o.own)
        return;
    if (answered && !same)
        return;
    note_taken(t, o.there ? TRI_YES : TRI_UNKNOWN, name, l, &o);
}

static void judge_api(struct surveying *s, const struct tcp_table *table, struct taken *t)
{
    const struct tcp_listener *l;
    char address[48];
    uint16_t port = 0;

    if (s->p->conf.api == NULL || api_place_parse(s->p->conf.api, address, &port) < 0)
        return;
    l = tcp_table_at(table, address, port);
    if (l != NULL && !l->own)
        judge_listener(s, l, "API", s->p->asked.api == TRI_YES, t);
}

static void judge_port(struct surveying *s, const struct config_values *v, const struct port *p,
                       const struct tcp_table *table, struct taken *t)
{
    const char *address =
        config_values_text(v, v->said[p->address].said ? p->address : VALUE_BIND_ADDR);
    const char *text = config_values_text(v, p->port);
    const struct tcp_listener *l;
    uint64_t port = p->usual;

    if (text[0] != '\0' && str_to_u64(text, UINT16_MAX, &port) < 0)
        return;
    if (tcp_table_own(table, (uint16_t)port) != NULL)
        return;
    l = tcp_table_against(table, address, (uint16_t)port);
    if (l != NULL)
        judge_listener(s, l, p->name, false, t);
}

/* The function skips a port that the files do not have as plain text: the running Nomad keeps its
 * own port until it stops. */
static void report_ports(struct surveying *s, const struct config_read *c,
                         const struct tcp_table *table, const struct err *err)
{
    static const char id[] = "port-taken";
    struct taken t = {.value = TRI_NO};

    if (err->kind != ERR_NONE) {
        fact_unknown(s, id, err);
        return;
    }
    judge_api(s, table, &t);
    for (size_t i = 0; i < ARRAY_LEN(server_ports) && s->f->server_id[0] != '\0'; i++)
        judge_port(s, &c->f->values, &server_ports[i], table, &t);
    if (t.value == TRI_NO && table->more)
        fact_add(s, id, TRI_UNKNOWN, "more sockets listen than caravan-swap examines");
    else
        fact_add(s, id, t.value, "%s", t.text);
}

/* ---- the law ---- */

static void report_law(struct surveying *s)
{
    static const char id[] = "law-refuses";
    const struct phases_asked *a = &s->p->asked;

    if (a->at_ms == 0 || s->p->conf.law == NULL)
        fact_add(s, id, TRI_UNKNOWN, "the law was not asked");
    else
        fact_add(s, id, a->law.refusal != REFUSAL_NONE ? TRI_YES : TRI_NO, "%s", a->law.text);
}

/* The limits by which law_url judges the places of an order. */
static void report_places(struct surveying *s)
{
    static const char prefixes[] = "url-prefixes", files[] = "file-urls";
    const struct law *law = s->p->conf.law;

    if (law == NULL) {
        fact_add(s, prefixes, TRI_UNKNOWN, "the law was not asked");
        fact_add(s, files, TRI_UNKNOWN, "the law was not asked");
        return;
    }
    const char *list = law->url_prefixes != NULL ? law->url_prefixes : "";
    if (strlen(list) >= TEXT_MAX)
        fact_add(s, prefixes, TRI_UNKNOWN, "root's list is longer than a fact can be");
    else
        fact_add(s, prefixes, list[strspn(list, " \t")] != '\0' ? TRI_YES : TRI_NO, "%s", list);
    fact_add(s, files, law->allow_file_urls ? TRI_YES : TRI_NO, "%s", "");
}

/* The permissions of root that a run needs to replace this host, or to add it. */
static void report_replacing(struct surveying *s)
{
    static const char stop[] = "stop-allowed", start[] = "start-stopped";
    const struct law *law = s->p->conf.law;

    if (law == NULL) {
        fact_add(s, stop, TRI_UNKNOWN, "the law was not asked");
        fact_add(s, start, TRI_UNKNOWN, "the law was not asked");
        return;
    }
    fact_add(s, stop, law->allow_stop ? TRI_YES : TRI_NO, "%s",
             law->allow_stop ? "" : "to allow this: allow_stop = yes below [law] in agent.conf");
    fact_add(s, start, law->start_stopped ? TRI_YES : TRI_NO, "%s",
             law->start_stopped ? ""
                                : "to allow this: start_stopped = yes below [law] in agent.conf");
}

/* Adds each fact only where root has set the limit. The first word of `hours` is the number of
 * minutes for which the answer stays true. */
static void report_limits(struct surveying *s)
{
    const struct law *law = s->p->conf.law;
    const struct hours *hours = law != NULL ? law->hours : NULL;

    if (law != NULL && law->release_threshold > 0)
        fact_add(s, "release-threshold", TRI_YES, "%u", law->release_threshold);
    if (hours != NULL && hours->n > 0) {
        int left;
        bool in = in_hours(s->p, &left);

        fact_add(s, "hours", in ? TRI_YES : TRI_NO, "%d %s", left, law->hours_text);
    }
    if (law != NULL && law->operators != NULL && law->operators->n > 0) {
        char list[TEXT_MAX];

        operators_text(law->operators, list);
        fact_add(s, "operators", TRI_YES, "%s", list);
    }
}

/* vendor-unready only where root demands the signature: most hosts do not. */
static void report_vendor(struct surveying *s)
{
    const struct law *law = s->p->conf.law;
    bool asked = law != NULL && law->require_vendor_signature;
    struct err err = ERR_INIT;

    fact_add(s, "vendor-signature", asked ? TRI_YES : TRI_NO, "%s", "");
    if (!asked)
        return;
    bool ready = vendor_ready(s->h, &s->p->conf.vendor_keys, &err) == 0;
    fact_add(s, "vendor-unready", ready ? TRI_NO : TRI_YES, "%s", ready ? "" : err.text);
}

/* The address counts only while systemd listens. Root can start the socket at any time. */
static void report_seed(struct surveying *s)
{
    static const char id[] = "seed";
    const struct service *service = s->h->service;
    const char *url = s->p->conf.seed_url != NULL ? s->p->conf.seed_url : "";
    enum tri listens = service->active(service->self, SEED_SOCKET);
    char base[TEXT_MAX];
    const char *why = url[0] != '\0' ? seed_base(url, base) : NULL;

    if (url[0] == '\0' && listens == TRI_YES)
        fact_add(s, id, TRI_UNKNOWN, SEED_SOCKET " listens, but [seed] url of agent.conf is empty");
    else if (url[0] == '\0')
        fact_add(s, id, TRI_NO, "%s", "");
    else if (why != NULL)
        fact_add(s, id, TRI_UNKNOWN, "[seed] url of agent.conf cannot be used: %s", why);
    else if (listens == TRI_UNKNOWN)
        fact_add(s, id, TRI_UNKNOWN, "systemd could not be asked whether " SEED_SOCKET " listens");
    else if (listens == TRI_NO)
        fact_add(s, id, TRI_UNKNOWN,
                 "[seed] url of agent.conf is set, but nothing listens: systemctl enable "
                 "--now " SEED_SOCKET);
    else
        fact_add(s, id, TRI_YES, "%s", base);
}

void facts_of_readiness(struct surveying *s, const struct config_read *c)
{
    autofree struct tcp_table *table = xzalloc(1, sizeof(*table));
    struct err err = ERR_INIT;

    if (s->h->listeners(s->h->ctx, s->f->stamp.main_pid, table, &err) < 0)
        table->n = 0;
    report_api(s);
    report_api_move(s, c);
    report_ports(s, c, table, &err);
    report_law(s);
    report_places(s);
    report_replacing(s);
    report_vendor(s);
    report_limits(s);
    report_seed(s);
    facts_of_paths(s, c);
}
