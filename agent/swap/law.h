/*
 * law.h - the limits that root configured on this host. No order overrides them.
 *
 * Pure: no I/O, no clock, no library. law_facts.c gathers the facts. The first article that refuses
 * is the answer. If a fact is not known, the law refuses (REFUSAL_UNKNOWN): unknown never passes.
 *
 * Swap and revert are allowed if:
 * - no other order is being carried out, and the hold file does not exist;
 * - the gap since the last swap is over (not asked of a revert);
 * - on a server whose Nomad runs: the local Nomad knows a leader, and enough OTHER peers serve to
 *   be a quorum without this host (allow_outage lifts this article). A peer serves if it answers on
 *   its RPC port as a Nomad does. A connection alone does not suffice: the kernel accepts one while
 *   Nomad restores its state. A server that does not run is part of no quorum, so the article does
 *   not apply to it.
 *
 * Stage is allowed if no other order is being carried out, and if every place to get the binary
 * from begins with an allowed prefix; both must be written plainly (url_plain.h). caravan-fetch
 * checks every redirect the same way.
 *
 * The law is not asked about the automatic revert after a failed probe: that revert ends a swap, it
 * does not begin one.
 *
 * Further limits for a manifest that the trust accepts (law_release). They make an old manifest
 * useless to somebody who replays it with a stolen operator's key:
 * - min_version: the version must not be older than root's min_version. This limit is absolute; a
 *   new signature does not help.
 * - The floor. A manifest is refused if its version is older than the version that settled here
 *   last AND the manifest is not newer than every manifest that settled here. To allow a downgrade,
 *   sign the manifest again with the release key. A build of one's own ("1.11.4-acme1") counts as
 *   older than its base version here, because the host cannot tell it from a prerelease. Metadata
 *   ("+ent") has no part in the order. A version that cannot be compared counts as older. There is
 *   no floor if it is not known what settled here: with a record from before floors existed, or if
 *   nothing has settled yet.
 * - release_threshold: at least as many release keys must have signed as root demands, if the trust
 *   file demands fewer. The law checks this first, and checks again a binary that was staged before
 *   root set the limit.
 * - The date must not be more than LAW_AHEAD_S ahead of this host's clock: if such a manifest
 *   settled, it would forbid every manifest signed before that date.
 *
 * With require_vendor_signature the manifest must also contain the vendor's SHA256SUMS and its
 * signature, for a zip (law_vendor). caravan-swap verifies them before anything is downloaded
 * (vendor.h). A binary that was staged without this check must be staged again. Reverts are not
 * asked: the previous binary has already run here.
 *
 * Reverts go by the record, not by the floor: a revert by order returns to the binary that ran here
 * before, and the record knows its digest. The floor stays as it is. But min_version also forbids a
 * revert by order, and a swap to a binary that was staged before root set min_version: the new
 * binary is in place then, so the host keeps a working one. If a previous binary does not print its
 * version, the answer is REFUSAL_UNKNOWN. The automatic revert after a failed probe is not asked
 * about min_version: the host must get a running binary back, and no order chose which.
 *
 * Orders about the service itself: all four need that no other order is being carried out, and that
 * the hold file does not exist. Stop and disable also need root's allow_stop, because their effect
 * outlives the run. Stop needs the gap and the quorum like a swap. Start only undoes a stop and
 * needs neither. For a server that is joining, neither allow_stop nor the quorum is asked: root let
 * a swap start this server, the stop undoes that, and the server is no voter.
 *
 * Outside root's hours (hours.h) the law refuses swaps, stops and disabling, by the wall clock of
 * this host, also at the end of a swap's wait. Stage, revert, start and enable are not asked: they
 * prepare, or they repair what was begun in time. A stop of a server that is joining is not asked
 * either, because it undoes. A clock before LAW_CLOCK_S was never set: unknown never passes.
 *
 * Root's list of operators (operators.h) is asked before all of this, right after the trust
 * (order_check.h). The order of another operator is refused with the name of its key, and uses up
 * no sequence. caravan-agent asks the list too, but only the answer of caravan-swap counts.
 *
 * A swap may wait for minutes between its order and its rename (not_before, a package manager at
 * work). Therefore hold, hours and quorum are asked again at the end of that wait.
 */
