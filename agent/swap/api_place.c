#include "api_place.h"

#include <arpa/inet.h>
#include "str.h"

#define SHOWN_PORTS  6
#define SERVER_PORTS 2 /* RPC and serf */

const char *api_place_words(const struct err *err)
{
    const char *last = strrchr(err->text, ':');

    return last != NULL && last[1] == ' ' ? last + 2 : err->text;
}

int api_place_parse(const char *url, char address[static 48], uint16_t *ret_port)
{
    static const char *const schemes[] = {"http://", "https://"};
    unsigned char bytes[16];
    char host[48], port[8];
    uint64_t number = 0;
    size_t n = 0, end;

    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        n = str_starts(url, schemes[i]) ? strlen(schemes[i]) : n;
    if (n == 0)
        return -1;
    url += n + (url[n] == '[');
    n = url[-1] == '[' ? strcspn(url, "]") : strcspn(url, ":/");
    if (n >= sizeof(host))
        return -1;
    snprintf(host, sizeof(host), "%.*s", (int)n, url);
    url += n + (url[n] == ']');
    end = strcspn(url, "/");
    if (url[0] != ':' || end < 2 || end > sizeof(port))
        return -1;
    snprintf(port, sizeof(port), "%.*s", (int)end - 1, url + 1);
    if (str_eq(host, "localhost"))
        str_cut(host, sizeof(host), "127.0.0.1");
    if (str_to_u64(port, UINT16_MAX, &number) < 0 ||
        (inet_pton(AF_INET, host, bytes) != 1 && inet_pton(AF_INET6, host, bytes) != 1))
        return -1;
    str_cut(address, 48, host);
    *ret_port = (uint16_t)number;
    return 0;
}

/* An IPv4 address is written in its IPv6 form. */
static int address_bytes(const char *text, unsigned char bytes[static 16])
{
    static const unsigned char four[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    memcpy(bytes, four, sizeof(four));
    return inet_pton(AF_INET, text, bytes + 12) == 1 || inet_pton(AF_INET6, text, bytes) == 1 ? 0
                                                                                              : -1;
}

static bool is_any_address(const unsigned char bytes[static 16], bool six)
{
    static const unsigned char zero[16];

    return memcmp(bytes + (six ? 0 : 12), zero, six ? 16 : 4) == 0;
}

enum tri api_place_reaches(const char *listens, const char *address)
{
    unsigned char wanted[16], is[16];
    enum tri reaches = TRI_NO;
    char each[48];

    if (address_bytes(address, wanted) < 0)
        return TRI_UNKNOWN;
    for (listens += strspn(listens, " "); *listens != '\0'; listens += strspn(listens, " ")) {
        size_t n = strcspn(listens, " ");
        bool six = memchr(listens, ':', n) != NULL;

        snprintf(each, sizeof(each), "%.*s", (int)MIN_OF(n, sizeof(each) - 1), listens);
        listens += n;
        if (n >= sizeof(each) || address_bytes(each, is) < 0)
            return TRI_UNKNOWN;
        if (memcmp(is, wanted, sizeof(is)) == 0 ||
            (is_any_address(is, six) && (six || strchr(address, ':') == NULL)))
            reaches = TRI_YES;
    }
    return reaches;
}

void api_place_add(struct buf *b, const struct tcp_listener *l)
{
    (void)buf_printf(b, l->six ? "[%s]:%u" : "%s:%u", l->address, l->port);
}

static void add_own_sockets(const struct tcp_table *t, struct buf *b)
{
    uint32_t shown = 0;

    for (uint32_t i = 0; i < t->n && shown < SHOWN_PORTS; i++) {
        if (!t->list[i].own)
            continue;
        (void)buf_add_str(b, shown++ == 0 ? "; Nomad's process listens at " : ", ");
        api_place_add(b, &t->list[i]);
    }
    if (shown == 0)
        (void)buf_add_str(b, "; no listening socket of Nomad's process was found");
}

/* Counts Nomad's own ports. A port counts once, also if Nomad listens at several addresses. */
static size_t count_own_ports(const struct tcp_table *t)
{
    size_t n = 0;

    for (uint32_t i = 0; i < t->n; i++) {
        bool first = t->list[i].own;
        for (uint32_t k = 0; k < i && first; k++)
            first = !t->list[k].own || t->list[k].port != t->list[i].port;
        n += first;
    }
    return n;
}

enum api_place api_place_judge(const struct tcp_table *t, const char *url, bool server, bool sure)
{
    const struct tcp_listener *l;
    char address[48];
    uint16_t port = 0;

    if (url == NULL || api_place_parse(url, address, &port) < 0)
        return API_UNKNOWN;
    l = tcp_table_at(t, address, port);
    if (l != NULL && l->own)
        return API_HERE;
    if (tcp_table_own(t, port) != NULL ||
        (sure && count_own_ports(t) > (server ? SERVER_PORTS : 0)))
        return API_ELSEWHERE;
    return API_NOWHERE;
}

/* Marks only the sockets of the main process itself as own, if it has any. False: it has none. */
static bool keep_main_sockets(const struct host *h, uint32_t main_pid, struct tcp_table *t)
{
    bool mine[TCP_LISTENERS] = {false}, any = false;

    for (uint32_t i = 0; i < t->n; i++) {
        struct host_owner o = {.there = false};
        if (!t->list[i].own)
            continue;
        h->socket_owner(h->ctx, t->list[i].inode, main_pid, &o);
        mine[i] = o.there && o.pid == main_pid;
        any = any || mine[i];
    }
    for (uint32_t i = 0; i < t->n && any; i++)
        t->list[i].own = mine[i];
    return any;
}

enum api_place api_place_ask(const struct host *h, uint32_t main_pid, const char *url, bool server,
                             struct buf *ret_text)
{
    autofree struct tcp_table *t = xzalloc(1, sizeof(*t));
    struct err err = ERR_INIT;
    bool sure;

    if (h->listeners(h->ctx, main_pid, t, &err) < 0)
        return API_UNKNOWN;
    sure = keep_main_sockets(h, main_pid, t);
    add_own_sockets(t, ret_text);
    return api_place_judge(t, url, server, sure);
}
