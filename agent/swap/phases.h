/*
 * phases.h - the way of one binary into place, as a table of phases.
 *
 *   idle -> fetching -> staged -> swapping -> probing -> settled    any -> failed(type)
 *                          ^         \            \-> reverting -> reverted
 *                          '----------'  before the rename only
 *
 * Calling sequence: phases_open once (reads the record, brings back to a sane phase
 * what a crash or power cut left), then phases_step as long as phases_works, waiting
 * until `wake` or an event in between; orders are put in with phases_accept and
 * phases_cancel, between steps. One thread.
 *
 * Each phase is recorded durably before its effect; every effect may be repeated.
 * The file `unfinished` exists exactly in working phases. What `changed` tells (the
 * view) was durable before. If the record cannot be written, a phase is not entered:
 * it is tried again every second. A full disk is no reason for that in a swap or revert: before
 * it begins room is put aside for the records up to rest (spare.h), or it does not begin.
 *
 * A stop or start by order (phases_act) is no phase: what is in place stays, and so does what is
 * told of it. A stop is recorded (record.stopping) before it is begun, and begun again after a
 * restart of caravan-swap in the same boot, as long as the same process runs.
 *
 * After a restart of caravan-swap or of the machine:
 *   fetching                       failed (interrupted)
 *   swapping, before the rename    where it began (staged), never further by itself
 *   swapping or probing after it   restart if the new file does not run, then probe
 *   reverting by order, before     where it began
 *   reverting after a failed probe, before its rename   probe again, decide anew
 *   reverting, after its rename    restart if the old file does not run, then probe
 * Fetching, where root demands the vendor's signature: gpgv is asked before anything is downloaded;
 * then the zip is fetched, copied, compared, unpacked behind the trial's wall, and what comes out
 * is hashed (phase_vendor.c). Killed in any of that it is interrupted, as above, and nothing is
 * kept. A host that is a seed goes the same way without gpgv, and keeps the copy, also of a bare
 * binary, before it is unpacked (seed.h). What is staged already, by the same digest, and where
 * root demands it by the vendor's signature, is not fetched again: it is hashed, and tried again.
 *
 * Whether the rename has happened is read off the shelf: it takes the staged (or
 * the kept) name away in the same operation.
 */
#ifndef PHASES_H
#define PHASES_H

#include "bound_units.h"
#include "law.h"
#include "log.h"
#include "probe.h"
#include "shelf.h"
#include "vendor.h"

#define UNFINISHED_NAME "unfinished"
#define PREVIOUS_KEPT_S (7 * 24 * 60 * 60)

struct phases_config {
    const char *dir;       /* <state_dir>/swap */
    const char *fetch_dir; /* <state_dir>/fetch */
    const char *seed_dir;  /* <state_dir>/seed; NULL: nothing is kept for others (seed.h) */
    const char *seed_url;  /* [seed] url, as root wrote it; NULL or "": none */
    const char *binary;    /* the target path, links resolved */
    const char *data_dir;  /* Nomad's; "" unknown. Read when needed */
    const char *hold_file;
    int64_t act_ms;  /* longest wait for a stop or start by order; 0: 3 min */
    const char *api; /* agent.conf's address of it, for people; NULL: not known */
    struct vendor_keys vendor_keys;
    const struct law *law; /* asked once more before a swap's rename; NULL: only the hold file */
    unsigned char session[SESSION_LEN];
    void (*changed)(void *ctx); /* the record changed, or progress */
    void (*note)(void *ctx, enum log_level level, enum log_event event, const char *text);
    void *ctx;
};

/* What a stage brings: what is downloaded, and whether the vendor's signature is asked for. */
struct stage_job {
    struct fetch_get get;
    bool zip; /* it is downloaded as the zip that it is, and unpacked from root's copy */
    struct vendor_job vendor;
    bool kept; /* the same binary is staged here already: hashed and tried again, fetched only if it
                  is not what it was */
};

struct phases;
typedef void phase_step(struct phases *p);

