/* Allocations: contract in sim_route.h. The leader makes them
 * (sim_fleet.h); their fixed JSON comes from a recording. */
#include "sim_json.h"
#include "sim_view.h"
#include "sim_workload.h"

#define NS_IN_MS 1000000

struct piece {
    const char *key, *json;
};

static const struct piece job_pieces[] = {
    {"Affinities", "null"},
    {"AllAtOnce", "false"},
    {"Constraints", "null"},
    {"ConsulToken", "''"},
    {"Dispatched", "false"},
    {"Meta", "null"},
    {"Multiregion", "null"},
    {"Namespace", "'default'"},
    {"NomadTokenID", "''"},
    {"ParameterizedJob", "null"},
    {"ParentID", "''"},
    {"Payload", "null"},
    {"Periodic", "null"},
    {"Priority", "50"},
    {"Spreads", "null"},
    {"Stable", "false"},
    {"Status", "'pending'"},
    {"StatusDescription", "''"},
    {"Stop", "false"},
    {"TaskGroups",
     "[{'Affinities':null,'Constraints':null,'Count':4,'EphemeralDisk':{'Migrate':false,"
     "'SizeMB':300,'Sticky':false},'Meta':null,'Migrate':{'HealthCheck':'checks',"
     "'HealthyDeadline':300000000000,'MaxParallel':1,'MinHealthyTime':10000000000},'Name':'g',"
     "'Networks':null,'ReschedulePolicy':{'Attempts':0,'Delay':30000000000,"
     "'DelayFunction':'exponential','Interval':0,'MaxDelay':3600000000000,'Unlimited':true},"
     "'RestartPolicy':{'Attempts':2,'Delay':15000000000,'Interval':1800000000000,"
     "'Mode':'fail'},'Scaling':null,'Services':null,'ShutdownDelay':null,'Spreads':null,"
     "'StopAfterClientDisconnect':null,'Tasks':[{'Affinities':null,'Artifacts':null,"
     "'CSIPluginConfig':null,'Config':{'args':['100000'],'command':'/bin/sleep'},"
     "'Constraints':null,'DispatchPayload':null,'Driver':'raw_exec','Env':null,"
     "'KillSignal':'','KillTimeout':5000000000,'Kind':'','Leader':false,'Lifecycle':null,"
     "'LogConfig':{'MaxFileSizeMB':10,'MaxFiles':10},'Meta':null,'Name':'sleep',"
     "'Resources':{'CPU':50,'Devices':null,'DiskMB':0,'IOPS':0,'MemoryMB':20,'Networks':null},"
     "'RestartPolicy':{'Attempts':2,'Delay':15000000000,'Interval':1800000000000,"
     "'Mode':'fail'},'ScalingPolicies':null,'Services':null,'ShutdownDelay':0,"
     "'Templates':null,'User':'','Vault':null,'VolumeMounts':null}],"
     "'Update':{'AutoPromote':false,'AutoRevert':false,'Canary':0,'HealthCheck':'checks',"
     "'HealthyDeadline':300000000000,'MaxParallel':1,'MinHealthyTime':10000000000,"
     "'ProgressDeadline':600000000000,'Stagger':30000000000},'Volumes':null}]"},
    {"Type", "'service'"},
    {"Update",
     "{'AutoPromote':false,'AutoRevert':false,'Canary':0,'HealthCheck':'','HealthyDeadline':0,"
     "'MaxParallel':1,'MinHealthyTime':0,'ProgressDeadline':0,'Stagger':30000000000}"},
    {"VaultNamespace", "''"},
    {"VaultToken", "''"},
    {"Version", "0"},
};

static const struct piece alloc_pieces[] = {
    {"AllocatedResources",
     "{'Shared':{'DiskMB':300,'Networks':null,'Ports':null},'TaskLifecycles':{'sleep':null},"
     "'Tasks':{'sleep':{'Cpu':{'CpuShares':50},'Devices':null,'Memory':{'MemoryMB':20},"
     "'Networks':null}}}"},
    {"Resources", "{'CPU':50,'Devices':null,'DiskMB':300,'IOPS':0,'MemoryMB':20,'Networks':null}"},
    {"SharedResources",
     "{'CPU':0,'Devices':null,'DiskMB':300,'IOPS':0,'MemoryMB':0,'Networks':null}"},
    {"TaskResources",
     "{'sleep':{'CPU':50,'Devices':null,'DiskMB':0,'IOPS':0,'MemoryMB':20,'Networks':null}}"},
};

