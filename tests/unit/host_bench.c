#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "host_bench.h"
#include "built_in.h"
#include "plan_make.h"

int host_bench_up(void **state)
{
    struct host_bench *b = xzalloc(1, sizeof(*b));

    small_fleet_init(&b->f);
    for (int i = 0; i < SMALL_HOSTS; i++) {
        memcpy(b->facts[i], small_fleet_facts, sizeof(small_fleet_facts));
        b->f.hosts[i].agent.facts = b->facts[i];
        b->f.hosts[i].agent.n_facts = BENCH_WELL;
        b->f.hosts[i].server.acl_enabled = TRI_NO; /* else plans have a heartbeat finding */
    }
    *state = b;
    return 0;
}

int host_bench_down(void **state)
{
    struct host_bench *b = *state;

    plan_free(&b->f.plan);
    small_fleet_free(&b->f);
    free(b);
    return 0;
}

void host_bench_set(struct host_bench *b, int host, const char *id, enum tri value,
                    const char *text)
{
    struct agent_view *a = &b->f.hosts[host].agent;

    a->hello.disk.bytes[1] = str_eq(id, "binary-version") ? 2 : 1; /* 2: of another version */
    for (size_t i = 0; i < a->n_facts; i++) {
        if (str_eq(b->facts[host][i].id, id)) {
            b->facts[host][i] = (struct fact_view){id, value, text};
            return;
        }
    }
    b->facts[host][a->n_facts++] = (struct fact_view){id, value, text};
}

const struct finding *host_bench_plan(struct host_bench *b, const char *id)
{
    struct err err = ERR_INIT;

    plan_free(&b->f.plan);
    if (plan_make(&b->f.w, &b->f.survey, &b->f.release, &b->f.policy, built_in(), &b->f.plan,
                  &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < b->f.plan.n_findings; i++) {
        if (str_eq(b->f.plan.findings[i].id, id))
            return &b->f.plan.findings[i];
    }
    return NULL;
}
