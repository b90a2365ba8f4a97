#include "sim_browse.h"
#include "str.h"

#define STEP_MS    5
#define GIVE_UP_MS 60000
#define JSON_MAX   (64 << 20)

bool sim_browse_accepts(void *ctx, uint32_t ip, uint16_t port)
{
    const struct sim_cluster *c = ctx;
    (void)port;
    for (int i = 0; i < c->n; i++)
        if (c->nodes[i].cfg.ip == ip)
            return sim_node_api(&c->nodes[i]);
    return false;
}

void sim_browse(struct sim_cluster *c, int node, const char *method, const char *path,
                const char *token, const char *body, struct sim_page *ret)
{
    char bare[256];
    struct err err = ERR_INIT;
    const char *mark = strchrnul(path, '?');
    snprintf(bare, sizeof(bare), "%.*s", (int)(mark - path), path);
    struct sim_request q = {.method = method != NULL ? method : "GET",
                            .path = bare,
                            .query = *mark != '\0' ? mark + 1 : "",
                            .token = token != NULL ? token : "",
                            .body = body != NULL ? body : "",
                            .accepts = sim_browse_accepts,
                            .ctx = c};
    int64_t end = c->now + GIVE_UP_MS;
    memset(ret, 0, sizeof(*ret));
    while (sim_node_api(&c->nodes[node]) && c->now < end) {
        if (sim_answer(&c->nodes[node], &q, &ret->answer) == SIM_ANSWERED) {
            if (json_parse(ret->answer.body.data, ret->answer.body.len, JSON_MAX, &ret->json,
                           &err) < 0)
                ret->json = NULL;
            return;
        }
        sim_cluster_run(c, c->now + STEP_MS);
    }
    ret->answer.status = 0;
}

void sim_page_free(struct sim_page *p)
{
    json_free(p->json);
    buf_free(&p->answer.body);
    memset(p, 0, sizeof(*p));
}

const char *sim_page_text(const struct sim_page *p)
{
    return buf_str(&p->answer.body);
}
