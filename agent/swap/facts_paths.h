/*
 * facts_paths.h - the facts of a survey about what lies on disk for Nomad's next start:
 * path-unusable, certificate-expired, raft-peers-file, raft-size (facts_survey.h).
 *
 * All paths are looked at in one go, as Nomad's process sees them and as the user it runs as
 * (look_at of host.h). One that hangs makes only its own question unknown.
 */
#ifndef FACTS_PATHS_H
#define FACTS_PATHS_H

#include "config_read.h"
#include "surveying.h"

void facts_of_paths(struct surveying *s, const struct config_read *c);

#endif
