#include "bound_units.h"
#include "str.h"

static bool is_up(const struct about_unit *u)
{
    return str_eq(u->active, "active") || str_eq(u->active, "reloading");
}

void bound_units_remember(struct bound_units *b, const struct service_about *about, int64_t now_ms)
{
    *b = (struct bound_units){.at_ms = now_ms};
    if (about == NULL)
        return;
    b->known = !about->unit || about->bound.told;
    b->more = about->bound.more;
    for (uint32_t i = 0; i < about->bound.n; i++) {
        const struct about_unit *u = &about->bound.list[i];

        if (is_up(u) || str_eq(u->active, "activating"))
            str_cut(b->names[b->n++], sizeof(b->names[0]), u->name);
    }
}

static bool is_up_again(const struct service_about *about, const char *name)
{
    for (uint32_t i = 0; i < about->bound.n; i++) {
        if (str_eq(about->bound.list[i].name, name))
            return is_up(&about->bound.list[i]);
    }
    return false;
}

enum tri bound_units_down(const struct bound_units *b, const struct service_about *about,
                          char ret_text[static TEXT_MAX])
{
    size_t len = 0;

    ret_text[0] = '\0';
    if (!b->known || about == NULL || (about->unit && !about->bound.told)) {
        str_cut(ret_text, TEXT_MAX,
                !b->known ? "it is not known any more which units were active before the last stop"
                          : "systemd does not report this");
        return TRI_UNKNOWN;
    }
    for (uint32_t i = 0; i < b->n; i++) {
        if (is_up_again(about, b->names[i]))
            continue;
        snprintf(ret_text + len, TEXT_MAX - len, "%s%s", len > 0 ? ", " : "", b->names[i]);
        len = strlen(ret_text);
    }
    if (len == 0 && b->more)
        str_cut(ret_text, TEXT_MAX, "there are more units than can be examined");
    return len > 0 ? TRI_YES : b->more ? TRI_UNKNOWN : TRI_NO;
}
