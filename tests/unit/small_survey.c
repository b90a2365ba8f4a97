#include "small_survey.h"

static void host_init(struct small_survey *s, int i)
{
    static const char *const keys[] = {"c1-id", "c2-id", "s1-id", "s2-id", "s3-id"};
    struct host_survey *h = &s->hosts[i];

    *h = (struct host_survey){.key = keys[i],
                              .config = ASKED_YES,
                              .num_schedulers = -1,
                              .cpus = 4,
                              .authoritative = "global",
                              .node = ASKED_YES};
    for (int k = 0; k < CONFIG_SWITCHES; k++)
        h->switches[k] = TRI_NO;
    h->switches[CONFIG_REJOINS] = h->switches[CONFIG_LICENSE] = TRI_YES;
    for (int k = 0; k < NODE_ATTRIBUTES; k++)
        h->attributes[k] = "";
    h->attributes[ATTR_CONSUL] = "1.20.1";
    h->attributes[ATTR_KERNEL] = "linux";
    h->attributes[ATTR_ARCH] = "amd64";
    h->attributes[ATTR_CNI_BRIDGE] = "1.6.0";
}

void small_survey_init(struct small_survey *s, struct survey *out)
{
    memset(s, 0, sizeof(*s));
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < SMALL_SURVEYED; i++)
        host_init(s, i);
    s->jobs[0] = (struct job_view){.ns = "default", .id = "web", .traits = 0};
    s->known[0] = "global";
    s->regions[0] = (struct region_survey){.name = "global",
                                           .token = {.asked = ASKED_YES,
                                                     .management = true,
                                                     .global = true,
                                                     .name = "operator",
                                                     .rules_known = true},
                                           .keyring = ASKED_YES,
                                           .active_keys = 1,
                                           .deployments = ASKED_YES,
                                           .deploying = "",
                                           .autopilot = ASKED_YES,
                                           .cleanup_dead = true,
                                           .migration_off = true,
                                           .trailing_logs = 250,
                                           .contact_ms = 200,
                                           .vault_check = ASKED_YES,
                                           .policies = ASKED_YES,
                                           .bare_policy = "",
                                           .unknown_policy = "",
                                           .license = ASKED_YES,
                                           .license_ends = "2031-01-01T00:00:00Z",
                                           .jobs_asked = ASKED_YES,
                                           .jobs_why = "",
                                           .n_listed = 1,
                                           .n_read = 1,
                                           .jobs = s->jobs,
                                           .n_jobs = 1,
                                           .allocs = ASKED_YES,
                                           .other_pool = "",
                                           .oldest_alloc_s = 1700000000};
    *out = (struct survey){.wall_ms = 1800000000000,
                           .regions = s->regions,
                           .n_regions = 1,
                           .hosts = s->hosts,
                           .n_hosts = SMALL_SURVEYED,
                           .known_regions = s->known,
                           .n_known_regions = 1};
}
