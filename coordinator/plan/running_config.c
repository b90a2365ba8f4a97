#include "running_config.h"

#include <arpa/inet.h>

#include "str.h"

/* Returns the running value; NULL: Nomad does not report it. */
typedef const char *runs_fn(const struct host *h);

static const char *running_text(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *truth_word(int value)
{
    return value == TRI_UNKNOWN ? NULL : value == TRI_YES ? "true" : "false";
}

static bool has_self(const struct host *h)
{
    return h->is_server && h->server.self_at != 0;
}

static const char *runs_region(const struct host *h)
{
    return has_self(h) ? running_text(h->server.self_region) : running_text(h->region);
}

static const char *runs_datacenter(const struct host *h)
{
    return has_self(h) ? running_text(h->server.running.datacenter) : running_text(h->dc);
}

static const char *runs_name(const struct host *h)
{
    return has_self(h) ? running_text(h->server.running.name) : running_text(h->name);
}

/* A client does not report it. Its agent finds it by the open files of Nomad's process. */
static const char *runs_data_dir(const struct host *h)
{
    const struct fact_view *f = agent_fact(&h->agent, "data-dir");

    if (h->is_server)
        return has_self(h) ? running_text(h->server.running.data_dir) : NULL;
    return f != NULL && f->value == TRI_YES ? running_text(f->text) : NULL;
}

static const char *runs_bind(const struct host *h)
{
    return has_self(h) ? running_text(h->server.running.bind_addr) : NULL;
}

static const char *runs_http(const struct host *h)
{
    return has_self(h) ? running_text(h->server.running.advertise_http)
                       : running_text(h->client.http_addr);
}

static const char *runs_rpc(const struct host *h)
{
    return has_self(h) ? running_text(h->server.running.advertise_rpc) : NULL;
}

static const char *runs_class(const struct host *h)
{
    return h->is_client ? h->node_class : NULL; /* "" is a valid class: no class */
}

static const char *runs_pool(const struct host *h)
{
    return h->is_client ? running_text(h->node_pool)
                        : NULL; /* Nomad before 1.6 has no node pools */
}

static const char *runs_server(const struct host *h)
{
    return has_self(h) ? truth_word(h->server.running.server)
                       : truth_word(h->is_server ? TRI_YES : TRI_NO);
}

static const char *runs_client(const struct host *h)
{
    return has_self(h) ? truth_word(h->server.running.client)
                       : truth_word(h->is_client ? TRI_YES : TRI_NO);
}

static const char *runs_acl(const struct host *h)
{
    return has_self(h) ? truth_word(h->server.acl_enabled) : NULL;
}

/* ---- comparisons ---- */

static size_t length_without_slashes(const char *path)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

static bool same_path(const char *files, const char *runs)
{
    size_t n = length_without_slashes(files);

    return n == length_without_slashes(runs) && memcmp(files, runs, n) == 0;
}

/* The length of the host part of "host:port" or "[v6]:port"; without a port the whole length. */
static size_t host_len(const char *address)
{
    const char *colon = strrchr(address, ':');

    if (colon == NULL || (address[0] != '[' && strchr(address, ':') != colon) ||
        (address[0] == '[' && colon[-1] != ']'))
        return strlen(address);
    return (size_t)(colon - address);
}

static int parse_ipv6(const char *host, size_t n, unsigned char bytes[static 16])
{
    char text[64];

    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    if (n >= sizeof(text))
        return -1;
    memcpy(text, host, n);
    text[n] = '\0';
    return inet_pton(AF_INET6, text, bytes) == 1 ? 0 : -1;
}

/* An IPv6 address has many spellings; Nomad since 1.10 reports the shortest. */
static bool same_host(const char *a, size_t n, const char *b, size_t m)
{
    unsigned char x[16], y[16];

    if (parse_ipv6(a, n, x) == 0 && parse_ipv6(b, m, y) == 0)
        return memcmp(x, y, sizeof(x)) == 0;
    return n == m && strncasecmp(a, b, n) == 0;
}

/* The files may leave the port and the brackets to Nomad. */
static bool same_address(const char *files, const char *runs)
{
    size_t f = host_len(files), r = host_len(runs);
    const char *port = files + f;

    if (port[0] != '\0' && !str_eq(port, runs + r))
        return false;
    return same_host(files, f, runs, r);
}

/* In the order of the text. `standard`: Nomad's default; NULL: Nomad makes it from other values. */
static const struct {
    const char *name, *standard;
    runs_fn *runs;
    bool (*same)(const char *files, const char *runs);
} values[] = {
    {"region", "global", runs_region, str_eq},
    {"datacenter", "dc1", runs_datacenter, str_eq},
    {"name", NULL, runs_name, str_eq},
    {"data_dir", NULL, runs_data_dir, same_path},
    {"bind_addr", "0.0.0.0", runs_bind, same_address},
    {"advertise_http", NULL, runs_http, same_address},
    {"advertise_rpc", NULL, runs_rpc, same_address},
    {"node_class", "", runs_class, str_eq},
    {"node_pool", "default", runs_pool, str_eq},
    {"server", "false", runs_server, str_eq},
    {"client", "false", runs_client, str_eq},
    {"acl", "false", runs_acl, str_eq},
};

struct text {
    char bytes[TEXT_MAX];
    size_t n;
};

static void PRINTF(2, 3) append_text(struct text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(t->bytes + t->n, sizeof(t->bytes) - t->n, fmt, ap);
    va_end(ap);
    t->n = strlen(t->bytes);
}

/* Only the host itself can compare the address of its API; its agent did. */
static void append_api(const struct host *h, struct text *t)
{
    const struct fact_view *f = agent_fact(&h->agent, "api-moves");

    if (f != NULL && f->value == TRI_YES)
        append_text(t, "%sits API %.160s", t->n > 0 ? "; " : "", f->text);
}

enum tri running_config_differs(const struct host *h, bool *ret_told, char dst[static TEXT_MAX])
{
    struct text differs = {.n = 0}, unsure = {.n = 0};

    *ret_told = false;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char id[sizeof(((struct fact *)NULL)->id)];
        snprintf(id, sizeof(id), "is.%s", values[i].name);
        const struct fact_view *f = agent_fact(&h->agent, id);
        const char *runs = values[i].runs(h);
        *ret_told = *ret_told || f != NULL;
        if (f == NULL || runs == NULL)
            continue;
        const char *files = f->value == TRI_YES ? f->text : values[i].standard;
        if (f->value == TRI_UNKNOWN)
            append_text(&unsure, "%s%s: %.60s", unsure.n > 0 ? "; " : "", values[i].name, f->text);
        else if (files != NULL && !values[i].same(files, runs))
            append_text(&differs, "%s%s: the files say \"%.60s\", but \"%.60s\" runs",
                        differs.n > 0 ? "; " : "", values[i].name, files, runs);
    }
    append_api(h, &differs);
    snprintf(dst, TEXT_MAX, "%s", differs.n > 0 ? differs.bytes : unsure.bytes);
    return differs.n > 0 ? TRI_YES : unsure.n > 0 ? TRI_UNKNOWN : TRI_NO;
}
