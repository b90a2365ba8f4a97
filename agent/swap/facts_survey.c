#include "facts_survey_parts.h"
#include "str.h"

static void ask_service(struct surveying *s)
{
    const struct service *service = s->h->service;
    struct err err = ERR_INIT;

    s->asked = service->about(service->self, &s->about, &err) == 0;
    if (!s->asked)
        str_cut(s->why, sizeof(s->why), err.text);
}

void facts_survey(const struct phases *p, const struct facts *f, struct facts_survey *ret)
{
    autofree struct surveying *s = xzalloc(1, sizeof(*s));
    struct err err = ERR_INIT;

    *ret = (struct facts_survey){.made_ms = p->host->uptime(p->host->ctx), .phase = p->rec.phase};
    s->p = p;
    s->h = p->host;
    s->f = f;
    s->out = ret;
    ask_service(s);
    if (s->h->stat_through(s->h->ctx, p->shelf.target, &s->target, &err) < 0)
        s->target = (struct host_stat){.there = false};
    facts_of_unit(s);
    facts_of_file(s);
    facts_of_system(s);
    facts_of_config(s);
}

const struct fact *facts_survey_find(const struct facts_survey *s, const char *id)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (str_eq(s->list[i].id, id))
            return &s->list[i];
    }
    return NULL;
}
