#include "serving.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "release_files.h"
#include "table.h"
#include "url_plain.h"

#define LOCAL_LEN   48
#define LOCALS_MAX  16
#define OTHER_FILES 1024 /* descriptors for everything else */
#define FLOOR       4096
#define WINDOW_MS   30000
#define REQUEST_MS  10000

/* ---- where ---- */

/* Writes the local address from which this machine reaches HOST:PORT. -1: there is no route. */
static int find_local(const char *address, char dst[static LOCAL_LEN])
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
    const char *colon = strrchr(address, ':');
    struct sockaddr_storage sa;
    socklen_t n = sizeof(sa);
    struct addrinfo *a = NULL;
    char host[128];
    bool six = address[0] == '[';

    size_t len = colon != NULL ? (size_t)(colon - address) : 0;
    if (len <= 2 * (size_t)six || len >= sizeof(host))
        return -1;
    snprintf(host, sizeof(host), "%.*s", (int)(len - 2 * (size_t)six), address + six);
    if (getaddrinfo(host, colon + 1, &hints, &a) != 0)
        return -1;
    autoclose int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int rc = fd < 0 ? -1 : connect(fd, a->ai_addr, a->ai_addrlen); /* sends nothing */
    freeaddrinfo(a);
    if (rc < 0 || getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
        return -1;
    return getnameinfo((struct sockaddr *)&sa, n, dst, LOCAL_LEN, NULL, 0, NI_NUMERICHOST);
}

struct local {
    char address[LOCAL_LEN];
    size_t hosts;
};

static void count_local(struct local *locals, size_t *n, const char *address)
{
    size_t i = 0;

    while (i < *n && !str_eq(locals[i].address, address))
        i++;
    if (i == LOCALS_MAX)
        return;
    if (i == *n)
        str_cut(locals[(*n)++].address, LOCAL_LEN, address);
    locals[i].hosts++;
}

/* Writes the local address from which this machine reaches most agents. */
static int find_local_to_fleet(const struct world *w, char dst[static LOCAL_LEN], struct err *err)
{
    struct local locals[LOCALS_MAX];
    size_t n = 0, best = 0;
    char address[LOCAL_LEN];

    memset(locals, 0, sizeof(locals));
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct agent_view *a = &w->hosts[i].agent;
        if (a->enrolled && a->address != NULL && find_local(a->address, address) == 0)
            count_local(locals, &n, address);
    }
    if (n == 0)
        return err_set(err, ERR_CONFIG, 0,
                       "this machine finds no route to the agents, so it does not know at which "
                       "address to serve the release: set --listen ADDR:PORT, or [serve] listen in "
                       "caravan.conf");
    for (size_t i = 1; i < n; i++)
        best = locals[i].hosts > locals[best].hosts ? i : best;
    str_cut(dst, LOCAL_LEN, locals[best].address);
    return 0;
}

static void join_address(char *dst, size_t n, const char *address, const char *port)
{
    bool six = strchr(address, ':') != NULL;

    snprintf(dst, n, "%s%s%s:%s", six ? "[" : "", address, six ? "]" : "", port);
}

static bool is_any(const char *listen)
{
    return str_starts(listen, "0.0.0.0:") || str_starts(listen, "[::]:");
}

static const char *listen_named(const struct command_context *c)
{
    return c->opt.listen != NULL ? c->opt.listen : c->conf.serve_listen;
}

/* [serve] url names a proxy or the like: it must be a URL that hosts can use. */
static int check_url(const struct command_context *c, struct err *err)
{
    const char *url = c->conf.serve_url;
    char plain[URL_MAX_LEN];
    const char *why = url[0] != '\0' ? url_plain(url, plain) : NULL;

    return why == NULL
               ? 0
               : err_set(err, ERR_CONFIG, 0, "%s: [serve] url = %s: %s", c->conf.file, url, why);
}

static int check_allow(const struct command_context *c, struct address_list *ret, struct err *err)
{
    return address_list_parse(c->conf.serve_allow_from, ret, err) < 0
               ? err_wrap(err, "%s: [serve] allow_from", c->conf.file)
               : 0;
}

/* Sets the URL for hosts. local: the address for a server that listens on every address. */
static void set_serving_url(const struct command_context *c, const char *at, const char *local,
                            struct serving *s)
{
    char address[FILE_SERVER_ADDRESS];
    size_t n;

    str_cut(address, sizeof(address), at);
    if (is_any(at) && local[0] != '\0')
        join_address(address, sizeof(address), local, strrchr(at, ':') + 1);
    snprintf(s->url, sizeof(s->url), "http://%s", address);
    if (c->conf.serve_url[0] != '\0') {
        str_cut(s->url, sizeof(s->url), c->conf.serve_url);
        s->allow.n = 0;
    }
    for (n = strlen(s->url); n > 0 && s->url[n - 1] == '/'; n--)
        s->url[n - 1] = '\0';
}

