#include "phase_step.h"
#include <stdlib.h>
#include "api_place.h"
#include "str.h"

#define CLOCK_STEP_MS 1000     /* wall clock and uptime may drift apart by this much */
#define FILE_CLOCK_NS 20000000 /* the kernel takes file times from a coarse clock */

static phase_step look_at_probe;
static void end_probing(struct phases *p, const struct probe_verdict *v);

static bool is_probed_server(const struct phases *p)
{
    return p->rec.is_server;
}

int64_t phases_deadline(const struct phases *p)
{
    if (p->rec.deadline_ms != 0)
        return p->rec.deadline_ms;
    return is_probed_server(p) ? PROBE_DEADLINE_SERVER_MS : PROBE_DEADLINE_CLIENT_MS;
}

void phases_probe(struct phases *p)
{
    probe_begin(&p->now.probe, phases_uptime(p), phases_deadline(p),
                p->rec.hold_ms != 0 ? p->rec.hold_ms : PROBE_HOLD_MS);
    phases_then(p, look_at_probe, 0);
}

void probing_begin(struct phases *p)
{
    phases_probe(p);
}

void probing_recover(struct phases *p)
{
    phases_resume(p, &p->rec.target);
}

void phases_evidence(struct phases *p)
{
    struct service *s = p->host->service;
    struct verdict *v = &p->rec.verdict;

    s->evidence(s->self, v->evidence, sizeof(v->evidence));
}

static void look_at_act(struct phases *p, struct probe_look *l)
{
    struct service *s = p->host->service;
    struct err err = ERR_INIT;

    if (p->now.act == SERVICE_WORKING && s->poll(s->self, &p->now.act, p->now.act_text, &err) < 0)
        phases_note(p, LOG_WARNING, EVENT_NONE, "the service manager: %.200s", err.text);
    if (p->now.act != SERVICE_WORKING)
        p->host->package_unlock(p->host->ctx);
    l->act = p->now.act;
    str_cut(l->act_text, sizeof(l->act_text), p->now.act_text);
}

static void look_at_process(struct phases *p, struct probe_look *l)
{
    const struct host *h = p->host;
    struct host_process proc = {.there = false};
    struct err err = ERR_INIT;

    l->known = h->service->state(h->service->self, &l->state, &err) == 0;
    if (!l->known || l->state.main_pid == 0 ||
        h->process(h->ctx, l->state.main_pid, &proc, &err) < 0)
        return;
    l->executes = proc.there && proc.dev == p->rec.disk.dev && proc.ino == p->rec.disk.ino;
}

static void look_at_api(struct phases *p, struct probe_look *l)
{
    const struct host *h = p->host;
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;

    body.limit = FETCH_ANSWER_MAX;
    if (!l->executes)
        return;
    if (h->ask(h->ctx, probe_path(is_probed_server(p)), PROBE_ASK_MS, &l->status, &body, &err) ==
        0) {
        enum probe_answer a = probe_answers(is_probed_server(p), l->status, &body);
        l->answers = a == ANSWER_OF_NOMAD;
        probe_answer_text(a, l->status, l->api_text);
    } else {
        str_cut(l->api_text, sizeof(l->api_text), api_place_words(&err));
    }
}

static void add_where_to_verdict(const struct phases *p, const struct probe_look *l,
                                 struct probe_verdict *v)
{
    auto_buf struct buf where = BUF_INIT;
    enum api_place place =
        api_place_ask(p->host, l->state.main_pid, p->conf.api, is_probed_server(p), &where);

    probe_add_where(v, p->conf.api, place == API_ELSEWHERE, buf_str(&where));
}

/* The first start of the new main process decides whether it touched anything. Until this start is
 * known, the moment before the restart takes its place. */
static void learn_main_start(struct phases *p, const struct probe_look *l)
{
    int64_t wall = p->host->wall(p->host->ctx);

    if (p->now.first_seen || !l->known || l->act == SERVICE_WORKING || !p->now.probe.counted)
        return;
    p->now.first_seen = true;
    if (l->state.restarts != p->now.probe.restarts || p->rec.first_wall_ns == 0 ||
        l->state.started_wall_ns <= p->rec.first_wall_ns || l->state.started_wall_ns > wall)
        return;
    p->rec.first_ms = l->now_ms - (wall - l->state.started_wall_ns) / 1000000;
    p->rec.first_wall_ns = l->state.started_wall_ns;
}

