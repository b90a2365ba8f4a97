#include <stddef.h>
#include "sim_message.h"

size_t sim_message_size(const struct sim_message *m)
{
    static const size_t sizes[SIM_MSG_COUNT] = {
        [SIM_MSG_ALIVE] = sizeof(struct sim_info),
        [SIM_MSG_TELL] = sizeof(struct sim_tell),
        [SIM_MSG_APPEND] = sizeof(struct sim_append),
        [SIM_MSG_APPENDED] = sizeof(struct sim_appended),
        [SIM_MSG_VOTE_ASK] = sizeof(struct sim_vote),
        [SIM_MSG_VOTE] = sizeof(struct sim_vote),
        [SIM_MSG_LEAD_NOW] = sizeof(struct sim_vote),
        [SIM_MSG_HEALTH] = sizeof(struct sim_health),
        [SIM_MSG_WRITE] = sizeof(struct sim_write_msg),
        [SIM_MSG_WROTE] = sizeof(struct sim_wrote_msg),
        [SIM_MSG_REGISTER] = sizeof(struct sim_client_info),
        [SIM_MSG_BEAT] = sizeof(struct sim_beat),
        [SIM_MSG_GRANT] = sizeof(struct sim_grant),
        [SIM_MSG_ORDER] = sizeof(struct sim_order),
        [SIM_MSG_TASKS] = sizeof(struct sim_tasks),
        [SIM_MSG_TOLD] = sizeof(struct sim_tasks),
    };
    size_t n = sizes[m->kind];
    if (m->kind == SIM_MSG_APPEND && !m->u.append.has_record)
        n = offsetof(struct sim_append, record);
    return offsetof(struct sim_message, u) + n;
}
