#include "heartbeat_due.h"
#include "str.h"

bool heartbeat_due(enum phase phase, const struct fact *facts, uint32_t n, int64_t uptime_ms)
{
    struct heartbeat b;
    struct err err = ERR_INIT;

    for (uint32_t i = 0; i < n && phase == PHASE_STAGED; i++)
        if (str_eq(facts[i].id, HEARTBEAT_FACT))
            return facts[i].value == TRI_YES && heartbeat_parse(facts[i].text, &b, &err) == 0 &&
                   heartbeat_is_over(&b, uptime_ms);
    return false;
}
