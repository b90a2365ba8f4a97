/*
 * sim_answer.h - Nomad's HTTP API over one node.
 *
 * sim_answer fills the answer, or returns SIM_NOT_YET (no leader is known, a write is not
 * committed, or a query blocks). Then keep the request, and call again with the same request after
 * every tick and message. tests/unit/test_sim_recordings.c compares bodies, statuses and content
 * types with recordings of real Nomad. sim_route.c has the table of endpoints.
 */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "buf.h"
#include "sim_node.h"

struct sim_request {
    const char *method;
    const char *path;  /* "/v1/nodes" */
    const char *query; /* "stale&per_page=10", undecoded; "" */
    const char *token; /* X-Nomad-Token; "" */
    const char *body;  /* NUL-terminated; "" */
    /* Does a process accept connections at this address? NULL: always yes. */
    bool (*accepts)(void *ctx, uint32_t ip, uint16_t rpc_port);
    void *ctx;
    /* sim_answer keeps these between calls; begin with zeros */
    int64_t begun_ms;
    uint32_t ticket;
};

struct sim_answer {
    int status;
    const char *content_type; /* "" for none */
    bool has_index;
    uint64_t index;
    bool known_leader;
    int64_t last_contact_ms;
    char next_token[SIM_UUID_TEXT];
    bool digest; /* the body gets a Digest header: it is a snapshot */
    bool cut;    /* the shell sends only half of the body, without an error */
    bool stream; /* the agent's log follows without an end: the shell streams it */
    struct buf body;
};

/* SIM_ELSEWHERE: the agent is only a client; one of its servers must answer. */
enum sim_answered { SIM_ANSWERED, SIM_NOT_YET, SIM_ELSEWHERE };

enum sim_answered sim_answer(struct sim_node *n, struct sim_request *q, struct sim_answer *ret);
/* The time for the next call if no tick and no message comes before. */
int64_t sim_answer_due(const struct sim_node *n, const struct sim_request *q);

#endif
