#include "status_update.h"
#include "caravan_version.h"
#include "clock.h"
#include "elf_arch.h"
#include "facts_heartbeat.h"
#include "facts_servers.h"
#include "facts_ready.h"
#include "heartbeat_due.h"
#include "str.h"
#include "swap_status.h"

#define METADATA_MS 500

static void add_status_fact(struct receipt_status *st, const char *id, enum tri value,
                            const char *text)
{
    struct fact *f;

    if (st->n_facts == FACTS_MAX)
        return;
    f = &st->facts[st->n_facts++];
    str_cut(f->id, sizeof(f->id), id);
    f->value = value;
    str_cut(f->text, sizeof(f->text), text);
}

static enum tri bool_tri(bool yes)
{
    return yes ? TRI_YES : TRI_NO;
}

/* caravan-swap's mark (swap.c): the alarm is shown until root removes the mark. */
static void show_alarm(const struct swap *s, struct receipt_status *st)
{
    char mark[AGENT_PATH_MAX];
    char text[TEXT_MAX] = "";
    bool there = false;

    if (s->conf != NULL) {
        agent_path(mark, s->conf->state_dir, KEY_ALARM_NAME);
        there = access(mark, F_OK) == 0;
    }
    if (there)
        snprintf(text, sizeof(text),
                 "caravan-agent had a different key, and caravan-swap put this host's key back; "
                 "the mark is %.120s",
                 mark);
    add_status_fact(st, "key-replaced", bool_tri(there), text);
}

/* Yes: an order stopped Nomad, and Nomad has not run since. Unknown: an order is to stop Nomad, and
 * Nomad has not ended. */
static void show_stopped(const struct swap *s, struct receipt_status *st)
{
    const struct record *r = &s->phases.rec;
    enum tri stopped = r->stopped.sequence == 0    ? TRI_NO
                       : s->nomad.active == TRI_NO ? TRI_YES
                                                   : TRI_UNKNOWN;
    char text[TEXT_MAX] = "";

    if (stopped != TRI_NO)
        snprintf(text, sizeof(text), "order %llu of epoch %llu %s",
                 (unsigned long long)r->stopped.sequence, (unsigned long long)r->stopped.epoch,
                 stopped == TRI_YES ? "stopped Nomad"
                 : r->stopping != 0 ? "is stopping Nomad"
                                    : "was to stop Nomad, and Nomad was not seen to end");
    add_status_fact(st, "stopped", stopped, text);
    bool failed = stopped == TRI_UNKNOWN && r->stopping == 0 && s->nomad.active == TRI_YES;
    snprintf(text, sizeof(text), "%llu", (unsigned long long)(failed ? r->stopped.sequence : 0));
    add_status_fact(st, "stop-failed", bool_tri(failed), failed ? text : "");
}

/* The formats of trust files that this host reads; and whether its clock can show that a key has
 * expired. */
static void show_trust(const struct swap *s, struct receipt_status *st)
{
    int64_t wall_s = s->host.wall(s->host.ctx) / 1000000000;
    char text[TEXT_MAX], now[21], made[21];

    snprintf(text, sizeof(text), "%d", TRUST_FORMAT_MAX);
    add_status_fact(st, TRUST_FORMAT_FACT, TRI_YES, text);
    trust_mark(&s->trust, text);
    add_status_fact(st, TRUST_FILE_FACT, TRI_YES, text);
    if (!trust_is_ahead(&s->trust, wall_s))
        return;
    clock_rfc3339(now, wall_s * 1000);
    clock_rfc3339(made, s->trust.created_s * 1000);
    snprintf(text, sizeof(text),
             "its clock says %s, but the trust file was made at %s: from keys that expire "
             "this host accepts only trust orders",
             now, made);
    add_status_fact(st, TRUST_CLOCK_FACT, TRI_NO, text);
}

static void show_facts(const struct swap *s, struct receipt_status *st)
{
    const struct nomad_on_host *f = &s->nomad;
    char old[TEXT_MAX];

    add_status_fact(st, "held", f->held,
                    f->held == TRI_YES ? "root's hold file exists: no swap, no revert" : "");
    add_status_fact(st, "service", f->active, f->service_text);
    add_status_fact(st, "data-dir", bool_tri(f->data_dir[0] != '\0'), f->data_dir);
    show_alarm(s, st);
    snprintf(old, sizeof(old), "%s/%s", s->phases.shelf.dir, s->phases.shelf.old);
    add_status_fact(st, "previous", bool_tri(!digest_is_zero(&s->phases.rec.previous)), old);
    /* Newer facts come last: a coordinator with version 1 of the wire gets only as many facts as
     * that version has room for. */
    for (uint32_t i = 0; i < s->survey.n; i++)
        add_status_fact(st, s->survey.list[i].id, s->survey.list[i].value, s->survey.list[i].text);
    show_stopped(s, st);
    show_trust(s, st);
}

