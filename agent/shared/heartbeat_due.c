#include "heartbeat_due.h"
#include "str.h"

int64_t heartbeat_due_ms(enum phase phase, const struct fact *facts, uint32_t n)
{
    struct heartbeat b;
    struct err err = ERR_INIT;

    for (uint32_t i = 0; i < n && phase == PHASE_STAGED; i++)
        if (str_eq(facts[i].id, HEARTBEAT_FACT) && facts[i].value == TRI_YES &&
            heartbeat_parse(facts[i].text, &b, &err) == 0)
            return heartbeat_over_ms(&b);
    return INT64_MAX;
}