/* ---- what ---- */

struct offers {
    struct served_file files[BUILDS_MAX];
    char paths[BUILDS_MAX][300];
    size_t n;
};

static int offer_file(const struct command_context *c, const char *version, const struct build *b,
                      struct offers *o, struct err *err)
{
    if (release_file_path(&c->conf, version, b, o->paths[o->n], err) < 0)
        return -1;
    o->files[o->n] = (struct served_file){
        .path = o->paths[o->n], .size = b->fetch_size, .digest = b->fetch_digest};
    o->n++;
    return 0;
}

static bool is_to_serve(const struct command_context *c, const struct stored_release *r,
                        const struct build *b)
{
    return release_places_of(r, b) == 0 && release_file_exists(&c->conf, r->manifest.version, b);
}

static void add_place(const struct serving *s, const struct build *b, struct stored_release *r)
{
    char hex[65];
    struct place *p = &r->places[r->n_places++];

    digest_hex(hex, &b->fetch_digest);
    str_cut(p->os, sizeof(p->os), b->os);
    str_cut(p->arch, sizeof(p->arch), b->arch);
    snprintf(p->url, sizeof(p->url), "%s/%s", s->url, hex);
}

/* ---- serving ---- */

static void raise_descriptors(unsigned connections)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= connections + OTHER_FILES)
        return;
    l.rlim_cur = MIN_OF(l.rlim_max, (rlim_t)(connections + OTHER_FILES));
    setrlimit(RLIMIT_NOFILE, &l); /* if this fails, the last connections wait */
}

static int wrap_serving(struct err *err)
{
    return err->kind == ERR_CRYPTO
               ? err_wrap(err, "serve the release")
               : err_wrap(err, "serve releases from this machine (--listen ADDR:PORT sets "
                               "another address)");
}

static void warn_busy(const char *at)
{
    fputs("caravan: warning: another program listens at ", stderr);
    print_safe(stderr, at);
    fputs(", maybe another run or `caravan release serve`. This plan assumes that hosts can fetch "
          "from there. The upgrade will be refused while that program listens, unless you give "
          "another address: --listen ADDR:PORT\n",
          stderr);
}

static int start_serving(const struct command_context *c, const char *local,
                         const struct served_file *files, size_t n, bool plans, struct serving *s,
                         struct err *err)
{
    /* Several hosts may have the same address (NAT). */
    unsigned each = (unsigned)c->conf.stage_parallel + 8;
    struct file_server_limits limits = {.connections = 2 * each + 48,
                                        .per_address = each,
                                        .rate = c->conf.serve_rate,
                                        .floor = FLOOR,
                                        .window_ms = WINDOW_MS,
                                        .request_ms = REQUEST_MS};
    char at[FILE_SERVER_ADDRESS], port[8];
    const char *named = listen_named(c);

    if (check_url(c, err) < 0 || check_allow(c, &s->allow, err) < 0)
        return -1;
    limits.allow = s->allow;
    snprintf(port, sizeof(port), "%d", SERVING_PORT);
    join_address(at, sizeof(at), local, port);
    if (named[0] != '\0')
        str_cut(at, sizeof(at), named);
    raise_descriptors(limits.connections);
    if (file_server_start(at, files, n, &limits, &s->server, err) == 0)
        str_cut(at, sizeof(at), file_server_address(s->server));
    else if (plans && err->kind == ERR_BUSY)
        warn_busy(at);
    else
        return wrap_serving(err);
    set_serving_url(c, at, local, s);
    return 0;
}

int serving_begin(const struct command_context *c, const struct world *w, bool plans,
                  struct stored_release *r, struct serving *ret, struct err *err)
{
    autofree struct offers *o = xzalloc(1, sizeof(*o));
    const struct manifest *m = &r->manifest;
    char local[LOCAL_LEN] = "";
    const char *named = listen_named(c);

    if (ret->server != NULL)
        return 0;
    for (uint32_t i = 0; i < m->n_builds; i++)
        if (is_to_serve(c, r, &m->builds[i]) &&
            offer_file(c, m->version, &m->builds[i], o, err) < 0)
            return -1;
    if (o->n == 0)
        return 0;
    if ((named[0] == '\0' || is_any(named)) && find_local_to_fleet(w, local, err) < 0)
        return -1;
    if (start_serving(c, local, o->files, o->n, plans, ret, err) < 0)
        return -1;
    for (uint32_t i = 0; i < m->n_builds; i++)
        if (is_to_serve(c, r, &m->builds[i]))
            add_place(ret, &m->builds[i], r);
    return 0;
}

void serving_end(struct serving *s)
{
    file_server_stop(s->server);
    s->server = NULL;
}

/* ---- release serve ---- */

