/*
 * agent_facts.h - a host's facts as its agent told them, packed small: there may be thousands
 * of hosts. Ids and what they mean: agent/facts_survey.h.
 */
#ifndef AGENT_FACTS_H
#define AGENT_FACTS_H

#include "message.h"

struct host_fact {
    const char *id;
    enum tri value;
    const char *text; /* what was found, or why it cannot be told; "" */
};

/* One block of memory, the caller's to free; NULL when there are none. */
struct host_fact *host_facts_pack(const struct fact *facts, size_t n);

#endif
