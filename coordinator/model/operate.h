/*
 * operate.h - one write that the run asks of Nomad, or a snapshot.
 */
#ifndef OPERATE_H
#define OPERATE_H

#include <stdbool.h>
#include <stdint.h>

enum operation {
    OP_DRAIN = 1,   /* start our drain: deadline, Meta with the run id */
    OP_UNDRAIN,     /* cancel our drain, mark eligible or not as `eligible` says */
    OP_ELIGIBILITY, /* set to `eligible` */
    OP_TRANSFER,    /* leadership to peer id */
    OP_SNAPSHOT,    /* the region's state into a file; changes nothing in Nomad */
    OP_REMOVE_PEER, /* the server `peer_id` out of the raft configuration, by its id */
    OP_FORCE_LEAVE, /* the member `member`, which does not live any more, is to be `left`; it stays
                       in the lists (never with prune) */
};

struct operate {
    enum operation op;
    uint32_t effect; /* id, repeated in the event */
    const char *region;
    const char *node_id; /* OP_DRAIN, OP_UNDRAIN, OP_ELIGIBILITY */
    const char *peer_id; /* OP_TRANSFER, OP_REMOVE_PEER */
    const char *member;  /* OP_FORCE_LEAVE: exact name in the members' list, "s1.global" */
    bool eligible;
    int64_t deadline_ms; /* OP_DRAIN */
    const char *run_hex; /* OP_DRAIN: Meta */
};

#endif
