#include "report_run.h"

#include "counts.h"
#include "fingerprint.h"
#include "report_keystore.h"
#include "report_late_failures.h"
#include "report_regions.h"
#include "report_removed.h"
#include "table.h"

void run_hex(char dst[static 33], const unsigned char id[static RUN_ID_LEN])
{
    str_hex(dst, id, RUN_ID_LEN);
}

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
}

bool text_names(const char *text, const char *host)
{
    size_t n = strlen(host);
    for (const char *at = text; n > 0 && (at = strstr(at, host)) != NULL; at += n)
        if ((at == text || !is_name_char(at[-1])) && !is_name_char(at[n]))
            return true;
    return false;
}

static const char *version_of(const struct world *w, const struct plan_host *ph,
                              const struct ledger_host *lh, const struct plan *p)
{
    const struct host *h = w != NULL ? world_host(w, ph->key) : NULL;
    if (ph->role == ROLE_LEAVES && lh->state == HOST_DONE)
        return "-";
    if (h != NULL)
        return host_version(w, h)[0] != '\0' ? host_version(w, h) : "?";
    return w != NULL ? "?" : lh->state == HOST_DONE ? p->target : "";
}

/* Returns the state that the run wants for each host. */
static enum host_state run_aim(const struct plan *p)
{
    return p->policy.stage_only ? HOST_STAGED : HOST_DONE;
}

static enum color host_color(const struct ledger_host *h, bool over)
{
    if (h->state == HOST_DONE || (over && h->state == HOST_STAGED))
        return COLOR_GREEN;
    if (h->state == HOST_FAILED)
        return COLOR_RED;
    return host_finished(h->state) || host_in_flight(h->state) ? COLOR_YELLOW : COLOR_NONE;
}

/* Writes for example "failed, runs the old version again". The next column has the reason. */
static void outcome_text(const struct plan_host *ph, const struct ledger_host *h, char *dst,
                         size_t n)
{
    static const char *const ends[] = {[OUTCOME_NONE] = "",
                                       [OUTCOME_SETTLED] = "",
                                       [OUTCOME_REVERTED] = ", runs the old version again",
                                       [OUTCOME_LEFT] = ", left as it is",
                                       [OUTCOME_UNDONE] = ", taken out of the cluster again"};
    char silence[24];
    if (h->state == HOST_SKIPPED)
        snprintf(dst, n, "skipped: %s", skip_name(h->skip));
    else if (h->failure != FAILURE_NONE && !str_starts(h->text, failure_name(h->failure)))
        snprintf(dst, n, "%s: %s%s", host_state_name(h->state), failure_name(h->failure),
                 ends[h->outcome]);
    else
        snprintf(dst, n, "%s%s", host_state_name(h->state), ends[h->outcome]);
    if (h->state == HOST_DONE && h->silence_ms > 0 && ph->role == ROLE_UPGRADE) {
        str_for_ms(silence, sizeof(silence), h->silence_ms);
        size_t len = strlen(dst);
        snprintf(dst + len, n - len, ", Nomad silent for %s", silence);
    }
}

static void print_run_hosts(const struct plan *p, const struct ledger *l, const struct world *w,
                            bool color, FILE *out)
{
    struct table t;
    size_t skipped = 0;
    enum host_state aim = run_aim(p);
    table_init(&t, (const char *[]){"HOST", "ROLE", "FROM", "NOW", "STATE", ""}, 6);
    for (size_t i = 0; i < p->n_hosts && i < l->n_hosts; i++) {
        const struct plan_host *ph = &p->hosts[i];
        const struct ledger_host *lh = &l->hosts[i];
        char outcome[160];
        if (i >= REPORT_ROWS && (lh->state == aim || lh->state == HOST_PENDING)) {
            skipped++;
            continue;
        }
        outcome_text(ph, lh, outcome, sizeof(outcome));
        table_row(&t, host_color(lh, run_is_over(l->state)),
                  (const char *[]){ph->name, ph->is_server ? "server" : "client", ph->from,
                                   version_of(w, ph, lh, p), outcome,
                                   str_starts(outcome, host_text(lh)) ? "" : host_text(lh)});
    }
    table_print(&t, color, out);
    table_free(&t);
    if (skipped > 0)
        fprintf(out, "  ... and %zu more hosts, %s or not begun\n", skipped, host_state_name(aim));
}