struct shelf_of_all {
    struct offers *releases; /* one each */
    size_t n;
    struct served_file *files;
    size_t n_files;
    struct table table;
};

static int offer_stored_release(const struct command_context *c, const char *version,
                                struct shelf_of_all *a, struct err *err)
{
    struct stored_release r;
    struct offers *o = &a->releases[a->n++];

    if (release_load(&c->conf, &c->trust, version, &r, err) < 0)
        return -1;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r.manifest.n_builds; i++) {
        const struct build *b = &r.manifest.builds[i];
        char build[40], hex[66] = "/";
        if (!release_file_exists(&c->conf, version, b))
            continue;
        rc = offer_file(c, version, b, o, err);
        snprintf(build, sizeof(build), "%s/%s", b->os, b->arch);
        digest_hex(hex + 1, &b->fetch_digest);
        table_row(&a->table, COLOR_NONE, (const char *[]){version, build, hex});
    }
    for (size_t i = 0; rc == 0 && i < o->n; i++)
        a->files[a->n_files++] = o->files[i];
    stored_release_free(&r);
    return rc;
}

static int gather_releases(const struct command_context *c, char *const *versions, size_t n,
                           struct shelf_of_all *a, struct err *err)
{
    a->releases = xzalloc(n + 1, sizeof(*a->releases));
    a->files = xzalloc(n * BUILDS_MAX + 1, sizeof(*a->files));
    table_init(&a->table, (const char *[]){"RELEASE", "BUILD", "PATH"}, 3);
    for (size_t i = 0; i < n; i++)
        if (offer_stored_release(c, versions[i], a, err) < 0)
            return -1;
    return a->n_files > 0
               ? 0
               : err_set(err, ERR_NOTFOUND, 0,
                         "no release has a file on this machine: caravan release fetch, or "
                         "caravan release add without --url, stores one");
}

/* Writes the local address from which this machine reaches Nomad: `release serve` asks no agents.
 */
static int find_local_to_nomad(const struct command_context *c, char dst[static LOCAL_LEN],
                               struct err *err)
{
    const char *host = strstr(c->conf.address, "://");
    char address[200];

    host = host != NULL ? host + 3 : c->conf.address;
    snprintf(address, sizeof(address), "%.*s", (int)strcspn(host, "/"), host);
    if (find_local(address, dst) == 0 && !str_starts(dst, "127.") && !str_eq(dst, "::1"))
        return 0;
    return err_set(err, ERR_USAGE, 0,
                   "NOMAD_ADDR does not show at which address hosts reach this machine: set "
                   "--listen ADDR:%d, or [serve] listen in caravan.conf",
                   SERVING_PORT);
}

static void serve_until_signal(struct command_context *c, const struct shelf_of_all *a,
                               struct serving *s)
{
    struct pollfd p = {.fd = c->signals.fd, .events = POLLIN};
    char size[24];

    printf("Serving at %s until you press Ctrl-C:\n\n", s->url);
    table_print(&a->table, context_has_color(c, stdout), stdout);
    fflush(stdout);
    while (poll(&p, 1, -1) < 0 && errno == EINTR)
        ;
    struct file_server_counts n = file_server_counts(s->server);
    serving_end(s);
    str_for_bytes(size, sizeof(size), n.bytes);
    printf("\n%llu %s answered (%s), %llu refused, %llu cut off because they were too slow, %llu "
           "%s from "
           "addresses that may not fetch.\n",
           (unsigned long long)n.answered, str_count(n.answered, "request", "requests"), size,
           (unsigned long long)n.refused, (unsigned long long)n.cut, (unsigned long long)n.shut_out,
           str_count(n.shut_out, "connection", "connections"));
}

static int serve_shelf(struct command_context *c, struct shelf_of_all *a, struct err *err)
{
    struct serving s = {.server = NULL};
    char local[LOCAL_LEN] = "";
    const char *named = listen_named(c);

    if ((named[0] == '\0' && find_local_to_nomad(c, local, err) < 0) ||
        signals_open(&c->signals, err) < 0 ||
        start_serving(c, local, a->files, a->n_files, false, &s, err) < 0)
        return -1;
    serve_until_signal(c, a, &s);
    return 0;
}

int serving_of_all(struct command_context *c, struct err *err)
{
    char **versions = NULL;
    size_t n = 0;
    struct shelf_of_all a;

    memset(&a, 0, sizeof(a));
    if (context_load_conf(c, err) < 0 || keys_trust(&c->conf, &c->trust, err) < 0 ||
        release_versions(&c->conf, &versions, &n, err) < 0)
        return -1;
    int rc = gather_releases(c, versions, n, &a, err) < 0 ? -1 : serve_shelf(c, &a, err);
    table_free(&a.table);
    free(a.releases);
    free(a.files);
    for (size_t i = 0; i < n; i++)
        free(versions[i]);
    free(versions);
    return rc;
}
