#include "report_plan.h"

#include "hazard_ids.h"
#include "no_return.h"
#include "report_regions.h"
#include "table.h"

static const struct {
    const char *name, *shown;
    enum color color;
} severities[] = {
    [SEVERITY_INFO] = {"info", "info", COLOR_DIM},
    [SEVERITY_WARN] = {"warn", "warning", COLOR_YELLOW},
    [SEVERITY_BLOCK] = {"block", "against it", COLOR_RED},
    [SEVERITY_HARD] = {"hard", "refused", COLOR_RED},
};

static const char *severity_name(enum severity s)
{
    return severities[s].name;
}

static const char *group_of(const struct plan_host *h)
{
    if (h->role != ROLE_UPGRADE)
        return h->role == ROLE_JOINS ? "joins" : "leaves";
    return h->is_server ? "servers" : h->canary ? "canary" : "clients";
}

static void host_row(struct table *t, const struct plan *p, size_t i)
{
    const struct plan_host *h = &p->hosts[i];
    const char *note = h->already    ? "runs it already"
                       : h->dead     ? "dead: taken out, not disabled; keep it off"
                       : !h->managed ? "no enrolled agent answers"
                       : h->leader   ? "leader: last of its region"
                                     : "";
    char number[24], beside[80], whole[120], longer[200], time[24];
    if (h->staged && !h->already) {
        snprintf(beside, sizeof beside, "%s%sstaged already", note, note[0] != '\0' ? "; " : "");
        note = beside;
    }
    if (h->is_server && no_return_step(p, h->region) == h) {
        snprintf(whole, sizeof whole, "%s%sfrom its turn on no server can go back", note,
                 note[0] != '\0' ? "; " : "");
        note = whole;
    }
    if (h->ready_ms > 0 && !h->already) {
        str_for_ms(time, sizeof time, h->ready_ms);
        snprintf(longer, sizeof longer, "%s%slarge raft state: it has %s to be ready", note,
                 note[0] != '\0' ? "; " : "", time);
        note = longer;
    }
    snprintf(number, sizeof number, "%zu", i + 1);
    table_row(t,
              h->already   ? COLOR_DIM
              : h->managed ? COLOR_NONE
                           : COLOR_YELLOW,
              (const char *[]){number, group_of(h), h->name, h->region,
                               h->role == ROLE_JOINS ? "-"
                               : h->from[0] != '\0'  ? h->from
                                                     : "?",
                               h->role == ROLE_LEAVES ? "-" : p->target, note});
}

static void print_hosts(const struct plan *p, bool all, bool color, FILE *out)
{
    struct table t;
    size_t most =
        all || p->n_hosts <= REPORT_ROWS ? p->n_hosts : MAX_OF(p->n_servers, (size_t)REPORT_ROWS);
    table_init(&t, (const char *[]){"", "GROUP", "HOST", "REGION", "FROM", "TO", ""}, 7);
    for (size_t i = 0; i < most; i++)
        host_row(&t, p, i);
    table_print(&t, color, out);
    table_free(&t);
    if (most < p->n_hosts)
        fprintf(out, "  ... and %zu more %s (-v shows all)\n", p->n_hosts - most,
                str_count(p->n_hosts - most, "client", "clients"));
}

/* Whether a slow restart may cost a vote is the operator's choice. */
static void print_cleanup(const char *region, FILE *out)
{
    fputs("Autopilot's dead-server cleanup is on in region ", out);
    print_safe(out, region);
    fputs(
        ": a server that is away for more than about 40 s loses its vote, and Caravan waits until "
        "it has one again. To switch it off:\n    ",
        out);
    report_cleanup_command(region, false, out);
    fputc('\n', out);
}

static void print_replacing(const struct plan *p, const char *settle, FILE *out)
{
    char watch[24];
    str_for_ms(watch, sizeof watch, p->policy.replace.watch_ms);
    fprintf(out,
            "\nFirst the new servers join, one at a time, each until it votes; then the old ones "
            "leave, one at a time, the leader last%s. The region must settle for %s after each "
            "step.\nUntil the first has left, caravan abort takes out again what has joined. One "
            "that has left comes back by hand only: enable and start its unit there, with its old "
            "data.\nAfterwards it is watched for %s that none comes back.\n",
            p->transfer ? ", after its leadership was moved" : "", settle, watch);
}

