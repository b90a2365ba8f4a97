/*
 * crash_story.h - one upgrade on the model host, with one crash and a check of the result.
 *
 * A story is a binary on offer, a policy, and the orders of a coordinator. The test plays it
 * through the real swap_answer_order and phases, up to the operation with the crash. Then it
 * revives or reboots the host, lets a new caravan-swap come to rest, checks the result, and
 * continues the story to its end with a coordinator that knows only what the host reports.
 */
#ifndef CRASH_STORY_H
#define CRASH_STORY_H

#include "model_host.h"
#include "order_desk.h"
#include "swap.h"

enum crash_kind {
    CRASH_NONE,
    CRASH_SWAP,      /* caravan-swap alone dies */
    CRASH_HOST,      /* power cut; init starts the service again */
    CRASH_HOST_BARE, /* power cut; nobody starts the service */
    CRASH_KINDS
};

struct crash_story {
    const char *name, *offer;
    enum on_not_ready policy;
    bool linked;        /* the target is a link: the file replaces it, and a revert restores it */
    bool stopped;       /* the service does not run and must stay stopped */
    bool removes;       /* disabled and stopped by order after the swap */
    bool reverts;       /* a revert order after the swap */
    bool vendor;        /* root demands HashiCorp's signature */
    bool seed;          /* the host keeps the fetched file for other hosts */
    bool fills;         /* from a rename on the disk is full, until the next order */
    enum phase ends;    /* undisturbed */
    const char *at_end; /* the expected binary at the target at that time */
};

struct crash {
    enum crash_kind kind;
    unsigned at; /* operation */
    enum model_loss loss;
    uint64_t seed;
    unsigned skip_sync; /* 0: none */
};

struct crash_result {
    char broken[256];           /* "": no fault; else what and where */
    unsigned operations, syncs; /* of the run without a crash */
    bool crashed;               /* false: the story ended before the crash */
    enum phase recovered;
};

/* Plays the story. m is a large scratch value; it shows the host afterwards. */
struct crash_result crash_story_play(const struct crash_story *story, const struct crash *crash,
                                     const struct desk *desk, struct model_host *m);

#endif
