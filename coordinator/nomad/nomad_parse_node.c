/* /v1/nodes, /v1/node/:id and its allocations. */
#include "nomad_parse.h"

#include "str.h"

#define LIST_MAX  (64 * 1024 * 1024)
#define NODES_MAX 200000
#define TASKS_MAX 256

static const char *text(struct arena *a, const struct json *o, const char *key)
{
    return parse_text(a, json_str(o, key, ""));
}

static struct driver_view *drivers(const struct json *map, struct arena *a, size_t *ret_n)
{
    size_t n = MIN_OF(json_len(map), (size_t)NOMAD_DRIVERS_MAX), out = 0;
    struct driver_view *list = json_is_object(map) ? arena_array(a, n + 1, sizeof *list) : NULL;
    for (size_t i = 0; list != NULL && i < n; i++) {
        const char *name = "";
        const struct json *d = json_pair(map, i, &name);
        if (!json_bool(d, "Detected", false))
            continue; /* most of a list of drivers: known to Nomad, not on the host */
        list[out++] = (struct driver_view){.name = parse_text(a, name),
                                           .detected = true,
                                           .healthy = json_bool(d, "Healthy", false)};
    }
    *ret_n = out;
    return list;
}

/* What stub and whole record have in common. */
static void read_common(const struct json *n, struct arena *a, struct host *h)
{
    int64_t index = json_int(n, "ModifyIndex", 0);
    h->node_id = h->key = text(a, n, "ID");
    h->server_id = "";
    h->name = text(a, n, "Name");
    h->region = "";
    h->dc = text(a, n, "Datacenter");
    h->node_class = text(a, n, "NodeClass");
    h->node_pool = text(a, n, "NodePool");
    h->is_client = true;
    h->client.status = text(a, n, "Status");
    h->client.eligible = str_eq(json_str(n, "SchedulingEligibility", ""), "eligible");
    h->client.draining =
        json_bool(n, "Drain", false) || json_is_object(json_get(n, "DrainStrategy"));
    h->client.modify_index = index < 0 ? 0 : (uint64_t)index;
    h->client.drivers = drivers(json_get(n, "Drivers"), a, &h->client.n_drivers);
    h->client.http_addr = h->client.drain_meta_run = "";
    h->client.own_node_id = h->client.own_version = "";
    h->client.heartbeat_age_ms = h->client.heartbeat_ttl_ms = -1;
}

int parse_nodes(const void *p, size_t n, struct arena *a, struct host **ret, size_t *ret_n,
                struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, LIST_MAX, &j, err) < 0)
        return -1;
    if (!json_is_array(j))
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not a list of nodes");
    size_t total = MIN_OF(json_len(j), (size_t)NODES_MAX), out = 0;
    struct host *hosts = xzalloc(total + 1, sizeof *hosts);
    for (size_t i = 0; i < total; i++) {
        const struct json *stub = json_item(j, i);
        if (json_str(stub, "ID", "")[0] == '\0')
            continue;
        read_common(stub, a, &hosts[out]);
        hosts[out].addr = text(a, stub, "Address");
        hosts[out].client.version = text(a, stub, "Version");
        out++;
    }
    *ret = hosts;
    *ret_n = out;
    return 0;
}

/* "10.0.0.4:4646" or "[::1]:4646" without the port. */
static const char *host_part(struct arena *a, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL)
        return parse_text(a, address);
    size_t n = (size_t)(colon - address), skip = 0;
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
        skip = 1;
        n -= 2;
    }
    return arena_strndup(a, address + skip, MIN_OF(n, (size_t)TEXT_MAX - 1));
}

int parse_node(const void *p, size_t n, struct arena *a, struct host *ret, bool *ret_tls,
               struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, LIST_MAX, &j, err) < 0)
        return -1;
    if (json_str(j, "ID", "")[0] == '\0')
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not a node");
    const struct json *attributes = json_get(j, "Attributes"), *drain = json_get(j, "LastDrain");
    struct host h;
    memset(&h, 0, sizeof h);
    read_common(j, a, &h);
    h.client.http_addr = text(a, j, "HTTPAddr");
    h.addr = host_part(a, h.client.http_addr);
    h.client.version = text(a, attributes, "nomad.version");
    h.client.status_updated_s = json_int(j, "StatusUpdatedAt", 0);
    h.client.drain_meta_run = text(a, json_get(drain, "Meta"), NOMAD_META_RUN);
    h.client.drain_started_s =
        parse_time_ns(json_str(json_get(j, "DrainStrategy"), "StartedAt", "")) / 1000000000;
    *ret_tls = json_bool(j, "TLSEnabled", false);
    *ret = h;
    return 0;
}

static bool runs(const struct json *alloc)
{
    return str_eq(json_str(alloc, "ClientStatus", ""), "running");
}

static struct alloc_view read_alloc(const struct json *alloc, struct arena *a)
{
    const struct json *tasks = json_get(alloc, "TaskStates");
    const char *type = json_str(json_get(alloc, "Job"), "Type", json_str(alloc, "JobType", ""));
    struct alloc_view v = {.id = text(a, alloc, "ID"),
                           .client_status = text(a, alloc, "ClientStatus"),
                           .system_job = str_eq(type, "system") || str_eq(type, "sysbatch")};
    size_t n_tasks = json_is_object(tasks) ? MIN_OF(json_len(tasks), (size_t)TASKS_MAX) : 0;
    for (size_t i = 0; i < n_tasks; i++) {
        const char *name = "";
        const struct json *task = json_pair(tasks, i, &name);
        int64_t started = parse_time_ns(json_str(task, "StartedAt", ""));
        int64_t restarts = json_int(task, "Restarts", 0);
        v.started_ns = MAX_OF(v.started_ns, started);
        if (restarts > 0)
            v.restarts += (uint32_t)MIN_OF(restarts, (int64_t)1000000);
    }
    return v;
}

int parse_allocs(const void *p, size_t n, struct arena *a, struct alloc_view **ret, size_t *ret_n,
                 struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, LIST_MAX, &j, err) < 0)
        return -1;
    if (!json_is_array(j) && json_len(j) > 0)
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not a list of allocations");
    size_t total = json_is_array(j) ? json_len(j) : 0, out = 0;
    struct alloc_view *list =
        arena_array(a, MIN_OF(total, (size_t)NOMAD_ALLOCS_MAX) + 1, sizeof *list);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < total && out < NOMAD_ALLOCS_MAX; i++)
            if (runs(json_item(j, i)) == (pass == 0))
                list[out++] = read_alloc(json_item(j, i), a);
    *ret = list;
    *ret_n = out;
    return 0;
}
