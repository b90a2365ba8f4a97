#include "tcp_table.h"
#include <arpa/inet.h>
#include "str.h"

#define LISTENS 0x0a

/* Reads n words of 32 bits in hexadecimal, each in the machine's byte order. */
static int read_tcp_address(const char *hex, size_t n, unsigned char *dst)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char bytes[4];
        uint32_t word;
        char digits[9];

        memcpy(digits, hex + 8 * i, 8);
        digits[8] = '\0';
        if (str_unhex(digits, bytes, 4) < 0)
            return -1;
        word = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
               bytes[3];
        memcpy(dst + 4 * i, &word, 4);
    }
    return 0;
}

static int read_hex16(const char *hex, size_t n, uint16_t *ret)
{
    char digits[5] = "0000";
    unsigned char bytes[2];

    memcpy(digits + 4 - n, hex, n);
    if (str_unhex(digits, bytes, 2) < 0)
        return -1;
    *ret = (uint16_t)(bytes[0] << 8 | bytes[1]);
    return 0;
}

/* Positions of the words in a line. */
enum field { FIELD_LOCAL = 1, FIELD_STATE = 3, FIELD_INODE = 9, FIELDS };

static int split_tcp_line(char *line, char *fields[static FIELDS])
{
    size_t n = 0;

    for (char *s = line + strspn(line, " "); *s != '\0' && n < FIELDS; s += strspn(s, " ")) {
        size_t len = strcspn(s, " ");

        fields[n++] = s;
        s += len;
        if (*s != '\0')
            *s++ = '\0';
    }
    return n == FIELDS ? 0 : -1;
}

static int read_local_address(const char *local, bool six, struct tcp_listener *ret)
{
    size_t words = six ? 4 : 1;
    unsigned char bytes[16] = {0}, none[16] = {0};

    if (strlen(local) != 8 * words + 5 || local[8 * words] != ':' ||
        read_tcp_address(local, words, bytes) < 0 ||
        read_hex16(local + 8 * words + 1, 4, &ret->port) < 0)
        return -1;
    ret->six = six;
    ret->any = memcmp(bytes, none, sizeof(bytes)) == 0;
    return inet_ntop(six ? AF_INET6 : AF_INET, bytes, ret->address, sizeof(ret->address)) == NULL
               ? -1
               : 0;
}

static void add_tcp_line(struct tcp_table *t, char *line, bool six)
{
    struct tcp_listener l = {.port = 0};
    char *fields[FIELDS];
    uint16_t state = 0;

    if (split_tcp_line(line, fields) < 0 || strlen(fields[FIELD_STATE]) != 2 ||
        read_hex16(fields[FIELD_STATE], 2, &state) < 0 || state != LISTENS ||
        read_local_address(fields[FIELD_LOCAL], six, &l) < 0 ||
        str_to_u64(fields[FIELD_INODE], UINT64_MAX, &l.inode) < 0)
        return;
    if (t->n == TCP_LISTENERS)
        t->more = true;
    else
        t->list[t->n++] = l;
}

void tcp_table_add(struct tcp_table *t, const char *text, bool six)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        char line[256];

        if (n < sizeof(line)) {
            memcpy(line, text, n);
            line[n] = '\0';
            add_tcp_line(t, line, six);
        }
        text += n + (text[n] == '\n');
    }
}

static bool is_reached_by_any(const struct tcp_listener *l, bool six)
{
    return l->any && (l->six == six || l->six);
}

const struct tcp_listener *tcp_table_at(const struct tcp_table *t, const char *address,
                                        uint16_t port)
{
    bool six = strchr(address, ':') != NULL;
    const struct tcp_listener *found = NULL;

    for (uint32_t i = 0; i < t->n; i++) {
        const struct tcp_listener *l = &t->list[i];

        if (l->port != port)
            continue;
        if (str_eq(l->address, address))
            return l;
        if (is_reached_by_any(l, six) && (found == NULL || found->six != six))
            found = l;
    }
    return found;
}

const struct tcp_listener *tcp_table_against(const struct tcp_table *t, const char *address,
                                             uint16_t port)
{
    bool every = address[0] == '\0' || str_eq(address, "0.0.0.0") || str_eq(address, "::");
    bool six = strchr(address, ':') != NULL;

    for (uint32_t i = 0; i < t->n; i++) {
        const struct tcp_listener *l = &t->list[i];

        if (l->port == port && !l->own &&
            (every || str_eq(l->address, address) || is_reached_by_any(l, six)))
            return l;
    }
    return NULL;
}

const struct tcp_listener *tcp_table_own(const struct tcp_table *t, uint16_t port)
{
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->list[i].port == port && t->list[i].own)
            return &t->list[i];
    }
    return NULL;
}
