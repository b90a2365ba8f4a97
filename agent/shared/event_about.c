#include "event_about.h"
#include "agent_store.h"
#include "str.h"

struct event_run event_run_of(const struct lease *l, uint64_t epoch)
{
    static const unsigned char nobody[RUN_ID_LEN];
    struct event_run run = {.epoch = epoch};

    if (epoch != 0 && epoch == l->epoch && memcmp(l->run_id, nobody, RUN_ID_LEN) != 0)
        str_hex(run.hex, l->run_id, RUN_ID_LEN);
    return run;
}

void event_run_look(const char *path, uint64_t epoch, struct event_run *run)
{
    autofree struct agent_state *state = NULL;
    struct err err = ERR_INIT;

    if (run->epoch == epoch && run->hex[0] != '\0')
        return;
    *run = (struct event_run){.epoch = epoch};
    if (path[0] == '\0')
        return;
    state = xzalloc(1, sizeof(*state));
    if (agent_store_load(path, state, &err) == 0)
        *run = event_run_of(&state->lease, epoch);
}

struct log_about event_about_order(const struct header *h, enum refusal refusal)
{
    return (struct log_about){
        .order = message_kind_name(h->kind),
        .sequence = h->sequence,
        .refusal = refusal != REFUSAL_NONE ? refusal_name(refusal) : NULL,
    };
}
