/*
 * agent_paths.h - the files through which the agent's programs work together.
 *
 *   <state_dir>/host.key     the host's key as caravan-agent reads it: a copy that only
 *                            caravan-swap writes, root:caravan 0640 (identity.h)
 *   <state_dir>/trust        the trust in force: a container (trust.h); only caravan-swap replaces
 *                            it, 0644
 *   <state_dir>/agent/state  owned by caravan-agent (agent_store.h)
 *   <state_dir>/swap         owned by caravan-swap: the host's key and the machine on which the key
 *                            was made (identity.h), the record, copies of the keystore
 *                            (preserve.h); key-replaced, if the copy of the host's key was once a
 *                            different key
 *   <state_dir>/seed         the files that caravan-seed serves; only caravan-swap writes here
 *                            (seed.h)
 *   <run_dir>/view           what caravan-swap reports about itself and the host (swap_status.h)
 *   <run_dir>/swap.sock      caravan-agent passes orders to caravan-swap here (swap_channel.h)
 */
#ifndef AGENT_PATHS_H
#define AGENT_PATHS_H

#include "agent_conf.h"

#define AGENT_PATH_MAX 192

#define HOST_KEY_NAME    "host.key"
#define TRUST_NAME       "trust"
#define AGENT_DIR_NAME   "agent"
#define AGENT_STATE_NAME "agent/state"
#define SWAP_DIR_NAME    "swap"
#define ROOT_KEY_NAME    "swap/host.key"
#define MACHINE_NAME     "swap/machine"
#define KEY_ALARM_NAME   "swap/key-replaced"
#define VIEW_NAME        "view"
#define SEED_DIR_NAME    "seed"
#define SWAP_SOCKET_NAME "swap.sock"

/* dir is state_dir or run_dir. Both are shorter than 128 bytes, so the path always fits. */
static inline void agent_path(char dst[static AGENT_PATH_MAX], const char *dir, const char *name)
{
    snprintf(dst, AGENT_PATH_MAX, "%.127s/%s", dir, name);
}

#endif
