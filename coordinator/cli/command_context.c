#include "command_context.h"

#include "passphrase_prompt.h"
#include "file.h"
#include "passphrase.h"
#include "str.h"
#include "table.h"
#include "url_hide.h"

#define SIGNAL_SLOT      0
#define EXPIRY_TOLD_DAYS 30

void context_init(struct command_context *c)
{
    memset(c, 0, sizeof(*c));
    options_init(&c->opt);
    c->clock = clock_system();
    c->signals.fd = -1;
}

int context_load_conf(struct command_context *c, struct err *err)
{
    if (c->has_conf)
        return 0;
    if (coord_conf_load(c->opt.config, NULL, &c->conf, err) < 0)
        return -1;
    c->has_conf = true;
    c->passphrase = passphrase_new(&(struct passphrase_sources){
        .fd = (int)c->opt.passphrase_fd,
        .new_fd = (int)c->opt.new_passphrase_fd,
        .none = c->opt.no_passphrase,
        .credentials = getenv("CREDENTIALS_DIRECTORY"),
        .ask = passphrase_prompt_can_ask() ? passphrase_prompt_ask : NULL,
        .clock = c->clock});
    c->conf.passphrase = c->passphrase;
    if (c->conf.past_cleanup[0] != '\0')
        fprintf(
            stderr,
            "caravan: warning: %s: autopilot_cleanup in [defaults] has no effect any more. Remove "
            "the key: a later release will refuse it. Caravan does not change autopilot's "
            "settings; caravan plan prints the command that switches the dead-server cleanup "
            "off.\n",
            c->conf.file);
    return 0;
}

int context_load_hazards(struct command_context *c, bool strict, struct err *err)
{
    struct err why = ERR_INIT;
    if (c->has_hazards)
        return 0;
    int rc = hazards_load(&c->conf, &c->hazards, &why);
    if (rc < 0 && strict) {
        *err = why;
        return -1;
    }
    if (rc < 0) {
        fputs("caravan: warning: Caravan uses only its built-in hazards, because it cannot read a "
              "file of "
              "hazards: ",
              stderr);
        print_safe(stderr, why.text);
        fputc('\n', stderr);
        if (hazards_load(NULL, &c->hazards, err) < 0)
            return -1;
    }
    c->has_hazards = true;
    return 0;
}

int context_policy(struct command_context *c, struct policy *ret, struct err *err)
{
    return context_load_conf(c, err) < 0 || context_load_hazards(c, true, err) < 0 ||
                   options_policy(&c->opt, &c->conf, &c->hazards, ret, err) < 0
               ? -1
               : 0;
}

static void wake_http(void *ctx)
{
    http_wake(ctx);
}

static void load_servers(struct command_context *c);

static int open_links(struct command_context *c, struct err *err)
{
    if (http_new(&c->http, err) < 0 || nomad_http_new(&c->conf, c->http, &c->nomad, err) < 0 ||
        links_new(wake_http, c->http, &c->links, err) < 0 ||
        http_watch(c->http, SIGNAL_SLOT, c->signals.fd, &c->signalled, err) < 0)
        return -1;
    c->agents = agents_new(&(struct agents_config){.conf = &c->conf,
                                                   .trust = &c->trust,
                                                   .key = c->key,
                                                   .asks = context_question_key(c),
                                                   .known = &c->known,
                                                   .links = c->links,
                                                   .clock = c->clock,
                                                   .once = true});
    c->observer = observer_new(&(struct observer_config){.conf = &c->conf,
                                                         .nomad = c->nomad,
                                                         .agents = c->agents,
                                                         .clock = c->clock,
                                                         .patient = true});
    c->monitor = monitor_new(c->nomad, c->clock);
    return 0;
}

bool context_operator_name(const struct command_context *c, char dst[static KEY_NAME_MAX])
{
    struct key_public own;
    struct err unused = ERR_INIT;
    dst[0] = '\0';
    return keys_public(&c->conf, ROLE_OPERATOR, &own, &unused) == 0 &&
           trust_name_in(&c->trust, ROLE_OPERATOR, &own.key, dst);
}

/* Warns before the operator's key expires: a host obeys only trust orders of an expired key. */
static void warn_last_day(int64_t expires_s, int64_t now_s)
{
    char day[21];
    if (expires_s == 0 || expires_s - now_s > EXPIRY_TOLD_DAYS * 86400)
        return;
    clock_rfc3339(day, expires_s * 1000);
    fprintf(
        stderr,
        "caravan: warning: the operator's key of this machine expires on %.10s. Before that day "
        "make "
        "another key with `caravan key new`, then run `caravan trust rotate` and `caravan trust "
        "push`\n",
        day);
}

/* Warns if the trust file of this machine does not allow the operator's key. Hosts with this trust
 * file do not answer such a key; hosts with an older one may. */
