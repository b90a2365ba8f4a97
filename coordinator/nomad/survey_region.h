/*
 * survey_region.h - what a survey learns of a region as a whole.
 *
 * Keyring, deployments, autopilot's configuration, Vault's check, license, ACL policies; and the
 * names of all regions. Each answer fills its own fields of the region's survey (survey.h): what
 * cannot be read stays ASKED_NOT. Only the list of policies asks on: for each of them, unless
 * there are more than SURVEY_POLICIES.
 *
 * Takers, as in survey_queue.h.
 */
#ifndef SURVEY_REGION_H
#define SURVEY_REGION_H

#include "survey_queue.h"

survey_taker survey_take_keyring, survey_take_deployments, survey_take_autopilot, survey_take_vault,
    survey_take_license, survey_take_policies, survey_take_policy, survey_take_regions;
/* Once all is answered: of whom the token's answers about ACL policies tell. */
void survey_finish_policies(struct survey_queue *s, size_t region);

#endif
