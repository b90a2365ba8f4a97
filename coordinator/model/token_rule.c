#include "token_rule.h"

enum carriage { LOCAL, TLS, CLEAR, CARRIAGES };

void server_tls_name(const char *region, char dst[static 128])
{
    snprintf(dst, 128, "server.%.64s.nomad", region);
}

/* True only for 127.A.B.C. Libraries accept more texts as an address. */
static bool is_quad(const char *host, size_t len)
{
    char text[16];
    uint64_t n = 0;
    int parts = 0;

    if (len == 0 || len >= sizeof(text))
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    for (char *at = text, *end; at != NULL; at = end, parts++) {
        end = strchr(at, '.');
        if (end != NULL)
            *end++ = '\0';
        /* Code that connects reads a number with a leading zero as octal. */
        if ((at[0] == '0' && at[1] != '\0') || str_to_u64(at, 255, &n) < 0 ||
            (parts == 0 && n != 127))
            return false;
    }
    return parts == 4;
}

static bool is_port(const char *s)
{
    uint64_t n = 0;
    return s[0] == '\0' || (s[0] == ':' && str_to_u64(s + 1, 65535, &n) == 0);
}

bool url_is_loopback(const char *url)
{
    static const char *const names[] = {"[::1]", "localhost"};
    const char *host = strstr(url, "://");

    if (host == NULL)
        return false;
    host += 3;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_starts(host, names[i]))
            return is_port(host + strlen(names[i]));
    size_t len = strcspn(host, ":");
    return is_quad(host, len) && is_port(host + len);
}

static enum carriage carriage_of(const struct token_peer *p)
{
    if (p->socket)
        return LOCAL;
    if (str_starts(p->url, "https://"))
        return TLS;
    return url_is_loopback(p->url) ? LOCAL : CLEAR;
}

enum token_way token_rule(const struct token_peer *p, bool token_in_clear)
{
    static const enum token_way named[CARRIAGES] = {
        [LOCAL] = TOKEN_SENT, [TLS] = TOKEN_SENT, [CLEAR] = TOKEN_CLEAR};
    enum carriage by = carriage_of(p);
    char name[128];

    if (p->role == TOKEN_CLIENT)
        return TOKEN_NOT;
    if (p->role == TOKEN_NOMAD_ADDR || p->mapped)
        return named[by];
    server_tls_name(p->region, name);
    if (by == TLS)
        return p->region[0] != '\0' && str_eq(p->tls_name, name) ? TOKEN_SENT : TOKEN_NOT;
    return by == LOCAL || token_in_clear ? named[by] : TOKEN_NOT;
}
