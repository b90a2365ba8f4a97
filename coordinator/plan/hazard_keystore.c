/* Rows about servers that keep their root keys only on their disks. Contract: hazard_detect.h. */
#include "hazard_detect.h"
#include "keystore_on_disk.h"

static bool has_keystore(const struct hazard_check *c, const struct plan_host *h)
{
    return hazard_crosses(c, h) && keystore_on_disk(h->from);
}

/* Reports all such servers with one finding. */
void hazard_keystore_copied(struct hazard_check *c, row_t *row)
{
    size_t n = 0, first = 0;

    for (size_t i = 0; i < c->p->n_servers; i++) {
        if (has_keystore(c, &c->p->hosts[i]) && n++ == 0)
            first = i;
    }
    if (n > 0)
        hazard_found(c, row, TRI_YES, NULL, "%zu %s %s: %s", n,
                     str_count(n, "server runs", "servers run"), c->p->hosts[first].from,
                     row->what);
}

/* An agent that reports its server's id has read the id in data_dir, so that it knows data_dir. */
void hazard_no_keystore(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = world_host(c->w, ph->key);
        if (!has_keystore(c, ph) || !ph->managed || h == NULL ||
            h->agent.hello.server_id[0] != '\0')
            continue;
        const struct fact_view *f = agent_fact(&h->agent, "data-dir");
        bool lacks = f != NULL && f->value == TRI_NO;
        hazard_found(c, row, lacks ? TRI_YES : TRI_UNKNOWN, ph->name, "%s %s",
                     lacks ? "its agent does not know" : "whether its agent knows", row->what);
    }
}
