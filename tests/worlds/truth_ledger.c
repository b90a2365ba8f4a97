/* The committed copy of the ledger, which survives a process of the coordinator. */
#include "truth.h"

static void copy_host(struct ledger_host *to, const struct ledger_host *from)
{
    struct buf inner = to->inner, log = to->log, fingerprint = to->fingerprint;
    struct buf keys = to->keys.inner;

    *to = *from;
    to->inner = inner;
    to->log = log;
    to->fingerprint = fingerprint;
    to->keys.inner = keys; /* of the process */
    buf_clear(&to->inner);
    buf_clear(&to->fingerprint);
    buf_add(&to->inner, from->inner.data, from->inner.len);
    buf_clear(&to->log);
    buf_add(&to->log, from->log.data, from->log.len);
    buf_add(&to->fingerprint, from->fingerprint.data, from->fingerprint.len);
    to->dirty = false;
}

void t_commit_copy(struct ledger *to, struct ledger *from)
{
    struct ledger_host *hosts = to->hosts;
    struct buf plan = to->plan;
    bool fresh_copy = hosts == NULL;

    ledger_kept_clear(from);

    if (fresh_copy)
        hosts = xzalloc(from->n_hosts + 1, sizeof(*hosts));
    memcpy(to, from, fresh_copy ? sizeof(*to) : offsetof(struct ledger, regions));
    memcpy(to->regions, from->regions, sizeof(to->regions[0]) * from->n_regions);
    to->n_regions = from->n_regions;
    to->n_hosts = from->n_hosts;
    to->plan = plan;
    to->hosts = hosts;
    for (size_t i = 0; i < from->n_hosts; i++)
        if (fresh_copy || from->hosts[i].dirty) {
            copy_host(&hosts[i], &from->hosts[i]);
            from->hosts[i].dirty = false;
        }
    for (size_t i = 0; i < from->n_effects; i++)
        from->effects[i].dirty = false;
    memcpy(to->effects, from->effects, sizeof(to->effects[0]) * from->n_effects);
    to->n_effects = from->n_effects;
    to->last_effect = from->last_effect;
    to->dirty = from->dirty = false;
}

void t_ledger_drop(struct ledger *l)
{
    ledger_free(l);
    l->n_effects = 0;
    l->plan = (struct buf)BUF_INIT;
}
