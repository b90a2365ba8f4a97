/*
 * survey_token.h - takers (survey_queue.h) for the kind of the token and the rights it has.
 *
 * The answer to Q_TOKEN names the kind, the policies and the roles of the token. Then each policy
 * (Q_TOKEN_POLICY) and each role (Q_TOKEN_ROLE, which names more policies) is asked for, at most
 * SURVEY_POLICIES of them in a region. The rights of the token are known (token.rules_known) when
 * all of them were read, and none was lost or left out.
 *
 * The takers fill `token` of the region's survey.
 */
#ifndef SURVEY_TOKEN_H
#define SURVEY_TOKEN_H

#include "survey_queue.h"

/* State of the reading for one region; zero at the beginning. */
struct token_reading {
    size_t to_read;   /* policies and roles that were not read yet */
    size_t asked;     /* policies and roles that were asked for */
    bool policy_lost; /* one could not be read, or there were too many */
};

survey_taker survey_take_token, survey_take_token_policy, survey_take_token_role;

#endif
