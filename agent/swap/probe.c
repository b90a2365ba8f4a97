#include "probe.h"
#include "str.h"

void probe_begin(struct probe *p, int64_t now_ms, int64_t deadline_ms, int64_t hold_ms)
{
    *p = (struct probe){.began_ms = now_ms, .deadline_ms = deadline_ms, .hold_ms = hold_ms};
}

const char *probe_path(bool server)
{
    return server ? "/v1/status/leader?stale" : "/v1/agent/health?type=client";
}

/* status/leader answers a JSON string; agent/health answers an object with a member for each kind.
 */
static bool is_nomad_body(bool server, const char *s)
{
    s += strspn(s, " \t\r\n");
    return server ? s[0] == '"' : s[0] == '{' && strstr(s, "\"client\"") != NULL;
}

enum probe_answer probe_answers(bool server, int status, const struct buf *body)
{
    /* Nomad knows both paths and asks for no name and password there, so it never answers these. */
    static const int others[] = {401, 404, 405, 407, 410};

    if (status < 200 || status >= 500)
        return ANSWER_BAD;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (status == others[i])
            return ANSWER_OF_ANOTHER;
    }
    if (status < 400 && (status != 200 || !is_nomad_body(server, buf_str(body))))
        return ANSWER_OF_ANOTHER;
    return ANSWER_OF_NOMAD;
}

void probe_answer_text(enum probe_answer a, int status, char dst[static TEXT_MAX])
{
    if (a == ANSWER_OF_ANOTHER)
        snprintf(dst, TEXT_MAX, "another program answers there, not Nomad's API (HTTP status %d)",
                 status);
    else
        snprintf(dst, TEXT_MAX, "HTTP status %d", status);
}

/* Looks often while the process is silent and young, to measure the silence exactly. */
static int64_t next_look_delay(const struct probe *p, const struct probe_look *l)
{
    int64_t age = l->now_ms - p->began_ms;

    if (p->since_ms != 0)
        return MIN_OF(100, p->hold_ms + 1);
    if (age < 5000)
        return 20;
    return age < 60000 ? 100 : 500;
}

static struct probe_verdict wait_more(const struct probe *p, const struct probe_look *l)
{
    return (struct probe_verdict){.outcome = PROBE_WAIT, .again_ms = next_look_delay(p, l)};
}

static struct probe_verdict fail_probe(enum failure f, bool ended)
{
    return (struct probe_verdict){.outcome = PROBE_FAIL, .failure = f, .ended = ended};
}

static struct probe_verdict judge_ended_service(const struct probe *p, const struct probe_look *l)
{
    struct probe_verdict v;
    char after[24];

    if (p->answered_ms == 0) {
        v = fail_probe(FAILURE_WILL_NOT_START, true);
        snprintf(v.text, sizeof(v.text), "the service ended before it answered: %.100s%s%.100s",
                 l->state.text, l->act == SERVICE_FAILED ? "; " : "",
                 l->act == SERVICE_FAILED ? l->act_text : "");
        return v;
    }
    v = fail_probe(FAILURE_CRASH_LOOP, true);
    str_for_ms(after, sizeof(after), l->now_ms - p->answered_ms);
    snprintf(v.text, sizeof(v.text), "the service ended %s after its first answer: %.160s", after,
             l->state.text);
    return v;
}

static struct probe_verdict judge_deadline(const struct probe *p, const struct probe_look *l)
{
    struct probe_verdict v = fail_probe(FAILURE_NOT_READY, false);
    char after[24];

    str_for_ms(after, sizeof(after), l->now_ms - p->began_ms);
    if (!l->known) {
        v.failure = FAILURE_SERVICE;
        snprintf(v.text, sizeof(v.text), "after %s the service manager does not answer", after);
    } else if (!l->executes) {
        snprintf(v.text, sizeof(v.text),
                 "after %s the service's main process does not execute the file put in place: "
                 "%.120s",
                 after, l->state.text);
    } else if (p->answered_ms == 0) {
        v.unanswered = true;
        snprintf(v.text, sizeof(v.text), "Nomad runs, but its API did not answer within %s: %.60s",
                 after, l->api_text);
    } else {
        snprintf(v.text, sizeof(v.text), "Nomad's API answered, but not steadily, within %s",
                 after);
    }
    return v;
}

void probe_add_where(struct probe_verdict *v, const char *asked, bool elsewhere, const char *where)
{
    char said[TEXT_MAX];

    v->elsewhere = elsewhere;
    str_cut(said, sizeof(said), v->text);
    snprintf(v->text, sizeof(v->text), "%s%.110s (asked at %.60s)%.70s",
             elsewhere ? "[api-silent] " : "", said, asked != NULL ? asked : "the API", where);
}

/* Later looks are compared with the number of restarts right after the act, and with the process
 * that ran the new file at that time. While the act goes on, a new process is part of the act: the
 * act may have waited for an earlier restart, begun by a caravan-swap that was killed, and then
 * restart the process of that earlier restart. */
static bool has_started_again(struct probe *p, const struct probe_look *l)
{
    bool first = !p->counted || (l->executes && !p->seen);

    if (p->counted && l->state.restarts > p->restarts)
        return true;
    if (first) {
        p->restarts = l->state.restarts;
        p->seen = l->executes;
        p->main_pid = l->state.main_pid;
        p->main_start = l->state.main_start;
        p->counted = l->act != SERVICE_WORKING;
        return false;
    }
    return l->executes &&
           (l->state.main_pid != p->main_pid || l->state.main_start != p->main_start);
}

static void fold_answer(struct probe *p, const struct probe_look *l)
{
    bool holds =
        l->executes && l->answers && l->state.active == TRI_YES && l->act != SERVICE_WORKING;

    if (l->executes && l->answers && p->answered_ms == 0)
        p->answered_ms = l->now_ms;
    if (!holds)
        p->since_ms = 0;
    else if (p->since_ms == 0)
        p->since_ms = l->now_ms;
}

struct probe_verdict probe_judge(struct probe *p, const struct probe_look *look)
{
    struct probe_verdict v;

    if (look->known && has_started_again(p, look)) {
        v = fail_probe(FAILURE_CRASH_LOOP, true);
        snprintf(v.text, sizeof(v.text),
                 "Nomad was started more than once during the probe: %.160s", look->state.text);
        return v;
    }
    if (look->known)
        fold_answer(p, look);
    if (look->known && look->act != SERVICE_WORKING && look->state.ended)
        return judge_ended_service(p, look);
    if (p->since_ms != 0 && look->now_ms - p->since_ms >= p->hold_ms)
        return (struct probe_verdict){.outcome = PROBE_PASS};
    if (look->now_ms - p->began_ms >= p->deadline_ms)
        return judge_deadline(p, look);
    return wait_more(p, look);
}