static void print_limits(const struct plan *p, FILE *out)
{
    const struct policy *y = &p->policy;
    char settle[24], soak[24], drain[24];
    str_for_ms(settle, sizeof settle, y->settle_ms);
    str_for_ms(soak, sizeof soak, y->soak_ms);
    str_for_ms(drain, sizeof drain, y->drain_deadline_ms);
    if (y->stage_only) {
        fprintf(out,
                "\nOnly staged: the new binary is fetched, checked and tried beside the one in "
                "use. Nothing is restarted.\n");
        return;
    }
    if (p->replaces) {
        print_replacing(p, settle, out);
        return;
    }
    fprintf(out, "\nServers one at a time, the leader last%s; each must settle for %s.\n",
            p->transfer ? ", after its leadership was moved" : "", settle);
    for (size_t i = 0; i < p->n_regions; i++)
        if (p->regions[i].cleanup)
            print_cleanup(p->regions[i].name, out);
    if (p->n_clients == 0)
        return;
    fprintf(out, "Clients: %u at once", p->parallel);
    if (y->parallel_percent > 0)
        fprintf(out, " (%u%% of %zu)", y->parallel_percent, p->n_clients);
    fprintf(out, "; %u canar%s first, soaking %s; %u may fail, %u may be skipped.\n", y->canary,
            y->canary == 1 ? "y" : "ies", soak, y->max_failures, y->max_skipped);
    if (y->drain)
        fprintf(out, "Each client is drained first, for at most %s.\n", drain);
}

static void print_finding(const struct finding *f, bool advice, bool color, FILE *out)
{
    enum color shade = f->accepted ? COLOR_DIM : severities[f->severity].color;
    fprintf(out, "%s%s%s [%s]%s%s ", color_on(color, shade), severities[f->severity].shown,
            f->accepted ? ", accepted" : "", f->id,
            f->detected == TRI_UNKNOWN ? " cannot tell:" : "", color_off(color, shade));
    if (f->host[0] != '\0') {
        print_safe(out, f->host);
        fputs(": ", out);
    }
    print_safe(out, f->text);
    fputc('\n', out);
    if (advice && f->advice != NULL)
        fprintf(out, "    %s\n", f->advice);
}

static bool is_note(const struct finding *f)
{
    return f->severity == SEVERITY_INFO;
}

/* What refuses first, then warnings; notes one line each, those that cannot be told by name
 * only, unless all. */
static void print_findings(const struct plan *p, bool all, bool color, FILE *out)
{
    size_t left = 0;

    for (int severity = SEVERITY_HARD; severity >= SEVERITY_INFO; severity--)
        for (size_t i = 0; i < p->n_findings; i++) {
            const struct finding *f = &p->findings[i];
            bool hidden = is_note(f) && f->detected == TRI_UNKNOWN && !all;
            if ((int)f->severity != severity)
                continue;
            if (!hidden)
                print_finding(f, all || !is_note(f), color, out);
            left += hidden;
        }
    if (left == 0)
        return;
    fprintf(out,
            "%snotes that Caravan cannot tell whether they concern this fleet (-v tells more):",
            color_on(color, COLOR_DIM));
    for (size_t i = 0; i < p->n_findings; i++)
        if (is_note(&p->findings[i]) && p->findings[i].detected == TRI_UNKNOWN)
            fprintf(out, " %s", p->findings[i].id);
    fprintf(out, "%s\n", color_off(color, COLOR_DIM));
}

/* Whoever accepts more than there is may believe something else of the fleet than is so. */
static void print_idle(const struct plan *p, FILE *out)
{
    for (size_t i = 0; i < p->policy.n_accepted; i++) {
        const char *why = hazard_id_idle(p, i);
        if (why != NULL)
            fprintf(out, "accepted, but %s: %s\n", why, p->policy.accepted[i]);
    }
}

static void print_forecast(const struct plan *p, FILE *out)
{
    char time[24];
    str_for_ms(time, sizeof time, p->forecast_ms);
    if (p->n_todo > 0)
        fprintf(out, "About %s when all goes well.\n", time);
}

static void print_title(const struct plan *p, bool color, FILE *out)
{
    char digest[65];
    size_t joins = 0;
    digest_hex(digest, &p->digest);
    for (size_t i = 0; i < p->n_servers; i++)
        joins += p->hosts[i].role == ROLE_JOINS;
    fputs(color_on(color, COLOR_BOLD), out);
    if (p->replaces)
        fprintf(out, "Plan: %zu %s of %s join, %zu leave%s  (digest %.16s)\n\n", joins,
                str_count(joins, "new server", "new servers"), p->target, p->n_servers - joins,
                color_off(color, COLOR_BOLD), digest);
    else
        fprintf(out, "Plan: %zu of %zu %s to %s%s  (%zu %s, %zu %s; digest %.16s)\n\n", p->n_todo,
                p->n_hosts, str_count(p->n_hosts, "host", "hosts"), p->target,
                color_off(color, COLOR_BOLD), p->n_servers,
                str_count(p->n_servers, "server", "servers"), p->n_clients,
                str_count(p->n_clients, "client", "clients"), digest);
}

