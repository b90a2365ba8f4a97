/* Rows about the versions alone. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "release_day.h"
#include "walls.h"

void hazard_nothing(struct hazard_check *c, row_t *row)
{
    if (c->p->n_hosts > 0 && c->p->n_todo == 0)
        hazard_found(c, row, TRI_YES, NULL, "all %zu hosts run %s already", c->p->n_hosts,
                     c->p->target);
    else if (c->p->n_hosts == 0)
        hazard_found(c, row, TRI_YES, NULL, "the filters choose no host");
}

/* Servers that stay have written data that the new servers must read. */
static void find_newer_stayers(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        const char *is = host_version(c->w, h);
        struct version v;
        struct err err;
        if (plan_server_stays(c->w, c->p, h) && version_parse(is, &v, &err) == 0 &&
            plan_cmp_target(c->p, &v, &c->target) > 0)
            hazard_found(c, row, TRI_YES, h->name,
                         "this server stays, and runs %s, which is newer than %s", is,
                         c->p->target);
    }
}

void hazard_older(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct version *v = hazard_from(c, &c->p->hosts[i]);
        if (v != NULL && plan_cmp_target(c->p, v, &c->target) > 0)
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name, "runs %s, which is newer than %s",
                         c->p->hosts[i].from, c->p->target);
    }
    find_newer_stayers(c, row);
}

void hazard_unknown_version(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++)
        if (hazard_crosses(c, &c->p->hosts[i]) && hazard_from(c, &c->p->hosts[i]) == NULL)
            hazard_found(c, row, TRI_UNKNOWN, c->p->hosts[i].name,
                         "the version that it runs could not be read (\"%s\")",
                         c->p->hosts[i].from);
}

/* Enterprise supports an upgrade from one long-term minor version directly to the next. */
static bool are_both_lts(const struct version *a, const struct version *b)
{
    return version_is_ent(a) && version_is_ent(b) && a->major == 1 && a->minor == 8 &&
           b->major == 1 && b->minor == 10;
}

void hazard_distance(struct hazard_check *c, row_t *row)
{
    struct version v;
    char path[128], from[VERSION_TEXT];

    if (!hazard_oldest(c, false, &v) || are_both_lts(&v, &c->target))
        return;
    int d = version_minor_distance(&v, &c->target);
    /* Since 1.5 Nomad's guides promise two minor versions; before, they promised one. */
    bool was_one = version_cmp_text(&c->target, "1.5.0") < 0;
    if (d <= (was_one ? 1 : 2))
        return;
    version_text(from, &v);
    version_path(path, sizeof(path), &v, &c->target);
    if (d == 1000)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "this Caravan does not know the way from %s to %s",
                     from, c->p->target);
    else
        hazard_found(c, row, TRI_YES, NULL,
                     "from %s to %s are %d minor versions, and Nomad supports %d: go through %s",
                     from, c->p->target, d, was_one ? 1 : 2, path);
}

/* Nomad's guide for 2.0 leads through every minor version from 1.8 on. */
void hazard_minor_way(struct hazard_check *c, row_t *row)
{
    struct version v;
    char path[128], from[VERSION_TEXT];

    if (!hazard_oldest(c, false, &v) || version_cmp_text(&v, "1.10.0") >= 0 ||
        version_cmp_text(&c->target, "2.0.0") < 0)
        return;
    version_text(from, &v);
    version_path(path, sizeof(path), &v, &c->target);
    hazard_found(c, row, TRI_YES, NULL,
                 "directly from %s to %s is not a documented way; the documented way is %s", from,
                 c->p->target, path);
}

/* Finds the day of the version, otherwise the day of the build that the server reports. */
static void day_of_host(const struct hazard_check *c, const struct plan_host *h,
                        const struct version *v, char dst[static DAY_TEXT])
{
    const struct host *o = world_host(c->w, h->key);
    const char *reported =
        o != NULL && o->is_server && o->server.self_at > 0 ? o->server.build_date : "";
    release_day(c->p->hazards, dst, v);
    if (dst[0] == '\0' && reported != NULL)
        str_cut(dst, DAY_TEXT, reported);
}

/* Finds the day of the target's version, otherwise the day that a server on the target reports. */
static void day_of_target(const struct hazard_check *c, char dst[static DAY_TEXT])
{
    release_day(c->p->hazards, dst, &c->target);
    for (size_t i = 0; i < c->w->n_hosts && dst[0] == '\0'; i++) {
        const struct host *h = &c->w->hosts[i];
        if (h->is_server && h->server.self_at > 0 && h->server.build_date != NULL &&
            str_eq(host_version(c->w, h), c->p->target))
            str_cut(dst, DAY_TEXT, h->server.build_date);
    }
}

