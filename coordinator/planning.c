#include "planning.h"

#include "hazards.h"
#include "nomad_survey.h"

/* The agents of planned hosts are asked for a status: their facts come with it. */
static void ask_agents(struct console *c, const struct plan *p)
{
    autofree const char **keys = xalloc((p->n_hosts + 1) * sizeof *keys);
    size_t n = 0;
    for (size_t i = 0; i < p->n_hosts; i++)
        if (!p->hosts[i].already && p->hosts[i].managed)
            keys[n++] = p->hosts[i].key;
    agents_interest(c->agents, keys, n);
}

static int wait_agents(struct console *c, struct err *err)
{
    int64_t end = clock_mono(c->clock) + SURVEY_MS;
    while (!agents_told(c->agents) && clock_mono(c->clock) < end)
        if (console_wait(c, end, err) < 0)
            return -1;
    return 0;
}

static int ask_nomad(struct console *c, const struct world *w, const struct plan *p,
                     struct survey *ret, struct err *err)
{
    struct nomad_survey *s = NULL;
    nomad_survey_begin(&(struct nomad_survey_config){.nomad = c->nomad,
                                                     .observer = c->observer,
                                                     .agents = c->agents,
                                                     .clock = c->clock,
                                                     .world = w,
                                                     .plan = p,
                                                     .need = hazards_need(p),
                                                     .budget_ms = SURVEY_MS},
                       &s);
    int rc = 0;
    /* On an error its questions may still be under way: the program ends with it. */
    while (!nomad_survey_tick(s) && rc == 0)
        rc = console_wait(c, clock_mono(c->clock) + 100, err);
    if (rc == 0)
        nomad_survey_end(s, ret);
    return rc;
}

int planning_make(struct console *c, const struct release *release, const struct policy *policy,
                  int64_t patience_ms, planning_check *check, struct plan *ret, struct err *err)
{
    const struct world *w = NULL;
    struct plan first;
    struct survey survey;

    memset(&survey, 0, sizeof survey);
    if (console_look(c, NULL, patience_ms, &w, err) < 0 || (check != NULL && check(w, err) < 0) ||
        plan_make(w, NULL, release, policy, &first, err) < 0)
        return -1;
    int rc = 0;
    bool worth = first.n_todo > 0;
    if (worth) {
        ask_agents(c, &first);
        rc = wait_agents(c, err);
    }
    if (rc == 0 && worth)
        rc = ask_nomad(c, w, &first, &survey, err);
    plan_free(&first);
    if (rc == 0)
        rc = plan_make(w, &survey, release, policy, ret, err);
    survey_free(&survey);
    return rc;
}
