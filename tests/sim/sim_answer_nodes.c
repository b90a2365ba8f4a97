/* /v1/nodes, /v1/node: contract in sim_route.h. */
#include "json.h"
#include "sim_json.h"
#include "sim_route.h"
#include "sim_view.h"
#include "str.h"

#define BODY_MAX 65536

struct driver {
    const char *name, *attributes;
    bool there;
    const char *otherwise; /* HealthDescription if the driver is missing */
};

static void put_drivers(struct buf *b, const struct sim_node_record *r)
{
    static const struct driver drivers[] = {
        {"raw_exec", "{'driver.raw_exec':'true'}", true, ""},
        {"exec", "{'driver.exec':'true'}", true, ""},
        {"java", "null", false, ""},
        {"qemu", "null", false, ""},
        {"docker", "null", false, "Failed to connect to docker daemon"},
    };
    bool well = r->info.drivers_healthy;
    js_open(b, "Drivers", '{');
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
        const struct driver *d = &drivers[i];
        js_open(b, d->name, '{');
        js_raw(b, "Attributes", d->attributes);
        js_bool(b, "Detected", d->there);
        js_str(b, "HealthDescription", !d->there ? d->otherwise : well ? "Healthy" : "");
        js_bool(b, "Healthy", d->there && well);
        js_time_ns(b, "UpdateTime", r->drivers_ms);
        js_close(b, '}');
    }
    js_close(b, '}');
}

static void put_last_drain(struct buf *b, const struct sim_node_record *r)
{
    static const char *const names[] = {"", "draining", "complete", "canceled"};
    if (r->last_drain == SIM_DRAIN_NEVER) {
        js_raw(b, "LastDrain", "null");
        return;
    }
    js_open(b, "LastDrain", '{');
    js_time_ns(b, "StartedAt", r->drain.started_ms);
    js_time_ns(b, "UpdatedAt", r->last_drain_ms);
    js_str(b, "Status", names[r->last_drain]);
    js_str(b, "AccessorID", "");
    if (r->drain.meta[0] != '\0') {
        js_json(b, "Meta", r->drain.meta);
    } else {
        js_raw(b, "Meta", "null");
    }
    js_close(b, '}');
}

/* The fields that the stub and the whole node share. */
static void put_common(struct sim_ask *x, const struct sim_record *rec)
{
    struct buf *b = &x->a->body;
    const struct sim_node_record *r = &rec->u.node;
    js_id(b, "ID", &rec->id);
    js_int(b, "CreateIndex", (int64_t)r->create_index);
    js_int(b, "ModifyIndex", (int64_t)rec->index);
    js_str(b, "Datacenter", r->info.dc);
    js_str(b, "Name", r->info.name);
    js_str(b, "NodeClass", r->info.node_class);
    if (sim_build_has(x->n->cfg.version, SIM_FEATURE_NODE_POOL))
        js_str(b, "NodePool", "default");
    js_bool(b, "Drain", r->draining);
    put_drivers(b, r);
    js_raw(b, "HostVolumes", "null");
    js_str(b, "SchedulingEligibility", r->eligible ? "eligible" : "ineligible");
    js_str(b, "Status", sim_node_status_name(r->status));
    js_str(b, "StatusDescription", "");
    if (sim_build_has(x->n->cfg.version, SIM_FEATURE_LAST_DRAIN))
        put_last_drain(b, r);
}

static void put_stub(struct sim_ask *x, const struct sim_record *rec)
{
    char ip[SIM_ADDR_TEXT];
    sim_ip_text(ip, rec->u.node.info.addr.ip);
    js_open(&x->a->body, NULL, '{');
    put_common(x, rec);
    js_str(&x->a->body, "Address", ip);
    js_str(&x->a->body, "Version", rec->u.node.info.version);
    js_close(&x->a->body, '}');
}

static int by_id(const void *a, const void *b)
{
    const struct sim_record *const *x = a, *const *y = b;
    return memcmp((*x)->id.b, (*y)->id.b, sizeof((*x)->id.b));
}