void hazard_release_day(struct hazard_check *c, row_t *row)
{
    char mine[DAY_TEXT], target[DAY_TEXT];

    day_of_target(c, target);
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        const struct version *v = hazard_from(c, h);
        if (!hazard_crosses(c, h) || v == NULL || plan_cmp_target(c->p, v, &c->target) > 0)
            continue;
        day_of_host(c, h, v, mine);
        if (target[0] == '\0' || mine[0] == '\0')
            hazard_unsure(c, h->name,
                          "this Caravan does not know the release day of one of the two versions");
        else if (version_built_before(target, mine))
            hazard_found(c, row, TRI_YES, h->name,
                         "%s was released on %s, and %s, which runs, on %s", c->p->target, target,
                         h->from, mine);
    }
}

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* With an unknown day, or a day in the future, the function cannot tell. */
void hazard_unproven(struct hazard_check *c, row_t *row)
{
    uint32_t days = c->p->policy.unproven_days;
    int64_t now = c->survey->wall_ms;
    char day[DAY_TEXT];

    if (days == 0 || c->p->n_todo == 0)
        return;
    day_of_target(c, day);
    int64_t released = version_day_ms(day);
    size_t age = now > released ? (size_t)((now - released) / DAY_MS) : 0;
    if (released < 0)
        hazard_found(
            c, row, TRI_UNKNOWN, NULL,
            "whether %s was released at least %u %s ago: this Caravan does not know the day",
            c->p->target, days, str_count(days, "day", "days"));
    else if (now < released)
        hazard_found(c, row, TRI_UNKNOWN, NULL,
                     "whether %s was released at least %u %s ago: its day is %s, and the clock of "
                     "this machine is before that day",
                     c->p->target, days, str_count(days, "day", "days"), day);
    else if (age < days)
        hazard_found(c, row, TRI_YES, NULL,
                     "%s was released %zu %s ago (%s), less than %u %s: it is unproven",
                     c->p->target, age, str_count(age, "day", "days"), day, days,
                     str_count(days, "day", "days"));
}

void hazard_prerelease(struct hazard_check *c, row_t *row)
{
    if (c->target.pre[0] != '\0' && !c->p->own_build && c->p->n_todo > 0)
        hazard_found(c, row, TRI_YES, NULL, "%s is a prerelease", c->p->target);
}

void hazard_forward_wall(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct version *v = hazard_from(c, &c->p->hosts[i]);
        if (hazard_crosses(c, &c->p->hosts[i]) && v != NULL && version_cmp(v, &c->target) <= 0 &&
            version_is_ent(v) <= version_is_ent(&c->target) &&
            version_wall(c->p->hazards, &c->target, v))
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name,
                         "%s cannot read data that %s may have written (raft data, snapshots)",
                         c->p->target, c->p->hosts[i].from);
    }
}

void hazard_edition(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct version *v = hazard_from(c, &c->p->hosts[i]);
        if (v != NULL && version_is_ent(v) && !version_is_ent(&c->target))
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name,
                         "runs Enterprise %s, and %s is not Enterprise", c->p->hosts[i].from,
                         c->p->target);
    }
}

void hazard_fips(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct version *v = hazard_from(c, &c->p->hosts[i]);
        if (v != NULL && version_is_fips(v) != version_is_fips(&c->target))
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name, "runs %s, and %s %s a FIPS build",
                         c->p->hosts[i].from, c->p->target,
                         version_is_fips(&c->target) ? "is" : "is not");
    }
}

/* When a server on the target has led, all servers have data that the old version cannot read. */
void hazard_no_way_back(struct hazard_check *c, row_t *row)
{
    struct version v;
    char from[VERSION_TEXT];

    if (!hazard_oldest(c, true, &v) || !version_wall(c->p->hazards, &v, &c->target))
        return;
    version_text(from, &v);
    hazard_found(c, row, TRI_YES, NULL,
                 "servers on %s may write data that %s cannot read. Caravan does not revert a "
                 "server that touched its data, and after the first new leader no server can go "
                 "back",
                 c->p->target, from);
}

/* Targets that are bad only while ACLs are off. */
void hazard_acl_off_target(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->applies; i++) {
        const struct host *h = &c->w->hosts[i];
        if (!h->is_server || !hazard_region_planned(c->p, h->region))
            continue;
        if (h->server.self_at == 0 || h->server.acl_enabled == TRI_UNKNOWN)
            hazard_unsure(c, h->name, "its ACL setting could not be read");
        else if (h->server.acl_enabled == TRI_NO)
            hazard_found(c, row, TRI_YES, h->name, "%s: %s", c->p->target, row->what);
    }
}
