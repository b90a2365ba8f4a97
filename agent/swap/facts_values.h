/*
 * facts_values.h - the facts of a survey about the values in Nomad's configuration: is.NAME,
 * stop-leaves, stop-drains, config-newer (facts_survey.h).
 *
 * If a later file, an option of the command or a variable may set a value differently, the answer
 * is unknown. Other facts stay known.
 */
#ifndef FACTS_VALUES_H
#define FACTS_VALUES_H

#include "config_read.h"
#include "surveying.h"

void facts_of_values(struct surveying *s, const struct config_read *c);
/* Adds `joins`, and joins-reach. The caller adds them late: a coordinator with version 1 of the
 * wire gets only the first facts. */
void facts_of_joins(struct surveying *s, const struct config_read *c);
/* Adds the facts that matter to a server that is to join. The caller adds them after `joins`, for
 * the same reason. */
void facts_of_joining(struct surveying *s, const struct config_read *c);
/* The value by files and options; an option counts before the files. *ret_sure: no file or option
 * that was not read can change this value. */
struct config_said facts_value_of(const struct config_read *c, enum config_value id,
                                  bool *ret_sure);
/* Does Nomad run in one of its development modes (-dev, -dev-connect, ...)? These modes set values
 * that the files do not set. */
bool facts_is_dev(const struct config_read *c);
/* The value by files and options; unknown if something was not read. */
enum tri facts_value_true(const struct config_read *c, enum config_value id);
/* When Nomad's main process started: wall clock, ns; 0: Nomad does not run. */
int64_t facts_nomad_started(const struct surveying *s);

#endif