/* All records of one kind, ordered by id; the caller frees the array. */
static const struct sim_record **sort_records(const struct sim_node *n, size_t *ret_n)
{
    const struct sim_record **list =
        xzalloc((size_t)n->durable.state.n + 1, sizeof(const struct sim_record *));
    size_t k = 0;
    int slot = 0;
    for (const struct sim_record *r; (r = sim_view_next(n, SIM_REC_NODE, &slot)) != NULL;)
        list[k++] = r;
    qsort(list, k, sizeof(const struct sim_record *), by_id);
    *ret_n = k;
    return list;
}

enum sim_answered sim_get_nodes(struct sim_ask *x)
{
    char per_page[24], token[64], prefix[64] = "", unused[8];
    uint64_t page = 0;
    size_t n, shown = 0;
    uint64_t index = sim_view_index(x->n, SIM_REC_NODE);
    if (sim_blocks(x, index))
        return SIM_NOT_YET;
    if (sim_query(x->q, "filter", unused, sizeof(unused)))
        return sim_fail(x, 400, "the stand-in has no filter expressions");
    bool pages = sim_build_has(x->n->cfg.version, SIM_FEATURE_PAGES);
    if (pages && sim_query(x->q, "per_page", per_page, sizeof(per_page)) &&
        str_to_u64(per_page, 1000000, &page) < 0)
        return sim_fail(x, 400, "Expected integer value for per_page");
    if (!pages || !sim_query(x->q, "next_token", token, sizeof(token)))
        token[0] = '\0';
    (void)sim_query(x->q, "prefix", prefix, sizeof(prefix));
    autofree const struct sim_record **list = sort_records(x->n, &n);
    if (sim_view_empty(x->n, x->stale))
        n = 0;
    js_open(&x->a->body, NULL, '[');
    for (size_t i = 0; i < n; i++) {
        char id[SIM_UUID_TEXT];
        sim_id_text(id, &list[i]->id);
        if (!str_starts(id, prefix) || strcmp(id, token) < 0)
            continue;
        if (page > 0 && shown == page) {
            memcpy(x->a->next_token, id, sizeof(id));
            break;
        }
        put_stub(x, list[i]);
        shown++;
    }
    js_close(&x->a->body, ']');
    sim_mark_index(x, index);
    return SIM_ANSWERED;
}

static void put_attributes(struct buf *b, const struct sim_node_record *r)
{
    char ip[SIM_ADDR_TEXT];
    sim_ip_text(ip, r->info.addr.ip);
    js_open(b, "Attributes", '{');
    js_str(b, "cpu.arch", "amd64");
    js_str(b, "cpu.numcores", "2");
    js_str(b, "cpu.totalcompute", "5200");
    js_str(b, "driver.exec", "1");
    js_str(b, "driver.raw_exec", "1");
    js_str(b, "kernel.name", "linux");
    if (!r->info.bare)
        js_str(b, "kernel.version", "6.1.0");
    js_str(b, "memory.totalbytes", "25276502016");
    js_addr(b, "nomad.advertise.address", r->info.addr.ip, r->info.http_port);
    js_str(b, "nomad.version", r->info.version);
    js_str(b, "os.name", "debian");
    if (!r->info.bare)
        js_str(b, "os.version", "12.15");
    js_str(b, "unique.hostname", r->info.name);
    js_str(b, "unique.network.ip-address", ip);
    js_close(b, '}');
}

static void put_events(struct buf *b, const struct sim_node_record *r)
{
    static const char *const texts[SIM_EVENT_KIND_COUNT] = {
        [SIM_EVENT_REGISTERED] = "Node registered",
        [SIM_EVENT_REREGISTERED] = "Node re-registered",
        [SIM_EVENT_MISSED] = "Node heartbeat missed",
        [SIM_EVENT_BACK] = "Node reregistered by heartbeat",
        [SIM_EVENT_DRAIN_SET] = "Node drain strategy set",
        [SIM_EVENT_DRAIN_UPDATED] = "Node drain strategy updated",
        [SIM_EVENT_DRAIN_OFF] = "Node drain disabled",
        [SIM_EVENT_DRAIN_DONE] = "Node drain complete",
        [SIM_EVENT_DRAIN_FORCED] = "Node drain complete",
        [SIM_EVENT_ELIGIBLE] = "Node marked as eligible for scheduling",
        [SIM_EVENT_INELIGIBLE] = "Node marked as ineligible for scheduling",
    };
    js_open(b, "Events", '[');
    for (int i = 0; i < SIM_EVENTS && r->events[i].kind != SIM_EVENT_NONE; i++) {
        enum sim_event_kind kind = r->events[i].kind;
        bool drain = kind >= SIM_EVENT_DRAIN_SET && kind <= SIM_EVENT_DRAIN_FORCED;
        js_open(b, NULL, '{');
        js_int(b, "CreateIndex", 0);
        js_raw(b, "Details",
               kind == SIM_EVENT_DRAIN_FORCED ? "{'deadline_reached':'true'}" : "null");
        js_str(b, "Message", texts[kind]);
        js_str(b, "Subsystem", drain ? "Drain" : "Cluster");
        js_time(b, "Timestamp", r->events[i].at_ms);
        js_close(b, '}');
    }
    js_close(b, ']');
}