static void look_at_probe(struct phases *p)
{
    struct probe_look look = {.act = SERVICE_DONE};
    bool answered = p->now.probe.answered_ms != 0;
    struct probe_verdict v;

    look_at_act(p, &look);
    look_at_process(p, &look);
    look_at_api(p, &look);
    look.now_ms = phases_uptime(p);
    v = probe_judge(&p->now.probe, &look);
    learn_main_start(p, &look);
    if (!answered && p->now.probe.answered_ms != 0 && p->rec.swapped_ms > 0)
        p->rec.silence_ms = (uint32_t)(p->now.probe.answered_ms - p->rec.swapped_ms);
    if (v.outcome == PROBE_WAIT) {
        phases_then(p, look_at_probe, v.again_ms);
        return;
    }
    p->host->ask_end(p->host->ctx);
    if (v.unanswered)
        add_where_to_verdict(p, &look, &v);
    if (p->rec.phase == PHASE_REVERTING)
        reverting_judged(p, &v);
    else
        end_probing(p, &v);
}

static bool has_clock_stepped(const struct phases *p)
{
    int64_t by_wall = (p->host->wall(p->host->ctx) - p->rec.first_wall_ns) / 1000000;
    int64_t by_uptime = phases_uptime(p) - p->rec.first_ms;

    return llabs(by_wall - by_uptime) > CLOCK_STEP_MS;
}

/* Why raft data may be touched. NULL: no file under server/raft is younger than the new binary's
 * first start. */
static const char *why_touched(const struct phases *p)
{
    char dir[512];
    struct err err = ERR_INIT;
    int64_t newest = 0;

    if (p->rec.first_wall_ns == 0 || has_clock_stepped(p))
        return "the host restarted, or its clock was set, since the new binary started";
    snprintf(dir, sizeof(dir), "%s/server/raft", p->conf.data_dir);
    if (p->conf.data_dir[0] == '\0' || p->host->newest(p->host->ctx, dir, &newest, &err) < 0 ||
        newest == 0)
        return "server/raft could not be read";
    return newest > p->rec.first_wall_ns - FILE_CLOCK_NS ? "the new binary wrote to server/raft"
                                                         : NULL;
}

/* Why the new binary stays. NULL: the old binary is put back. */
static const char *why_not_back(const struct phases *p, const struct probe_verdict *v)
{
    if (digest_is_zero(&p->rec.previous))
        return "no previous binary is kept";
    if (p->rec.on_not_ready == ON_REVERT)
        return NULL;
    if (p->rec.on_not_ready != ON_REVERT_IF_UNTOUCHED)
        return "the order says so";
    if (!v->ended)
        return "its process is alive and may be restoring its state";
    return why_touched(p);
}

static void settle_swap(struct phases *p)
{
    char silence[24];

    str_for_ms(silence, sizeof(silence), p->rec.silence_ms);
    p->rec.verdict = (struct verdict){.failure = FAILURE_NONE};
    phases_note(p, LOG_INFO, EVENT_SETTLED, "%s runs %s, its API was silent for %s",
                p->shelf.target, p->rec.version, silence);
    phases_enter(p, PHASE_SETTLED);
}

static void end_probing(struct phases *p, const struct probe_verdict *v)
{
    const char *stays;

    if (v->outcome == PROBE_PASS) {
        settle_swap(p);
        return;
    }
    stays = why_not_back(p, v);
    phases_evidence(p);
    if (stays != NULL) {
        phases_fail(p, v->failure, "%.190s; the new binary was left in place: %.80s", v->text,
                    stays);
        return;
    }
    p->rec.by_order = false;
    p->rec.failed_in = PHASE_PROBING;
    p->rec.verdict.failure = v->failure;
    str_cut(p->rec.verdict.text, sizeof(p->rec.verdict.text), v->text);
    phases_note(p, LOG_ERROR, EVENT_NONE,
                "%s does not come up (%s), the old binary is put back: %.130s", p->rec.version,
                failure_name(v->failure), v->text);
    phases_enter(p, PHASE_REVERTING);
}
