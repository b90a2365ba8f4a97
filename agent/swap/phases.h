/*
 * phases.h - how a binary is put in place: a table of phases.
 *
 *   idle -> fetching -> staged -> swapping -> probing -> settled    any -> failed(type)
 *                          ^         \            \-> reverting -> reverted
 *                          '----------'  before the rename only
 *
 * Calling sequence: call phases_open once. It reads the record, and after a crash or power cut it
 * returns to a defined phase. Then call phases_step as long as phases_works is true, and wait for
 * `wake_ms` or an event between two steps. Pass orders with phases_accept and phases_cancel,
 * between two steps. One thread.
 *
 * Each phase is recorded durably before its effect. Every effect may be repeated. The file
 * `unfinished` exists exactly in working phases. A state is durable before `changed` shows it in
 * the view. If the record cannot be written, the phase is not entered, and caravan-swap tries again
 * every second. A full disk does not cause this in a swap or revert: before it begins, caravan-swap
 * reserves room for all records up to the resting phase (spare.h), or does not begin.
 *
 * A stop or start by order (phases_act) is no phase: the binary in place and the phase stay. A stop
 * is recorded (record.stopping) before it begins. After a restart of caravan-swap in the same boot
 * the stop begins again, if the same process still runs.
 *
 * After a restart of caravan-swap or of the machine:
 *   fetching                       failed (interrupted)
 *   swapping, before the rename    back to staged; never further without an order
 *   swapping or probing, after it  restart if the new file does not run, then probe
 *   reverting by order, before     back to the phase in which the revert began
 *   reverting after a failed probe, before its rename   probe again, and decide again
 *   reverting, after its rename    restart if the old file does not run, then probe
 *
 * Fetching, if root demands the vendor's signature: gpgv checks the signature before anything is
 * downloaded. Then caravan-fetch downloads the zip; caravan-swap copies and compares it, unpacks it
 * behind the trial's wall, and hashes the result (phase_vendor.c). If caravan-swap is killed
 * meanwhile, the stage is interrupted, as above, and nothing is kept. A host that is a seed does
 * the same without gpgv, and keeps the copy (also of a bare binary) before it unpacks it (seed.h).
 * If the same binary is already staged, and verified as root demands now, it is not fetched again:
 * caravan-swap hashes it and tries it again.
 *
 * The names on the shelf show whether the rename has happened: the rename removes the staged (or
 * the kept) name in the same operation.
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
    const char *seed_dir;  /* <state_dir>/seed; NULL: this host is no seed (seed.h) */
    const char *seed_url;  /* [seed] url, as root wrote it; NULL or "": none */
    const char *binary;    /* the target path, links resolved */
    const char *data_dir;  /* Nomad's; "": unknown. The phases read it when they need it */
    const char *hold_file;
    int64_t act_ms;  /* longest wait for a stop or start by order; 0: 3 min */
    const char *api; /* address of Nomad's API in agent.conf, for people; NULL: not known */
    struct vendor_keys vendor_keys;
    const struct law *law; /* asked again before a swap's rename; NULL: only the hold file counts */
    unsigned char session[SESSION_LEN];
    void (*changed)(void *ctx); /* the record changed, or progress */
    void (*note)(void *ctx, enum log_level level, enum log_event event, const char *text);
    void *ctx;
};

/* The work of a stage. */
struct stage_job {
    struct fetch_get get; /* the download */
    bool zip;             /* download the zip as a file, and unpack root's copy of it */
    struct vendor_job vendor;
    bool kept; /* the same binary is already staged: hash and try it, fetch it only if it changed */
};

struct phases;
typedef void phase_step(struct phases *p);

