#include "agent_place.h"

#include <arpa/inet.h>
#include "str.h"

/* Splits "[A]:P", "[A]", "A:P" or "A". *ret_port NULL: there is no port. -1: the text has none of
 * these forms. */
static int split_address(const char *text, char *ip, size_t n, const char **ret_port)
{
    bool brackets = text[0] == '[';
    const char *from = text + brackets, *end = strchr(from, brackets ? ']' : ':');
    size_t len = end != NULL ? (size_t)(end - from) : strlen(from);
    if ((brackets && end == NULL) || len >= n)
        return -1;
    memcpy(ip, from, len);
    ip[len] = '\0';
    const char *rest = from + len + (brackets && end != NULL);
    *ret_port = rest[0] == ':' ? rest + 1 : NULL;
    return rest[0] == ':' || rest[0] == '\0' ? 0 : -1;
}

/* Writes the address in its one canonical spelling. false: it is no address of this family. */
static bool write_canonical(int family, const char *text, char *dst, size_t n)
{
    unsigned char bytes[16];
    return inet_pton(family, text, bytes) == 1 &&
           inet_ntop(family, bytes, dst, (socklen_t)n) != NULL;
}

int agent_place(const char *text, struct agent_place *ret, struct err *err)
{
    struct agent_place p;
    char ip[64];
    const char *port_text = NULL;
    uint64_t port = AGENT_PORT;
    bool six = text[0] == '[';
    memset(&p, 0, sizeof(p));
    if (split_address(text, ip, sizeof(ip), &port_text) < 0 ||
        !write_canonical(six ? AF_INET6 : AF_INET, ip, p.ip, sizeof(p.ip)))
        return err_set(err, ERR_USAGE, 0,
                       "%.80s is no address: write it like 10.0.0.21, 10.0.0.21:%d or [fd00::21]",
                       text, AGENT_PORT);
    if (port_text != NULL && (str_to_u64(port_text, 65535, &port) < 0 || port == 0))
        return err_set(err, ERR_USAGE, 0, "%.80s: %.20s is no port from 1 to 65535", text,
                       port_text);
    const char *open = six ? "[" : "", *close = six ? "]" : "";
    snprintf(p.address, sizeof(p.address), "%s%.50s%s:%u", open, p.ip, close, (unsigned)port);
    str_cut(p.name, sizeof(p.name), p.address);
    if (port == AGENT_PORT)
        *strrchr(p.name, ':') = '\0';
    *ret = p;
    return 0;
}
