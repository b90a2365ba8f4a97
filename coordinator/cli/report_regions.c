#include "report_regions.h"

#include "clock.h"
#include "counts.h"
#include "table.h"

void report_snapshot(const struct ledger_region *r, size_t at, FILE *out)
{
    auto_buf struct buf text = BUF_INIT;
    char size[24], when[21];
    str_for_bytes(size, sizeof(size), r->snapshot_bytes);
    clock_rfc3339(when, r->snapshot_wall_ms);
    buf_add_str(&text, "Snapshot of region ");
    str_escape(&text, r->name, strlen(r->name));
    buf_add_str(&text, ": ");
    str_escape(&text, r->snapshot, strlen(r->snapshot));
    buf_printf(&text, " (%s, %s)", size, when);
    print_wrapped(out, at, at + 2, buf_str(&text));
}

static void report_region_counts(const struct ledger_region *r, FILE *out)
{
    auto_buf struct buf text = BUF_INIT;
    char before[160], after[160];
    counts_text(r->first, before, sizeof(before));
    counts_text(r->last, after, sizeof(after));
    buf_add_str(&text, "State of region ");
    str_escape(&text, r->name, strlen(r->name));
    if (str_eq(before, after))
        buf_printf(&text, ": %s; the same as before the first server", after);
    else
        buf_printf(&text, ": %s; before the first server %s", after, before);
    print_wrapped(out, 0, 2, buf_str(&text));
}

void report_cleanup_command(const char *region, bool on, FILE *out)
{
    fprintf(out, "nomad operator autopilot set-config -cleanup-dead-servers=%s -region ",
            on ? "true" : "false");
    print_safe(out, region);
}

static void report_left_off(const struct effect *e, FILE *out)
{
    fputs("Autopilot's dead-server cleanup of region ", out);
    print_safe(out, e->region);
    fputs(" is switched off: an earlier version of Caravan switched it off in this run. (This "
          "version "
          "does not change it.) If nobody has switched it on since, switch it on again:\n    ",
          out);
    report_cleanup_command(e->region, true, out);
    fputc('\n', out);
}

void report_regions(const struct ledger *l, FILE *out)
{
    for (size_t i = 0; i < l->n_regions; i++) {
        const struct ledger_region *r = &l->regions[i];
        if (r->snapshot[0] != '\0')
            report_snapshot(r, 0, out);
        if (counts_taken(r->first))
            report_region_counts(r, out);
    }
    for (size_t i = 0; i < l->n_effects; i++)
        if (effect_left_off(&l->effects[i]))
            report_left_off(&l->effects[i], out);
}

static void put_counts(struct json *o, const char *key, const int64_t n[static OBJECT_KINDS])
{
    struct json *counts = json_new_object();
    for (enum object i = 0; i < OBJECT_KINDS; i++)
        if (n[i] >= 0)
            json_set_int(counts, object_name(i, 2), n[i]);
    json_set(o, key, counts);
}

static bool left_off_in(const struct ledger *l, const char *region)
{
    for (size_t i = 0; i < l->n_effects; i++)
        if (effect_left_off(&l->effects[i]) && str_eq(l->effects[i].region, region))
            return true;
    return false;
}

struct json *report_regions_json(const struct ledger *l)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < l->n_regions; i++) {
        const struct ledger_region *r = &l->regions[i];
        struct json *o = json_new_object();
        json_set_str(o, "region", r->name);
        json_set_str(o, "snapshot", r->snapshot);
        json_set_int(o, "snapshot_bytes", (int64_t)r->snapshot_bytes);
        json_set_bool(o, "dead_server_cleanup_left_off", left_off_in(l, r->name));
        put_counts(o, "before", r->first);
        put_counts(o, "after", r->last);
        json_add(list, o);
    }
    return list;
}
