/*
 * law.h - what root configured on this host; no order overrides it.
 *
 * Pure: no I/O, no clock, no library. law_facts.c gathers what it is asked about.
 * The first article that refuses is the answer; what could not be asked refuses
 * (REFUSAL_UNKNOWN): unknown never passes.
 *
 * Articles for swap and revert: nothing else is being worked on; the hold file is
 * not there; the gap since the last swap is over (not before a revert); on a
 * server whose Nomad runs, the local Nomad knows a leader and enough OTHER peers
 * answer on their RPC port as a Nomad does that serves (a connection is not enough:
 * the kernel gives one while Nomad restores its state) to be a quorum without this
 * host (allow_outage lifts that one). A server that does not run takes part in no
 * quorum, so nothing is asked for it. For stage: not busy, and every place to
 * get the binary from begins with an allowed prefix, both written plainly (url_plain.h);
 * caravan-fetch asks the same of every redirect. The automatic revert after
 * a failed probe is not asked: it ends a swap, it does not begin one.
 *
 * What a manifest that trust takes must be besides (law_release), so that an old one, replayed with
 * a stolen operator's key, installs nothing:
 * - not older than root's min_version, which is absolute: a new signature does not help.
 * - not below the floor: a version below the one that settled here last AND a manifest that is not
 *   newer than every one that settled here. Signing the manifest anew, with the release key, is how
 *   a downgrade is allowed. A build of one's own ("1.11.4-acme1") counts as below its version here,
 *   for the host is not told that it is none of the prereleases. Metadata ("+ent") takes no part in
 * the order; a version that cannot be compared counts as below. Where it is not known what settled
 * here (a record of before there was a floor, a host where nothing has settled yet) there is no
 * floor.
 * - signed by at least as many release keys as root's release_threshold, where the trust file
 *   demands fewer (it is asked first, and again of what was staged before root set this).
 * - not dated more than LAW_AHEAD_S ahead of this host's clock: one that settled would forbid every
 *   manifest signed until then.
 *
 * With require_vendor_signature the manifest must also carry the vendor's SHA256SUMS and signature,
 * for a zip (law_vendor); whether they are good is asked before anything is downloaded (vendor.h).
 * What was staged without that is staged again. Reverts are not asked: what ran here before did.
 *
 * Reverts use the record, not the floor: by order to what ran here before, of which the digest is
 * recorded. The floor stays where it was. min_version forbids a revert by order as well (and a swap
 * to what was staged before root set it): the new binary is in place then, so the host is left with
 * one; a previous binary that does not tell its version is REFUSAL_UNKNOWN. The automatic revert
 * after a failed probe is not asked about min_version either: the host must get a binary back that
 * runs, and no order chose which.
 *
 * The orders about the service itself: all four ask whether something is being worked on, and for
 * the hold file. Stop and disable need root's allow_stop, for what they do outlives the run. Stop
 * asks for the gap and the quorum as a swap does; start, which only undoes a stop, asks for
 * neither. Of a server that is joining neither allow_stop nor the quorum is asked: root let a swap
 * start it, this undoes that, and it is no voter.
 *
 * With root's hours (hours.h) swaps, stops and disabling are refused outside them, by the wall
 * clock of this host, and also at the end of a swap's wait. Staging, reverts, start and enable are
 * not asked: they prepare, or repair what was begun in time; neither is a stop of a server that is
 * joining, which undoes. A clock of before LAW_CLOCK_S was never set: unknown never passes.
 *
 * Root's list of operators (operators.h) is asked before all of this, right behind the trust
 * (order.h): an order of somebody else is refused by its key's name, and takes no sequence. The
 * listener asks as well; what counts is that root asks.
 *
 * A swap may wait for minutes between its order and its rename (not_before, a package
 * manager at work), so hold, hours and quorum are asked again at the end of that wait.
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
    bool start_stopped; /* a swap starts what did not run; asked by nobody, done by swap_obey */
    bool allow_stop;    /* by order, stop and disable */
    const char *url_prefixes; /* "" any: blanks between */
    const char *min_version;  /* "" any */
    bool require_vendor_signature;
    uint32_t release_threshold;        /* 0: as the trust file has it */
    const struct hours *hours;         /* NULL, or none in it: at any time */
    const char *hours_text;            /* as root wrote them */
    const struct operators *operators; /* NULL, or none in it: all of the trust's */
};

/* LAW_RENAME: a swap that was allowed, once more right before its rename, by facts gathered then;
 * the swap itself is what it is busy with, and its gap was over. */
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
    bool busy;             /* a working phase */
    enum tri held;         /* the hold file exists */
    int64_t wall_s;        /* this host's clock */
    int minute;            /* of the week, by that clock, in the time that root's hours are in */
    bool swapped;          /* there was a swap, or a stop by order, before */
    int64_t since_swap_ms; /* its restart; since boot when that was before this boot */
    bool server;           /* the order says so, or the host has a server id */
    bool joining;    /* it was started first by a swap, just now, and not enabled yet (record.h) */
    enum tri active; /* the service runs */
    enum tri leader; /* the local Nomad knows one */
    enum tri peers_known;
    uint32_t peers;                /* of /v1/status/peers, this host among them */
    uint32_t serving;              /* of them, this host among them */
    enum knock odd;                /* one that does not serve, mute before others; for people */
    char odd_peer[FETCH_PEER_MAX]; /* odd == KNOCK_SERVES: all do */
};

struct law_answer {
    enum refusal refusal; /* REFUSAL_NONE: allowed */
    char text[TEXT_MAX];  /* why, for people; "" when allowed */
};

struct law_answer law_judge(const struct law *law, enum law_question question,
                            const struct law_facts *facts);
/* Is the quorum a part of the answer? Asking for it takes seconds. */
bool law_asks_quorum(enum law_question question);
/* What a manifest would bring here, beside what settled. */
struct law_release {
    const char *version;
    int64_t created_s;
    const char *settled; /* "", or settled_s 0: not known */
    int64_t settled_s;   /* of the newest manifest that settled */
    int64_t now_s;       /* this host's clock */
};
struct law_answer law_release(const struct law *law, const struct law_release *r);
/* root's release_threshold alone; again: of what is staged already. */
struct law_answer law_signers(const struct law *law, uint32_t signers, bool again);
/* root's min_version alone; version "": it could not be told. */
struct law_answer law_version(const struct law *law, const char *version);
/* sums: the manifest carries the vendor's SHA256SUMS and its signature; zip: the build is one. */
struct law_answer law_vendor(const struct law *law, bool sums, bool zip);
/* One place to get a binary from. */
struct law_answer law_url(const struct law *law, const char *url);

#endif
