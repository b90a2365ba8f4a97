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
};

struct operate {
    enum operation op;
    uint32_t effect; /* id, repeated in the event */
    const char *region;
    const char *node_id; /* OP_DRAIN, OP_UNDRAIN, OP_ELIGIBILITY */
    const char *peer_id; /* OP_TRANSFER */
    bool eligible;
    int64_t deadline_ms; /* OP_DRAIN */
    const char *run_hex; /* OP_DRAIN: Meta */
};

#endif
