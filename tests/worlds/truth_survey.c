#include "truth_survey.h"

void truth_survey_init(struct truth_survey *t, const struct world *w)
{
    small_survey_init(&t->small, &t->survey);
    t->regions = xzalloc(w->n_regions, sizeof(*t->regions));
    t->known = xzalloc(w->n_regions, sizeof(*t->known));
    t->hosts = xzalloc(w->n_hosts, sizeof(*t->hosts));
    for (size_t i = 0; i < w->n_regions; i++) {
        t->regions[i] = t->small.regions[0];
        t->regions[i].name = t->known[i] = w->regions[i].name;
    }
    for (size_t i = 0; i < w->n_hosts; i++) {
        t->hosts[i] = t->small.hosts[0];
        t->hosts[i].key = w->hosts[i].key;
        t->hosts[i].authoritative = w->regions[0].name;
    }
    t->survey.regions = t->regions;
    t->survey.hosts = t->hosts;
    t->survey.known_regions = t->known;
    t->survey.n_regions = t->survey.n_known_regions = w->n_regions;
    t->survey.n_hosts = w->n_hosts;
}

void truth_survey_free(struct truth_survey *t)
{
    free(t->regions);
    free(t->hosts);
    free(t->known);
}
