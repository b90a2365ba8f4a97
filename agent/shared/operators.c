#include "operators.h"

#include "str.h"

/* Copies a name without the blanks around it. false: the text cannot be the name of a key. */
static bool take_operator_name(const char *from, const char *to, char dst[static KEY_NAME_MAX])
{
    while (from < to && str_is_blank(*from))
        from++;
    while (to > from && str_is_blank(to[-1]))
        to--;
    if (to - from >= KEY_NAME_MAX)
        return false;
    memcpy(dst, from, (size_t)(to - from));
    dst[to - from] = '\0';
    return trust_name_ok(dst);
}

int operators_parse(const char *text, struct operators *ret, struct err *err)
{
    struct operators o = {.n = 0};

    for (const char *at = text; at != NULL && text[strspn(text, " \t")] != '\0';) {
        const char *comma = strchr(at, ',');

        if (o.n == KEYS_MAX)
            return err_set(err, ERR_CONFIG, 0, "more than %d names", KEYS_MAX);
        if (!take_operator_name(at, comma != NULL ? comma : at + strlen(at), o.names[o.n++]))
            return err_set(err, ERR_CONFIG, 0,
                           "name %zu is not the name of a key: 1 to %d of a-z, 0-9 and, after the "
                           "first sign, . _ - (`caravan trust show` prints the names; separate "
                           "them by commas)",
                           o.n, KEY_NAME_MAX - 1);
        at = comma != NULL ? comma + 1 : NULL;
    }
    *ret = o;
    return 0;
}

void operators_text(const struct operators *o, char dst[static TEXT_MAX])
{
    size_t len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < o->n && len < TEXT_MAX; i++)
        len += (size_t)snprintf(dst + len, TEXT_MAX - len, "%s%s", i > 0 ? ", " : "", o->names[i]);
}

static bool is_limited_by_list(enum message_kind kind)
{
    static const bool limited[MSG_KIND_COUNT] = {
        [MSG_STAGE] = true,  [MSG_SWAP] = true,     [MSG_CANCEL] = true,
        [MSG_REVERT] = true, [MSG_PRESERVE] = true, [MSG_SERVICE] = true,
    };

    return (size_t)kind < ARRAY_LEN(limited) && limited[kind];
}

static bool list_has_name(const struct operators *o, const char *name)
{
    bool has = false;

    for (size_t i = 0; i < o->n && !has; i++)
        has = str_eq(o->names[i], name);
    return has;
}

bool operators_may(const struct operators *o, const struct trust *t, const struct header *order,
                   int64_t wall_s, char ret_why[static TEXT_MAX])
{
    char name[KEY_NAME_MAX], list[TEXT_MAX];

    ret_why[0] = '\0';
    if (!trust_may_order(t, &order->sender, order->kind, wall_s))
        return false;
    if (o == NULL || o->n == 0 || !is_limited_by_list(order->kind))
        return true;
    if (!trust_name_in(t, ROLE_OPERATOR, &order->sender, name))
        return false;
    if (list_has_name(o, name))
        return true;
    operators_text(o, list);
    snprintf(ret_why, TEXT_MAX,
             "root allows only these operators on this host: %.120s ([law] operators in "
             "agent.conf); the key of this order is %s",
             list, name);
    return false;
}
