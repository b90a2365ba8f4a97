/* Jobs and deployments: contract in sim_route.h. There is one job, `web`, and one
 * deployment of it. */
#include "sim_json.h"
#include "sim_view.h"
#include "sim_workload.h"

#define NS_IN_MS 1000000

const struct sim_record *sim_workload_job(const struct sim_ask *x)
{
    if (sim_view_empty(x->n, x->stale) || !x->may_read_space)
        return NULL;
    return sim_state_find(&x->n->durable.state, SIM_REC_JOB, NULL);
}

const struct sim_record *sim_workload_next(const struct sim_ask *x, int *slot)
{
    if (sim_workload_job(x) == NULL)
        return NULL;
    return sim_view_next(x->n, SIM_REC_ALLOC, slot);
}

struct sim_id sim_workload_id(const struct sim_record *r, unsigned char salt)
{
    struct sim_id id = r->id;
    id.b[0] = (unsigned char)(id.b[0] ^ salt);
    id.b[15] = (unsigned char)(id.b[15] ^ (unsigned)(salt * 7u));
    return id;
}

/* ---- jobs and deployments ---- */

static void put_summary(struct sim_ask *x, const struct sim_record *job)
{
    struct buf *b = &x->a->body;
    int count[SIM_LOST + 1] = {0}, slot = 0;
    for (const struct sim_record *r; (r = sim_workload_next(x, &slot)) != NULL;)
        count[r->u.alloc.status]++;
    js_open(b, "JobSummary", '{');
    js_raw(b, "Children", "{'Dead':0,'Pending':0,'Running':0}");
    js_int(b, "CreateIndex", (int64_t)job->u.job.create_index);
    js_str(b, "JobID", job->u.job.name);
    js_int(b, "ModifyIndex", (int64_t)sim_view_index(x->n, SIM_REC_ALLOC));
    js_str(b, "Namespace", "default");
    js_open(b, "Summary", '{');
    js_open(b, "g", '{');
    js_int(b, "Complete", count[SIM_COMPLETE]);
    js_int(b, "Failed", count[SIM_FAILED_ALLOC]);
    js_int(b, "Lost", count[SIM_LOST]);
    js_raw(b, "Queued", "0");
    js_int(b, "Running", count[SIM_RUNNING]);
    js_int(b, "Starting", count[SIM_PENDING]);
    js_close(b, '}');
    js_close(b, '}');
    js_close(b, '}');
}

enum sim_answered sim_get_jobs(struct sim_ask *x)
{
    struct buf *b = &x->a->body;
    const struct sim_record *job = sim_workload_job(x);
    uint64_t index = sim_view_index(x->n, SIM_REC_JOB);
    js_open(b, NULL, '[');
    if (job != NULL) {
        js_open(b, NULL, '{');
        js_int(b, "CreateIndex", (int64_t)job->u.job.create_index);
        js_open(b, "Datacenters", '[');
        js_str(b, NULL, x->n->cfg.dc);
        js_close(b, ']');
        js_str(b, "ID", job->u.job.name);
        js_int(b, "JobModifyIndex", (int64_t)job->index);
        put_summary(x, job);
        js_int(b, "ModifyIndex", (int64_t)job->index);
        js_raw(b, "Multiregion", "null");
        js_str(b, "Name", job->u.job.name);
        if (sim_build_at_least(x->n->cfg.version, 1, 1, 0))
            js_str(b, "Namespace", "default");
        js_raw(b, "ParameterizedJob", "false");
        js_raw(b, "ParentID", "''");
        js_raw(b, "Periodic", "false");
        js_raw(b, "Priority", "50");
        js_raw(b, "Status", "'running'");
        js_raw(b, "StatusDescription", "''");
        js_raw(b, "Stop", "false");
        js_int(b, "SubmitTime", job->u.job.submitted_ms * NS_IN_MS);
        js_raw(b, "Type", "'service'");
        js_close(b, '}');
    }
    js_close(b, ']');
    sim_mark_index(x, index);
    return SIM_ANSWERED;
}

static void put_job(struct sim_ask *x, const struct sim_record *job)
{
    struct buf *b = &x->a->body;
    js_open(b, NULL, '{');
    js_str(b, "ID", job->u.job.name);
    js_str(b, "Name", job->u.job.name);
    js_str(b, "Namespace", "default");
    js_str(b, "Region", x->n->cfg.region);
    js_raw(b, "Status", "'running'");
    js_raw(b, "Type", "'service'");
    js_int(b, "Version", 0);
    js_raw(b, "NodePool", "'default'");
    js_raw(b, "TaskGroups",
           "[{'Name':'g','Count':1,'Networks':null,'Services':null,'Tasks':[{'Name':'t','Driver':"
           "'raw_exec','Config':{'command':'sleep'},'Templates':null,'Artifacts':null,'Resources':"
           "{'CPU':10,'MemoryMB':10},'KillTimeout':5000000000}]}]");
    js_close(b, '}');
}

