#include "report_plan.h"

#include "hazard_ids.h"
#include "no_return.h"
#include "report_findings.h"
#include "table.h"

static const char *const severities[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARN] = "warn",
    [SEVERITY_BLOCK] = "block",
    [SEVERITY_HARD] = "hard",
};

static const char *group_of(const struct plan_host *h)
{
    if (h->role != ROLE_UPGRADE)
        return h->role == ROLE_JOINS ? "joins" : "leaves";
    return h->is_server ? "servers" : h->canary ? "canary" : "clients";
}

static void add_plan_host_row(struct table *t, const struct plan *p, size_t i)
{
    const struct plan_host *h = &p->hosts[i];
    const char *note = h->already    ? "runs it already"
                       : h->dead     ? "dead: will be taken out, cannot be disabled; keep it off"
                       : !h->managed ? "no enrolled agent answers"
                       : h->leader   ? "leader: last of its region"
                                     : "";
    char number[24], beside[80], whole[120], longer[200], time[24];
    if (h->staged && !h->already) {
        snprintf(beside, sizeof(beside), "%s%sstaged already", note, note[0] != '\0' ? "; " : "");
        note = beside;
    }
    if (h->is_server && no_return_step(p, h->region) == h) {
        snprintf(whole, sizeof(whole), "%s%safter its turn no server can go back", note,
                 note[0] != '\0' ? "; " : "");
        note = whole;
    }
    if (h->ready_ms > 0 && !h->already) {
        str_for_ms(time, sizeof(time), h->ready_ms);
        snprintf(longer, sizeof(longer), "%s%slarge raft state: may take up to %s to be ready",
                 note, note[0] != '\0' ? "; " : "", time);
        note = longer;
    }
    snprintf(number, sizeof(number), "%zu", i + 1);
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

static void print_plan_hosts(const struct plan *p, bool all, bool color, FILE *out)
{
    struct table t;
    size_t most =
        all || p->n_hosts <= REPORT_ROWS ? p->n_hosts : MAX_OF(p->n_servers, (size_t)REPORT_ROWS);
    table_init(&t, (const char *[]){"", "GROUP", "HOST", "REGION", "FROM", "TO", ""}, 7);
    for (size_t i = 0; i < most; i++)
        add_plan_host_row(&t, p, i);
    table_print(&t, color, out);
    table_free(&t);
    if (most < p->n_hosts)
        fprintf(out, "  ... and %zu more %s (-v shows all)\n", p->n_hosts - most,
                str_count(p->n_hosts - most, "client", "clients"));
}

static void print_replacing(const struct plan *p, const char *settle, FILE *out)
{
    char watch[24];
    str_for_ms(watch, sizeof(watch), p->policy.replace.watch_ms);
    print_line(
        out,
        "First the new servers join, one at a time, until each is a voter. Then the old servers "
        "leave, one at a time, the leader last%s. After each step the region must stay "
        "healthy for %s.",
        p->transfer ? ", after another server became the leader" : "", settle);
    print_line(out, "Until the first old server has left, caravan abort takes the new servers out "
                    "again. An old server that has left comes back only by hand: enable and start "
                    "its unit on its host, with its old data.");
    print_line(out, "At the end Caravan watches for %s that no old server comes back.", watch);
}

static void print_clients(const struct plan *p, FILE *out)
{
    const struct policy *y = &p->policy;
    char percent[48] = "", canaries[64] = "", soak[24], drain[24];
    str_for_ms(soak, sizeof(soak), y->soak_ms);
    str_for_ms(drain, sizeof(drain), y->drain_deadline_ms);
    if (y->parallel_percent > 0)
        snprintf(percent, sizeof(percent), " (%u%% of %zu)", y->parallel_percent, p->n_clients);
    if (y->canary > 0)
        snprintf(canaries, sizeof(canaries), "%u %s first, soaking %s; ", y->canary,
                 str_count(y->canary, "canary", "canaries"), soak);
    print_line(out, "Clients: %u at once%s; %s%u may fail, %u may be skipped.", p->parallel,
               percent, canaries, y->max_failures, y->max_skipped);
    if (y->drain)
        print_line(out, "Each client is drained first, for at most %s.", drain);
}

static void print_limits(const struct plan *p, FILE *out)
{
    char settle[24];
    str_for_ms(settle, sizeof(settle), p->policy.settle_ms);
    fputc('\n', out);
    if (p->policy.stage_only) {
        print_line(out, "Stage only: each host fetches the new binary, checks it and tries it, "
                        "beside the binary in use. Nothing is restarted.");
        return;
    }
    if (p->replaces) {
        print_replacing(p, settle, out);
        return;
    }
    if (p->n_servers > 0)
        print_line(out, "Servers: one at a time, the leader last%s; each must stay healthy for %s.",
                   p->transfer ? ", after another server became the leader" : "", settle);
    if (p->n_clients > 0)
        print_clients(p, out);
}

static void print_forecast(const struct plan *p, FILE *out)
{
    char time[24];
    str_for_ms(time, sizeof(time), p->forecast_ms);
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
    print_plan_hosts(p, all, color, out);
    print_limits(p, out);
    print_forecast(p, out);
    fputc('\n', out);
    report_findings(p, all, color, out);
}

/* Is the row of finding i printed already? Each row is printed once. */
static bool is_printed_before(const struct plan *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (p->findings[k].id == p->findings[i].id && p->findings[k].severity == SEVERITY_BLOCK)
            return true;
    return false;
}

static void print_accept(const struct plan *p, FILE *out)
{
    const char *sign = "  To continue in spite of it: --accept ";

    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *f = &p->findings[i];
        if (f->severity != SEVERITY_BLOCK || f->accepted || is_printed_before(p, i))
            continue;
        fprintf(out, "%s%s", sign, f->id);
        sign = ",";
    }
    fputc('\n', out);
}

void report_refusal(const struct plan *p, FILE *out)
{
    const struct finding *f = plan_refused(p);
    auto_buf struct buf text = BUF_INIT;
    if (f == NULL)
        return;
    finding_text(f, &text);
    fputs("caravan: refused; nothing was touched: ", out);
    fputs(buf_str(&text), out);
    fprintf(out, "\n  %s\n", f->advice != NULL ? f->advice : "");
    if (f->severity == SEVERITY_BLOCK)
        print_accept(p, out);
}

static struct json *plan_host_json(const struct plan *p, const struct plan_host *h)
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

static struct json *plan_finding_json(const struct finding *f)
{
    struct json *o = json_new_object();
    json_set_str(o, "id", f->id);
    json_set_str(o, "severity", severities[f->severity]);
    json_set_bool(o, "certain", f->detected == TRI_YES);
    json_set_bool(o, "accepted", f->accepted);
    json_set_str(o, "host", f->host);
    json_set_int(o, "hosts", f->n_hosts);
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
        json_add(hosts, plan_host_json(p, &p->hosts[i]));
    json_set(o, "hosts", hosts);
    for (size_t i = 0; i < p->n_findings; i++)
        json_add(findings, plan_finding_json(&p->findings[i]));
    json_set(o, "findings", findings);
    json_set(o, "accepted", accepted_json(p));
    return o;
}
