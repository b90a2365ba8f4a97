#include "screen.h"

#include "events.h"
#include "report_keystore.h"
#include "report_regions.h"
#include "report_run.h"
#include "table.h"

#define BAR_WIDTH 20
#define BAR_LEAST 5

void screen_begin(struct screen *v, const struct plan *plan, const struct ledger *l,
                  const struct clock *clock, FILE *out)
{
    progress_init(&v->progress, plan, l, clock_mono(clock));
    v->clock = clock;
    v->out = out;
    v->lines = 0;
    v->drawn_ms = 0;
}

static void erase_live(struct screen *v)
{
    if (v->lines > 0)
        fprintf(v->out, "\033[%dA\033[J", v->lines);
    v->lines = 0;
}

void screen_end(struct screen *v)
{
    if (v->live)
        erase_live(v);
    fflush(v->out);
    progress_free(&v->progress);
}

static enum color state_color(enum host_state s)
{
    return s == HOST_DONE                                               ? COLOR_GREEN
           : s == HOST_FAILED                                           ? COLOR_RED
           : s == HOST_GONE || s == HOST_SKIPPED || s == HOST_REVERTING ? COLOR_YELLOW
                                                                        : COLOR_NONE;
}

/* Returns the name of the host; "" if the text already contains the name. */
static const char *find_wait_host(const struct plan *p, const struct waiting *w)
{
    const struct plan_host *h = w->key[0] != '\0' ? plan_host(p, w->key) : NULL;
    return h != NULL && !text_names(w->text, h->name) ? h->name : "";
}

#define STAMP_WIDTH 11

/* Prints "  12.3 s  ": the time since this command began the run. */
static void print_stamp(struct screen *v)
{
    int64_t ms = clock_mono(v->clock) - v->progress.begun;
    fprintf(v->out, "%7.1f s  ", (double)ms / 1000);
}

static const char *run_words(const struct plan *p, enum run_state s)
{
    static const char *const words[RUN_STATE_COUNT] = {
        [RUN_CLAIMING] = "claiming the servers' agents",
        [RUN_STAGING] = "staging the new binary",
        [RUN_SERVERS] = "upgrading servers",
        [RUN_CLIENTS] = "upgrading clients",
        [RUN_VERIFYING] = "checking every host",
        [RUN_ABORTING] = "aborting: undoing the effects of the run",
    };
    if (p->replaces && s == RUN_SERVERS)
        return "replacing servers";
    if (p->replaces && s == RUN_CLIENTS)
        return "all servers are replaced";
    return (unsigned)s < RUN_STATE_COUNT && words[s] != NULL ? words[s] : run_state_name(s);
}

static void host_line(struct screen *v, size_t i)
{
    const struct ledger_host *h = &v->progress.ledger->hosts[i];
    enum color shade = state_color(h->state);
    print_stamp(v);
    print_safe(v->out, v->progress.plan->hosts[i].name);
    fprintf(v->out, ": %s%s%s", color_on(v->color, shade), host_state_name(h->state),
            color_off(v->color, shade));
    if (h->state == HOST_DONE && h->silence_ms > 0 &&
        v->progress.plan->hosts[i].role == ROLE_UPGRADE) {
        char silence[24];
        str_for_ms(silence, sizeof(silence), h->silence_ms);
        fprintf(v->out, ", Nomad silent for %s", silence);
    }
    if (h->state == HOST_SKIPPED)
        fprintf(v->out, ", %s", skip_name(h->skip));
    if (h->failure != FAILURE_NONE && !str_starts(host_text(h), failure_name(h->failure)))
        fprintf(v->out, ", %s", failure_name(h->failure));
    if (host_text(h)[0] != '\0') {
        fputs(": ", v->out);
        print_safe(v->out, host_text(h));
    }
    fputc('\n', v->out);
}

/* Does the change scroll above the live part? On a terminal only changes that stay true do. */
static bool is_scrolled(const struct screen *v, const struct change *c)
{
    if (!v->live || v->verbose)
        return true;
    if (c->kind == CHANGE_WAITING)
        return false;
    return c->kind == CHANGE_RUN || c->kind == CHANGE_SNAPSHOT || c->kind == CHANGE_KEYSTORE ||
           c->kind == CHANGE_NO_RETURN || host_finished(v->progress.ledger->hosts[c->host].state);
}

static void no_return_line(struct screen *v, const struct change *c)
{
    const char *snapshot = c->region->snapshot;
    print_stamp(v);
    print_safe(v->out, c->leader->name);
    fprintf(v->out, " is the leader and runs %s: the servers of region ", v->progress.plan->target);
    print_safe(v->out, c->region->name);
    fprintf(v->out, " %scannot go back any more%s", color_on(v->color, COLOR_YELLOW),
            color_off(v->color, COLOR_YELLOW));
    if (snapshot[0] != '\0') {
        fputs(", except with the snapshot ", v->out);
        print_safe(v->out, snapshot);
    }
    fputc('\n', v->out);
}