#ifndef LAW_H
#define LAW_H

#include "fetch_job.h"
#include "hours.h"
#include "message.h"
#include "operators.h"

#define LAW_AHEAD_S (24 * 60 * 60)
#define LAW_CLOCK_S 1577836800 /* 2020-01-01 */

struct law {
    int64_t gap_ms;
    bool allow_outage;
    bool allow_file_urls;
    bool start_stopped; /* a swap starts a Nomad that did not run; used by swap_answer_order, not by
                         * the law
                         */
    bool allow_stop;    /* orders may stop and disable Nomad */
    const char *url_prefixes; /* blanks between them; "": any place */
    const char *min_version;  /* "": any version */
    bool require_vendor_signature;
    uint32_t release_threshold;        /* 0: the trust file decides */
    const struct hours *hours;         /* NULL or empty: at any time */
    const char *hours_text;            /* as root wrote them */
    const struct operators *operators; /* NULL or empty: all operators of the trust file */
};

/* LAW_RENAME: an allowed swap is asked again right before its rename, with new facts. Then the busy
 * order is the swap itself, and the gap was already asked. */
enum law_question {
    LAW_STAGE,
    LAW_SWAP,
    LAW_REVERT,
    LAW_RENAME,
    LAW_START,
    LAW_STOP,
    LAW_ENABLE,
    LAW_DISABLE,
    LAW_QUESTIONS
};

struct law_facts {
    bool busy;             /* the phase is a working one */
    enum tri held;         /* the hold file exists */
    int64_t wall_s;        /* this host's clock */
    int minute;            /* of the week, by that clock, in the time zone of root's hours */
    bool swapped;          /* there was a swap, or a stop by order, before */
    int64_t since_swap_ms; /* since its restart; since boot if the restart was before this boot */
    bool server;           /* the order says so, or the host has a server id */
    bool joining;          /* a swap started this server just now, for the first time, and no order
                              has enabled it yet (record.h) */
    enum tri active;       /* the service runs */
    enum tri leader;       /* the local Nomad knows a leader */
    enum tri peers_known;
    uint32_t peers;                /* in /v1/status/peers, with this host */
    uint32_t serving;              /* peers that serve, with this host */
    enum peer_check odd;           /* how one peer fails, a mute one first; for people */
    char odd_peer[FETCH_PEER_MAX]; /* that peer; odd == PEER_SERVES: all peers serve */
};

struct law_answer {
    enum refusal refusal; /* REFUSAL_NONE: allowed */
    char text[TEXT_MAX];  /* the reason, for people; "": allowed */
};

struct law_answer law_judge(const struct law *law, enum law_question question,
                            const struct law_facts *facts);
/* Does this question need the quorum? To ask for the quorum takes seconds. */
bool law_asks_quorum(enum law_question question);
/* A manifest, and the last one that settled here. */
struct law_release {
    const char *version;
    int64_t created_s;
    const char *settled; /* the version; "", or settled_s 0: not known */
    int64_t settled_s;   /* of the newest manifest that settled */
    int64_t now_s;       /* this host's clock */
};
/* Asks min_version, the date and the floor. */
struct law_answer law_release(const struct law *law, const struct law_release *r);
/* Asks root's release_threshold alone. again: about a binary that is already staged. */
struct law_answer law_signers(const struct law *law, uint32_t signers, bool again);
/* Asks root's min_version alone. version "": not known. */
struct law_answer law_version(const struct law *law, const char *version);
/* sums: the manifest contains the vendor's SHA256SUMS and its signature. zip: the build is a zip.
 */
struct law_answer law_vendor(const struct law *law, bool sums, bool zip);
/* Asks about one place to get a binary from. */
struct law_answer law_url(const struct law *law, const char *url);

#endif
