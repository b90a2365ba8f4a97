/*
 * survey_hosts.h - what a survey learns of single hosts.
 *
 * Of a server its own configuration (agent/self), of a client the attributes of its node's record.
 * Each answer fills the host's survey (survey.h); neither asks on.
 *
 * Takers, as in survey_queue.h; the question names the host by its index.
 */
#ifndef SURVEY_HOSTS_H
#define SURVEY_HOSTS_H

#include "survey_queue.h"

survey_taker survey_take_self, survey_take_node;

#endif
