/*
 * survey_hosts.h - takers (survey_queue.h) for the answers about single hosts.
 *
 * For a server this is its own configuration (agent/self), for a client the attributes in the
 * record of its node. Each answer fills the survey of the host (survey.h); the question has the
 * index of the host. These answers lead to no further questions.
 */
#ifndef SURVEY_HOSTS_H
#define SURVEY_HOSTS_H

#include "survey_queue.h"

survey_taker survey_take_self, survey_take_node;

#endif