static size_t count_in_state(const struct ledger *l, enum host_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_hosts; i++)
        n += l->hosts[i].state == state;
    return n;
}

#define LOG_LINES 8
#define LOG_HOSTS 3

/* Returns the start of the last n lines. */
static const char *last_lines(const char *text, unsigned n)
{
    const char *at = text + strlen(text);

    if (at > text && at[-1] == '\n')
        at--;
    while (at > text && (at[-1] != '\n' || --n > 0))
        at--;
    return at;
}

/* Prints the last lines of Nomad's log on hosts that failed. The JSON has all lines that are kept.
 */
static void print_logs(const struct plan *p, const struct ledger *l, FILE *out)
{
    size_t shown = 0;

    for (size_t i = 0; i < l->n_hosts && shown < LOG_HOSTS; i++) {
        if (l->hosts[i].state != HOST_FAILED || l->hosts[i].log.len == 0)
            continue;
        autofree char *lines = xstrdup(last_lines(buf_str(&l->hosts[i].log), LOG_LINES));
        char *save = NULL;
        shown++;
        fputs("The last lines of Nomad's log on ", out);
        print_safe(out, p->hosts[i].name);
        fputs(":\n", out);
        for (char *at = strtok_r(lines, "\n", &save); at != NULL;
             at = strtok_r(NULL, "\n", &save)) {
            fputs("    ", out);
            print_safe(out, at);
            fputc('\n', out);
        }
    }
}

void report_cause(const struct ledger *l, bool color, FILE *out)
{
    if (l->cause[0] == '\0')
        return;
    fprintf(out, "%s%s%s: ", color_on(color, COLOR_RED), run_state_name(l->state),
            color_off(color, COLOR_RED));
    if (l->cause_host[0] != '\0' && !text_names(l->cause, l->cause_host)) {
        fputs("host ", out);
        print_safe(out, l->cause_host);
        fputs(": ", out);
    }
    print_safe(out, l->cause);
    fputc('\n', out);
    if (l->advice[0] == '\0')
        return;
    fputs("What to do now: ", out);
    print_safe(out, l->advice);
    fputc('\n', out);
}

static bool has_servers(const struct plan *p, const char *region)
{
    for (size_t i = 0; i < p->n_servers; i++)
        if (str_eq(p->hosts[i].region, region))
            return true;
    return false;
}

/* For regions in which this run counted nothing: the servers were upgraded earlier. */
static void print_unmeasured(const struct plan *p, const struct ledger *l, FILE *out)
{
    for (size_t i = 0; i < l->n_regions && l->state == RUN_DONE; i++) {
        const char *region = l->regions[i].name;
        if (counts_taken(l->regions[i].first) || !has_servers(p, region))
            continue;
        fputs("State of region ", out);
        print_safe(out, region);
        fprintf(out,
                ": Caravan cannot tell whether jobs, nodes or allocations were lost: the servers "
                "already ran %s before Caravan counted anything. Please check with nomad status "
                "and nomad node status.\n",
                p->target);
    }
}

/* An abort after the first server has left does not undo what is done; say what is left. */
static void print_half_replaced(const struct plan *p, const struct ledger *l, FILE *out)
{
    size_t joined = 0, left = 0;

    for (size_t i = 0; i < p->n_servers && i < l->n_hosts; i++) {
        joined += p->hosts[i].role == ROLE_JOINS && l->hosts[i].state == HOST_DONE;
        left += p->hosts[i].role == ROLE_LEAVES && l->hosts[i].state == HOST_DONE;
    }
    if (!p->replaces || l->state != RUN_ABORTED || left == 0)
        return;
    fprintf(out,
            "%zu new %s in the cluster, and %zu old %s out of it. To replace the other servers, "
            "start another run of caravan replace. To bring an old server back with its old data, "
            "run on its host: systemctl enable --now nomad\n",
            joined, str_count(joined, "server stays", "servers stay"), left,
            str_count(left, "server stays", "servers stay"));
}

