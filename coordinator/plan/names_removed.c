#include "names_removed.h"

#include "join_list.h"

#define NAMED_MAX 5 /* hosts in a text */

/* When the server had left, by the clock of the ledger; 0: it has not left. */
static int64_t server_left_at(const struct ledger *l, size_t i)
{
    const struct ledger_host *lh = &l->hosts[i];

    if (lh->state != HOST_DONE && lh->state != HOST_GONE)
        return 0;
    return MAX_OF(MAX_OF(lh->settled_ms, lh->effect_ms), (int64_t)1);
}

static struct names_removed unknown_because(const char *why)
{
    return (struct names_removed){.names = TRI_UNKNOWN, .why = why};
}

/* Does one fact name one server? `server` has the address. */
static enum tri fact_names_server(const struct fact_view *f, const struct host *server)
{
    if (f->value != TRI_YES)
        return f->value;
    return server != NULL ? join_list_names(f->text, server) : TRI_UNKNOWN;
}

static const char *why_unknown(const struct fact_view *f)
{
    return f->value == TRI_YES ? "it names something else than an address" : f->text;
}

/* Adds one fact to the judgement; the worse answer counts. */
static void add_joined_fact(struct names_removed *is, const struct fact_view *f,
                            const struct plan_host *ph, const struct host *server, bool files)
{
    enum tri names = fact_names_server(f, server);

    if (is->names == TRI_YES || names == TRI_NO)
        return;
    *is = names == TRI_UNKNOWN
              ? unknown_because(why_unknown(f))
              : (struct names_removed){.names = TRI_YES, .server = ph, .files = files, .why = ""};
}

bool names_removed_asks(const struct world *w, const struct plan *p, const struct host *h)
{
    const struct plan_host *ph = plan_host(p, h->key);

    return (ph == NULL || ph->role != ROLE_LEAVES) && !world_has_left(w, h);
}

struct names_removed names_removed(const struct world *w, const struct plan *p,
                                   const struct ledger *l, const struct host *h)
{
    const struct fact_view *joins = agent_fact(&h->agent, "joins");
    const struct fact_view *knows = agent_fact(&h->agent, "knows-servers");
    struct names_removed is = {.names = TRI_NO, .why = ""};

    if (joins == NULL)
        return unknown_because(h->agent.enrolled ? "its agent does not report this"
                                                 : "no enrolled agent");
    for (size_t i = 0; i < p->n_servers; i++) {
        const struct plan_host *ph = &p->hosts[i];
        int64_t left = l != NULL && i < l->n_hosts ? server_left_at(l, i) : 0;
        if (ph->role != ROLE_LEAVES || (l != NULL && left == 0))
            continue;
        add_joined_fact(&is, joins, ph, world_host(w, ph->key), true);
        if (left > 0 && knows != NULL && h->agent.status_at > left + KNOWN_FOR_MS)
            add_joined_fact(&is, knows, ph, world_host(w, ph->key), false);
    }
    return is;
}

static void append_naming_host(char dst[static TEXT_MAX], size_t n, const struct host *h,
                               const struct names_removed *is)
{
    size_t len = strlen(dst);

    len += (size_t)snprintf(dst + len, TEXT_MAX - len, "%s%.32s", n > 0 ? ", " : "", h->name);
    if (len >= TEXT_MAX)
        return;
    if (is->names == TRI_YES)
        snprintf(dst + len, TEXT_MAX - len, " (%.32s, %s)", is->server->name,
                 is->files ? "in its files" : "known to its Nomad");
    else
        snprintf(dst + len, TEXT_MAX - len, " (%.40s)", is->why);
}

size_t names_removed_text(const struct world *w, const struct plan *p, const struct ledger *l,
                          enum tri which, char dst[static TEXT_MAX])
{
    size_t n = 0, shown = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        if (!names_removed_asks(w, p, h))
            continue;
        struct names_removed is = names_removed(w, p, l, h);
        if (is.names != which)
            continue;
        if (n++ == shown && shown < NAMED_MAX && strlen(dst) < TEXT_MAX - 120)
            append_naming_host(dst, shown++, h, &is);
    }
    if (n > shown)
        snprintf(dst + strlen(dst), TEXT_MAX - strlen(dst), " and %zu more", n - shown);
    return n;
}
