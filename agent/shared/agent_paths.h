/*
 * agent_paths.h - where the agent's programs meet in the file system.
 *
 *   <state_dir>/host.key     caravan-agent's copy of the host's key, written by caravan-swap
 *                            alone, root:caravan 0640 (identity.h)
 *   <state_dir>/trust        the trust in force: a container, replaced by caravan-swap
 *                            alone, 0644
 *   <state_dir>/agent/state  caravan-agent's own (agent_store.h)
 *   <state_dir>/swap         caravan-swap's own: the host's key and the machine it was made on
 *                            (identity.h), record, copies of the keystore
 *                            (preserve.h); key-replaced, once the copy was another key
 *   <state_dir>/seed         what caravan-seed serves, written by caravan-swap alone (seed.h)
 *   <run_dir>/view           caravan-swap's state, told (view_file.h)
 *   <run_dir>/swap.sock      orders handed on (swap_channel.h)
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

/* dir is state_dir or run_dir: below 128 bytes, so it always fits. */
static inline void agent_path(char dst[static AGENT_PATH_MAX], const char *dir, const char *name)
{
    snprintf(dst, AGENT_PATH_MAX, "%.127s/%s", dir, name);
}

#endif