void report_plan(const struct plan *p, bool all, bool color, FILE *out)
{
    print_title(p, color, out);
    print_hosts(p, all, color, out);
    print_limits(p, out);
    print_forecast(p, out);
    if (p->n_findings > 0)
        fputc('\n', out);
    print_findings(p, all, color, out);
    print_idle(p, out);
}

/* Each row once. */
static bool told_before(const struct plan *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (p->findings[k].id == p->findings[i].id && p->findings[k].severity == SEVERITY_BLOCK)
            return true;
    return false;
}

static void print_accept(const struct plan *p, FILE *out)
{
    const char *sign = "  To go on all the same: --accept ";

    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *f = &p->findings[i];
        if (f->severity != SEVERITY_BLOCK || f->accepted || told_before(p, i))
            continue;
        fprintf(out, "%s%s", sign, f->id);
        sign = ",";
    }
    fputc('\n', out);
}

void report_refusal(const struct plan *p, FILE *out)
{
    const struct finding *f = plan_refused(p);
    if (f == NULL)
        return;
    fprintf(out, "caravan: refused, and nothing was touched: [%s]%s ", f->id,
            f->detected == TRI_UNKNOWN ? " cannot tell:" : "");
    if (f->host[0] != '\0') {
        print_safe(out, f->host);
        fputs(": ", out);
    }
    print_safe(out, f->text);
    fprintf(out, "\n  %s\n", f->advice != NULL ? f->advice : "");
    if (f->severity == SEVERITY_BLOCK)
        print_accept(p, out);
}

static struct json *host_json(const struct plan *p, const struct plan_host *h)
{
    struct json *o = json_new_object();
    json_set_str(o, "key", h->key);
    json_set_str(o, "name", h->name);
    json_set_str(o, "region", h->region);
    json_set_str(o, "group", group_of(h));
    json_set_str(o, "from", h->from);
    json_set_bool(o, "leader", h->leader);
    json_set_bool(o, "dead", h->dead);
    json_set_bool(o, "already", h->already);
    json_set_bool(o, "managed", h->managed);
    json_set_bool(o, "staged", h->staged);
    json_set_int(o, "ready_ms", plan_ready_ms(p, h));
    json_set_bool(o, "no_return", no_return_step(p, h->region) == h);
    return o;
}

static struct json *finding_json(const struct finding *f)
{
    struct json *o = json_new_object();
    json_set_str(o, "id", f->id);
    json_set_str(o, "severity", severity_name(f->severity));
    json_set_bool(o, "certain", f->detected == TRI_YES);
    json_set_bool(o, "accepted", f->accepted);
    json_set_str(o, "host", f->host);
    json_set_str(o, "text", f->text);
    json_set_str(o, "advice", f->advice != NULL ? f->advice : "");
    return o;
}

static struct json *accepted_json(const struct plan *p)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < p->policy.n_accepted; i++) {
        struct json *o = json_new_object();
        const char *why = hazard_id_idle(p, i);
        json_set_str(o, "id", p->policy.accepted[i]);
        json_set_bool(o, "used", why == NULL);
        json_set_str(o, "why", why != NULL ? why : "");
        json_add(list, o);
    }
    return list;
}

static struct json *cleaning_json(const struct plan *p)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < p->n_regions; i++)
        if (p->regions[i].cleanup)
            json_add_str(list, p->regions[i].name);
    return list;
}

struct json *report_plan_json(const struct plan *p)
{
    struct json *o = json_new_object(), *hosts = json_new_array(), *findings = json_new_array();
    char digest[65];
    digest_hex(digest, &p->digest);
    json_set_str(o, "target", p->target);
    json_set_str(o, "digest", digest);
    json_set_bool(o, "refused", plan_refused(p) != NULL);
    json_set_int(o, "todo", (int64_t)p->n_todo);
    json_set_bool(o, "stage_only", p->policy.stage_only);
    json_set_int(o, "parallel", p->parallel);
    json_set(o, "dead_server_cleanup", cleaning_json(p));
    for (size_t i = 0; i < p->n_hosts; i++)
        json_add(hosts, host_json(p, &p->hosts[i]));
    json_set(o, "hosts", hosts);
    for (size_t i = 0; i < p->n_findings; i++)
        json_add(findings, finding_json(&p->findings[i]));
    json_set(o, "findings", findings);
    json_set(o, "accepted", accepted_json(p));
    return o;
}