/* The present work, in memory only. */
struct phases_now {
    phase_step *then; /* NULL at rest */
    int64_t wake_ms;  /* uptime of the next step at the earliest; 0: at once */
    enum phase enter; /* the phase to enter next, which must be recorded first */
    bool cancelled;
    bool crossed; /* the rename is done: no cancel is accepted any more */
    struct fetch_get job;
    struct vendor_job vendor;
    bool kept, zip;          /* as in stage_job */
    bool seeded;             /* the fetched file lies in seed_dir */
    struct shelf_read read;  /* the binary that is put in place */
    int64_t read_ms;         /* uptime when this binary was read to its end */
    struct shelf_read other; /* the binary in place */
    uint64_t done, total;    /* bytes while fetching */
    struct probe probe;
    enum service_progress act; /* progress of a restart, or of a stop or start by order */
    enum service_act doing;    /* which of these */
    uint64_t act_order;        /* sequence of the order for a stop or start; 0: none */
    char act_text[TEXT_MAX];
    struct digest expected; /* of the target, after a restart of caravan-swap */
    int64_t begun_ms;
    bool waits_for_packages;
    bool first_seen; /* rec.first_wall_ns is the new main process's own start */
};

/* The verdict of the staged binary about Nomad's configuration. */
struct config_verdict {
    struct digest of; /* the binary; zero: not asked */
    enum tri rejects;
    char text[TEXT_MAX];
};

/* The answer of the file in place to `version`. */
struct version_said {
    struct digest of; /* the file; zero: not asked */
    enum tri nomad;   /* the file is Nomad */
    char version[VERSION_TEXT];
    char text[TEXT_MAX]; /* TRI_NO: why it is not Nomad; TRI_UNKNOWN: why nobody knows */
};

/* Answers that caravan-fetch got for a survey, and that are kept for a while (facts_ready.h). */
struct phases_asked {
    int64_t at_ms;    /* uptime of the questions; 0: never */
    int64_t again_ms; /* time after which the questions are asked again */
    bool bad;         /* an answer was no, and may become yes at any moment */
    enum tri held;    /* at that time; and Nomad's process at that time: */
    uint32_t main_pid;
    uint64_t main_start;
    bool in_hours; /* root's hours allowed a swap at that time, or root set no hours */
    enum tri api;  /* the API answers where the probe asks */
    int status;    /* HTTP status of its last answer; 0: none */
    char api_text[TEXT_MAX];
    struct law_answer law; /* the answer to a swap */
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
    /* Does a package own the target? The survey sets this. TRI_NO: a swap ignores the lock of the
     * package managers. */
    enum tri packaged;
    /* The answer of a cloud's metadata service (fetch_job.h). Asked once: a host does not move. */
    enum peer_check metadata;
    bool metadata_asked;
    struct phases_asked asked;
};

MUST_CHECK int phases_open(const struct host *host, const struct phases_config *conf,
                           struct phases *ret, struct err *err);
void phases_close(struct phases *p); /* also after phases_open has failed */
/* Is there a next step? */
bool phases_works(const struct phases *p);
/* Does the next step. The caller waits for now.wake_ms or an event before. */
void phases_step(struct phases *p);

/* next: a changed copy of rec, which also contains the receipt. The function makes it durable as a
 * whole; then the phases carry it out. If the phase is the same, only the record changes. job: only
 * for next->phase == PHASE_FETCHING. */
MUST_CHECK int phases_accept(struct phases *p, const struct record *next,
                             const struct stage_job *job, struct err *err);
/* May the order with this sequence be cancelled now? */
bool phases_cancellable(const struct phases *p, uint64_t sequence);
void phases_cancel(struct phases *p);
/* Starts or stops the service, for the order with this sequence, which is already in the record.
 * Only at rest. The phase stays. The phases work until the act has ended or its time is over. */
void phases_act(struct phases *p, enum service_act act, uint64_t order);
/* Asks the staged binary about Nomad's configuration. True: the binary rejects the configuration.
 */
bool phases_ask_config(struct phases *p);
/* Removes the previous binary if it was kept for PREVIOUS_KEPT_S. Only at rest. */
void phases_tidy(struct phases *p);

#endif