static const struct piece metrics_pieces[] = {
    {"Metrics",
     "{'AllocationTime':113177,'ClassExhausted':null,'ClassFiltered':null,"
     "'CoalescedFailures':0,'ConstraintFiltered':null,'DimensionExhausted':null,"
     "'NodesAvailable':{'dc1':2},'NodesEvaluated':2,'NodesExhausted':0,'NodesFiltered':0,"
     "'QuotaExhausted':null,'ScoreMetaData':null,'Scores':null}"},
};

static const struct piece event_pieces[] = {
    {"DiskLimit", "0"},         {"DownloadError", "''"},
    {"DriverError", "''"},      {"DriverMessage", "''"},
    {"ExitCode", "0"},          {"FailedSibling", "''"},
    {"FailsTask", "false"},     {"GenericSource", "''"},
    {"KillError", "''"},        {"KillReason", "''"},
    {"KillTimeout", "0"},       {"RestartReason", "''"},
    {"SetupError", "''"},       {"Signal", "0"},
    {"StartDelay", "0"},        {"TaskSignal", "''"},
    {"TaskSignalReason", "''"}, {"ValidationError", "''"},
    {"VaultError", "''"},
};

static void put_alloc_pieces(struct buf *b, const struct piece *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        js_raw(b, p[i].key, p[i].json);
}

static void put_event(struct buf *b, const char *type, const char *message, int64_t ms)
{
    bool setup = strcmp(type, "Task Setup") == 0;
    js_open(b, NULL, '{');
    put_alloc_pieces(b, event_pieces, ARRAY_LEN(event_pieces));
    js_str(b, "DisplayMessage", message);
    js_raw(b, "Details", setup ? "{'message':'Building Task Directory'}" : "{}");
    js_str(b, "Message", setup ? message : "");
    js_str(b, "Type", type);
    js_int(b, "Time", ms * NS_IN_MS);
    js_close(b, '}');
}

static void put_task_states(struct buf *b, const struct sim_alloc_record *a)
{
    static const char *const states[] = {"pending", "running", "dead", "dead", "dead"};
    if (a->started_ms == 0) {
        js_raw(b, "TaskStates", "null");
        return;
    }
    js_open(b, "TaskStates", '{');
    js_open(b, "sleep", '{');
    js_open(b, "Events", '[');
    put_event(b, "Received", "Task received by client", a->created_ms);
    put_event(b, "Task Setup", "Building Task Directory", a->created_ms);
    if (a->restarts > 0) {
        put_event(b, "Failed Restoring Task",
                  "failed to restore task; will not run until server "
                  "is contacted",
                  a->started_ms);
        put_event(b, "Restarting", "Task restarting", a->started_ms);
    }
    put_event(b, "Started", "Task started by client", a->started_ms);
    if (a->status == SIM_COMPLETE) {
        put_event(b, "Killing", "Sent interrupt. Waiting 5s before force killing", a->finished_ms);
        put_event(b, "Terminated", "Exit Code: 130, Signal: 2", a->finished_ms);
        put_event(b, "Killed", "Task successfully killed", a->finished_ms);
    }
    js_close(b, ']');
    js_raw(b, "Failed", "false");
    if (a->finished_ms != 0)
        js_time_ns(b, "FinishedAt", a->finished_ms);
    else
        js_raw(b, "FinishedAt", "null");
    if (a->restarts > 0)
        js_time_ns(b, "LastRestart", a->started_ms);
    else
        js_raw(b, "LastRestart", "null");
    js_int(b, "Restarts", a->restarts);
    js_time_ns(b, "StartedAt", a->started_ms);
    js_str(b, "State", states[a->status]);
    js_close(b, '}');
    js_close(b, '}');
}

