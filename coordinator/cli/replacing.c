#include "replacing.h"

#include "report_run.h"
#include "table.h"
#include "url_hide.h"

static int add_joiner(struct command_context *c, struct replacing *r, const char *address,
                      struct err *err)
{
    struct joining_server *j = &r->joining[r->n];

    if (joining_find(&c->known, address, j, err) < 0)
        return err_wrap(err, "--add %s", address);
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->joining[i].key, j->key))
            return err_set(err, ERR_USAGE, 0, "--add names %s twice", j->at.name);
    r->n++;
    return 0;
}

int replacing_begin(struct command_context *c, struct replacing *r, struct policy *y,
                    struct err *err)
{
    const struct options *o = &c->opt;

    r->n = 0;
    for (size_t i = 0; i < o->add.n; i++)
        if (add_joiner(c, r, o->add.items[i], err) < 0)
            return -1;
    for (size_t i = 0; i < r->n; i++)
        y->replace.joins[i] = r->joining[i].key;
    for (size_t i = 0; i < o->remove.n; i++)
        y->replace.leaves[i] = o->remove.items[i];
    y->replace.n_joins = r->n;
    y->replace.n_leaves = o->remove.n;
    observer_set_joining(c->observer, r->joining, r->n);
    return 0;
}

int replacing_resume(struct command_context *c, const struct plan *p, struct err *err)
{
    struct replacing r = {.n = 0};

    for (size_t i = 0; i < p->n_servers; i++) {
        if (p->hosts[i].role != ROLE_JOINS || r.n == REPLACED_MAX)
            continue;
        if (joining_find(&c->known, p->hosts[i].name, &r.joining[r.n++], err) < 0)
            return err_wrap(err, "the run's new server %s", p->hosts[i].name);
    }
    if (r.n > 0)
        observer_set_joining(c->observer, r.joining, r.n);
    return 0;
}

/* Loads known_hosts again: other commands may have enrolled or forgotten hosts during the run. */
int replacing_enrol(struct command_context *c, const struct plan *p, const struct ledger *l,
                    const struct world *w, struct err *err)
{
    CLEANUP(known_hosts_free) struct known_hosts known = {.n = 0};
    if (!p->replaces || w == NULL)
        return 0;
    if (known_hosts_load(c->known.path, &known, err) < 0)
        return -1;
    for (size_t i = 0; i < p->n_servers && i < l->n_hosts; i++) {
        const struct known_host *k = known_hosts_find(&known, p->hosts[i].key);
        const struct host *h = world_host(w, p->hosts[i].key);
        if (p->hosts[i].role != ROLE_JOINS || l->hosts[i].state != HOST_DONE || k == NULL ||
            h == NULL || h->server_id[0] == '\0')
            continue;
        struct pubkey key = k->key; /* the list may move */
        if (known_hosts_add(&known, h->server_id, h->name, &key, err) < 0)
            return -1;
    }
    return known_hosts_save(&known, err);
}

static const char *find_joined_server(const struct plan *p, const struct ledger *l)
{
    for (size_t i = 0; i < p->n_servers; i++)
        if (p->hosts[i].role == ROLE_JOINS && l->hosts[i].state == HOST_DONE)
            return p->hosts[i].name;
    return "a server that stays";
}

void replacing_tell_address(const struct command_context *c, const struct plan *p,
                            const struct ledger *l, const struct world *w)
{
    char shown[sizeof(c->conf.address)];

    for (size_t i = 0; p->replaces && w != NULL && i < p->n_servers && i < l->n_hosts; i++) {
        const struct host *h = world_host(w, p->hosts[i].key);
        if (p->hosts[i].role != ROLE_LEAVES || l->hosts[i].state != HOST_DONE || h == NULL ||
            !text_names(c->conf.address, h->addr))
            continue;
        url_shown(shown, sizeof(shown), c->conf.address);
        fputs("caravan: warning: the address of Nomad on this machine, ", stderr);
        print_safe(stderr, shown);
        fputs(", is the address of ", stderr);
        print_safe(stderr, p->hosts[i].name);
        fputs(", which has left the cluster. Set NOMAD_ADDR, or [nomad] address in caravan.conf, "
              "to another "
              "server, for example ",
              stderr);
        print_safe(stderr, find_joined_server(p, l));
        fputc('\n', stderr);
    }
}

size_t replacing_look(const struct world *w, const char **keys, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server && n < max; i++)
        if (w->hosts[i].is_client)
            keys[n++] = w->hosts[i].key;
    return n;
}
