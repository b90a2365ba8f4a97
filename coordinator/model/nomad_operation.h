/*
 * nomad_operation.h - one operation that the run asks of Nomad: a write, or a snapshot.
 */
#ifndef NOMAD_OPERATION_H
#define NOMAD_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

enum operation {
    OP_DRAIN = 1, /* start Caravan's drain, with a deadline and the run id in its Meta */
    OP_UNDRAIN, /* cancel Caravan's drain, and mark the node eligible or not, as `eligible` says */
    OP_ELIGIBILITY, /* set the node's eligibility to `eligible` */
    OP_TRANSFER,    /* move leadership to `peer_id` */
    OP_SNAPSHOT,    /* save the region's state into a file; changes nothing in Nomad */
    OP_REMOVE_PEER, /* remove the server `peer_id` from the raft configuration, by its id */
    OP_FORCE_LEAVE, /* make the member `member`, which is not alive any more, `left`; it stays in
                       the lists (never with prune) */
};

struct nomad_operation {
    enum operation op;
    uint32_t effect; /* id of the effect; the event repeats it */
    const char *region;
    const char *node_id; /* OP_DRAIN, OP_UNDRAIN, OP_ELIGIBILITY */
    const char *peer_id; /* OP_TRANSFER, OP_REMOVE_PEER */
    const char *member;  /* OP_FORCE_LEAVE: exact name in the members' list, "s1.global" */
    bool eligible;
    int64_t deadline_ms; /* OP_DRAIN */
    const char *run_hex; /* OP_DRAIN: Meta */
};

#endif
