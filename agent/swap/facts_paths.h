/*
 * facts_paths.h - the facts of a survey about the files that Nomad needs at its next start:
 * path-unusable, certificate-expired, raft-peers-file, raft-size (facts_survey.h).
 *
 * One call examines all paths, as Nomad's process sees them and with the rights of its user
 * (look_at of host.h). If one path hangs, only the answer about this path is unknown.
 */
#ifndef FACTS_PATHS_H
#define FACTS_PATHS_H

#include "config_read.h"
#include "surveying.h"

void facts_of_paths(struct surveying *s, const struct config_read *c);

#endif
