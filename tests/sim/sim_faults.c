#include "sim_faults.h"

#define SWITCH(f, name, help)                                                                      \
    {                                                                                              \
        name, SIM_FAULT_SWITCH, offsetof(struct sim_faults, f), help                               \
    }
#define MS(f, name, help)                                                                          \
    {                                                                                              \
        name, SIM_FAULT_MS, offsetof(struct sim_faults, f), help                                   \
    }

const struct sim_fault_row sim_fault_rows[] = {
    SWITCH(will_not_start, "will-not-start", "says why and exits with status 1"),
    MS(crash_after, "crash-after", "ends with status 2 after so long"),
    SWITCH(never_catches_up, "never-catches-up", "applies no log entry: its index stays behind"),
    MS(slow_restore, "slow-restore", "no API for so long after the start"),
    SWITCH(rpc_mute, "rpc-mute", "its RPC port is bound and accepts nothing"),
    SWITCH(raft_deaf, "raft-deaf", "hears nothing of raft: gossip alone reaches it"),
    MS(nonvoter_return, "nonvoter-return", "is a non-voter for at least so long after a start"),
    MS(election_every, "election-every", "gives leadership up so often"),
    SWITCH(autopilot_500, "autopilot-500", "autopilot health answers 500"),
    SWITCH(autopilot_429, "autopilot-429", "autopilot health answers 429, one server sick"),
    SWITCH(autopilot_null, "autopilot-null", "autopilot health answers 429, Servers null"),
    MS(stale_alive, "stale-alive", "shows dead members as alive for so long"),
    SWITCH(disagree_members, "disagree-members", "its members show another server as failed"),
    MS(late_register, "late-register", "registers so long after its API opened"),
    SWITCH(lose_tasks, "lose-tasks", "tasks do not survive the start: they are started again"),
    SWITCH(drain_hangs, "drain-hangs", "its drain moves nothing before the deadline"),
    SWITCH(lose_state, "lose-state", "comes back without nodes, jobs and tokens"),
    MS(api_500_for, "api-500-for", "every answer is 500 for so long after the start"),
    SWITCH(hang, "hang", "accepts HTTP and never answers"),
    SWITCH(reject_config, "reject-config", "config validate fails"),
    SWITCH(ghost_peer, "ghost-peer", "its raft configuration names a peer that is no member"),
    SWITCH(token_expired, "token-expired", "with ACLs on, every token has expired"),
    SWITCH(snapshot_cut, "snapshot-cut", "half a snapshot comes, with the Digest of the whole"),
    SWITCH(log_warn, "log-warn", "warns in its log twice a second"),
    SWITCH(log_fatal, "log-fatal", "ignores an unknown message type, by its log"),
    SWITCH(drivers_sick, "drivers-sick", "task drivers never become healthy"),
    SWITCH(attributes_lost, "attributes-lost", "a client starts without two of its attributes"),
    MS(attributes_late, "attributes-late", "a client has them only so long after its start"),
    SWITCH(other_class, "other-class", "a client registers with another node class"),
    SWITCH(ineligible, "ineligible", "a client is ineligible once it has registered"),
    SWITCH(drained_by_stop, "drained-by-stop", "its stop has drained it, by drain_on_shutdown"),
};
const size_t sim_fault_count = ARRAY_LEN(sim_fault_rows);

int sim_faults_set(struct sim_faults *f, const char *name, int64_t value, struct err *err)
{
    for (size_t i = 0; i < sim_fault_count; i++)
        if (strcmp(sim_fault_rows[i].name, name) == 0) {
            *(int64_t *)(void *)((char *)f + sim_fault_rows[i].offset) = value;
            return 0;
        }
    return err_set(err, ERR_CONFIG, 0, "the stand-in has no fault named %s", name);
}

int64_t sim_faults_get(const struct sim_faults *f, const struct sim_fault_row *row)
{
    return *(const int64_t *)(const void *)((const char *)f + row->offset);
}