static void print_staged(const struct ledger *l, FILE *out)
{
    fputs("Nothing was restarted. Each staged host has the new binary beside the binary in use. "
          "Next: caravan upgrade ",
          out);
    print_safe(out, l->target);
    fputs(". It checks everything again, and fetches nothing a second time.\n", out);
}

void report_run(const struct plan *p, const struct ledger *l, const struct world *w, bool color,
                FILE *out)
{
    char hex[33];
    run_hex(hex, l->run_id);
    print_run_hosts(p, l, w, color, out);
    fprintf(out, "\nRun %.8s to %s %s %s: %zu of %zu %s %s", hex, l->target,
            run_ended(l->state) ? "is" : "has not ended,", run_state_name(l->state),
            count_in_state(l, run_aim(p)), l->n_hosts, str_count(l->n_hosts, "host", "hosts"),
            host_state_name(run_aim(p)));
    static const enum host_state told[] = {HOST_FAILED, HOST_SKIPPED, HOST_GONE};
    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        if (count_in_state(l, told[i]) > 0)
            fprintf(out, ", %zu %s", count_in_state(l, told[i]), host_state_name(told[i]));
    fputs(".\n", out);
    report_regions(l, out);
    report_keystores(p, l, out);
    print_unmeasured(p, l, out);
    report_removed(p, l, w, out);
    report_cause(l, color, out);
    print_logs(p, l, out);
    report_late_failures(p, l, 0, color, out);
    print_half_replaced(p, l, out);
    if (l->state == RUN_STAGED)
        print_staged(l, out);
    bool said = l->cause[0] != '\0' && l->advice[0] != '\0';
    if ((l->state == RUN_STOPPED && !said) || l->state == RUN_PAUSED)
        fprintf(out, "To go on: caravan resume. To end the run: caravan abort.\n");
}

static struct json *run_host_json(const struct plan *p, const struct ledger *l,
                                  const struct world *w, size_t i)
{
    const struct ledger_host *h = &l->hosts[i];
    struct json *o = json_new_object();
    json_set_str(o, "key", h->key);
    json_set_str(o, "name", p->hosts[i].name);
    static const char *const roles[PLAN_ROLES] = {"upgrade", "joins", "leaves"};
    json_set_str(o, "role", roles[p->hosts[i].role]);
    json_set_str(o, "from", p->hosts[i].from);
    json_set_str(o, "version", version_of(w, &p->hosts[i], h, p));
    json_set_str(o, "state", host_state_name(h->state));
    json_set_str(o, "text", host_text(h));
    if (h->failure != FAILURE_NONE)
        json_set_str(o, "failure", failure_name(h->failure));
    if (h->log.len > 0)
        json_set_str(o, "log", buf_str(&h->log));
    if (h->differs != FEATURE_NONE)
        json_set_str(o, "differs", feature_name(h->differs));
    if (h->silence_ms > 0)
        json_set_int(o, "silence_ms", h->silence_ms);
    return o;
}

struct json *report_run_json(const struct plan *p, const struct ledger *l, const struct world *w)
{
    struct json *o = json_new_object(), *hosts = json_new_array();
    char hex[33];
    run_hex(hex, l->run_id);
    json_set_str(o, "run", hex);
    json_set_str(o, "target", l->target);
    json_set_str(o, "state", run_state_name(l->state));
    json_set_str(o, "cause", l->cause);
    json_set_str(o, "host", l->cause_host);
    json_set_str(o, "advice", l->advice);
    for (size_t i = 0; i < p->n_hosts && i < l->n_hosts; i++)
        json_add(hosts, run_host_json(p, l, w, i));
    json_set(o, "hosts", hosts);
    json_set(o, "regions", report_regions_json(l));
    json_set(o, "keystores", report_keystores_json(p, l));
    if (p->replaces)
        json_set(o, "still_named", report_removed_json(p, l, w));
    json_set(o, "aftermath", report_late_failures_json(p, l, 0));
    return o;
}
