#include "replace_quorum.h"

#include "gate.h"

/* True if `healthy` of `voters` are a quorum. Otherwise ret_why names the step. */
static bool has_quorum_at_step(uint32_t healthy, uint32_t voters, const char *when,
                               char ret_why[static TEXT_MAX])
{
    if (healthy >= quorum_of(voters))
        return true;
    snprintf(ret_why, TEXT_MAX, "%s, %u of %u voters %s healthy, and %u are a quorum", when,
             healthy, voters, str_count(healthy, "is", "are"), quorum_of(voters));
    return false;
}

bool replace_holds_quorum(const struct replace_steps *s, char ret_why[static TEXT_MAX])
{
    uint32_t voters = s->voters, healthy = s->healthy;

    ret_why[0] = '\0';
    if (!has_quorum_at_step(healthy, voters, "before the first step", ret_why))
        return false;
    for (uint32_t i = 0; i < s->joins; i++)
        if (!has_quorum_at_step(++healthy, ++voters, "when one has joined", ret_why))
            return false;
    for (uint32_t i = 0; i < s->dead; i++)
        if (!has_quorum_at_step(healthy, voters--, "before a dead one is taken out", ret_why))
            return false;
    for (uint32_t i = 0; i < s->leaves; i++)
        if (!has_quorum_at_step(--healthy, voters--, "while one that leaves is stopped", ret_why))
            return false;
    return true;
}

bool replace_walks_back(const struct replace_steps *s, char ret_why[static TEXT_MAX])
{
    ret_why[0] = '\0';
    for (uint32_t i = s->joins; i > 0; i--)
        if (!has_quorum_at_step(s->healthy + i - 1, s->voters + i,
                                "while one that has joined is stopped again", ret_why))
            return false;
    return true;
}