/* What is being done, in memory only. */
struct phases_now {
    phase_step *then; /* NULL at rest */
    int64_t wake_ms;  /* uptime: not before; 0 at once */
    enum phase enter; /* being entered: to be recorded first */
    bool cancelled;
    bool crossed; /* the rename is done: cancel is not heard any more */
    struct fetch_get job;
    struct vendor_job vendor;
    bool kept, zip;          /* as stage_job has it */
    bool seeded;             /* the file as fetched lies in seed_dir */
    struct shelf_read read;  /* the binary coming or going into place */
    int64_t read_ms;         /* uptime: when that was read to its end */
    struct shelf_read other; /* the one in place */
    uint64_t done, total;    /* bytes while fetching */
    struct probe probe;
    enum service_progress act; /* the restart, when one was begun, or what an order asks for: */
    enum service_act doing;
    uint64_t act_order; /* the sequence of that order; 0: none */
    char act_text[TEXT_MAX];
    struct digest expected; /* of the target, while resuming */
    int64_t begun_ms;
    bool waits_for_packages;
    bool first_seen; /* rec.first_wall_ns is the new main process's own start */
};

/* What the new binary said of Nomad's configuration, when it was staged. */
struct config_verdict {
    struct digest of; /* the binary; zero: not asked */
    enum tri rejects;
    char text[TEXT_MAX];
};

/* What the file in place says it is, by its own `version`. */
struct version_said {
    struct digest of; /* the file; zero: not asked */
    enum tri nomad;   /* it is a program of Nomad's */
    char version[VERSION_TEXT];
    char text[TEXT_MAX]; /* else: why not, or why that is not known */
};

/* What was asked through caravan-fetch for a survey (facts_ready.h), and is kept. */
struct phases_asked {
    int64_t at_ms;    /* uptime; 0: never */
    int64_t again_ms; /* after this long it is asked again */
    bool bad;         /* an answer says no, and may say yes any moment */
    enum tri held;    /* as it was then; and Nomad's process: */
    uint32_t main_pid;
    uint64_t main_start;
    bool in_hours; /* of root's; true: at any time */
    enum tri api;  /* does it answer where the probe asks? */
    int status;    /* of its last answer; 0: none */
    char api_text[TEXT_MAX];
    struct law_answer law; /* to a swap */
};

struct phases {
    const struct host *host;
    struct phases_config conf;
    struct shelf shelf;
    struct record rec;
    struct phases_now now;
    struct config_verdict config;
    struct version_said in_place;
    struct bound_units bound;
    /* Does a package own the target? Told by whoever asks that; TRI_NO: the package
     * managers' lock does not matter to a swap. */
    enum tri packaged;
    /* What is heard of a cloud's metadata here (fetch_job.h), asked once: a host does not move. */
    enum knock metadata;
    bool metadata_asked;
    struct phases_asked asked;
};

MUST_CHECK int phases_open(const struct host *host, const struct phases_config *conf,
                           struct phases *ret, struct err *err);
void phases_close(struct phases *p); /* also after phases_open has failed */
bool phases_works(const struct phases *p);
void phases_step(struct phases *p);

/* next is a changed copy of rec, its receipt kept in it: made durable as one, then
 * carried out. With the same phase it only replaces the record. job is for
 * next->phase == PHASE_FETCHING. */
MUST_CHECK int phases_accept(struct phases *p, const struct record *next,
                             const struct stage_job *job, struct err *err);
/* May the order with this sequence be cancelled now? */
bool phases_cancellable(const struct phases *p, uint64_t sequence);
void phases_cancel(struct phases *p);
/* Starts or stops the service, by the order of this sequence, which the record knows of already. At
 * rest only; the phase stays, and the phases work until the act has ended or its time is over. */
void phases_act(struct phases *p, enum service_act act, uint64_t order);
/* Asks the staged binary about Nomad's configuration; true: it rejects it. */
bool phases_ask_config(struct phases *p);
/* Drops the previous binary when it was kept long enough. At rest only. */
void phases_tidy(struct phases *p);

#endif
