/*
 * sim_answer.h - Nomad's HTTP API over one node.
 *
 * sim_answer fills the answer, or says that it cannot yet (no leader known, a
 * write not committed, a blocking query): keep the request and call again with
 * it after every tick and message. Bodies, statuses and content types are held
 * to recordings of real Nomad by tests/unit/test_sim_recordings.c; sim_route.c
 * has the table of what is answered.
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
    /* Does somebody accept connections there? NULL: yes. */
    bool (*accepts)(void *ctx, uint32_t ip, uint16_t rpc_port);
    void *ctx;
    /* kept by sim_answer between calls; begin with zeros */
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
    bool cut;    /* only half of it is sent, as if whole */
    bool stream; /* the agent's log follows, without end: the shell gives it */
    struct buf body;
};

/* SIM_ELSEWHERE: the agent is only a client; one of its servers must answer. */
enum sim_answered { SIM_ANSWERED, SIM_NOT_YET, SIM_ELSEWHERE };

enum sim_answered sim_answer(struct sim_node *n, struct sim_request *q, struct sim_answer *ret);
/* When to ask again at the latest although nothing happened. */
int64_t sim_answer_due(const struct sim_node *n, const struct sim_request *q);

#endif
