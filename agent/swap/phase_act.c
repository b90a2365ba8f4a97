#include "phase_step.h"

#define LOOK_MS  200
#define RETRY_MS 1000
#define LIMIT_MS (3 * 60 * 1000) /* where agent.conf's is not told */

static phase_step act_begin, act_look, act_over;

static bool is_stop(const struct phases *p)
{
    return p->now.doing == SERVICE_ACT_STOP;
}

static int64_t limit_ms(const struct phases *p)
{
    return p->conf.act_ms != 0 ? p->conf.act_ms : LIMIT_MS;
}

static bool out_of_time(const struct phases *p)
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
    /* What goes down along with a Nomad that is stopped for good is meant to. */
    if (act == SERVICE_ACT_STOP)
        p->bound = (struct bound_units){.known = false};
    phases_then(p, act_begin, 0);
}

/* The same stop in the same boot, of the same process: who has started another one since wants it
 * to run. */
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

static void end_with(struct phases *p, const char *why)
{
    const char *what = is_stop(p) ? "stopped" : "started";
    enum log_event event = is_stop(p) ? EVENT_SERVICE_STOPPED : EVENT_SERVICE_STARTED;

    if (why[0] == '\0')
        phases_note(p, LOG_INFO, event, "Nomad was %s by order", what);
    else
        phases_note(p, LOG_ERROR, EVENT_FAILED,
                    "Nomad was to be %s by order, and is not: %.170s; nothing more is done about "
                    "it here",
                    what, why);
    phases_then(p, act_over, 0);
}

static void act_begin(struct phases *p)
{
    const struct service *s = p->host->service;
    struct err err = ERR_INIT;

    if (s->begin(s->self, p->now.doing, &err) == 0)
        phases_then(p, act_look, 0);
    else if (out_of_time(p))
        end_with(p, err.text);
    else
        phases_then(p, act_begin, RETRY_MS);
}

static void look_late(struct phases *p, const struct service_state *st)
{
    char limit[24], text[TEXT_MAX];

    str_for_ms(limit, sizeof(limit), limit_ms(p));
    snprintf(text, sizeof(text), "within %s it did not end (%.100s, process %u); see its log",
             limit, st->text, st->main_pid);
    end_with(p, text);
}

/* A stop is over when no process is left, whatever the manager says of the act; a start when the
 * manager says so. A manager that cannot be asked is asked again. */
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
        end_with(p, "");
    else if (p->now.act == SERVICE_DONE && !is_stop(p))
        end_with(p, "");
    else if (p->now.act == SERVICE_FAILED)
        end_with(p, p->now.act_text);
    else if (out_of_time(p))
        look_late(p, &st);
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