static void warn_key(const struct command_context *c)
{
    struct key_public own;
    struct err unused = ERR_INIT;
    enum role role;
    uint32_t i;
    int64_t now_s = clock_wall(c->clock) / 1000;
    if (keys_public(&c->conf, ROLE_OPERATOR, &own, &unused) < 0)
        return;
    bool named = trust_find_key(&c->trust, &own.key, &role, &i);
    if (named && trust_key_time(&c->trust, role, i, now_s) != KEY_EXPIRED) {
        warn_last_day(c->trust.roles[role].about[i].expires_s, now_s);
        return;
    }
    fprintf(stderr,
            "caravan: warning: the operator's key of this machine %s trust version %u: hosts with "
            "that version do not obey this key. Set operator in [keys] of caravan.conf to an "
            "operator's key of that version (`caravan trust show` lists them)\n",
            named ? "has expired by" : "is not in", (unsigned)c->trust.version);
}

int context_open_operator_key(struct command_context *c, struct err *err)
{
    if (c->key != NULL)
        return 0;
    if (keys_load(&c->conf, ROLE_OPERATOR, &c->key, err) < 0)
        return -1;
    if (c->agents != NULL)
        agents_set_order_key(c->agents, c->key);
    return 0;
}

const struct keypair *context_question_key(const struct command_context *c)
{
    return c->asks != NULL ? c->asks : c->key;
}

/* Loads the key that signs questions. If there is no observer key, or the trust file does not name
 * it, hosts do not answer it; then the operator's key signs questions. */
static int load_asking_key(struct command_context *c, struct err *err)
{
    struct err why = ERR_INIT;
    if (c->operator_asks)
        return context_open_operator_key(c, err);
    int rc = keys_load(&c->conf, ROLE_OBSERVER, &c->asks, &why);
    if (rc < 0 && why.kind != ERR_NOTFOUND) {
        *err = why;
        return -1;
    }
    if (rc == 0 && trust_allows(&c->trust, keypair_public(c->asks), ROLE_OBSERVER,
                                clock_wall(c->clock) / 1000))
        return 0;
    keypair_free(take_ptr(&c->asks));
    return context_open_operator_key(c, err);
}

int context_load_files(struct command_context *c, struct err *err)
{
    char path[300];
    return context_load_conf(c, err) < 0 || keys_trust(&c->conf, &c->trust, err) < 0 ||
                   state_path(&c->conf, KNOWN_HOSTS_NAME, path, err) < 0 ||
                   known_hosts_load(path, &c->known, err) < 0
               ? -1
               : 0;
}

int context_open(struct command_context *c, struct err *err)
{
    if (context_load_files(c, err) < 0 || load_asking_key(c, err) < 0 ||
        signals_open(&c->signals, err) < 0)
        return -1;
    if (open_links(c, err) < 0)
        return -1;
    warn_key(c);
    load_servers(c);
    return 0;
}

/* First free what calls back: the objects freed later own the contexts of the calls. */
void context_close(struct command_context *c)
{
    links_free(c->links);
    http_free(c->http);
    nomad_http_free(c->nomad);
    observer_free(c->observer);
    monitor_free(c->monitor);
    snapshots_free(&c->snapshots);
    agents_free(c->agents);
    signals_close(&c->signals);
    known_hosts_free(&c->known);
    keypair_free(c->key);
    keypair_free(c->asks);
    passphrase_free(c->passphrase);
    hazards_free(&c->hazards);
    if (c->has_conf)
        coord_conf_free(&c->conf);
}

int context_wait(struct command_context *c, int64_t until, struct err *err)
{
    int64_t due = MIN_OF(observer_tick(c->observer), agents_tick(c->agents));
    int64_t now = clock_mono(c->clock);
    int64_t wait = MIN_OF(until, due) - now;
    if (http_wait(c->http, MAX_OF(wait, (int64_t)0), err) < 0)
        return -1;
    links_drain(c->links);
    observer_tick(c->observer);
    agents_tick(c->agents);
    monitor_tick(c->monitor, c->observer);
    return 0;
}

#define SERVERS_NAME "servers"
#define SERVERS_FILE 8192

/* Saves the servers of the last look, with the NOMAD_ADDR (without secrets) by which they were
 * found. So a command finds the cluster also while the server at NOMAD_ADDR does not answer. */
void context_remember(struct command_context *c)
{
    struct server_place places[SERVERS_OTHERS];
    size_t n = observer_servers(c->observer, places, SERVERS_OTHERS);
    auto_buf struct buf text = BUF_INIT, old = BUF_INIT;
    struct err unused = ERR_INIT;
    char path[300], shown[sizeof(c->conf.address)];
    bool there = false;
    url_shown(shown, sizeof(shown), c->conf.address);
    buf_printf(&text, "%s\n", shown);
    for (size_t i = 0; i < n; i++)
        if (places[i].region[strcspn(places[i].region, "\t\n")] == '\0' &&
            places[i].name[strcspn(places[i].name, "\t\n")] == '\0')
            buf_printf(&text, "%s\t%s\t%s\t%s\n", places[i].id, places[i].name, places[i].region,
                       places[i].addr);
    /* The file is a convenience: do not fail if it cannot be written. */
    if (state_path(&c->conf, SERVERS_NAME, path, &unused) < 0 ||
        file_read_if(path, SERVERS_FILE, 0, &old, &there, &unused) < 0 ||
        str_eq(buf_str(&old), buf_str(&text)) ||
        file_make_dirs(c->conf.state_dir, 0755, &unused) < 0)
        return;
    (void)!file_replace(path, text.data, text.len, 0644, &unused);
}

