#include "report_regions.h"

#include "clock.h"
#include "counts.h"
#include "table.h"

void report_snapshot(const struct ledger_region *r, FILE *out)
{
    char size[24], when[21];
    str_for_bytes(size, sizeof size, r->snapshot_bytes);
    clock_rfc3339(when, r->snapshot_wall_ms);
    fputs("Snapshot of region ", out);
    print_safe(out, r->name);
    fputs(": ", out);
    print_safe(out, r->snapshot);
    fprintf(out, " (%s, %s)\n", size, when);
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
    fputs(
        " was switched off by an earlier version of Caravan in this run, which does not do so any "
        "more. Unless somebody has done it since, switch it on again:\n    ",
        out);
    report_cleanup_command(e->region, true, out);
    fputc('\n', out);
}

void report_regions(const struct ledger *l, FILE *out)
{
    for (size_t i = 0; i < l->n_regions; i++) {
        const struct ledger_region *r = &l->regions[i];
        char before[160], after[160];
        if (r->snapshot[0] != '\0')
            report_snapshot(r, out);
        if (!counts_taken(r->first))
            continue;
        counts_text(r->first, before, sizeof before);
        counts_text(r->last, after, sizeof after);
        fputs("State of region ", out);
        print_safe(out, r->name);
        if (str_eq(before, after))
            fprintf(out, ": %s, as before the first server\n", after);
        else
            fprintf(out, ": %s; before the first server %s\n", after, before);
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
