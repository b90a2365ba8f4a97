#include "join_list.h"

#include "address.h"

/* The host of one entry into dst: without port and brackets. False: no address. */
static bool entry_address(const char *entry, size_t n, struct address *ret)
{
    char host[64];
    const char *colon = memchr(entry, ':', n), *end = memchr(entry, ']', n);

    if (n > 0 && entry[0] == '[' && end != NULL) {
        entry++;
        n = (size_t)(end - entry);
    } else if (colon != NULL && memchr(colon + 1, ':', n - (size_t)(colon + 1 - entry)) == NULL) {
        n = (size_t)(colon - entry); /* more of them: IPv6, bare */
    }
    if (n >= sizeof(host))
        return false;
    memcpy(host, entry, n);
    host[n] = '\0';
    return address_parse(host, ret);
}

enum tri join_list_names(const char *list, const struct host *h)
{
    struct address own, one;
    bool known = address_parse(h->addr, &own), sure = known;

    for (size_t n = 0; list[0] != '\0'; list += n) {
        list += strspn(list, ", ");
        n = strcspn(list, ", ");
        if (n > 0 && !entry_address(list, n, &one))
            sure = false;
        else if (n > 0 && known && memcmp(&own, &one, sizeof(own)) == 0)
            return TRI_YES;
    }
    return sure ? TRI_NO : TRI_UNKNOWN;
}
