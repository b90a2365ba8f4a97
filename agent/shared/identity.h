/*
 * identity.h - this host's key, bound to this machine.
 *
 * <state_dir>/swap/host.key belongs to root (0600). caravan-swap makes it at the first start, and
 * uses it as the identity of this host. <state_dir>/host.key is a copy for the listener, which
 * opens seals with it: owned by root, readable by the listener's group (0640), written only by
 * root. At every start, caravan-swap compares the copy with its own key. If the copy is a
 * different key, caravan-swap writes the copy again and raises an alarm.
 *
 * <state_dir>/swap/machine contains a digest of the machine id for which the key was made. On a
 * cloned image the machine id differs; then caravan-swap makes a new key, so that no two hosts
 * share a key.
 *
 * While work is unfinished, an existing key stays, even if the machine id has changed or cannot be
 * read: a replacement of Nomad that has begun must end, also when the copy cannot be written (a
 * full disk). Nothing that the listener's user can write makes identity_open fail.
 *
 * If root has no key yet (in older versions only the listener had one), caravan-swap adopts the
 * listener's key, once.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <sys/types.h>
#include "crypto.h"

struct identity_where {
    const char *key_path;     /* root's key */
    const char *copy_path;    /* the listener's copy */
    const char *machine_path; /* the digest of the machine id for which the key was made */
    const char *machine_id;   /* the file with the machine id: /etc/machine-id */
    bool unfinished;          /* work has begun on this host and has not ended */
    bool give;                /* give the copy to uid and gid, readable by the group */
    uid_t uid;                /* owner of the copy: root */
    gid_t gid;
};

struct identity_changes {
    bool made;     /* a new key was made */
    bool replaced; /* alarm: the listener's copy was not root's key */
    bool moved;    /* the machine id differs or is unreadable; work is unfinished: the key stays */
};

MUST_CHECK int identity_open(const struct identity_where *w, struct keypair **ret,
                             struct identity_changes *ret_told, struct err *err);
/* The fingerprint of root's key, for people and for `caravan enroll --from`. Changes nothing on the
 * host. Uses only key_path, machine_path and machine_id of w. ERR_REFUSED: the caller is not root.
 * ERR_NOTFOUND: there is no key yet. ERR_STATE: the key was made on another machine, and the next
 * start of caravan-swap will make a new one. The error text says what to do. */
MUST_CHECK int identity_fingerprint(const struct identity_where *w,
                                    char dst[static FINGERPRINT_LEN], struct err *err);

#endif