enum sim_answered sim_get_job(struct sim_ask *x)
{
    const struct sim_record *job = sim_workload_job(x);
    if (job == NULL || strcmp(job->u.job.name, x->id) != 0)
        return sim_fail(x, 404, "job not found");
    put_job(x, job);
    sim_mark_index(x, sim_view_index(x->n, SIM_REC_JOB));
    return SIM_ANSWERED;
}

enum sim_answered sim_get_job_versions(struct sim_ask *x)
{
    const struct sim_record *job = sim_workload_job(x);
    if (job == NULL || strcmp(job->u.job.name, x->id) != 0)
        return sim_fail(x, 404, "job versions not found");
    js_open(&x->a->body, NULL, '{');
    js_raw(&x->a->body, "Diffs", "null");
    js_open(&x->a->body, "Versions", '[');
    put_job(x, job);
    js_close(&x->a->body, ']');
    js_close(&x->a->body, '}');
    return SIM_ANSWERED;
}

/* The stand-in accepts a job and does not run it: its only job is `web`. */
enum sim_answered sim_put_job(struct sim_ask *x)
{
    js_raw(&x->a->body, NULL,
           "{'EvalCreateIndex':0,'EvalID':'','Index':0,'JobModifyIndex':0,'KnownLeader':false,"
           "'LastContact':0,'Warnings':'the stand-in runs its own job only'}");
    return SIM_ANSWERED;
}

enum sim_answered sim_get_deployments(struct sim_ask *x)
{
    struct buf *b = &x->a->body;
    const struct sim_record *job = sim_workload_job(x);
    int slot = 0, wanted = 0;
    for (const struct sim_record *r; (r = sim_workload_next(x, &slot)) != NULL;)
        wanted += !r->u.alloc.stop;
    js_open(b, NULL, '[');
    if (job != NULL) {
        struct sim_id id = sim_workload_id(job, SIM_DEPLOYMENT);
        js_open(b, NULL, '{');
        js_int(b, "CreateIndex", (int64_t)job->u.job.create_index);
        js_id(b, "ID", &id);
        js_raw(b, "IsMultiregion", "false");
        js_int(b, "JobCreateIndex", (int64_t)job->u.job.create_index);
        js_str(b, "JobID", job->u.job.name);
        js_int(b, "JobModifyIndex", (int64_t)job->index);
        js_int(b, "JobSpecModifyIndex", (int64_t)job->index);
        js_raw(b, "JobVersion", "0");
        js_int(b, "ModifyIndex", (int64_t)job->index);
        js_raw(b, "Namespace", "'default'");
        js_raw(b, "Status", "'successful'");
        js_raw(b, "StatusDescription", "'Deployment completed successfully'");
        js_open(b, "TaskGroups", '{');
        js_open(b, "g", '{');
        js_raw(b, "AutoPromote", "false");
        js_raw(b, "AutoRevert", "false");
        js_raw(b, "DesiredCanaries", "0");
        js_int(b, "DesiredTotal", wanted);
        js_int(b, "HealthyAllocs", wanted);
        js_int(b, "PlacedAllocs", wanted);
        js_raw(b, "PlacedCanaries", "null");
        js_raw(b, "ProgressDeadline", "600000000000");
        js_raw(b, "Promoted", "false");
        js_time_ns(b, "RequireProgressBy", job->u.job.submitted_ms + 600000);
        js_raw(b, "UnhealthyAllocs", "0");
        js_close(b, '}');
        js_close(b, '}');
        js_close(b, '}');
    }
    js_close(b, ']');
    sim_mark_index(x, sim_view_index(x->n, SIM_REC_JOB));
    return SIM_ANSWERED;
}

enum sim_answered sim_get_namespaces(struct sim_ask *x)
{
    js_raw(&x->a->body, NULL,
           x->may_read_space ? "[{'CreateIndex':1,'Description':'Default shared namespace','Hash':"
                               "'','ModifyIndex':1,'Name':'default','Quota':''}]"
                             : "[]");
    sim_mark_index(x, 1);
    return SIM_ANSWERED;
}

enum sim_answered sim_get_metrics(struct sim_ask *x)
{
    js_raw(&x->a->body, NULL,
           "{'Counters':[],'Gauges':[],'Points':[],'Samples':[],'Timestamp':''}");
    return SIM_ANSWERED;
}
