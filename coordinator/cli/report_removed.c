#include "report_removed.h"

#include "names_removed.h"
#include "table.h"

static bool some_has_left(const struct plan *p, const struct ledger *l)
{
    for (size_t i = 0; i < p->n_servers && i < l->n_hosts; i++)
        if (p->hosts[i].role == ROLE_LEAVES &&
            (l->hosts[i].state == HOST_DONE || l->hosts[i].state == HOST_GONE))
            return true;
    return false;
}

static void print_names_removed(const struct plan *p, const struct ledger *l, const struct world *w,
                                enum tri which, const char *what, const char *advice, FILE *out)
{
    char text[TEXT_MAX];

    if (names_removed_text(w, p, l, which, text) == 0)
        return;
    fputs(what, out);
    print_safe(out, text);
    fprintf(out, ". %s\n", advice);
}

void report_removed(const struct plan *p, const struct ledger *l, const struct world *w, FILE *out)
{
    if (w == NULL || !some_has_left(p, l))
        return;
    print_names_removed(
        p, l, w, TRI_YES, "Servers that have left are still named by ",
        "Remove the names of those servers from retry_join, start_join and servers on "
        "these hosts before Nomad restarts there.",
        out);
    print_names_removed(p, l, w, TRI_UNKNOWN,
                        "Caravan cannot tell whether servers that have left are still "
                        "named by ",
                        "Please check retry_join, start_join and servers on these hosts.", out);
}

struct json *report_removed_json(const struct plan *p, const struct ledger *l,
                                 const struct world *w)
{
    struct json *all = json_new_array();
    bool known = w != NULL && some_has_left(p, l);

    for (size_t i = 0; known && i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        struct names_removed is = {.names = TRI_NO};
        if (names_removed_asks(w, p, h))
            is = names_removed(w, p, l, h);
        if (is.names == TRI_NO)
            continue;
        struct json *o = json_new_object();
        json_set_str(o, "host", h->name);
        json_set_str(o, "names", is.names == TRI_YES ? "yes" : "unknown");
        json_set_str(o, "server", is.server != NULL ? is.server->name : "");
        json_set_str(o, "by", is.names != TRI_YES ? "" : is.files ? "joins" : "knows-servers");
        json_set_str(o, "text", is.why);
        json_add(all, o);
    }
    return all;
}
