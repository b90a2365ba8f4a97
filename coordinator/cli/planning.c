#include "planning.h"

#include "hazards.h"
#include "nomad_survey.h"
#include "plan_make.h"

static int ask_nomad(struct console *c, const struct world *w, const struct plan *p,
                     struct survey *ret, struct err *err)
{
    struct nomad_survey *s = NULL;
    nomad_survey_begin(&(struct nomad_survey_config){.nomad = c->nomad,
                                                     .observer = c->observer,
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
    agents_ask_facts(c->agents);
    if (console_look(c, NULL, patience_ms, &w, err) < 0 || (check != NULL && check(w, err) < 0) ||
        plan_make(w, NULL, release, policy, &c->hazards, &first, err) < 0)
        return -1;
    int rc = 0;
    if (first.n_todo > 0)
        rc = ask_nomad(c, w, &first, &survey, err);
    plan_free(&first);
    if (rc == 0)
        rc = plan_make(w, &survey, release, policy, &c->hazards, ret, err);
    survey_free(&survey);
    return rc;
}
