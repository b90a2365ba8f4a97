/*
 * facts_values.h - the facts of a survey about the values in Nomad's configuration: is.NAME,
 * stop-leaves, stop-drains, config-newer (facts_survey.h).
 *
 * What a later file, an option of the command or a variable may set differently is unknown; no
 * other fact is for that.
 */
#ifndef FACTS_VALUES_H
#define FACTS_VALUES_H

#include "config_read.h"
#include "surveying.h"

void facts_of_values(struct surveying *s, const struct config_read *c);
/* Whom it joins: apart, for an asker of version 1 of the wire gets only the first facts. */
void facts_of_joins(struct surveying *s, const struct config_read *c);
/* What matters to a server that is to join; behind these, for the same reason. */
void facts_of_joiner(struct surveying *s, const struct config_read *c);
/* What files and options say; an option counts before the files. *ret_sure: nothing that was not
 * read can say otherwise. */
struct config_said facts_value_of(const struct config_read *c, enum config_value id,
                                  bool *ret_sure);
/* Is it one of Nomad's modes for a try (-dev, -dev-connect, ...), which set what files leave out?
 */
bool facts_is_dev(const struct config_read *c);
/* By files and options; unknown where something was not read. */
enum tri facts_value_true(const struct config_read *c, enum config_value id);
/* Wall clock, ns, of the start of Nomad's main process; 0: it does not run. */
int64_t facts_nomad_started(const struct surveying *s);

#endif
