/*
 * nomad_servers.h - every server asked itself, round by round.
 *
 * A round: servers_begin asks the servers known from the last round (at first, and
 * when nobody answered: NOMAD_ADDR) for leader, members, itself, autopilot and raft's
 * configuration, all at once. A member not known yet is asked as soon as an answer
 * names it. The round's values are in the slots when servers_pending is 0, or at any
 * earlier moment: what has not come is unknown (its ..._at is 0). An answer that
 * comes after its round is dropped, and a question still open is not asked twice, so
 * that a server that hangs costs nobody else anything. A question that got no answer
 * the last time does not hold up the round (pending_slow).
 *
 * A server whose own answer names another raft id than the member asked is not that
 * server: its answers are dropped and `problem` says so.
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

/* Who a server is and where: enough to find its base again, by the configuration of that day. */
struct server_place {
    char id[UUID_MAX], name[TEXT_MAX], region[NAME_MAX_LEN], addr[64];
};

struct server_ask {
    struct servers *owner;
    struct server_slot *slot; /* NULL: NOMAD_ADDR */
    enum server_question question;
    bool open;
    bool slow; /* the last one got no answer: a round does not wait for it for long */
    uint64_t round;
    int64_t at;
};

/* Rights an answer of 403 showed to be missing. */
enum server_denied { DENIED_NODE = 1, DENIED_AGENT = 2, DENIED_OPERATOR = 4 };

struct server_slot {
    /* Kept from round to round. */
    char id[UUID_MAX]; /* raft id; the member's name when the tag is missing */
    char name[TEXT_MAX], region[NAME_MAX_LEN], dc[NAME_MAX_LEN], addr[64], build[NAME_MAX_LEN];
    int rpc_port;
    struct nomad_base base;
    bool has_base;
    struct server_ask asks[SERVER_QUESTIONS];
    /* Of the round. */
    bool seen;       /* a member by somebody's answer */
    unsigned denied; /* enum server_denied */
    enum member_status seen_as;
    struct server_view view; /* texts in the round's arena */
    struct self_answer self;
    const char *problem;
    const char *conflict; /* two addresses claim its id */
};

struct servers {
    struct nomad_http *nomad;
    const struct clock *clock;
    struct arena *arena; /* of the round; NULL between rounds */
    uint64_t round;
    size_t pending;      /* answers the round waits for */
    size_t pending_slow; /* and those it waits for only ROUND_GRACE_MS */
    struct server_slot *slots[SERVERS_MAX];
    size_t n;
    struct server_ask seed;
    /* Bases remembered from earlier looks, asked when NOMAD_ADDR itself does not answer. */
    struct nomad_base others[SERVERS_OTHERS];
    struct server_ask other_asks[SERVERS_OTHERS];
    size_t n_others;
    bool anybody;                  /* somebody told members this round */
    bool refused;                  /* NOMAD_ADDR answered 401 or 403 this round */
    char own_region[NAME_MAX_LEN]; /* of NOMAD_ADDR, by its own word; "" not known */
    char problem[TEXT_MAX];        /* of NOMAD_ADDR */
};

void servers_init(struct servers *s, struct nomad_http *nomad, const struct clock *clock);
void servers_free(struct servers *s); /* after nomad_http_free */
/* At most SERVERS_OTHERS are kept. */
void servers_remember(struct servers *s, const struct server_place *places, size_t n);
/* Those that live by their members, for servers_remember of another day. */
size_t servers_places(const struct servers *s, struct server_place *ret, size_t max);
void servers_begin(struct servers *s, struct arena *arena, uint64_t round);
/* Takes the round's outcome: drops who is no member any more. Later answers of this
 * round are ignored. */
void servers_end(struct servers *s);
/* Whom to ask about a region as a whole: its leader if it answered, else any server
 * that did, of those the token goes to; NULL: nobody. What the lists say of a server's region is
 * anybody's word: it is its own word that counts, but for the region of NOMAD_ADDR. Valid in and
 * after a round. */
const struct server_slot *servers_speaker(const struct servers *s, const char *region);
/* May somebody of the region still answer in this round, soon? */
bool servers_to_come(const struct servers *s, const char *region);
/* When the region's members were asked, if every server that lives by them told; else 0. */
int64_t servers_complete_at(const struct servers *s, const char *region);
/* Fills the server's half of a host; texts in the arena. */
void servers_fill(const struct servers *s, const struct server_slot *slot, struct arena *a,
                  struct host *ret);
/* Why it is asked without the token, which it may want; "" when it is not, or wants none. */
const char *servers_kept(const struct servers *s, const struct server_slot *slot);

#endif
