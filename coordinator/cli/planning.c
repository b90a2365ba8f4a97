#include "planning.h"

#include "hazards.h"
#include "nomad_survey.h"
#include "plan_make.h"
#include "plan_replace.h"
#include "replacing.h"

static int ask_nomad(struct command_context *c, const struct world *w, const struct plan *p,
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
    /* After an error its questions may still be in progress: do not free s; the program ends soon.
     */
    while (!nomad_survey_tick(s) && rc == 0)
        rc = context_wait(c, clock_mono(c->clock) + 100, err);
    if (rc == 0)
        nomad_survey_end(s, ret);
    return rc;
}

int planning_make(struct command_context *c, const struct planning *how, struct plan *ret,
                  struct err *err)
{
    const struct world *w = NULL;
    struct plan first;
    struct survey survey;
    struct release release;
    char operator_name[KEY_NAME_MAX];

    memset(&survey, 0, sizeof(survey));
    agents_ask_facts(c->agents);
    if (context_look(c, policy_replaces(how->policy) ? replacing_look : NULL, how->patience_ms, &w,
                     err) < 0 ||
        (how->check != NULL && how->check(w, err) < 0) ||
        serving_begin(c, w, how->only, how->release, how->serving, err) < 0)
        return -1;
    release_for_plan(how->release, &release);
    str_cut(release.served, sizeof(release.served), how->serving->url);
    release.served_to = how->serving->allow;
    if (plan_make(w, NULL, &release, how->policy, &c->hazards, &first, err) < 0)
        return -1;
    int rc = 0;
    if (first.n_todo > 0)
        rc = ask_nomad(c, w, &first, &survey, err);
    plan_free(&first);
    if (context_operator_name(c, operator_name))
        str_cut(survey.operator_name, sizeof(survey.operator_name), operator_name);
    if (rc == 0)
        rc = plan_make(w, &survey, &release, how->policy, &c->hazards, ret, err);
    survey_free(&survey);
    return rc;
}
