/*
 * sim_message.h - the messages between the model's nodes.
 *
 * Messages are plain structs; nothing is packed. sim_message_size is the size of a message of its
 * kind, and queues copy only this size. The shell sends the same bytes between processes of one
 * machine. So the memory of a message is its wire form, and SIM_WIRE must change whenever a struct
 * changes.
 */
#ifndef SIM_MESSAGE_H
#define SIM_MESSAGE_H

#include "sim_types.h"

#define SIM_WIRE 4

enum sim_message_kind {
    SIM_MSG_ALIVE,  /* gossip: the sender's own state */
    SIM_MSG_TELL,   /* gossip: the sender's knowledge about a third server */
    SIM_MSG_APPEND, /* leader to follower, with at most one entry */
    SIM_MSG_APPENDED,
    SIM_MSG_VOTE_ASK,
    SIM_MSG_VOTE,
    SIM_MSG_LEAD_NOW, /* leadership transfer: start an election at once */
    SIM_MSG_HEALTH,   /* leader to followers: autopilot's published state */
    SIM_MSG_WRITE,    /* a write passed on to the leader */
    SIM_MSG_WROTE,
    SIM_MSG_REGISTER, /* client to a server, passed on to the leader */
    SIM_MSG_BEAT,
    SIM_MSG_GRANT, /* leader to client: registration or heartbeat received, next TTL */
    SIM_MSG_ORDER, /* leader to client: run or stop an allocation */
    SIM_MSG_TASKS, /* client to a server: state of an allocation */
    SIM_MSG_TOLD,  /* leader to client: this state was received */
    SIM_MSG_COUNT
};

struct sim_tell {
    struct sim_info info;
    enum sim_serf_status status;
};

struct sim_append {
    uint64_t term, prev_index, prev_term, commit;
    uint32_t health_revision;
    bool reset;      /* the follower must first forget everything: the logs do not match */
    bool lost_state; /* the leader's tables are empty (fault) */
    bool has_record;
    struct sim_record record; /* last member: not copied if has_record is false */
};

struct sim_appended {
    uint64_t term, last_index, last_term;
    uint32_t health_revision;
};

struct sim_vote {
    uint64_t term, last_index, last_term;
    bool pre; /* only asks whether the vote would be granted: terms stay */
    bool transfer, granted;
};

/* A change that somebody requests from the leader through the API. */
enum sim_write_kind {
    SIM_WRITE_DRAIN,
    SIM_WRITE_ELIGIBILITY,
    SIM_WRITE_AUTOPILOT,
    SIM_WRITE_TRANSFER,
    SIM_WRITE_FORCE_LEAVE,
    SIM_WRITE_PEER_REMOVE,
    SIM_WRITE_TOKEN,
    SIM_WRITE_KIND_COUNT
};

struct sim_write {
    enum sim_write_kind kind;
    struct sim_id id;   /* node, or server */
    bool on;            /* drain: start (else cancel); eligibility: eligible */
    bool mark_eligible; /* drain, cancel */
    struct sim_drain drain;
    bool cas; /* autopilot: only if the configuration has this modify_index */
    struct sim_autopilot_config autopilot;
    struct sim_token_record token;
    char name[SIM_NAME * 2]; /* force-leave: member's name */
};

struct sim_written {
    int status;     /* 200, or that of the error */
    uint64_t index; /* of the change; 0: nothing changed */
    bool no;        /* autopilot cas, transfer: false / noop */
    char text[160]; /* of the error */
};

struct sim_write_msg {
    uint32_t ticket;
    struct sim_write write;
};

struct sim_wrote_msg {
    uint32_t ticket;
    struct sim_written written;
};

struct sim_beat {
    struct sim_id id;
    bool drivers_healthy, bare;
};

struct sim_grant {
    int64_t ttl_ms;
    bool registered; /* answer to a registration; else to a beat */
    bool unknown;    /* beat of a node that is not registered */
    int n;
    struct sim_addr servers[SIM_SERVERS_MAX]; /* with rpc port in place of the gossip port */
};

struct sim_order {
    struct sim_id alloc;
    int slot;
    bool stop, force;
};

struct sim_tasks {
    struct sim_id node, alloc;
    enum sim_alloc_status status;
    int64_t started_ms, finished_ms;
    int restarts;
};

struct sim_message {
    struct sim_addr from, to;
    struct sim_addr origin; /* the client, in a message that a server passed on */
    enum sim_message_kind kind;
    union {
        struct sim_info alive;
        struct sim_tell tell;
        struct sim_append append;
        struct sim_appended appended;
        struct sim_vote vote;
        struct sim_health health;
        struct sim_write_msg write;
        struct sim_wrote_msg wrote;
        struct sim_client_info enlist;
        struct sim_beat beat;
        struct sim_grant grant;
        struct sim_order order;
        struct sim_tasks tasks;
    } u;
};

size_t sim_message_size(const struct sim_message *m);

#endif
