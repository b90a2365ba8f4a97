/*
 * identity.h - this host's key, bound to this machine.
 *
 * <state_dir>/swap/host.key is root's (0600), made at first start: caravan-swap knows by it who
 * this host is. <state_dir>/host.key is a copy for the listener, which opens seals with it: root's,
 * read by the listener's group (0640), written by nobody else. At every start it is written anew
 * when it is another key, which is an alarm. <state_dir>/swap/machine names, as a digest, the
 * machine id the key was made on: on a cloned image the ids differ and a new key is made, so that
 * no two hosts share one.
 *
 * While work is unfinished the key that there is stays, whatever the machine id is by now, or
 * whether it can be read: who began to replace Nomad ends it, also where the copy cannot be written
 * anew (a full disk). Of what the listener's side can write, nothing makes identity_open fail.
 *
 * Where there is no key of root's yet (before, the listener owned the only one) the listener's is
 * taken over, once.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <sys/types.h>
#include "crypto.h"

struct identity_where {
    const char *key_path;  /* root's */
    const char *copy_path; /* the listener's */
    const char *machine_path;
    const char *machine_id; /* the file, /etc/machine-id */
    bool unfinished;        /* work was begun here */
    bool give;              /* the copy is for gid's members */
    uid_t uid;              /* the owner: ours, root */
    gid_t gid;
};

struct identity_told {
    bool made;     /* a new key */
    bool replaced; /* the listener had another key than root: the alarm */
    bool moved;    /* another machine id, or none: work is unfinished, the key stays for now */
};

MUST_CHECK int identity_open(const struct identity_where *w, struct keypair **ret,
                             struct identity_told *ret_told, struct err *err);
/* The fingerprint of root's key, for people and for `caravan enroll --from`. Makes and changes
 * nothing. ERR_NOTFOUND: there is no key yet; ERR_STATE: it was made on another machine, so that
 * the next start makes another one; each says what to do. Of w: key_path, machine_path and
 * machine_id. */
MUST_CHECK int identity_fingerprint(const struct identity_where *w,
                                    char dst[static FINGERPRINT_LEN], struct err *err);

#endif