static void fill_status(const struct swap *s, struct receipt_status *st)
{
    const struct phases *p = &s->phases;
    const struct record *r = &p->rec;

    st->work.revision = s->revision;
    st->work.phase = r->phase;
    st->work.failed_in = r->failed_in;
    st->work.order_sequence = r->order_sequence;
    st->work.target = r->target;
    st->work.previous = r->previous;
    st->work.done = p->now.done;
    st->work.total = p->now.total;
    st->verdict = r->verdict;
    st->work.silence_ms = r->silence_ms;
    st->work.stamp = s->nomad.stamp;
    show_facts(s, st);
    st->n_log = s->n_lines;
    memcpy(st->log, s->lines, s->n_lines * sizeof(s->lines[0]));
    st->log_cursor = s->n_lines > 0 ? s->lines[s->n_lines - 1].cursor : 0;
}

static void fill_hello(const struct swap *s, struct receipt_hello *h)
{
    const struct nomad_on_host *f = &s->nomad;
    char host[NAME_MAX_LEN] = "";

    h->wire_min = WIRE_MIN;
    h->wire_max = WIRE_MAX;
    str_cut(h->program, sizeof(h->program), CARAVAN_VERSION);
    if (gethostname(host, sizeof(host) - 1) == 0)
        str_cut(h->host, sizeof(h->host), host);
    str_cut(h->os, sizeof(h->os), go_os());
    str_cut(h->arch, sizeof(h->arch), go_arch());
    str_cut(h->server_id, sizeof(h->server_id), f->server_id);
    str_cut(h->client_id, sizeof(h->client_id), f->client_id);
    h->disk = f->disk;
    h->running = f->running;
    h->stamp = f->stamp;
    h->phase = s->phases.rec.phase;
    h->swap_sequence = s->phases.rec.sequence;
    h->swap_epoch = s->phases.rec.epoch;
    h->trust_version = s->trust.version;
    h->view_revision = s->revision;
}

/* The revision never decreases within a boot, also not after a restart of caravan-swap: it is the
 * uptime in microseconds, or one more than the last revision. */
static uint64_t next_view_revision(const struct swap *s)
{
    uint64_t now = (uint64_t)s->host.uptime(s->host.ctx) * 1000;

    return MAX_OF(s->revision + 1, now);
}

static void write_swap_view(struct swap *s)
{
    autofree struct swap_status *v = xzalloc(1, sizeof(*v));
    struct err err = ERR_INIT;

    s->revision = next_view_revision(s);
    fill_hello(s, &v->hello);
    fill_status(s, &v->status);
    if (swap_status_write(s->view_path, v, &err) < 0)
        log_say(s->log, LOG_ERROR, EVENT_NONE, "the view: %s", err.text);
}

static bool is_at_rest(const struct swap *s)
{
    return phase_rests(s->phases.rec.phase);
}

/* A view with the phase staged must contain the whole survey, because the coordinator continues
 * from it. After other phases the next look suffices. */
static bool survey_is_due(const struct swap *s)
{
    return s->survey.made_ms == 0 ||
           (s->phases.rec.phase == PHASE_STAGED && s->survey.phase != PHASE_STAGED);
}

/* Only Nomad's clients ask this service. An answer would come from the machine under the instance
 * and take much less than the deadline. Without an answer the question takes the whole deadline. */
static void ask_metadata(struct swap *s)
{
    const struct host *h = &s->host;
    struct err err = ERR_INIT;

    if (s->phases.metadata_asked || s->nomad.client_id[0] == '\0')
        return;
    s->phases.metadata_asked = true;
    if (h->metadata(h->ctx, METADATA_MS, &s->phases.metadata, &err) < 0)
        s->phases.metadata = PEER_UNKNOWN;
    h->ask_end(h->ctx);
}

/* Executes only an ELF file: the file in place runs here anyway, but a script could start Nomad. */
static void ask_version_in_place(struct swap *s)
{
    const struct host *h = &s->host;
    struct phases *p = &s->phases;
    struct version_said *v = &p->in_place;
    struct err err = ERR_INIT;
    int binary = -1;

    if (s->nomad.held != TRI_NO || digest_is_zero(&s->nomad.disk) ||
        digest_eq(&v->of, &s->nomad.disk) ||
        elf_arch_is(h, p->shelf.at, p->shelf.name, &err) != TRI_YES ||
        h->open_through(h->ctx, p->shelf.at, p->shelf.name, &binary, &err) < 0)
        return;
    v->of = s->nomad.disk;
    v->nomad = h->version_of(h->ctx, binary, v->version, v->text);
    h->close(h->ctx, binary);
}

