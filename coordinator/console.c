#include "console.h"

#include "str.h"

#define SIGNAL_SLOT 0

void console_init(struct console *c)
{
    memset(c, 0, sizeof *c);
    options_init(&c->opt);
    c->clock = clock_system();
    c->signals.fd = -1;
}

int console_conf(struct console *c, struct err *err)
{
    if (c->has_conf)
        return 0;
    if (coord_conf_load(c->opt.config, NULL, &c->conf, err) < 0)
        return -1;
    c->has_conf = true;
    return 0;
}

static void wake(void *ctx)
{
    http_wake(ctx);
}

static int open_links(struct console *c, struct err *err)
{
    if (http_new(&c->http, err) < 0 || nomad_http_new(&c->conf, c->http, &c->nomad, err) < 0 ||
        links_new(wake, c->http, &c->links, err) < 0 ||
        http_watch(c->http, SIGNAL_SLOT, c->signals.fd, &c->signalled, err) < 0)
        return -1;
    c->agents = agents_new(&(struct agents_config){.conf = &c->conf,
                                                   .trust = &c->trust,
                                                   .key = c->key,
                                                   .known = &c->known,
                                                   .links = c->links,
                                                   .clock = c->clock,
                                                   .once = true});
    c->observer = observer_new(&(struct observer_config){.conf = &c->conf,
                                                         .nomad = c->nomad,
                                                         .agents = c->agents,
                                                         .clock = c->clock,
                                                         .patient = true});
    return 0;
}

int console_open(struct console *c, struct err *err)
{
    char path[300];
    if (console_conf(c, err) < 0 || keys_trust(&c->conf, &c->trust, err) < 0 ||
        keys_load(&c->conf, ROLE_OPERATOR, &c->key, err) < 0 ||
        state_path(&c->conf, KNOWN_HOSTS_NAME, path, err) < 0 ||
        known_hosts_load(path, &c->known, err) < 0 || control_open(&c->signals, err) < 0)
        return -1;
    return open_links(c, err);
}

/* What calls back goes first; who is called back owns the calls' contexts. */
void console_close(struct console *c)
{
    links_free(c->links);
    http_free(c->http);
    nomad_http_free(c->nomad);
    observer_free(c->observer);
    agents_free(c->agents);
    control_close(&c->signals);
    known_hosts_free(&c->known);
    keypair_free(c->key);
    if (c->has_conf)
        coord_conf_free(&c->conf);
}

int console_wait(struct console *c, int64_t until, struct err *err)
{
    int64_t due = MIN_OF(observer_tick(c->observer), agents_tick(c->agents));
    int64_t now = clock_mono(c->clock);
    int64_t wait = MIN_OF(until, due) - now;
    if (http_wait(c->http, MAX_OF(wait, (int64_t)0), err) < 0)
        return -1;
    links_drain(c->links);
    observer_tick(c->observer);
    agents_tick(c->agents);
    return 0;
}

static int interrupted(struct console *c, struct err *err)
{
    enum control what;
    return c->signalled && control_read(&c->signals, &what)
               ? err_set(err, ERR_STATE, 0, "interrupted; nothing was changed")
               : 0;
}

#define LOOK_KEYS 65536

/* First who there is, then what they say, then all of it as one world. */
int console_look(struct console *c, look_choose *choose, const struct world **ret, struct err *err)
{
    int64_t end = clock_mono(c->clock) + LOOK_MS, told_at = -1;
    autofree const char **keys = NULL;
    for (bool first = true;;) {
        if (console_wait(c, end, err) < 0 || interrupted(c, err) < 0)
            return -1;
        const struct world *w = observer_take(c->observer);
        if (w != NULL && w->problem[0] != '\0')
            return err_set(err, ERR_NETWORK, 0, "%s", w->problem);
        if (w != NULL && first && choose != NULL) {
            keys = xalloc(LOOK_KEYS * sizeof *keys);
            observer_interest(c->observer, keys, choose(w, keys, LOOK_KEYS));
        }
        first &= w == NULL;
        if (!first && told_at < 0 && agents_told(c->agents))
            told_at = clock_mono(c->clock);
        if (w != NULL && told_at >= 0 && w->begun_ms >= told_at) {
            *ret = w;
            return 0;
        }
        if (clock_mono(c->clock) >= end)
            return err_set(err, ERR_TIMEOUT, 0, "the fleet could not be looked at within %d s",
                           LOOK_MS / 1000);
    }
}

bool console_color(const struct console *c, FILE *out)
{
    const char *no = getenv("NO_COLOR");
    return !c->opt.no_color && (no == NULL || no[0] == '\0') && isatty(fileno(out)) == 1;
}
