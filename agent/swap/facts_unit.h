/*
 * facts_unit.h - the facts of a survey about Nomad's unit, as systemd has loaded it.
 */
#ifndef FACTS_UNIT_H
#define FACTS_UNIT_H

#include "surveying.h"

/* Adds no-unit, unit-missing, unit-reload, kill-mode, type-notify, drop-ins, other-binary
 * (facts_survey.h). */
void facts_of_unit(struct surveying *s);
/* Adds the facts about the next stop and start: unit-condition, env-file, unit-needs, unit-user,
 * unit-stop-commands, unit-start-commands, start-again, stop-signal, unit-bound, bound-down,
 * unit-enabled. */
void facts_of_start(struct surveying *s);

#endif
