#include "surveying.h"
#include <stdarg.h>
#include "str.h"

void fact_add(struct surveying *s, const char *id, enum tri value, const char *fmt, ...)
{
    struct fact *f = &s->out->list[s->out->n];
    va_list ap;

    if (s->out->n == SURVEY_MAX)
        return;
    s->out->n++;
    str_cut(f->id, sizeof(f->id), id);
    f->value = value;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
}

void fact_unknown(struct surveying *s, const char *id, const struct err *err)
{
    fact_add(s, id, TRI_UNKNOWN, "%s", err->text);
}

bool fact_has_unit(struct surveying *s, const char *id)
{
    const char *why = !s->asked          ? s->why
                      : !s->about.unit   ? "Nomad is started by configured commands"
                      : s->about.missing ? "systemd has no such unit"
                                         : NULL;

    if (why != NULL)
        fact_add(s, id, TRI_UNKNOWN, "%s", why);
    return why == NULL;
}