static void put_drain(struct buf *b, const struct sim_node_record *r)
{
    if (!r->draining) {
        js_raw(b, "DrainStrategy", "null");
        return;
    }
    int64_t deadline = r->drain.deadline_ms;
    js_open(b, "DrainStrategy", '{');
    js_int(b, "Deadline", deadline < 0 ? -1 : deadline * 1000000);
    js_bool(b, "IgnoreSystemJobs", r->drain.ignore_system);
    js_time_ns(b, "ForceDeadline", deadline > 0 ? r->drain.started_ms + deadline : 0);
    js_time_ns(b, "StartedAt", r->drain.started_ms);
    js_close(b, '}');
}

static void put_node_networks(struct buf *b, const char *ip)
{
    js_open(b, "NodeNetworks", '[');
    js_open(b, NULL, '{');
    js_open(b, "Addresses", '[');
    js_open(b, NULL, '{');
    js_str(b, "Address", ip);
    js_str(b, "Alias", "default");
    js_str(b, "Family", "ipv4");
    js_str(b, "Gateway", "");
    js_str(b, "ReservedPorts", "");
    js_close(b, '}');
    js_close(b, ']');
    js_str(b, "Device", "lo");
    js_str(b, "MacAddress", "");
    js_str(b, "Mode", "host");
    js_raw(b, "Speed", "1000");
    js_close(b, '}');
    js_close(b, ']');
}

static void put_resources(struct buf *b, const struct sim_node_record *r)
{
    char ip[SIM_ADDR_TEXT];
    sim_ip_text(ip, r->info.addr.ip);
    js_raw(b, "Reserved",
           "{'CPU':0,'Devices':null,'DiskMB':0,'IOPS':0,'MemoryMB':0,'Networks':null}");
    js_raw(b, "ReservedResources",
           "{'Cpu':{'CpuShares':0},'Disk':{'DiskMB':0},'Memory':{'MemoryMB':0},'Networks':"
           "{'ReservedHostPorts':''}}");
    for (int old = 0; old < 2; old++) {
        js_open(b, old ? "Resources" : "NodeResources", '{');
        js_raw(b, old ? "CPU" : "Cpu", old ? "5200" : "{'CpuShares':5200}");
        js_raw(b, "Devices", "null");
        js_raw(b, old ? "DiskMB" : "Disk", old ? "73671" : "{'DiskMB':73671}");
        if (old)
            js_raw(b, "IOPS", "0");
        js_raw(b, old ? "MemoryMB" : "Memory", old ? "24105" : "{'MemoryMB':24105}");
        js_open(b, "Networks", '[');
        js_open(b, NULL, '{');
        js_strf(b, "CIDR", "%s/32", ip);
        js_str(b, "IP", ip);
        js_str(b, "Device", "lo");
        js_str(b, "Mode", "host");
        js_raw(b, "DNS", "null");
        js_raw(b, "DynamicPorts", "null");
        js_raw(b, "ReservedPorts", "null");
        js_raw(b, "MBits", "1000");
        js_close(b, '}');
        js_close(b, ']');
        if (!old)
            put_node_networks(b, ip);
        js_close(b, '}');
    }
}

