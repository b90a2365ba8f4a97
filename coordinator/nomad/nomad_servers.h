/*
 * nomad_servers.h - asks every server directly, round by round.
 *
 * servers_begin begins a round: it asks the servers known from the last round for leader, members,
 * agent/self, autopilot and raft's configuration, all at once. In the first round, and after a
 * round without any answer, it asks NOMAD_ADDR for the members. A new member is asked as soon as an
 * answer names it. The values of the round are in the slots when `pending` is 0; the caller may
 * read them earlier. A value that has not come is unknown (its ..._at is 0). An answer that comes
 * after its round is dropped. A question that is still open is not asked again, so that a server
 * that hangs does not delay others. A round waits only ROUND_GRACE_MS for a question that got no
 * answer the last time (pending_slow).
 *
 * If a server's own answer names another raft id than the member has, the answers of this server
 * are dropped, and `problem` says so.
 */
#ifndef NOMAD_SERVERS_H
#define NOMAD_SERVERS_H

#include "nomad_http.h"
#include "nomad_parse.h"

#define SERVERS_MAX    256
#define SERVERS_OTHERS 8

enum server_question {
    ASK_LEADER,
    ASK_MEMBERS,
    ASK_SELF,
    ASK_AUTOPILOT,
    ASK_RAFT,
    SERVER_QUESTIONS
};

struct servers;

/* Ids and address of a server: enough to find its base again, with the configuration of that day.
 */
struct server_place {
    char id[UUID_MAX], name[TEXT_MAX], region[NAME_MAX_LEN], addr[64];
};

struct server_ask {
    struct servers *owner;
    struct server_slot *slot; /* NULL: NOMAD_ADDR */
    enum server_question question;
    bool open;
    bool slow; /* the last question got no answer, so that a round waits only a moment */
    uint64_t round;
    int64_t at;
};

/* Rights that the token lacks, as answers with status 403 showed. */
enum server_denied { DENIED_NODE = 1, DENIED_AGENT = 2, DENIED_OPERATOR = 4 };

struct server_slot {
    /* Stays from round to round. */
    char id[UUID_MAX]; /* raft id; the member's name if the tag is missing */
    char name[TEXT_MAX], region[NAME_MAX_LEN], dc[NAME_MAX_LEN], addr[64], build[NAME_MAX_LEN];
    int rpc_port;
    struct nomad_base base;
    bool has_base;
    bool was_alive; /* members called this server alive in the last round in which any server
                       answered */
    struct server_ask asks[SERVER_QUESTIONS];
    /* Of this round. */
    bool seen;       /* an answer lists this server as a member */
    unsigned denied; /* enum server_denied */
    enum member_status seen_as;
    struct server_view view; /* texts in the round's arena */
    struct self_answer self;
    const char *problem;
    const char *conflict; /* two members at different addresses claim this id; NULL: no conflict */
};

struct servers {
    struct nomad_http *nomad;
    const struct clock *clock;
    struct arena *arena; /* of the round; NULL between rounds */
    uint64_t round;
    size_t pending;      /* answers that the round waits for */
    size_t pending_slow; /* answers that the round waits for only ROUND_GRACE_MS */
    struct server_slot *slots[SERVERS_MAX];
    size_t n;
    struct server_ask seed;
    /* Servers of an earlier run, which are asked when NOMAD_ADDR does not answer. */
    struct nomad_base others[SERVERS_OTHERS];
    struct server_ask other_asks[SERVERS_OTHERS];
    size_t n_others;
    bool anybody;                  /* a server listed members in this round */
    bool refused;                  /* NOMAD_ADDR answered 401 or 403 in this round */
    char own_region[NAME_MAX_LEN]; /* the region of NOMAD_ADDR, by its own answer; "": unknown */
    char problem[TEXT_MAX];        /* why NOMAD_ADDR gave no members */
};

void servers_init(struct servers *s, struct nomad_http *nomad, const struct clock *clock);
void servers_free(struct servers *s); /* after nomad_http_free */
/* Sets the servers of an earlier run; only the first SERVERS_OTHERS are used. */
void servers_remember(struct servers *s, const struct server_place *places, size_t n);
/* The servers that the members called alive, to be stored for a later servers_remember. The answer
 * is that of the last ended round in which any server answered: a round that is under way has not
 * heard of all servers yet. */
size_t servers_places(const struct servers *s, struct server_place *ret, size_t max);
void servers_begin(struct servers *s, struct arena *arena, uint64_t round);
/* Ends the round: drops servers that are no members any more. Later answers of this round are
 * ignored. */
void servers_end(struct servers *s);
/* The server to ask about a region as a whole: the leader if it answered, else any server of the
 * region that answered; only servers to which the token may be sent. NULL: there is no such server.
 * The region that the lists name for a server proves nothing: the server's own answer counts,
 * except for the region of NOMAD_ADDR. Valid in a round and after it. */
const struct server_slot *servers_to_ask(const struct servers *s, const char *region);
/* May a server of the region still answer soon in this round? */
bool servers_may_answer(const struct servers *s, const char *region);
/* The earliest time at which a live server of the region was asked for the members. 0: not all live
 * servers of the region answered. */
int64_t servers_complete_at(const struct servers *s, const char *region);
/* Fills the server's half of a host; the texts are in the arena. */
void servers_fill(const struct servers *s, const struct server_slot *slot, struct arena *a,
                  struct host *ret);
/* Why the server does not get the token; "": it gets the token, or its ACLs are off. */
const char *servers_kept(const struct servers *s, const struct server_slot *slot);

#endif
