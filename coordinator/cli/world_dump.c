#include "world_dump.h"

#include "str.h"

static int64_t compute_age(int64_t at, int64_t now)
{
    return at == 0 ? -1 : now - at;
}

static struct json *dump_server(const struct server_view *s, int64_t now)
{
    struct json *o = json_new_object();
    json_set_int(o, "self_age_ms", compute_age(s->self_at, now));
    json_set_str(o, "version", s->version);
    json_set_str(o, "raft_state", s->raft_state);
    json_set_int(o, "raft_protocol", s->raft_protocol);
    json_set_int(o, "term", (int64_t)s->term);
    json_set_int(o, "last_log_index", (int64_t)s->last_log_index);
    json_set_int(o, "commit_index", (int64_t)s->commit_index);
    json_set_int(o, "applied_index", (int64_t)s->applied_index);
    json_set_int(o, "last_contact_ms", s->last_contact_ms);
    if (s->voter_known)
        json_set_bool(o, "voter", s->voter);
    json_set_int(o, "leader_age_ms", compute_age(s->leader_at, now));
    json_set_str(o, "leader", s->leader);
    json_set_int(o, "members_age_ms", compute_age(s->members_at, now));
    json_set_int(o, "members", (int64_t)s->n_members);
    json_set_int(o, "autopilot_age_ms", compute_age(s->autopilot_at, now));
    json_set_int(o, "autopilot_status", s->autopilot_status);
    if (s->autopilot_body) {
        json_set_bool(o, "autopilot_healthy", s->healthy);
        json_set_int(o, "failure_tolerance", s->failure_tolerance);
    }
    return o;
}

static struct json *dump_client(const struct client_view *c, int64_t now)
{
    struct json *o = json_new_object(), *drivers = json_new_object();
    json_set_int(o, "list_age_ms", compute_age(c->list_at, now));
    json_set_str(o, "status", c->status);
    json_set_str(o, "version", c->version);
    json_set_bool(o, "eligible", c->eligible);
    json_set_bool(o, "draining", c->draining);
    for (size_t i = 0; i < c->n_drivers; i++)
        json_set_bool(drivers, c->drivers[i].name, c->drivers[i].healthy);
    json_set(o, "drivers", drivers);
    return o;
}

static struct json *dump_agent(const struct agent_view *a, int64_t now)
{
    struct json *o = json_new_object();
    char hex[65];
    json_set_str(o, "address", a->address);
    json_set_bool(o, "enrolled", a->enrolled);
    json_set_bool(o, "misplaced", a->misplaced);
    json_set_str(o, "problem", a->problem);
    json_set_int(o, "hello_age_ms", compute_age(a->hello_at, now));
    if (a->hello_at == 0)
        return o;
    json_set_str(o, "caravan", a->hello.program);
    json_set_str(o, "os", a->hello.os);
    json_set_str(o, "arch", a->hello.arch);
    digest_hex(hex, &a->hello.disk);
    json_set_str(o, "disk_sha256", digest_is_zero(&a->hello.disk) ? "" : hex);
    digest_hex(hex, &a->hello.running);
    json_set_str(o, "running_sha256", digest_is_zero(&a->hello.running) ? "" : hex);
    json_set_str(o, "phase", phase_name(a->work.phase));
    json_set_int(o, "trust_version", a->hello.trust_version);
    json_set_bool(o, "lease_held", a->lease.held);
    if (a->lease.held) {
        str_hex(hex, a->lease.run_id, RUN_ID_LEN);
        json_set_str(o, "lease_run", hex);
        json_set_bool(o, "lease_paused", a->lease.paused);
    }
    return o;
}

static struct json *host_json(const struct world *w, const struct host *h, int64_t now)
{
    struct json *o = json_new_object();
    json_set_str(o, "key", h->key);
    json_set_str(o, "name", h->name);
    json_set_str(o, "region", h->region);
    json_set_str(o, "datacenter", h->dc);
    json_set_str(o, "address", h->addr);
    json_set_str(o, "version", host_version(w, h));
    if (h->is_server)
        json_set(o, "server", dump_server(&h->server, now));
    if (h->is_client)
        json_set(o, "client", dump_client(&h->client, now));
    json_set(o, "agent", dump_agent(&h->agent, now));
    return o;
}

struct json *world_dump(const struct world *w, int64_t now)
{
    struct json *o = json_new_object(), *hosts = json_new_array(), *regions = json_new_array();
    json_set_int(o, "took_ms", w->ended_ms - w->begun_ms);
    for (size_t i = 0; i < w->n_regions; i++) {
        struct json *r = json_new_object();
        json_set_str(r, "name", w->regions[i].name);
        json_set_str(r, "token_lacks", w->regions[i].denied);
        json_set_bool(r, "raft_configuration", w->regions[i].can_raft);
        json_add(regions, r);
    }
    json_set(o, "regions", regions);
    for (size_t i = 0; i < w->n_hosts; i++)
        json_add(hosts, host_json(w, &w->hosts[i], now));
    json_set(o, "hosts", hosts);
    return o;
}
