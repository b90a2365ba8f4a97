/*
 * model_host.h - struct host in memory: it can be crashed before every operation.
 *
 * Every operation that changes anything is counted; before number crash_at the
 * caravan-swap of this model is dead: that operation and all later ones have no
 * effect and fail, and the test stops stepping it. Then model_revive (only the
 * program died) or model_reboot (power cut: what was not synced is lost, uptime and
 * session begin anew, the service is started by init or not) and a new caravan-swap.
 *
 * A binary is a text: "old", "new", "bad" (ends at once) or "mute" (never answers),
 * padded, behind an ELF header of this machine; anything else does not run. Restarting is two
 * commands, stop and start, as with service commands: one that has begun goes on when its asker
 * dies, the next is not begun.
 *
 * skip_sync: the number of a sync or sync_dir (counted from 1 over the whole run)
 * that does nothing but say so.
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
#define MODEL_STORE   "/store/nomad" /* what the target leads to where it is a link */
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
    const char *status_again; /* what gpgv says when it is asked the second time; NULL: the same */
    bool no_gpgv, late_gpgv, bad_zip;
    size_t stops_at; /* the unpacker hangs up there; 0: never */
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
    char sync_name[MODEL_SYNCS][64]; /* what was synced */

    int64_t uptime_ms, wall_ns;
    unsigned boots;
    struct model_process process;
    uint32_t last_pid;
    enum service_act act;
    int commands;                      /* of an act, still to be run: 2 stop start, 1 the other */
    int polls;                         /* of the one that runs */
    bool ran_new_bytes, ran_old_again; /* a process executed them at the target */
    const char *offer;                 /* what is to be run */
    const char *brings;                /* what a fetch brings; NULL: that */
    int fetch_polls;                   /* 0: no fetch */
    int fetch_takes;                   /* polls a fetch lasts; 0: 2 */
    unsigned fetches;                  /* begun */

    /* Faults, for tests without a crash. */
    enum failure fetch_fails, try_fails;
    enum tri nomad; /* what the file in place prints; unknown: Nomad's version */
    unsigned versions_asked;
    uint64_t room;          /* 0: plenty */
    int64_t raft_newest_ns; /* 0: as old as the world; -1: unreadable */
    unsigned other_dir;     /* directories opened have another inode */
    const char *writers;    /* who else may write into them */
    bool held, no_manager;
    bool seed_socket;        /* caravan-seed.socket is active */
    bool disabled;           /* init does not start it */
    const char *static_boot; /* why it can be neither enabled nor disabled; NULL: it can */
    bool never_stops;
    unsigned begun[3];      /* acts */
    bool no_room_to_write;  /* but over what a file has already */
    bool fills_at_rename;   /* there is none any more from a rename to the target on */
    unsigned ends_after_ms; /* a new binary answers, then ends */
    bool host_ails;         /* whatever is started ends at once */
    bool restarts;          /* the manager starts what ended again, and counts */
    uint64_t n_restarts;
    /* What is told of the host; without a value it is as it should be. */
    struct service_about about;
    bool no_about;
    struct host_way way;
    struct host_users users;
    struct host_package package;
    struct host_clock clock;
    struct host_attributes attributes[2]; /* of the target, of every other file */
    const char *unit_naming;
    const char *no_account, *vague_account; /* a name that is not there; that may not be */
    bool unit_naming_unknown;               /* whether it is an agent */
    bool read_only, noexec;
    enum tri config_rejects, lock; /* lock: what package_lock answers */
    const char *config_text;
    unsigned locks, unlocks, trials;
    const char *leader, *peers, *health; /* answers of the API; NULL: as if all is well, no peers */
    const char *odd_peer;                /* the address of one that does not serve, and how it is */
    enum knock odd;
    struct heartbeat heartbeat; /* what Nomad tells of it to the token; ttl 0: 403 */
    const char *token;          /* the one it knows; NULL: any */
    unsigned heartbeats_asked;
    const char *servers;  /* what /v1/agent/servers answers; NULL: a list of one */
    bool servers_refused; /* 403 to who has not the token */
    enum knock metadata;  /* what is heard of it */
    unsigned metadata_asked;
    /* Paths are looked at by this user, without a walk; files are root's. */
    struct path_user user;
    const struct path_user *next_user; /* whom its unit names by now; NULL: the same */
    bool no_user;
    const char *hangs, *listed; /* a path that does, and one with an access list */
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
/* What the file is: "old", "new", ... ; "torn"; "none". */
const char *model_kind(const struct model_file *f);
void model_link(struct model_host *m);          /* the target becomes a link to MODEL_STORE */
void model_start_service(struct model_host *m); /* what lies at the target, if it runs */

/* One more operation, and: does caravan-swap still live? For the ports. */
MUST_CHECK int model_step(struct model_host *m, struct err *err);
MUST_CHECK int model_alive(const struct model_host *m, struct err *err);
void model_files(struct host *h); /* the file system's ports into the table */

void model_revive(struct model_host *m);
void model_reboot(struct model_host *m, enum model_loss loss, uint64_t *random, bool init);

#endif
