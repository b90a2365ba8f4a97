#include "fleet_health.h"

#include <stdarg.h>
#include "raft_view.h"

static void health_say(char *dst, size_t n, const char *fmt, ...) PRINTF(3, 4);
static void health_say(char *dst, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(dst, n, fmt, ap);
    va_end(ap);
}

/* The world may contain answers of an earlier round. Answers of this round count, however long
 * the round took. */
static int64_t look_ms(const struct world *w)
{
    return w->begun_ms;
}

static const char *after_name(const char *text, const char *name)
{
    size_t n = strlen(name);
    if (!str_starts(text, name))
        return text;
    text += n + (text[n] == ':');
    return text + (text[0] == ' ');
}

static bool server_health(const struct world *w, const struct host *h, char *dst, size_t n)
{
    struct gate_result r;
    struct raft_view v;

    raft_view_init(&v, w, NULL, NULL, h->region, look_ms(w), &r);
    r = gate_stands(&v, h);
    if (r.kind == GATE_PASS)
        health_say(dst, n, "%s", str_eq(h->server.raft_state, "Leader") ? "leader" : "follower");
    else
        health_say(dst, n, "%s", after_name(r.text, h->name));
    return r.kind == GATE_PASS;
}

static bool client_health(const struct client_view *c, char *dst, size_t n)
{
    if (c->list_at == 0) {
        health_say(dst, n, "not in Nomad's list");
        return false;
    }
    health_say(dst, n, "%s%s%s", c->status, c->draining ? ", draining" : "",
               c->eligible || c->draining ? "" : ", ineligible");
    return str_eq(c->status, "ready");
}

static void agent_health(const struct agent_view *a, struct host_health *r)
{
    r->agent_well = a->enrolled && a->hello_at != 0 && !a->misplaced && a->problem[0] == '\0' &&
                    a->work.phase != PHASE_FAILED;
    if (a->problem[0] != '\0' || a->hello_at == 0)
        health_say(r->agent, sizeof(r->agent), "%s",
                   a->problem[0] != '\0' ? a->problem : "no answer");
    else if (a->work.phase == PHASE_FAILED)
        health_say(r->agent, sizeof(r->agent), "failed: %s", failure_name(a->failure));
    else
        health_say(r->agent, sizeof(r->agent), "%s%s", phase_name(a->work.phase),
                   a->lease.held ? a->lease.paused ? ", leased, paused" : ", leased" : "");
    if (a->hello_at == 0)
        return;
    if (digest_is_zero(&a->hello.running))
        health_say(r->drift, sizeof(r->drift), "Nomad does not run, or its agent cannot see it");
    else if (!digest_is_zero(&a->hello.disk) && !digest_eq(&a->hello.disk, &a->hello.running))
        health_say(r->drift, sizeof(r->drift), "runs another binary than the one on its disk");
}

void host_health(const struct world *w, const struct host *h, struct host_health *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (h->is_server && h->server.self_at == 0 &&
        region_has_left(w, h->region, h->server_id, look_ms(w))) {
        ret->well = ret->agent_well = ret->left = true;
        health_say(ret->text, sizeof(ret->text), "left");
        return;
    }
    ret->well = h->is_server ? server_health(w, h, ret->text, sizeof(ret->text))
                             : client_health(&h->client, ret->text, sizeof(ret->text));
    if (h->is_server && h->is_client) {
        char client[60];
        ret->well &= client_health(&h->client, client, sizeof(client));
        size_t len = strlen(ret->text);
        health_say(ret->text + len, sizeof(ret->text) - len, "; client %s", client);
    }
    agent_health(&h->agent, ret);
}

/* Uses the gate without a plan. Also reports what the token lacks, because the gate can pass
 * without some of it. */
static void region_health(const struct world *w, const struct region *r, struct fleet_health *f)
{
    struct gate_result g = gate_region(w, NULL, NULL, r->name, look_ms(w));
    size_t len = strlen(f->regions);

    if (g.kind != GATE_PASS)
        health_say(f->regions + len, sizeof(f->regions) - len, "%sregion %.60s: %s",
                   len > 0 ? "; " : "", r->name, g.text);
    len = strlen(f->regions);
    if (r->nodes_at == 0 && r->denied[0] == '\0')
        health_say(f->regions + len, sizeof(f->regions) - len,
                   "%sregion %.60s: its clients are not listed", len > 0 ? "; " : "", r->name);
    len = strlen(f->regions);
    if (r->denied[0] != '\0')
        health_say(f->regions + len, sizeof(f->regions) - len, "%sregion %.60s: the token lacks %s",
                   len > 0 ? "; " : "", r->name, r->denied);
}

void fleet_health(const struct world *w, struct fleet_health *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->equal = true;
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        const char *version = host_version(w, h);
        struct host_health health;
        host_health(w, h, &health);
        if (health.left)
            continue;
        ret->hosts++;
        ret->servers += h->is_server;
        ret->clients += !h->is_server;
        ret->unwell += !health.well;
        ret->agents_unwell += !health.agent_well;
        ret->drifting += health.drift[0] != '\0';
        if (ret->hosts == 1)
            str_cut(ret->version, sizeof(ret->version), version);
        ret->equal &= version[0] != '\0' && str_eq(ret->version, version);
        if (h->agent.lease.held) {
            ret->leases++;
            memcpy(ret->run_id, h->agent.lease.run_id, RUN_ID_LEN);
        }
    }
    for (size_t i = 0; i < w->n_regions; i++)
        region_health(w, &w->regions[i], ret);
}
