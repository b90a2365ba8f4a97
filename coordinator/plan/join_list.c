#include "join_list.h"

#include "address.h"

/* The host of one entry: without port and brackets. */
static void cut_port(char *entry)
{
    size_t n = strlen(entry);
    char *colon = strrchr(entry, ':'), *end = strchr(entry, ']');

    if (entry[0] == '[' && end != NULL) {
        memmove(entry, entry + 1, n);
        end[-1] = '\0';
    } else if (colon != NULL && strchr(entry, ':') == colon) { /* more of them: IPv6, bare */
        *colon = '\0';
    }
}

enum tri join_list_names(const char *list, const struct host *h)
{
    autofree char *copy = xstrdup(list);
    char *save = NULL;
    struct address own, one;
    enum tri names = address_parse(h->addr, &own) ? TRI_NO : TRI_UNKNOWN;

    for (char *e = strtok_r(copy, ", ", &save); e != NULL; e = strtok_r(NULL, ", ", &save)) {
        cut_port(e);
        if (!address_parse(e, &one))
            names = TRI_UNKNOWN;
        else if (address_parse(h->addr, &own) && memcmp(&own, &one, sizeof(own)) == 0)
            return TRI_YES;
    }
    return names;
}
