/*
 * survey_region.h - takers (survey_queue.h) for the answers about a region as a whole.
 *
 * These are keyring, deployments, autopilot's configuration, the check for Vault, license, ACL
 * policies, and the names of all regions. Each answer fills its own fields of the region's survey
 * (survey.h). Values that cannot be read stay ASKED_NOT. Only the list of policies leads to more
 * questions: one for each policy, unless there are more than SURVEY_POLICIES.
 */
#ifndef SURVEY_REGION_H
#define SURVEY_REGION_H

#include "survey_queue.h"

survey_taker survey_take_keyring, survey_take_deployments, survey_take_autopilot, survey_take_vault,
    survey_take_license, survey_take_policies, survey_take_policy, survey_take_regions;
/* Call when everything is answered: decides whether the token could see all ACL policies. */
void survey_finish_policies(struct survey_queue *s, size_t region);

#endif
