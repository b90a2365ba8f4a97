/*
 * identity.h - this host's key, bound to this machine.
 *
 * <state_dir>/host.key is made at first start, owned by the agent's user (0600: it
 * opens seals with it). <state_dir>/swap/machine names, as a digest, the machine id
 * it was made on: on a cloned image the ids differ and a new key is made, so that no
 * two hosts share one.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <sys/types.h>
#include "crypto.h"

struct identity_where {
    const char *key_path;
    const char *machine_path;
    const char *machine_id; /* the file, /etc/machine-id */
    bool give;              /* chown the key to uid, gid */
    uid_t uid;
    gid_t gid;
};

MUST_CHECK int identity_open(const struct identity_where *w, struct keypair **ret, bool *ret_made,
                             struct err *err);

#endif
