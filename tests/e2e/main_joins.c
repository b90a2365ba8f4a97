/*
 * main_joins.c - watches the row of a host that is to join, as the observer makes it.
 *
 *     joins CONFIG_DIR ADDRESS
 *
 * Follows a fleet as a run does, with the agent at ADDRESS as a joiner (it must be enrolled by that
 * address), and prints a line each time that its row is another one:
 *     NAME id=ID region=REGION server=0|1 misplaced=0|1 rows=N
 * rows: how many of the world are at its address, or have its id. Ends by a signal, or with status
 * 1 when it cannot follow.
 */
#include "command_context.h"
#include "str.h"

static size_t rows_of(const struct world *w, const struct joining_server *j, const struct host *row)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_hosts; i++)
        n += str_eq(w->hosts[i].addr, j->at.ip) ||
             (row->server_id[0] != '\0' && str_eq(w->hosts[i].server_id, row->server_id));
    return n;
}

static void tell(const struct world *w, const struct joining_server *j, char last[static TEXT_MAX])
{
    const struct host *h = world_host(w, j->key);
    char line[TEXT_MAX] = "no row";
    if (h != NULL)
        snprintf(line, sizeof(line), "%.60s id=%.40s region=%.60s server=%d misplaced=%d rows=%zu",
                 h->name, h->server_id, h->region, h->is_server, h->agent.misplaced,
                 rows_of(w, j, h));
    if (str_eq(line, last))
        return;
    str_cut(last, TEXT_MAX, line);
    puts(line);
    fflush(stdout);
}

static int follow(struct command_context *c, const char *address, struct err *err)
{
    struct joining_server j;
    char last[TEXT_MAX] = "";
    enum operator_request what;
    if (context_open(c, err) < 0 || joining_find(&c->known, address, &j, err) < 0)
        return -1;
    observer_set_joining(c->observer, &j, 1);
    observer_set_patient(c->observer, false);
    agents_follow(c->agents);
    for (;;) {
        if (context_wait(c, clock_mono(c->clock) + 1000, err) < 0)
            return -1;
        if (c->signalled && signals_read(&c->signals, &what))
            return 0;
        const struct world *w = observer_take(c->observer);
        if (w == NULL || w->problem[0] != '\0')
            continue;
        tell(w, &j, last);
        observer_interest(c->observer, (const char *[]){j.key}, 1); /* as when its turn comes */
    }
}

int main(int argc, char **argv)
{
    static struct command_context c;
    struct err err = ERR_INIT;
    if (argc != 3) {
        fprintf(stderr, "usage: joins CONFIG_DIR ADDRESS\n");
        return 2;
    }
    context_init(&c);
    c.opt.config = argv[1];
    int rc = crypto_init(&err) < 0 ? -1 : follow(&c, argv[2], &err);
    if (rc < 0)
        fprintf(stderr, "joins: %s\n", err.text);
    context_close(&c);
    return rc < 0;
}
