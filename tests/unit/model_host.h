/*
 * model_host.h - struct host in memory: it can be crashed before every operation.
 *
 * The model counts every operation that changes anything. Right before operation number crash_at
 * the caravan-swap of this model dies: this operation and all later ones fail without an effect,
 * and the test stops stepping it. Then the test calls model_revive (only the program died) or
 * model_reboot (power cut: everything without a sync is lost, uptime and session begin again, init
 * starts the service or does not), and opens a new caravan-swap.
 *
 * A binary is a text after an ELF header of this machine, padded: "old", "new", "bad" (ends at
 * once) or "mute" (never answers). No other file runs. A restart is two commands, stop and start,
 * as with service commands: a command that has begun goes on if caravan-swap dies, the next one
 * does not begin.
 *
 * skip_sync: the number of a sync or sync_dir (counted from 1 over the whole run) that does nothing
 * and reports success.
 */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include "model_fs.h"

#define MODEL_DIR     "/swap"
#define MODEL_FETCH   "/fetch"
#define MODEL_SEED    "/seed"
#define MODEL_BIN     "/bin"
#define MODEL_TARGET  "/bin/nomad"
#define MODEL_FRESH   "/bin/.nomad.caravan-new"
#define MODEL_OLD     "/bin/.nomad.caravan-old"
#define MODEL_HOLD    "/etc/hold"
#define MODEL_STORE   "/store/nomad" /* the file to which the target leads, if it is a link */
#define MODEL_BINARY  1200           /* bytes of a binary */
#define MODEL_SYNCS   200
#define MODEL_DIR_INO 100000

struct model_process {
    bool there;
    int inode;
    uint32_t pid;
    int64_t since_ms;
};

/* HashiCorp's signature (model_vendor.h). */
struct model_vendor {
    const char *status, *unzips;
    const char *status_again; /* gpgv's second answer; NULL: the same */
    bool no_gpgv, late_gpgv, bad_zip;
    size_t stops_at; /* the unpacker ends after so many bytes; 0: never */
    unsigned verified, unzipped;
    int polls;
    size_t at;
};

struct model_host {
    struct model_fs fs;
    struct host host;
    struct service service;

    unsigned operations, crash_at; /* crash_at 0: never */
    bool dead;
    unsigned syncs, skip_sync;
    unsigned sync_at[MODEL_SYNCS];   /* operations when sync number i was made */
    char sync_name[MODEL_SYNCS][64]; /* the file of each sync */

    int64_t uptime_ms, wall_ns;
    unsigned boots;
    struct model_process process;
    uint32_t last_pid;
    enum service_act act;
    int commands; /* commands still to run; of a restart: 2: stop and start, 1: start */
    int polls;    /* polls of the running command */
    bool ran_new_bytes, ran_old_again; /* a process executed this binary at the target */
    const char *offer;                 /* the binary of the release */
    const char *brings;                /* the binary that a fetch brings; NULL: offer */
    int fetch_polls;                   /* 0: no fetch */
    int fetch_takes;                   /* polls that a fetch lasts; 0: 2 */
    unsigned fetches;                  /* number of fetches begun */

    /* Faults, for tests without a crash. */
    enum failure fetch_fails, try_fails;
    enum tri nomad; /* is the file in place Nomad; unknown: it prints Nomad's version */
    unsigned versions_asked;
    uint64_t room;          /* 0: plenty */
    int64_t raft_newest_ns; /* 0: older than everything; -1: unreadable */
    unsigned other_dir;     /* opened directories have another inode */
    const char *writers;    /* other users who may write into them */
    bool held, no_manager;
    bool seed_socket;        /* caravan-seed.socket is active */
    bool disabled;           /* init does not start the service */
    const char *static_boot; /* why the service cannot be enabled or disabled; NULL: it can */
    bool never_stops;
    unsigned begun[3];      /* number of acts of each kind */
    bool no_room_to_write;  /* only writes over existing bytes succeed */
    bool fills_at_rename;   /* the disk is full from a rename to the target on */
    unsigned ends_after_ms; /* a new binary answers, then ends after this time */
    bool host_ails;         /* every process ends at once */
    bool restarts;          /* the manager restarts an ended process, and counts */
    uint64_t n_restarts;
    /* Answers about the host. A field without a value means: all is well. */
    struct service_about about;
    bool no_about;
    struct host_link_chain way;
    struct host_users users;
    struct host_package package;
    struct host_clock clock;
    struct host_attributes attributes[2]; /* of the target, of every other file */
    const char *unit_naming;
    const char *no_account, *vague_account; /* a name that does not exist; that may not exist */
    bool unit_naming_unknown;               /* whether that unit starts an agent */
    bool read_only, noexec;
    enum tri config_rejects, lock; /* lock: what package_lock answers */
    const char *config_text;
    unsigned locks, unlocks, trials;
    const char *leader, *peers, *health; /* answers of the API; NULL: all is well, no peers */
    const char *odd_peer;                /* the address of a peer that does not serve */
    enum peer_check odd;                 /* how this peer fails */
    struct heartbeat heartbeat;          /* Nomad's answer for the token; ttl 0: 403 */
    const char *token;                   /* the token that Nomad accepts; NULL: any */
    unsigned heartbeats_asked;
    const char *servers;      /* the answer of /v1/agent/servers; NULL: a list of one */
    bool servers_refused;     /* 403 without the token */
    enum peer_check metadata; /* the answer of the metadata service */
    unsigned metadata_asked;
    /* Paths are checked for this user, without a walk through the directories; root owns files. */
    struct path_user user;
    const struct path_user *next_user; /* the user that the unit names now; NULL: the same */
    bool no_user;
    const char *hangs, *listed; /* a path that hangs, and a path with an access list */
    struct tcp_table tcp;
    bool no_tcp;
    struct host_owner owner; /* of every socket */
    struct model_vendor vendor;
    unsigned asks, looks; /* questions to the API; calls of look_at */
    int status;           /* of the API's answers; 0: 200 */
};

void model_open(struct model_host *m, const char *offer);
void model_binary(const char *kind, char dst[static MODEL_BINARY]);
void model_digest(const char *kind, struct digest *ret); /* of a binary */
/* The kind of the file: "old", "new", ...; "torn"; "none". */
const char *model_kind(const struct model_file *f);
void model_link(struct model_host *m);          /* the target becomes a link to MODEL_STORE */
void model_start_service(struct model_host *m); /* executes the target, if it runs */

/* For the ports: counts one more operation. -1: caravan-swap is dead. */
MUST_CHECK int model_step(struct model_host *m, struct err *err);
MUST_CHECK int model_alive(const struct model_host *m, struct err *err);
void model_files(struct host *h); /* the file system's ports into the table */

void model_revive(struct model_host *m);
void model_reboot(struct model_host *m, enum model_loss loss, uint64_t *random, bool init);

#endif