enum sim_answered sim_get_node(struct sim_ask *x)
{
    struct sim_id id;
    struct buf *b = &x->a->body;
    const struct sim_record *rec = NULL;
    if (sim_id_parse(x->id, &id) == 0 && !sim_view_empty(x->n, x->stale))
        rec = sim_state_find(&x->n->durable.state, SIM_REC_NODE, &id);
    uint64_t index = rec != NULL ? rec->index : sim_view_index(x->n, SIM_REC_NODE);
    if (sim_blocks(x, index))
        return SIM_NOT_YET;
    sim_mark_index(x, index);
    if (rec == NULL)
        return sim_fail(x, 404, "node not found");
    const struct sim_node_record *r = &rec->u.node;
    js_open(b, NULL, '{');
    put_common(x, rec);
    put_attributes(b, r);
    js_raw(b, "CSIControllerPlugins", "null");
    js_raw(b, "CSINodePlugins", "null");
    js_str(b, "ComputedClass", "v1:3819531686458330722");
    put_drain(b, r);
    put_events(b, r);
    js_addr(b, "HTTPAddr", r->info.addr.ip, r->info.http_port);
    js_raw(b, "Links", "null");
    js_raw(b, "Meta", "{'connect.log_level':'info'}");
    put_resources(b, r);
    js_str(b, "SecretID", "");
    js_int(b, "StatusUpdatedAt", r->status_ms / 1000);
    js_bool(b, "TLSEnabled", r->info.tls);
    if (sim_build_has(x->n->cfg.version, SIM_FEATURE_KEEP_STATUS)) {
        js_int(b, "LastMissedHeartbeatIndex", 0);
        js_int(b, "LastAllocUpdateIndex", 0);
    }
    js_close(b, '}');
    return SIM_ANSWERED;
}

static enum sim_answered put_written(struct sim_ask *x, const struct sim_write *w)
{
    struct sim_written done;
    struct buf *b = &x->a->body;
    enum sim_answered ret = sim_ask_write(x, w, &done);
    if (ret != SIM_ANSWERED || x->a->status != 200)
        return ret;
    js_open(b, NULL, '{');
    js_raw(b, "EvalCreateIndex", "0");
    js_raw(b, "EvalIDs", "null");
    js_int(b, "Index", (int64_t)done.index);
    js_int(b, "NodeModifyIndex", (int64_t)done.index);
    js_close(b, '}');
    sim_mark_index(x, done.index);
    return SIM_ANSWERED;
}

/* Reads the body as a JSON object, and the node's id. -1: the error answer is made. */
static int read_put(struct sim_ask *x, struct json **ret, struct sim_id *ret_id)
{
    struct err err = ERR_INIT;
    if (sim_id_parse(x->id, ret_id) < 0) {
        (void)sim_fail(x, 400, "invalid node ID");
        return -1;
    }
    if (json_parse(x->q->body, strlen(x->q->body), BODY_MAX, ret, &err) < 0) {
        (void)sim_fail(x, 400, "%s", x->q->body[0] == '\0' ? "EOF" : err.text);
        return -1;
    }
    return 0;
}

enum sim_answered sim_put_drain(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_DRAIN};
    auto_json struct json *o = NULL;
    struct buf meta = BUF_INIT;
    if (read_put(x, &o, &w.id) < 0)
        return SIM_ANSWERED;
    const struct json *spec = json_get(o, "DrainSpec");
    w.on = json_is_object(spec);
    w.mark_eligible = json_bool(o, "MarkEligible", false);
    int64_t deadline = json_int(spec, "Deadline", 0);
    w.drain.deadline_ms = deadline > 0 ? MAX_OF(deadline / 1000000, 1) : deadline;
    w.drain.ignore_system = json_bool(spec, "IgnoreSystemJobs", false);
    if (json_is_object(json_get(o, "Meta")))
        json_text(json_get(o, "Meta"), &meta);
    int rv = str_copy(w.drain.meta, sizeof(w.drain.meta), buf_str(&meta));
    buf_free(&meta);
    if (rv < 0)
        return sim_fail(x, 400, "the stand-in keeps at most %d bytes of Meta", SIM_META - 1);
    return put_written(x, &w);
}

enum sim_answered sim_put_eligibility(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_ELIGIBILITY};
    auto_json struct json *o = NULL;
    if (read_put(x, &o, &w.id) < 0)
        return SIM_ANSWERED;
    const char *want = json_str(o, "Eligibility", "");
    w.on = str_eq(want, "eligible");
    if (!w.on && !str_eq(want, "ineligible"))
        return sim_fail(x, 400, "invalid scheduling eligibility \"%s\"", want);
    return put_written(x, &w);
}
