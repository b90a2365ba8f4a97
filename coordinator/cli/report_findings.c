#include "report_findings.h"

#include "hazard_ids.h"
#include "hazard_rows.h"
#include "report_regions.h"
#include "table.h"

static const struct {
    const char *shown;
    enum color color;
} labels[] = {
    [SEVERITY_INFO] = {"note", COLOR_NONE},
    [SEVERITY_WARN] = {"warning", COLOR_YELLOW},
    [SEVERITY_BLOCK] = {"may be accepted", COLOR_RED},
    [SEVERITY_HARD] = {"must be fixed", COLOR_RED},
};

static void add_escaped(struct buf *b, const char *s)
{
    str_escape(b, s, strlen(s));
}

static void add_finding_hosts(struct buf *b, const struct finding *f)
{
    if (f->n_hosts > 1 && !f->differs) {
        buf_printf(b, "%u hosts (", f->n_hosts);
        add_escaped(b, f->host);
        buf_add_str(b, f->others[0] != '\0' ? ", " : "");
        add_escaped(b, f->others);
        buf_printf(b, "%s): ", f->n_hosts > 3 ? ", ..." : "");
    } else if (f->host[0] != '\0') {
        add_escaped(b, f->host);
        buf_add_str(b, ": ");
    }
}

void finding_text(const struct finding *f, struct buf *ret)
{
    buf_printf(ret, "[%s] %s", f->id, f->detected == TRI_UNKNOWN ? "cannot tell: " : "");
    add_finding_hosts(ret, f);
    add_escaped(ret, f->text);
    if (!f->differs)
        return;
    buf_printf(ret, " (and %u more %s: ", f->n_hosts - 1,
               str_count(f->n_hosts - 1, "host", "hosts"));
    add_escaped(ret, f->others);
    buf_add_str(ret, f->n_hosts > 3 ? ", ...)" : ")");
}

static void print_finding(const struct finding *f, bool color, FILE *out)
{
    enum color shade = f->accepted ? COLOR_DIM : labels[f->severity].color;
    const char *label = f->accepted ? "accepted" : labels[f->severity].shown;
    auto_buf struct buf text = BUF_INIT;

    finding_text(f, &text);
    fprintf(out, "  %s%s%s ", color_on(color, shade), label, color_off(color, shade));
    print_wrapped(out, 3 + strlen(label), 4, buf_str(&text));
    if (f->advice == NULL || f->accepted)
        return;
    fputs("      ", out);
    print_wrapped(out, 6, 6, f->advice);
}

static bool is_stopping(const struct finding *f)
{
    return f->severity >= SEVERITY_BLOCK && !f->accepted;
}

/* Caravan cannot tell whether such a note concerns this fleet. The end of the list names it. */
static bool is_vague(const struct finding *f)
{
    return f->severity == SEVERITY_INFO && f->detected == TRI_UNKNOWN;
}

static size_t count_findings(const struct plan *p, bool (*is_one)(const struct finding *f))
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_findings; i++)
        n += is_one(&p->findings[i]);
    return n;
}

static void print_head(const char *head, const char *what, bool color, FILE *out)
{
    fprintf(out, "%s%s%s", color_on(color, COLOR_BOLD), head, color_off(color, COLOR_BOLD));
    print_wrapped(out, strlen(head), 2, what);
}

static void print_stops(const struct plan *p, bool color, FILE *out)
{
    bool any = count_findings(p, is_stopping) > 0;

    print_head("What stops it: ",
               !any ? "nothing."
                    : "fix each of these, then plan again. --accept ID continues in "
                      "spite of a finding that may be accepted.",
               color, out);
    for (int severity = SEVERITY_HARD; severity >= SEVERITY_BLOCK; severity--)
        for (size_t i = 0; i < p->n_findings; i++)
            if ((int)p->findings[i].severity == severity && is_stopping(&p->findings[i]))
                print_finding(&p->findings[i], color, out);
}

/* Caravan does not change autopilot: the operator decides whether a slow restart may cost a vote.
 */
static void print_cleanup(const char *region, FILE *out)
{
    auto_buf struct buf text = BUF_INIT;

    buf_add_str(&text, "autopilot's dead-server cleanup is on in region ");
    add_escaped(&text, region);
    buf_add_str(&text,
                ": a server that does not answer for more than about 40 s loses its vote, and "
                "Caravan waits until it has a vote again. To switch the cleanup off:");
    fputs("  note ", out);
    print_wrapped(out, 7, 4, buf_str(&text));
    fputs("      ", out);
    report_cleanup_command(region, false, out);
    fputc('\n', out);
}

/* Names each --accept that had no effect: the operator may have a wrong idea of the fleet. */
static void print_idle(const struct plan *p, FILE *out)
{
    for (size_t i = 0; i < p->policy.n_accepted; i++) {
        const char *why = hazard_id_idle(p, i);
        if (why != NULL)
            fprintf(out, "  accepted, but %s: %s\n", why, p->policy.accepted[i]);
    }
}

static void print_vague(const struct plan *p, FILE *out)
{
    auto_buf struct buf text = BUF_INIT;

    if (count_findings(p, is_vague) == 0)
        return;
    buf_add_str(&text, "Caravan cannot tell whether these concern this fleet (-v shows them):");
    for (size_t i = 0; i < p->n_findings; i++)
        if (is_vague(&p->findings[i]))
            buf_printf(&text, " %s", p->findings[i].id);
    fputs("  ", out);
    print_wrapped(out, 2, 4, buf_str(&text));
}

static bool cleans_up(const struct plan *p)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (p->regions[i].cleanup)
            return true;
    return false;
}

static bool is_to_know(const struct finding *f)
{
    return !is_stopping(f);
}

static void print_to_know(const struct plan *p, bool all, bool color, FILE *out)
{
    bool cleanup = cleans_up(p) && !p->replaces && !p->policy.stage_only;
    bool any = count_findings(p, is_to_know) > 0 || p->policy.n_accepted > 0 || cleanup;

    print_head("What to know: ", any ? "none of these stops it." : "nothing.", color, out);
    for (int severity = SEVERITY_HARD; severity >= SEVERITY_INFO; severity--)
        for (size_t i = 0; i < p->n_findings; i++) {
            const struct finding *f = &p->findings[i];
            if ((int)f->severity == severity && is_to_know(f) && (all || !is_vague(f)))
                print_finding(f, color, out);
        }
    for (size_t i = 0; i < p->n_regions && cleanup; i++)
        if (p->regions[i].cleanup)
            print_cleanup(p->regions[i].name, out);
    if (!all)
        print_vague(p, out);
    print_idle(p, out);
}

/* Is there a finding of this row, or of this row and a host ("dead:s3")? */
static bool has_finding(const struct plan *p, const char *id)
{
    size_t n = strlen(id);

    for (size_t i = 0; i < p->n_findings; i++) {
        const char *is = p->findings[i].id;
        if (str_starts(is, id) && (is[n] == '\0' || is[n] == ':'))
            return true;
    }
    return false;
}

static void print_fine(const struct plan *p, bool color, FILE *out)
{
    char text[80];
    size_t n = 0;

    for (size_t i = 0; i < p->hazards->n_rows; i++)
        n += !has_finding(p, p->hazards->rows[i].id);
    snprintf(text, sizeof(text), "the other %zu checks found nothing. Nothing has to be done.", n);
    print_head("What is fine: ", text, color, out);
}

void report_findings(const struct plan *p, bool all, bool color, FILE *out)
{
    print_stops(p, color, out);
    print_to_know(p, all, color, out);
    print_fine(p, color, out);
}