static void print_change(void *ctx, const struct change *c)
{
    struct screen *v = ctx;
    if (v->json) {
        event_print(&v->progress, c, v->clock, v->out);
        return;
    }
    if (!is_scrolled(v, c))
        return;
    if (v->live)
        erase_live(v);
    if (c->kind == CHANGE_HOST) {
        host_line(v, c->host);
    } else if (c->kind == CHANGE_RUN) {
        print_stamp(v);
        fprintf(v->out, "%s%s%s\n", color_on(v->color, COLOR_BOLD),
                run_words(v->progress.plan, v->progress.ledger->state),
                color_off(v->color, COLOR_BOLD));
    } else if (c->kind == CHANGE_SNAPSHOT) {
        print_stamp(v);
        report_snapshot(c->region, STAMP_WIDTH, v->out);
    } else if (c->kind == CHANGE_KEYSTORE) {
        print_stamp(v);
        report_keystore(v->progress.plan, v->progress.ledger, c->host, v->out);
    } else if (c->kind == CHANGE_NO_RETURN) {
        no_return_line(v, c);
    } else {
        const char *host = find_wait_host(v->progress.plan, c->waiting);
        print_stamp(v);
        fprintf(v->out, "waiting: %s%s", host, host[0] != '\0' ? ": " : "");
        print_safe(v->out, c->waiting->text[0] != '\0' ? c->waiting->text
                                                       : reason_name(c->waiting->reason));
        fputc('\n', v->out);
    }
}

/* ---- the live part ---- */

/* Draws one line, escaped and cut to the width of the terminal, so that lines can be counted. */
static void draw_line(struct screen *v, enum color shade, const char *fmt, ...) PRINTF(3, 4);
static void draw_line(struct screen *v, enum color shade, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    auto_buf struct buf safe = BUF_INIT;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    str_escape(&safe, text, strlen(text));
    fprintf(v->out, "%s%.*s%s\n", color_on(v->color, shade), screen_columns(v->out) - 1,
            buf_str(&safe), color_off(v->color, shade));
    v->lines++;
}

/* The words come first; the bar uses the rest of the line. */
static void draw_bar(struct screen *v)
{
    const struct ledger *l = v->progress.ledger;
    const char *state = run_words(v->progress.plan, l->state);
    char bar[BAR_WIDTH + 1], failures[32] = "", text[120], time[24];
    size_t done = 0, failed = 0, flight = 0;
    for (size_t i = 0; i < l->n_hosts; i++) {
        done += l->hosts[i].state == HOST_DONE;
        failed += l->hosts[i].state == HOST_FAILED;
        flight += host_in_flight(l->hosts[i].state);
    }
    if (failed > 0)
        snprintf(failures, sizeof(failures), ", %zu failed", failed);
    str_for_ms(time, sizeof(time), clock_mono(v->clock) - v->progress.begun);
    snprintf(text, sizeof(text), "%zu of %zu done, %zu in flight%s, %s", done, l->n_hosts, flight,
             failures, time);
    size_t words = strlen(state) + strlen(text) + 5, columns = (size_t)screen_columns(v->out);
    size_t width = columns > words + BAR_LEAST ? MIN_OF(columns - words, (size_t)BAR_WIDTH)
                                               : (size_t)BAR_LEAST;
    size_t full = l->n_hosts > 0 ? done * width / l->n_hosts : 0;
    for (size_t i = 0; i < width; i++)
        bar[i] = i < full ? '#' : '.';
    bar[width] = '\0';
    draw_line(v, COLOR_BOLD, "%s [%s] %s", state, bar, text);
}

static void draw_host(struct screen *v, size_t i)
{
    const struct ledger_host *h = &v->progress.ledger->hosts[i];
    const struct host *seen = v->world != NULL ? world_host(v->world, h->key) : NULL;
    char time[24], agent[64] = "";
    str_for_ms(time, sizeof(time), clock_mono(v->clock) - v->progress.since[i]);
    if (seen != NULL && seen->agent.hello_at != 0) {
        char got[24], all[24];
        str_for_bytes(got, sizeof(got), seen->agent.work.done);
        str_for_bytes(all, sizeof(all), seen->agent.work.total);
        if (seen->agent.work.phase == PHASE_FETCHING && seen->agent.work.total > 0)
            snprintf(agent, sizeof(agent), "%s of %s", got, all);
        else
            snprintf(agent, sizeof(agent), "agent: %s", phase_name(seen->agent.work.phase));
    }
    draw_line(v, COLOR_NONE, "  %-16.32s %-10s %-24s %s", v->progress.plan->hosts[i].name,
              host_state_name(h->state), agent, time);
}

static void redraw_live(struct screen *v, const struct decision *d)
{
    const struct ledger *l = v->progress.ledger;
    size_t shown = 0, more = 0;
    erase_live(v);
    draw_bar(v);
    for (size_t i = 0; i < l->n_hosts; i++) {
        if (!host_in_flight(l->hosts[i].state) && l->hosts[i].state != HOST_STAGING)
            continue;
        if (shown < SCREEN_HOSTS)
            draw_host(v, i);
        else
            more++;
        shown++;
    }
    if (more > 0)
        draw_line(v, COLOR_DIM, "  ... and %zu more", more);
    for (size_t i = 0; i < d->n_waiting && i < SCREEN_WAITING; i++) {
        const char *host = find_wait_host(v->progress.plan, &d->waiting[i]);
        draw_line(v, COLOR_DIM, "  waiting: %s%s%s", host, host[0] != '\0' ? ": " : "",
                  d->waiting[i].text[0] != '\0' ? d->waiting[i].text
                                                : reason_name(d->waiting[i].reason));
    }
}

void screen_update(void *ctx, const struct run *r, const struct event *ev, const struct decision *d)
{
    struct screen *v = ctx;
    int64_t now = clock_mono(v->clock);
    (void)ev;
    v->world = r->world;
    progress_fold(&v->progress, d, v->world, now, print_change, v);
    if (v->live && now - v->drawn_ms >= SCREEN_DRAW_MS) {
        redraw_live(v, d);
        v->drawn_ms = now;
    }
    fflush(v->out);
    v->world = NULL;
}
