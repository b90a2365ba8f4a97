#include "join_list.h"

#include "address.h"

/* Returns false if the host part of the entry is not an address. */
static bool entry_address(const char *entry, size_t n, struct address *ret)
{
    struct address_parts p = address_split(entry, n);
    char host[64];

    if (p.host_n >= sizeof(host))
        return false;
    memcpy(host, p.host, p.host_n);
    host[p.host_n] = '\0';
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