static void update_heartbeat_fact(struct swap *s)
{
    struct fact now;

    if (s->conf != NULL && facts_heartbeat(&s->phases, &s->nomad, s->conf->token_file, &now))
        (void)facts_survey_put(&s->survey, &now);
}

static void update_servers_fact(struct swap *s)
{
    struct fact now;

    if (facts_servers(&s->phases, &s->nomad, s->conf != NULL ? s->conf->token_file : "", &now))
        (void)facts_survey_put(&s->survey, &now);
}

static void make_survey(struct swap *s)
{
    /* After a restart of caravan-swap the answer of the staged binary is not known any more. */
    if (s->phases.rec.phase == PHASE_STAGED &&
        !digest_eq(&s->phases.config.of, &s->phases.rec.target))
        (void)phases_ask_config(&s->phases);
    ask_metadata(s);
    ask_version_in_place(s);
    facts_ready_ask(&s->phases, &s->nomad);
    facts_survey(&s->phases, &s->nomad, &s->survey);
    update_heartbeat_fact(s);
    update_servers_fact(s);
    s->phases.packaged = s->survey.packaged;
}

/* Updates this fact alone: a view with the phase settled must contain it, and a whole survey takes
 * longer. True: the fact has changed. */
static bool update_bound_fact(struct swap *s)
{
    autofree struct service_about *about = xzalloc(1, sizeof(*about));
    const struct service *service = s->host.service;
    struct fact now = {.id = "bound-down"};
    struct err err = ERR_INIT;
    bool known = service->about(service->self, about, &err) == 0;

    now.value = bound_units_down(&s->phases.bound, known ? about : NULL, now.text);
    return facts_survey_put(&s->survey, &now);
}

/* Is the file in place another file than at the time of the survey? Then its facts become unknown,
 * because the view must not wait. The next look makes a whole survey. */
static bool mark_overtaken(struct swap *s)
{
    static const char *const ids[] = {"not-nomad", "binary-version"};
    struct fact f = {.value = TRI_UNKNOWN, .text = "the binary was not asked yet"};

    if (!is_at_rest(s) || s->survey.made_ms == 0 || digest_eq(&s->survey.disk, &s->nomad.disk))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        str_cut(f.id, sizeof(f.id), ids[i]);
        (void)facts_survey_put(&s->survey, &f);
    }
    return true;
}

void status_update(struct swap *s)
{
    bool learned = false, overtaken;
    struct err err = ERR_INIT;

    nomad_on_host_read(&s->phases, s->conf->data_dir, &s->nomad, &learned);
    /* The next start then need not hash the file again. Losing the record here costs only that. */
    if (learned && record_save(&s->host, s->swap_dir, &s->phases.rec, true, &err) < 0)
        log_say(s->log, LOG_WARNING, EVENT_NONE, "%s", err.text);
    if (!is_at_rest(s))
        s->survey.phase = s->phases.rec.phase; /* a second stage makes a second survey */
    if (is_at_rest(s) && survey_is_due(s))
        make_survey(s);
    else if (is_at_rest(s) && s->phases.bound.at_ms > s->survey.made_ms)
        (void)update_bound_fact(s);
    overtaken = mark_overtaken(s);
    write_swap_view(s);
    if (overtaken)
        s->survey.made_ms = 0;
}

bool status_awaits_units(const struct swap *s)
{
    const struct fact *f = facts_survey_find(&s->survey, "bound-down");

    return is_at_rest(s) && f != NULL && f->value == TRI_YES &&
           s->host.uptime(s->host.ctx) - s->phases.bound.at_ms < BOUND_WAIT_MS;
}

void status_update_units(struct swap *s)
{
    if (update_bound_fact(s))
        write_swap_view(s);
}

static int64_t ms_to_heartbeat(const struct swap *s)
{
    int64_t due = heartbeat_due_ms(s->phases.rec.phase, s->survey.list, s->survey.n);

    return due == INT64_MAX ? due : MAX_OF(due + 1 - s->host.uptime(s->host.ctx), (int64_t)0);
}

void status_update_if_old(struct swap *s, int64_t survey_ms)
{
    int64_t age = s->host.uptime(s->host.ctx) - s->survey.made_ms;
    bool old = nomad_on_host_is_old(&s->phases, &s->nomad),
         idle = is_at_rest(s) && !phases_works(&s->phases);

    if (idle && (old || age >= survey_ms || facts_ready_due(&s->phases) == 0))
        s->survey.made_ms = 0;
    if (old || s->survey.made_ms == 0) {
        status_update(s);
    } else if (idle && ms_to_heartbeat(s) == 0) {
        update_heartbeat_fact(s);
        write_swap_view(s);
    }
}

int64_t status_update_due(const struct swap *s)
{
    if (!is_at_rest(s) || phases_works(&s->phases))
        return INT64_MAX;
    return MIN_OF(facts_ready_due(&s->phases), ms_to_heartbeat(s));
}
