#include "fleet_health.h"

#include <stdarg.h>
#include "gate.h"
#include "str.h"

static void say(char *dst, size_t n, const char *fmt, ...) PRINTF(3, 4);
static void say(char *dst, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(dst, n, fmt, ap);
    va_end(ap);
}

static bool server_health(const struct server_view *s, char *dst, size_t n)
{
    if (s->self_at == 0 && s->leader_at == 0 && s->members_at == 0) {
        say(dst, n, "its API does not answer");
        return false;
    }
    if (s->leader_at == 0 || !s->has_leader) {
        say(dst, n, "knows no leader");
        return false;
    }
    if (s->self_at == 0) {
        say(dst, n, "does not tell its state (does the token have agent:read?)");
        return false;
    }
    bool leads = str_eq(s->raft_state, "Leader");
    if (s->voter_known && !s->voter) {
        say(dst, n, "not a voter");
        return false;
    }
    say(dst, n, "%s", leads ? "leader" : "follower");
    return leads || str_eq(s->raft_state, "Follower");
}

static bool client_health(const struct client_view *c, char *dst, size_t n)
{
    if (c->list_at == 0) {
        say(dst, n, "not in Nomad's list");
        return false;
    }
    say(dst, n, "%s%s%s", c->status, c->draining ? ", draining" : "",
        c->eligible || c->draining ? "" : ", ineligible");
    return str_eq(c->status, "ready");
}

static void agent_health(const struct agent_view *a, struct host_health *r)
{
    r->agent_well = a->enrolled && a->hello_at != 0 && !a->misplaced && a->problem[0] == '\0' &&
                    a->phase != PHASE_FAILED;
    if (a->problem[0] != '\0' || a->hello_at == 0)
        say(r->agent, sizeof r->agent, "%s", a->problem[0] != '\0' ? a->problem : "no answer");
    else if (a->phase == PHASE_FAILED)
        say(r->agent, sizeof r->agent, "failed: %s", failure_name(a->failure));
    else
        say(r->agent, sizeof r->agent, "%s%s", phase_name(a->phase),
            a->lease.held ? a->lease.paused ? ", leased, paused" : ", leased" : "");
    if (a->hello_at == 0)
        return;
    if (digest_is_zero(&a->running))
        say(r->drift, sizeof r->drift, "Nomad is not running, or not to be seen");
    else if (!digest_is_zero(&a->disk) && !digest_eq(&a->disk, &a->running))
        say(r->drift, sizeof r->drift, "runs another binary than the one on its disk");
}

void host_health(const struct world *w, const struct host *h, struct host_health *ret)
{
    (void)w;
    memset(ret, 0, sizeof *ret);
    ret->well = h->is_server ? server_health(&h->server, ret->text, sizeof ret->text)
                             : client_health(&h->client, ret->text, sizeof ret->text);
    if (h->is_server && h->is_client) {
        char client[60];
        ret->well &= client_health(&h->client, client, sizeof client);
        size_t len = strlen(ret->text);
        say(ret->text + len, sizeof ret->text - len, "; client %s", client);
    }
    agent_health(&h->agent, ret);
}

/* One leader by everybody's answer, and autopilot's word where it has one. */
static void region_health(const struct world *w, const struct region *r, struct fleet_health *f)
{
    const char *leader = NULL;
    bool agree = true, sick = false;
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *h = &w->hosts[i];
        if (!str_eq(h->region, r->name) || h->server.leader_at == 0)
            continue;
        agree &= h->server.has_leader && (leader == NULL || str_eq(leader, h->server.leader));
        leader = h->server.leader;
        sick |= h->server.autopilot_body && !h->server.healthy;
    }
    size_t len = strlen(f->regions);
    if (leader == NULL || !agree || sick)
        say(f->regions + len, sizeof f->regions - len, "%sregion %.60s: %s", len > 0 ? "; " : "",
            r->name,
            leader == NULL ? "no server tells a leader"
            : !agree       ? "its servers do not agree on one leader"
                           : "autopilot says it is not healthy");
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *h = &w->hosts[i];
        char text[TEXT_MAX];
        bool kept = h->server.token_kept != NULL && h->server.token_kept[0] != '\0';
        len = strlen(f->regions);
        if (str_eq(h->region, r->name) && kept && server_denies(h, text, sizeof text))
            say(f->regions + len, sizeof f->regions - len, "%s%.200s", len > 0 ? "; " : "", text);
    }
    len = strlen(f->regions);
    if (r->denied[0] != '\0')
        say(f->regions + len, sizeof f->regions - len, "%sregion %.60s: the token lacks %s",
            len > 0 ? "; " : "", r->name, r->denied);
}

void fleet_health(const struct world *w, struct fleet_health *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->equal = true;
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        const char *version = host_version(w, h);
        struct host_health health;
        host_health(w, h, &health);
        ret->hosts++;
        ret->servers += h->is_server;
        ret->clients += !h->is_server;
        ret->unwell += !health.well;
        ret->agents_unwell += !health.agent_well;
        ret->drifting += health.drift[0] != '\0';
        if (i == 0)
            str_cut(ret->version, sizeof ret->version, version);
        ret->equal &= version[0] != '\0' && str_eq(ret->version, version);
        if (h->agent.lease.held) {
            ret->leases++;
            memcpy(ret->run_id, h->agent.lease.run_id, RUN_ID_LEN);
        }
    }
    for (size_t i = 0; i < w->n_regions; i++)
        region_health(w, &w->regions[i], ret);
}
