/*
 * survey_token.h - what a survey's token is, and what its rules allow.
 *
 * Q_TOKEN tells its kind, policies and roles; each policy (Q_TOKEN_POLICY) and each role
 * (Q_TOKEN_ROLE, which names more policies) is asked for, at most SURVEY_POLICIES of them a region.
 * Its rules are known (token.rules_known) when none of them is left to read and none was lost or
 * left out.
 *
 * Takers, as in survey_queue.h; they fill `token` of the region's survey.
 */
#ifndef SURVEY_TOKEN_H
#define SURVEY_TOKEN_H

#include "survey_queue.h"

/* Of a region, while it is read; zero at the beginning. */
struct token_reading {
    size_t to_read; /* policies and roles that are not read yet, */
    size_t asked;   /* and all of them */
    bool policy_lost;
};

survey_taker survey_take_token, survey_take_token_policy, survey_take_token_role;

#endif
