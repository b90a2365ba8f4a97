/*
 * sim_browse.h - asks a node of a cluster through its API, in virtual time.
 *
 * The cluster's time advances until the answer is complete (a read without a leader takes five
 * seconds). Forwarded calls are refused while the leader's process is not running, as between
 * processes.
 */
#ifndef SIM_BROWSE_H
#define SIM_BROWSE_H

#include "json.h"
#include "sim_answer.h"
#include "sim_cluster.h"

struct sim_page {
    struct sim_answer answer;
    struct json *json; /* NULL: the body is not JSON */
};

/* path may contain a query. method NULL: GET; token and body NULL: none. Gives up after a virtual
 * minute, with status 0. The caller calls sim_page_free. */
void sim_browse(struct sim_cluster *c, int node, const char *method, const char *path,
                const char *token, const char *body, struct sim_page *ret);
void sim_page_free(struct sim_page *p);
const char *sim_page_text(const struct sim_page *p); /* the body, "" when empty */
/* For sim_request.accepts, with the cluster as ctx. */
bool sim_browse_accepts(void *ctx, uint32_t ip, uint16_t port);

#endif