/* The fields that the stub and the whole allocation share. */
static void put_alloc(struct sim_ask *x, const struct sim_record *r)
{
    static const struct sim_id none;
    static const char *const told[] = {"No tasks have started", "Tasks are running",
                                       "All tasks have completed", "Failed tasks",
                                       "alloc is lost since its node is down"};
    struct buf *b = &x->a->body;
    const struct sim_alloc_record *a = &r->u.alloc;
    const struct sim_record *node = sim_state_find(&x->n->durable.state, SIM_REC_NODE, &a->node);
    struct sim_id deployment = sim_workload_id(sim_workload_job(x), SIM_DEPLOYMENT),
                  eval = sim_workload_id(r, SIM_EVALUATION);
    js_str(b, "ClientDescription", told[a->status]);
    js_str(b, "ClientStatus", sim_alloc_status_name(a->status));
    js_int(b, "CreateIndex", (int64_t)a->create_index);
    js_int(b, "CreateTime", a->created_ms * NS_IN_MS);
    js_id(b, "DeploymentID", &deployment);
    if (a->started_ms != 0) {
        js_open(b, "DeploymentStatus", '{');
        js_raw(b, "Canary", "false");
        js_raw(b, "Healthy", "true");
        js_int(b, "ModifyIndex", (int64_t)r->index);
        js_time_ns(b, "Timestamp", a->started_ms);
        js_close(b, '}');
    } else {
        js_raw(b, "DeploymentStatus", "null");
    }
    js_str(b, "DesiredStatus", a->stop ? "stop" : "run");
    js_id(b, "EvalID", &eval);
    js_id(b, "ID", &r->id);
    js_str(b, "JobID", "web");
    js_int(b, "ModifyIndex", (int64_t)r->index);
    js_int(b, "ModifyTime", a->modified_ms * NS_IN_MS);
    js_strf(b, "Name", "web.g[%d]", a->slot);
    js_str(b, "Namespace", "default");
    js_id(b, "NodeID", &a->node);
    js_str(b, "NodeName", node != NULL ? node->u.node.info.name : "");
    js_str(b, "TaskGroup", "g");
    put_task_states(b, a);
    if (!sim_id_eq(&a->next, &none))
        js_id(b, "NextAllocation", &a->next);
}

static void put_whole_job(struct sim_ask *x)
{
    struct buf *b = &x->a->body;
    const struct sim_record *job = sim_workload_job(x);
    js_open(b, "Job", '{');
    put_alloc_pieces(b, job_pieces, ARRAY_LEN(job_pieces));
    js_str(b, "ID", job->u.job.name);
    js_str(b, "Name", job->u.job.name);
    js_str(b, "Region", x->n->cfg.region);
    js_open(b, "Datacenters", '[');
    js_str(b, NULL, x->n->cfg.dc);
    js_close(b, ']');
    js_int(b, "CreateIndex", (int64_t)job->u.job.create_index);
    js_int(b, "JobModifyIndex", (int64_t)job->index);
    js_int(b, "ModifyIndex", (int64_t)job->index);
    js_int(b, "SubmitTime", job->u.job.submitted_ms * NS_IN_MS);
    js_close(b, '}');
}

enum sim_answered sim_get_node_allocations(struct sim_ask *x)
{
    struct buf *b = &x->a->body;
    struct sim_id node;
    int slot = 0;
    if (sim_id_parse(x->id, &node) < 0)
        return sim_fail(x, 400, "invalid node ID");
    js_open(b, NULL, '[');
    for (const struct sim_record *r; (r = sim_workload_next(x, &slot)) != NULL;) {
        if (!sim_id_eq(&r->u.alloc.node, &node))
            continue;
        js_open(b, NULL, '{');
        put_alloc(x, r);
        js_int(b, "AllocModifyIndex", (int64_t)r->u.alloc.create_index);
        put_alloc_pieces(b, alloc_pieces, ARRAY_LEN(alloc_pieces));
        put_alloc_pieces(b, metrics_pieces, ARRAY_LEN(metrics_pieces));
        put_whole_job(x);
        js_close(b, '}');
    }
    js_close(b, ']');
    sim_mark_index(x, sim_view_index(x->n, SIM_REC_ALLOC));
    return SIM_ANSWERED;
}

enum sim_answered sim_get_allocations(struct sim_ask *x)
{
    struct buf *b = &x->a->body;
    char unused[8];
    int slot = 0;
    if (sim_query(x->q, "filter", unused, sizeof(unused)))
        return sim_fail(x, 400, "the stand-in has no filter expressions");
    js_open(b, NULL, '[');
    for (const struct sim_record *r; (r = sim_workload_next(x, &slot)) != NULL;) {
        js_open(b, NULL, '{');
        put_alloc(x, r);
        js_str(b, "JobType", "service");
        js_int(b, "JobVersion", 0);
        js_close(b, '}');
    }
    js_close(b, ']');
    sim_mark_index(x, sim_view_index(x->n, SIM_REC_ALLOC));
    return SIM_ANSWERED;
}