/* Reads one line of the file. Its contents came from the cluster's lists; so the URL, and whether
 * the token may be sent there, are decided again. */
static bool read_place(char *line, struct server_place *ret)
{
    char *save = NULL;
    const char *part[4];
    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        if ((part[i] = strtok_r(i == 0 ? line : NULL, "\t", &save)) == NULL)
            return false;
    return str_copy(ret->id, sizeof(ret->id), part[0]) == 0 &&
           str_copy(ret->name, sizeof(ret->name), part[1]) == 0 &&
           str_copy(ret->region, sizeof(ret->region), part[2]) == 0 &&
           str_copy(ret->addr, sizeof(ret->addr), part[3]) == 0;
}

static void load_servers(struct command_context *c)
{
    struct server_place places[SERVERS_OTHERS];
    auto_buf struct buf text = BUF_INIT;
    struct err unused = ERR_INIT;
    char path[300], shown[sizeof(c->conf.address)], *save = NULL;
    bool there = false;
    size_t n = 0;
    url_shown(shown, sizeof(shown), c->conf.address);
    if (state_path(&c->conf, SERVERS_NAME, path, &unused) < 0 ||
        file_read_if(path, SERVERS_FILE, 0, &text, &there, &unused) < 0 || !there)
        return;
    autofree char *copy = xstrdup(buf_str(&text));
    char *line = strtok_r(copy, "\n", &save);
    if (line == NULL || !str_eq(line, shown))
        return; /* the file belongs to another NOMAD_ADDR, maybe to another cluster */
    while (n < SERVERS_OTHERS && (line = strtok_r(NULL, "\n", &save)) != NULL) {
        if (read_place(line, &places[n]))
            n++;
    }
    observer_remember(c->observer, places, n);
}

static int check_interrupted(struct command_context *c, struct err *err)
{
    enum operator_request what;
    return c->signalled && signals_read(&c->signals, &what)
               ? err_set(err, ERR_STATE, 0, "interrupted; nothing was changed")
               : 0;
}

/* The server that was asked first may not answer now; then the next round asks the other servers.
 */
static bool lists_clients(const struct world *w)
{
    for (size_t i = 0; i < w->n_regions; i++)
        if (w->regions[i].nodes_at == 0 && w->regions[i].denied[0] == '\0')
            return false;
    return true;
}

#define LOOK_KEYS 65536

/* A look has three steps: list the hosts; ask them; then observe everything as one world. That last
 * round must begin after the last host has answered: only then it contains every answer. */
int context_look(struct command_context *c, look_choose *choose, int64_t patience_ms,
                 const struct world **ret, struct err *err)
{
    int64_t begun = clock_mono(c->clock), end = begun + LOOK_MS;
    autofree const char **keys = NULL;
    observer_give_back(c->observer); /* the world of an earlier look */
    for (bool first = true;;) {
        if (context_wait(c, end, err) < 0 || check_interrupted(c, err) < 0)
            return -1;
        const struct world *w = observer_take(c->observer);
        bool late = clock_mono(c->clock) - begun >= patience_ms;
        if (w != NULL && w->problem[0] != '\0') {
            if (late || observer_refused(c->observer))
                return err_set(err, ERR_NETWORK, 0, "%s", w->problem);
            continue;
        }
        if (w != NULL && !first && w->told && (late || lists_clients(w))) {
            *ret = w;
            context_remember(c);
            return 0;
        }
        if (w != NULL && first && choose != NULL) {
            keys = xalloc(LOOK_KEYS * sizeof(*keys));
            observer_interest(c->observer, keys, choose(w, keys, LOOK_KEYS));
        }
        first &= w == NULL;
        if (w != NULL)
            observer_give_back(c->observer);
        if (clock_mono(c->clock) >= end)
            return err_set(err, ERR_TIMEOUT, 0,
                           "Caravan could not observe the whole fleet within %d s", LOOK_MS / 1000);
    }
}

bool context_has_color(const struct command_context *c, FILE *out)
{
    const char *no = getenv("NO_COLOR");
    return !c->opt.no_color && (no == NULL || no[0] == '\0') && isatty(fileno(out)) == 1;
}

int context_confirm(struct command_context *c, const char *question, const char *left,
                    struct err *err)
{
    int rc = c->opt.yes ? 1 : question_confirm(&c->signals, question, err);
    if (rc < 0)
        return -1;
    return rc == 1 ? 0 : err_set(err, ERR_REFUSED, 0, "not confirmed: %s", left);
}
