#include <arpa/inet.h>
#include "address.h"
#include "str.h"

static const unsigned char v4_front[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
#define V4_BITS 96 /* bits of v4_front */

struct address address_v4(const unsigned char b[static 4])
{
    struct address a;
    memcpy(a.bytes, v4_front, sizeof(v4_front));
    memcpy(a.bytes + sizeof(v4_front), b, 4);
    return a;
}

static bool has_same_bits(const struct address *a, const struct address *b, unsigned bits)
{
    size_t whole = bits / 8;
    unsigned rest = bits % 8;

    if (memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_clear_behind(const struct address *a, unsigned bits)
{
    for (unsigned i = bits; i < 128; i++) {
        if ((a->bytes[i / 8] & (0x80u >> (i % 8))) != 0)
            return false;
    }
    return true;
}

bool address_parse(const char *text, struct address *ret)
{
    unsigned char v4[4];

    if (inet_pton(AF_INET, text, v4) != 1)
        return inet_pton(AF_INET6, text, ret->bytes) == 1;
    *ret = address_v4(v4);
    return true;
}

struct address_parts address_split(const char *entry, size_t len)
{
    struct address_parts p = {.host = entry, .host_n = len};
    const char *end = memchr(entry, ']', len), *colon = memchr(entry, ':', len);
    const char *last = entry + len;

    if (len > 0 && entry[0] == '[' && end != NULL) {
        p.host = entry + 1;
        p.host_n = (size_t)(end - p.host);
        p.port = end + 1 < last && end[1] == ':' ? end + 2 : NULL;
    } else if (colon != NULL && memchr(colon + 1, ':', (size_t)(last - colon - 1)) == NULL) {
        p.host_n = (size_t)(colon - entry); /* two colons or more: an IPv6 address without port */
        p.port = colon + 1;
    }
    p.port_n = p.port != NULL ? (size_t)(last - p.port) : 0;
    return p;
}

static int parse_address_range(const char *word, struct address_range *ret, struct err *err)
{
    char text[64];
    struct address_range r;
    uint64_t bits;

    if (str_copy(text, sizeof(text), word) < 0)
        return err_set(err, ERR_CONFIG, 0, "%.40s... is not an address", word);
    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash++ = '\0';
    if (!address_parse(text, &r.base))
        return err_set(err, ERR_CONFIG, 0, "%s is not an address", word);
    unsigned front = strchr(text, ':') == NULL ? V4_BITS : 0;
    bits = 128 - front;
    if (slash != NULL && str_to_u64(slash, 128 - front, &bits) < 0)
        return err_set(err, ERR_CONFIG, 0, "%s: the prefix must be a number from 0 to %u", word,
                       128 - front);
    r.bits = front + (unsigned)bits;
    if (!is_clear_behind(&r.base, r.bits))
        return err_set(err, ERR_CONFIG, 0, "%s names an address inside its range, not the range",
                       word);
    *ret = r;
    return 0;
}

int address_list_parse(const char *text, struct address_list *ret, struct err *err)
{
    struct address_list l = {.n = 0};
    autofree char *copy = xstrdup(text != NULL ? text : "");
    char *rest = copy, *word;

    while ((word = strsep(&rest, " \t,")) != NULL) {
        if (*word == '\0')
            continue;
        if (l.n == ADDRESS_RANGES_MAX)
            return err_set(err, ERR_CONFIG, 0, "more than %d addresses", ADDRESS_RANGES_MAX);
        if (parse_address_range(word, &l.ranges[l.n], err) < 0)
            return -1;
        l.n++;
    }
    *ret = l;
    return 0;
}

bool address_list_holds(const struct address_list *l, const struct address *a)
{
    for (size_t i = 0; i < l->n; i++) {
        if (has_same_bits(&l->ranges[i].base, a, l->ranges[i].bits))
            return true;
    }
    return l->n == 0;
}

bool address_same_party(const struct address *a, const struct address *b)
{
    bool v4 = memcmp(a->bytes, v4_front, sizeof(v4_front)) == 0;
    return has_same_bits(a, b, v4 ? 128 : 64);
}
