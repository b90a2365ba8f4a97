#include "phase_step.h"

#define LOOK_MS  200
#define RETRY_MS 1000
#define LIMIT_MS (3 * 60 * 1000) /* if agent.conf's limit is not known */

static phase_step act_begin, act_look, act_over;

static bool is_stop(const struct phases *p)
{
    return p->now.doing == SERVICE_ACT_STOP;
}

static int64_t limit_ms(const struct phases *p)
{
    return p->conf.act_ms != 0 ? p->conf.act_ms : LIMIT_MS;
}

static bool is_act_late(const struct phases *p)
{
    return phases_uptime(p) - p->now.begun_ms >= limit_ms(p);
}

void phases_act(struct phases *p, enum service_act act, uint64_t order)
{
    p->now = (struct phases_now){.read = SHELF_READ_INIT,
                                 .other = SHELF_READ_INIT,
                                 .begun_ms = phases_uptime(p),
                                 .doing = act,
                                 .act_order = order,
                                 .act = SERVICE_WORKING};
    /* The units that stop together with Nomad are meant to stay down after a stop by order. */
    if (act == SERVICE_ACT_STOP)
        p->bound = (struct bound_units){.known = false};
    phases_then(p, act_begin, 0);
}

/* Begins the same stop again, only in the same boot and for the same process: if somebody has
 * started another process since, this somebody wants Nomad to run. */
void stop_recover(struct phases *p)
{
    const struct service *s = p->host->service;
    struct service_state st = {.active = TRI_UNKNOWN};
    struct err err = ERR_INIT;

    if (s->state(s->self, &st, &err) < 0)
        phases_then(p, stop_recover, RETRY_MS);
    else if (st.active == TRI_YES && record_runs(&p->rec, st.main_start))
        phases_then(p, act_over, 0);
    else
        phases_act(p, SERVICE_ACT_STOP, p->rec.stopped.sequence);
}

static void end_service_act(struct phases *p, const char *why)
{
    const char *what = is_stop(p) ? "stopped" : "started";
    enum log_event event = is_stop(p) ? EVENT_SERVICE_STOPPED : EVENT_SERVICE_STARTED;

    if (why[0] == '\0')
        phases_note(p, LOG_INFO, event, "Nomad was %s by order", what);
    else
        phases_note(p, LOG_ERROR, EVENT_FAILED,
                    "Nomad could not be %s by order: %.160s; caravan-swap does not try again", what,
                    why);
    phases_then(p, act_over, 0);
}

static void act_begin(struct phases *p)
{
    const struct service *s = p->host->service;
    struct err err = ERR_INIT;

    if (s->begin(s->self, p->now.doing, &err) == 0)
        phases_then(p, act_look, 0);
    else if (is_act_late(p))
        end_service_act(p, err.text);
    else
        phases_then(p, act_begin, RETRY_MS);
}

static void end_late_act(struct phases *p, const struct service_state *st)
{
    char limit[24], text[TEXT_MAX];

    str_for_ms(limit, sizeof(limit), limit_ms(p));
    snprintf(text, sizeof(text), "this took longer than %s (%.100s, process %u); see Nomad's log",
             limit, st->text, st->main_pid);
    end_service_act(p, text);
}

/* A stop is over if no process is left, also if the manager reports that the act failed. A start is
 * over if the manager says so. If the manager does not answer, the step asks again. */
static void act_look(struct phases *p)
{
    const struct service *s = p->host->service;
    struct service_state st = {.active = TRI_UNKNOWN, .text = "its state is not known"};
    struct err err = ERR_INIT;
    bool known;

    if (p->now.act == SERVICE_WORKING)
        (void)!s->poll(s->self, &p->now.act, p->now.act_text, &err);
    known = s->state(s->self, &st, &err) == 0;
    if (p->now.act != SERVICE_WORKING && known && st.ended && st.main_pid == 0 && is_stop(p))
        end_service_act(p, "");
    else if (p->now.act == SERVICE_DONE && !is_stop(p))
        end_service_act(p, "");
    else if (p->now.act == SERVICE_FAILED)
        end_service_act(p, p->now.act_text);
    else if (is_act_late(p))
        end_late_act(p, &st);
    else
        phases_then(p, act_look, LOOK_MS);
}

static void act_over(struct phases *p)
{
    struct record next = p->rec;
    struct err err = ERR_INIT;

    next.stopping = 0;
    if (record_save(p->host, p->conf.dir, &next, true, &err) < 0) {
        phases_then(p, act_over, RETRY_MS);
        return;
    }
    p->rec = next;
    phases_rest(p);
}
