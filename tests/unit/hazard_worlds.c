#include "hazard_worlds.h"

#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void world_as_it_is(struct small_fleet *f, const struct worlds *w)
{
    (void)f;
    (void)w;
}

/* The facts that every agent reports. */
void world_fact(struct small_fleet *f, const char *id, enum tri value, const char *text)
{
    static struct fact_view facts[SMALL_FACTS + 4];
    size_t n = f->hosts[0].agent.n_facts, k = 0;

    memmove(facts, f->hosts[0].agent.facts, n * sizeof(*facts));
    while (k < n && !str_eq(facts[k].id, id))
        k++;
    assert_true(k < ARRAY_LEN(facts));
    facts[k] = (struct fact_view){id, value, text};
    for (int i = 0; i < SMALL_HOSTS; i++) {
        f->hosts[i].agent.facts = facts;
        f->hosts[i].agent.n_facts = MAX_OF(n, k + 1);
    }
}

/* ---- what rows of the table share ---- */

CHANGE(a_job)
{
    f->surveyed.jobs[0].traits = TRAIT(w->number);
}
CHANGE(jobs_lost)
{
    f->surveyed.regions[0].jobs_asked = ASKED_NOT;
    f->surveyed.regions[0].n_listed = 2;
    f->surveyed.regions[0].jobs_why = "no answer in time";
}
CHANGE(a_driver)
{
    f->drivers[0][0].name = w->text;
}
CHANGE(a_switch)
{
    f->surveyed.hosts[3].switches[w->number] = TRI_YES;
}
void world_config_lost(struct small_fleet *f, const struct worlds *w)
{
    (void)w;
    for (int i = 0; i < SMALL_SURVEYED; i++)
        f->surveyed.hosts[i].config = ASKED_DENIED;
}
CHANGE(a_fact)
{
    world_fact(f, w->text, TRI_YES, "as found");
}
CHANGE(two_configs)
{
    world_fact(f, w->text, TRI_YES,
               "/etc/a.hcl and /etc/b.hcl both name a data_dir: Nomad merges them");
}
/* An older agent reports both cases in the other fact, and lacks the last fact of the list. */
CHANGE(an_older_agent)
{
    two_configs(f, &(struct worlds){.text = "config-leftovers"});
    for (int i = 0; i < SMALL_HOSTS; i++)
        f->hosts[i].agent.n_facts--;
    assert_null(agent_fact(&f->hosts[0].agent, w->text));
}
CHANGE(old_servers)
{
    world_fact(f, "joins", TRI_YES, "10.0.0.91:4647,10.0.0.92");
}
CHANGE(says_nothing)
{
    f->hosts[4].agent.n_facts = 0;
}
CHANGE(before_readiness)
{
    static struct fact_view facts[SMALL_FACTS];
    memcpy(facts, small_fleet_facts, sizeof(facts));
    for (size_t i = 0; i < SMALL_FACTS; i++)
        if (str_eq(facts[i].id, "law-refuses"))
            facts[i].id = "of before";
    f->hosts[4].agent.facts = facts;
}
CHANGE(three_signers)
{
    f->release.signers = 2;
    world_fact(f, "release-threshold", TRI_YES, "3");
}
CHANGE(signers_lost)
{
    world_fact(f, "release-threshold", TRI_YES, "many");
}
CHANGE(hours_end)
{
    world_fact(f, "hours", TRI_YES, "1 22:00-05:00");
}
CHANGE(hours_lost)
{
    world_fact(f, "hours", TRI_UNKNOWN, "");
}
CHANGE(berta_orders)
{
    str_cut(f->survey.operator_name, sizeof(f->survey.operator_name), "berta");
    world_fact(f, "operators", TRI_YES, "anna, bert");
}
CHANGE(nobody_known_orders)
{
    f->survey.operator_name[0] = '\0';
    world_fact(f, "operators", TRI_YES, "anna");
}
CHANGE(served)
{
    str_cut(f->release.served, sizeof(f->release.served), w->text);
}
CHANGE(without_a_place)
{
    (void)w;
    f->release.builds[0].n_urls = 0;
}
CHANGE(shut)
{
    struct err err = ERR_INIT;
    str_cut(f->release.served, sizeof(f->release.served), w->text);
    f->release.builds[0].urls[0] = "http://10.0.0.9:4651/00";
    if (address_list_parse("192.0.2.0/24", &f->release.served_to, &err) < 0)
        abort();
}
CHANGE(shut_or_not)
{
    shut(f, w);
    for (int i = 0; i < SMALL_HOSTS; i++)
        f->hosts[i].addr = "";
}
/* The second of two URLs: if the host refuses one URL, it refuses the order. */
CHANGE(other_prefixes)
{
    f->release.builds[0].urls[1] = "https://other.example/nomad.zip";
    f->release.builds[0].n_urls = 2;
    world_fact(f, "url-prefixes", TRI_YES, w->text);
}
CHANGE(prefixes_lost)
{
    (void)w;
    world_fact(f, "url-prefixes", TRI_UNKNOWN, "root's list is longer than a fact can be");
}
CHANGE(a_file_place)
{
    (void)w;
    f->release.builds[0].urls[0] = "file:///srv/nomad.zip";
}
CHANGE(a_file_place_untold)
{
    a_file_place(f, w);
    world_fact(f, "file-urls", TRI_UNKNOWN, "");
}
/* Every host reports that it is a seed, and all have one address. */
CHANGE(all_seeds)
{
    static uint32_t seeds[SMALL_HOSTS];
    world_fact(f, "seed", TRI_YES, "http://10.0.0.1:4655/");
    for (size_t i = 0; i < SMALL_HOSTS; i++)
        f->hosts[i].agent.address = "10.0.0.1:4650";
    f->w.seeds = seeds;
    f->w.n_seeds = seeds_find(f->hosts, SMALL_HOSTS, seeds);
}
CHANGE(seeds_refused)
{
    all_seeds(f, w);
    world_fact(f, "url-prefixes", TRI_YES, w->text);
}
CHANGE(seeds_doubted)
{
    all_seeds(f, w);
    world_fact(f, "url-prefixes", TRI_UNKNOWN, "root's list is longer than a fact can be");
}
CHANGE(seeds_elsewhere)
{
    (void)w;
    world_fact(f, "seed", TRI_YES, "http://127.0.0.1:4646/");
}
CHANGE(no_seed_yet)
{
    world_fact(f, "seed", TRI_UNKNOWN, w->text);
}
CHANGE(a_key)
{
    world_fact(f, w->text, TRI_YES, "nomad.hcl:3");
}
CHANGE(no_fact)
{
    world_fact(f, w->text, TRI_NO, "");
}
CHANGE(fact_lost)
{
    world_fact(f, w->unsure_text != NULL ? w->unsure_text : w->text, TRI_UNKNOWN, "for a reason");
}
CHANGE(an_attribute)
{
    f->surveyed.hosts[0].attributes[w->number] = w->text;
}
CHANGE(node_lost)
{
    f->surveyed.hosts[0].node = ASKED_DENIED;
}
CHANGE(an_old_client)
{
    f->hosts[4].client.version = w->text;
}
CHANGE(a_lost_client)
{
    f->hosts[4].client.version = "";
}

/* ---- the way ---- */

CHANGE(all_there)
{
    small_fleet_version(f, SMALL_TO);
    for (int i = 0; i < SMALL_HOSTS; i++)
        f->hosts[i].agent.hello.disk = f->hosts[i].agent.hello.running =
            f->release.builds[0].digest;
}
CHANGE(a_lost_version)
{
    f->hosts[4].client.version = "";
}
CHANGE(version_of_all)
{
    small_fleet_version(f, w->text);
}
void world_to(struct small_fleet *f, const struct worlds *w)
{
    str_cut(f->release.version, sizeof(f->release.version), w->text);
}
CHANGE(unknown_minor)
{
    str_cut(f->release.version, sizeof(f->release.version), "1.14.0");
}
CHANGE(unknown_day)
{
    str_cut(f->release.version, sizeof(f->release.version), "1.10.99");
}
/* The target of the unchanged fleet is of 2025-09-09. */
CHANGE(three_days_old)
{
    f->survey.wall_ms = version_day_ms("2025-09-12") + 1000;
}
CHANGE(newer_build)
{
    small_fleet_version(f, "1.10.8+ent");
    str_cut(f->release.version, sizeof(f->release.version), "1.11.1+ent");
}
CHANGE(acl_off)
{
    f->hosts[0].server.acl_enabled = TRI_NO;
}
CHANGE(acl_lost)
{
    f->hosts[0].server.acl_enabled = TRI_UNKNOWN;
}

/* The formatter would give each word of a row a line of its own. */
/* clang-format off */
static const struct worlds of_versions_and_hosts[] = {
    {.id = "nothing-to-do", .yes = all_there, .says = "all 5 hosts"},
    {.id = "older-target", .yes = version_of_all, .text = "1.11.9", .says = "newer than 1.10.5"},
    {.id = "unknown-version", .unsure = a_lost_version},
    {.id = "minor-distance", .yes = version_of_all, .text = "1.7.7", .unsure = unknown_minor,
     .says = "3 minor versions, and Nomad supports 2: go through 1.8, 1.9"},
    {.id = "minor-distance", .yes = world_to, .text = "1.4.14", .from = "1.2.16", .to = "1.3.16",
     .calm_from = "1.3.16", .calm_to = "1.5.17", .says = "Nomad supports 1: go through 1.3"},
    {.id = "minor-distance", .yes = world_as_it_is, .from = "1.7.7+ent", .to = "1.10.5+ent",
     .calm_from = "1.8.4+ent", .calm_to = "1.10.5+ent"},
    {.id = "way-to-2.0", .yes = world_as_it_is, .from = "1.9.7", .to = "2.0.5", .calm_from = "1.10.5",
     .calm_to = "2.0.5", .says = "1.10, 1.11"},
    {.id = "release-day", .yes = newer_build, .unsure = unknown_day, .says = "2025-12-09"},
    {.id = "unproven", .yes = three_days_old, .unsure = unknown_day, .calm_from = "1.10.3",
     .calm_to = "1.10.4",
     .says = "1.10.5 was released 3 days ago (2025-09-09), less than 7 days: it is unproven"},
    {.id = "prerelease", .yes = world_to, .text = "1.11.0-beta.1"},
    {.id = "forward-wall", .yes = world_as_it_is, .from = "1.6.10", .to = "1.7.2", .calm_from = "1.6.10",
     .calm_to = "1.7.3", .says = "cannot read data that 1.6.10"},
    {.id = "edition", .yes = version_of_all, .text = "1.10.2+ent", .says = "Enterprise"},
    {.id = "fips", .yes = world_to, .text = "1.10.5+fips1403", .says = "FIPS"},
    {.id = "no-way-back", .yes = world_as_it_is, .from = "1.9.7", .to = "1.10.5", .calm_from = "1.10.5",
     .calm_to = "2.0.5", .says = "does not revert"},
    {.id = "bad-2.0.1", .from = "2.0.0", .to = "2.0.1", .calm_from = "2.0.0", .calm_to = "2.0.2",
     .yes = acl_off, .unsure = acl_lost},
    {.id = "bad-1.3.11", .from = "1.3.9", .to = "1.3.11", .calm_from = "1.3.11",
     .calm_to = "1.3.14", .yes = a_key, .text = "key.docker", .unsure = world_as_it_is,
     .says = "ignores the settings in the docker plugin's block"},
    {.id = "csi-restart", .from = "1.4.9", .to = "1.4.10", .calm_from = "1.4.10",
     .calm_to = "1.4.11", .yes = a_job, .number = JOB_CSI, .unsure = jobs_lost},
    {.id = "bad-1.7.0-cgroups", .from = "1.6.10", .to = "1.7.5", .calm_from = "1.6.10",
     .calm_to = "1.7.6", .yes = an_attribute, .text = "v2", .number = ATTR_CGROUPS,
     .unsure = node_lost},
    {.id = "bad-2.0.5", .from = "2.0.4", .to = "2.0.5", .calm_from = "2.0.5", .calm_to = "2.0.6",
     .yes = a_job, .number = JOB_VAULT, .unsure = jobs_lost, .says = "every renewal"},
    {.id = "too-old", .from = "0.11.8", .to = "0.12.12", .calm_from = "0.12.0", .calm_to = "0.12.12",
     .yes = world_as_it_is, .says = "from 0.11.8 to 0.12.12: this Caravan knows Nomad from 0.12 on"},
    {.id = "keyring", .from = "1.3.16", .to = "1.4.14", .calm_from = "1.3.15",
     .calm_to = "1.3.16", .unsure = NULL, .yes = NULL},
    {.id = "heartbeat-unread", .yes = world_as_it_is, .says = "2 clients do not wait"},
    {.id = "keystore-copied", .from = "1.7.7", .to = "1.8.4", .calm_from = "1.3.16",
     .calm_to = "1.4.14", .yes = world_as_it_is, .says = "3 servers run 1.7.7: no snapshot contains"},
    {.id = "no-facts", .unsure = says_nothing},
    {.id = "no-readiness", .unsure = before_readiness},
    {.id = "finds-nobody", .yes = old_servers, .says = "10.0.0.91:4647,10.0.0.92, and no answering server"},
    {.id = "vendor-signature", .yes = a_fact, .text = "vendor-signature", .says = "does not contain it"},
    {.id = "release-keys", .yes = three_signers, .unsure = signers_lost,
     .says = "root on this host demands the signatures of 3 release keys, but 2 signed 1."},
    {.id = "hours-end", .yes = hours_end, .unsure = hours_lost,
     .says = "the hours that root set for changes, 22:00-05:00, end in 1 min 0 s, and the run may take"},
    {.id = "other-operators", .yes = berta_orders, .unsure = nobody_known_orders,
     .says = "root on this host accepts orders of these operators only: anna, bert; the key that signs here is "
             "berta"},
    {.id = "served-here", .yes = served, .text = "http://10.0.0.9:4651",
     .says = "from http://10.0.0.9:4651, where this command serves it"},
    {.id = "no-place", .yes = without_a_place, .says = "from nowhere"},
    {.id = "serve-shut", .yes = shut, .unsure = shut_or_not, .text = "http://10.0.0.9:4651",
     .says = "address in Nomad is not in [serve] allow_from: http://10.0.0.9:4651 refuses this host"},
    {.id = "place-refused", .yes = other_prefixes, .text = "https://mirror.example/ http://a/",
     .unsure = prefixes_lost, .says = "from https://other.example/nomad.zip"},
    {.id = "place-refused", .yes = a_file_place, .unsure = a_file_place_untold,
     .says = "does not allow file:// places"},
    {.id = "seeds", .yes = all_seeds,
     .says = "5 hosts fetch from a seed of their datacenter first: s1 (dc1), s2 (dc1), s3 (dc1) "
             "and 2 more"},
    {.id = "seed-unready", .yes = no_seed_yet, .text = "[seed] url is not set",
     .says = "it should be a seed, but cannot serve: [seed] url is not set"},
    {.id = "seed-unready", .yes = seeds_elsewhere,
     .says = "\"http://127.0.0.1:4646/\" is not an http(s) URL without a query at 10.0.1."},
    {.id = "seed-refused", .yes = seeds_refused, .unsure = seeds_doubted,
     .text = "https://mirror.example/",
     .says = "this host may not fetch from the seed s2, http://10.0.0.1:4655/"},
    {.id = "connect-window", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.5", .yes = a_job, .number = JOB_CONNECT, .unsure = jobs_lost},
    {.id = "bad-1.0.0", .from = "0.12.12", .to = "1.0.1", .calm_from = "0.12.12",
     .calm_to = "1.0.2", .yes = world_as_it_is},
    {.id = "bad-1.1.0", .from = "1.0.18", .to = "1.1.2", .calm_from = "1.0.18",
     .calm_to = "1.1.3", .yes = world_as_it_is},
    {.id = "bad-1.2.0", .from = "1.1.18", .to = "1.2.1", .calm_from = "1.1.18",
     .calm_to = "1.2.2", .yes = world_as_it_is},
    {.id = "bad-1.3.3", .from = "1.3.2", .to = "1.3.3", .calm_from = "1.3.2", .calm_to = "1.3.4",
     .yes = an_attribute, .text = "windows", .number = ATTR_KERNEL, .unsure = node_lost},
    {.id = "bad-1.3.10", .from = "1.4.14", .to = "1.5.0", .calm_from = "1.4.14",
     .calm_to = "1.5.1", .yes = a_job, .number = JOB_BRIDGE, .unsure = jobs_lost},
    {.id = "bad-1.4.0", .from = "1.3.16", .to = "1.4.2", .calm_from = "1.3.16",
     .calm_to = "1.4.3", .yes = world_as_it_is},
    {.id = "bad-1.5.4", .from = "1.5.3", .to = "1.5.4", .calm_from = "1.5.3", .calm_to = "1.5.5",
     .yes = world_as_it_is},
    {.id = "bad-1.6.0", .from = "1.5.17", .to = "1.6.0", .calm_from = "1.5.17",
     .calm_to = "1.6.1", .yes = world_as_it_is},
    {.id = "bad-1.7.0", .from = "1.6.10", .to = "1.7.1", .calm_from = "1.6.10",
     .calm_to = "1.7.2", .yes = world_as_it_is},
    {.id = "bad-1.9.0", .from = "1.8.4", .to = "1.9.0", .calm_from = "1.8.4", .calm_to = "1.9.3",
     .yes = world_as_it_is},
    {.id = "bad-1.9.1", .from = "1.8.4", .to = "1.9.1", .calm_from = "1.8.4", .calm_to = "1.9.2",
     .yes = world_as_it_is},
    {.id = "bad-1.9.2", .from = "1.9.1", .to = "1.9.2", .calm_from = "1.9.1", .calm_to = "1.9.3",
     .yes = world_as_it_is},
    {.id = "bad-1.9.4", .from = "1.9.3", .to = "1.9.6", .calm_from = "1.9.3", .calm_to = "1.9.7",
     .yes = a_job, .number = JOB_CNI, .unsure = jobs_lost},
    {.id = "bad-1.8.14-ent", .from = "1.10.1+ent", .to = "1.10.3+ent", .calm_from = "1.10.1+ent",
     .calm_to = "1.10.4+ent", .yes = world_as_it_is},
    {.id = "bad-1.11.0", .from = "1.10.5", .to = "1.11.3", .calm_from = "1.10.5",
     .calm_to = "1.11.4", .yes = world_as_it_is},
    {.id = "bad-1.11.0-drain", .from = "1.10.5", .to = "1.11.0", .calm_from = "1.10.5",
     .calm_to = "1.11.1", .yes = world_as_it_is},
    {.id = "second-config", .yes = two_configs, .text = "second-config", .unsure = an_older_agent,
     .says = "/etc/a.hcl and /etc/b.hcl both"},
    {.id = "config-leftovers", .yes = a_fact, .text = "config-leftovers", .unsure = fact_lost},
    {.id = "path-escapes", .from = "0.12.5", .to = "0.12.6", .calm_from = "0.12.6",
     .calm_to = "0.12.7", .yes = a_job, .number = JOB_PATH_ESCAPES, .unsure = jobs_lost},
    {.id = "docker-binds", .from = "0.11.8", .to = "0.12.0", .calm_from = "0.12.0",
     .calm_to = "0.12.1", .yes = a_job, .number = JOB_DOCKER_BINDS, .unsure = jobs_lost},
    {.id = "qemu-paths", .from = "0.11.8", .to = "0.12.0", .calm_from = "0.12.0",
     .calm_to = "0.12.1", .yes = a_job, .number = JOB_QEMU, .unsure = jobs_lost},
    {.id = "ent-license", .from = "0.11.8+ent", .to = "0.12.0+ent", .calm_from = "0.12.0+ent",
     .calm_to = "0.12.1+ent", .yes = world_as_it_is},
    {.id = "own-namespaces", .from = "1.0.2", .to = "1.0.3", .calm_from = "1.0.3",
     .calm_to = "1.0.4", .yes = a_job, .number = JOB_JAVA, .unsure = jobs_lost},
    {.id = "net-raw", .from = "1.0.4", .to = "1.0.5", .calm_from = "1.0.5", .calm_to = "1.0.6",
     .yes = a_job, .number = JOB_JAVA, .unsure = jobs_lost},
    {.id = "untagged-metrics", .from = "0.12.12", .to = "1.0.0", .calm_from = "1.0.0",
     .calm_to = "1.0.1", .yes = a_key, .text = "key.disable_tagged_metrics", .unsure = world_as_it_is},
    {.id = "old-metrics", .from = "0.12.12", .to = "1.0.0", .calm_from = "1.0.0",
     .calm_to = "1.0.1", .yes = a_key, .text = "key.backwards_compatible_metrics",
     .unsure = world_as_it_is},
    {.id = "hcl2", .from = "0.12.12", .to = "1.0.0", .calm_from = "1.0.0", .calm_to = "1.0.1",
     .unsure = world_as_it_is},
    {.id = "docker-signal", .from = "0.12.12", .to = "1.0.0", .calm_from = "1.0.0",
     .calm_to = "1.0.1", .yes = a_job, .number = JOB_DOCKER_SIGNAL, .unsure = jobs_lost},
    {.id = "connect-consul-1.9", .from = "0.12.12", .to = "1.0.0", .calm_from = "1.0.0",
     .calm_to = "1.0.1", .yes = an_attribute, .text = "1.8.4", .number = ATTR_CONSUL,
     .unsure = node_lost},
    {.id = "ec2-cpu", .from = "0.12.12", .to = "1.0.0", .calm_from = "1.0.0", .calm_to = "1.0.1",
     .unsure = world_as_it_is},
    {.id = "vault-templates", .from = "1.0.1", .to = "1.0.2", .calm_from = "1.0.2",
     .calm_to = "1.0.3", .yes = a_job, .number = JOB_TEMPLATE_VAULT, .unsure = jobs_lost},
    {.id = "default-caps", .from = "1.0.18", .to = "1.1.0", .calm_from = "1.1.0",
     .calm_to = "1.1.1", .yes = a_job, .number = JOB_JAVA, .unsure = jobs_lost},
    {.id = "csi-modes", .from = "1.0.18", .to = "1.1.0", .calm_from = "1.1.0",
     .calm_to = "1.1.1", .yes = a_job, .number = JOB_CSI_NO_MODE, .unsure = jobs_lost},
    {.id = "prometheus", .from = "1.0.18", .to = "1.1.0", .calm_from = "1.1.0",
     .calm_to = "1.1.1", .yes = a_switch, .number = CONFIG_PROMETHEUS, .unsure = world_config_lost},
    {.id = "iptables", .from = "1.0.18", .to = "1.1.0", .calm_from = "1.1.0", .calm_to = "1.1.1",
     .unsure = world_as_it_is},
    {.id = "audit-names", .from = "1.1.3+ent", .to = "1.1.4+ent", .calm_from = "1.1.4+ent",
     .calm_to = "1.1.5+ent", .unsure = world_as_it_is},
    {.id = "nvidia", .from = "1.1.18", .to = "1.2.0", .calm_from = "1.2.0", .calm_to = "1.2.1",
     .yes = a_job, .number = JOB_NVIDIA, .unsure = jobs_lost},
    {.id = "parse-acl", .from = "1.2.5", .to = "1.2.6", .calm_from = "1.2.6", .calm_to = "1.2.7",
     .unsure = world_as_it_is},
    {.id = "bbolt", .from = "1.2.16", .to = "1.3.0", .calm_from = "1.3.0", .calm_to = "1.3.1",
     .yes = world_as_it_is},
    {.id = "connect-consul-1.8", .from = "1.2.16", .to = "1.3.0", .calm_from = "1.3.0",
     .calm_to = "1.3.1", .yes = an_attribute, .text = "1.7.9", .number = ATTR_CONSUL,
     .unsure = node_lost},
    {.id = "cgroups-v2", .from = "1.2.16", .to = "1.3.0", .calm_from = "1.3.0",
     .calm_to = "1.3.1", .yes = an_attribute, .text = "v2", .number = ATTR_CGROUPS,
     .unsure = node_lost},
    {.id = "template-write", .from = "1.2.16", .to = "1.3.0", .calm_from = "1.3.0",
     .calm_to = "1.3.1", .yes = a_job, .number = JOB_TEMPLATE_WRITE, .unsure = jobs_lost},
    {.id = "csi-plugins", .from = "1.2.16", .to = "1.3.0", .calm_from = "1.3.0",
     .calm_to = "1.3.1", .yes = an_attribute, .text = "1", .number = ATTR_CSI,
     .unsure = node_lost},
    {.id = "artifact-limits", .from = "1.3.0", .to = "1.3.1", .calm_from = "1.3.1",
     .calm_to = "1.3.2", .yes = a_job, .number = JOB_ARTIFACT, .unsure = jobs_lost},
    {.id = "kill-timeout", .from = "1.3.1", .to = "1.3.2", .calm_from = "1.3.2",
     .calm_to = "1.3.3", .yes = a_job, .number = JOB_LONG_KILL, .unsure = jobs_lost},
    {.id = "batch-gc", .from = "1.4.3", .to = "1.4.4", .calm_from = "1.4.4", .calm_to = "1.4.5",
     .unsure = world_as_it_is},
    {.id = "keyring-files", .from = "1.3.16", .to = "1.4.0", .calm_from = "1.4.0",
     .calm_to = "1.4.1", .yes = world_as_it_is},
    {.id = "scheduler-1.4", .from = "1.3.16", .to = "1.4.0", .calm_from = "1.4.0",
     .calm_to = "1.4.1", .unsure = world_as_it_is},
    {.id = "artifact-sandbox", .from = "1.4.14", .to = "1.5.0", .calm_from = "1.5.0",
     .calm_to = "1.5.1", .yes = a_job, .number = JOB_ARTIFACT, .unsure = jobs_lost},
    {.id = "gossip-cli", .from = "1.4.14", .to = "1.5.0", .calm_from = "1.5.0",
     .calm_to = "1.5.1", .unsure = world_as_it_is},
    {.id = "mlock", .from = "1.5.17", .to = "1.6.0", .calm_from = "1.6.0", .calm_to = "1.6.1",
     .yes = a_job, .number = JOB_EXEC, .unsure = jobs_lost},
    {.id = "evaluate-acl", .from = "1.5.17", .to = "1.6.0", .calm_from = "1.6.0",
     .calm_to = "1.6.1", .unsure = world_as_it_is},
    {.id = "arch-386", .from = "1.5.17", .to = "1.6.0", .calm_from = "1.6.0", .calm_to = "1.6.1",
     .yes = an_attribute, .text = "386", .number = ATTR_ARCH, .unsure = node_lost},
    {.id = "submissions", .from = "1.7.2", .to = "1.7.3", .calm_from = "1.7.3",
     .calm_to = "1.7.4", .yes = world_as_it_is},
    {.id = "dmidecode", .from = "1.6.10", .to = "1.7.0", .calm_from = "1.7.0",
     .calm_to = "1.7.1", .yes = no_fact, .text = "dmidecode", .unsure = fact_lost},
    {.id = "cores", .from = "1.6.10", .to = "1.7.0", .calm_from = "1.7.0", .calm_to = "1.7.1",
     .yes = a_job, .number = JOB_RAW_EXEC, .unsure = jobs_lost},
    {.id = "cgroup-attributes", .from = "1.6.10", .to = "1.7.0", .calm_from = "1.7.0",
     .calm_to = "1.7.1", .yes = a_job, .number = JOB_ATTR_CGROUP, .unsure = jobs_lost},
    {.id = "distinct-hosts", .from = "1.6.10", .to = "1.7.0", .calm_from = "1.7.0",
     .calm_to = "1.7.1", .yes = a_job, .number = JOB_DISTINCT_HOSTS, .unsure = jobs_lost},
    {.id = "token-flow", .from = "1.6.10", .to = "1.7.0", .calm_from = "1.7.0",
     .calm_to = "1.7.1", .unsure = world_as_it_is},
    {.id = "no-cgroups", .from = "1.7.7", .to = "1.8.0", .calm_from = "1.8.0",
     .calm_to = "1.8.1", .yes = a_key, .text = "key.no_cgroups", .unsure = world_as_it_is},
    {.id = "cni-plugins", .from = "1.7.7", .to = "1.8.0", .calm_from = "1.8.0",
     .calm_to = "1.8.1", .yes = an_old_client, .text = "1.4.14", .unsure = a_lost_client},
    {.id = "old-disconnect", .from = "1.7.7", .to = "1.8.0", .calm_from = "1.8.0",
     .calm_to = "1.8.1", .yes = a_job, .number = JOB_OLD_DISCONNECT, .unsure = jobs_lost},
    {.id = "sentinel-plugins", .from = "1.8.0+ent", .to = "1.8.1+ent", .calm_from = "1.8.1+ent",
     .calm_to = "1.8.2+ent", .unsure = world_as_it_is},
    {.id = "windows-docker", .from = "1.8.1", .to = "1.8.2", .calm_from = "1.8.2",
     .calm_to = "1.8.3", .yes = an_attribute, .text = "windows", .number = ATTR_KERNEL,
     .unsure = node_lost},
    {.id = "prepublish", .from = "1.8.2", .to = "1.8.3", .calm_from = "1.8.3",
     .calm_to = "1.8.4", .unsure = world_as_it_is},
    {.id = "pause-image", .from = "1.8.3", .to = "1.8.4", .calm_from = "1.8.4",
     .calm_to = "1.8.5", .yes = a_job, .number = JOB_BRIDGE, .unsure = jobs_lost},
    {.id = "clients-1.6", .from = "1.8.4", .to = "1.9.0", .calm_from = "1.9.0",
     .calm_to = "1.9.1", .yes = an_old_client, .text = "1.5.17", .unsure = a_lost_client},
    {.id = "clients-1.5", .from = "1.8.4", .to = "1.9.0", .calm_from = "1.9.0",
     .calm_to = "1.9.1", .yes = an_old_client, .text = "1.4.14", .unsure = a_lost_client},
    {.id = "hcl1", .from = "1.8.4", .to = "1.9.0", .calm_from = "1.9.0", .calm_to = "1.9.1",
     .unsure = world_as_it_is},
    {.id = "cipher-suites", .from = "1.8.4", .to = "1.9.0", .calm_from = "1.9.0",
     .calm_to = "1.9.1", .yes = a_key, .text = "key.tls_prefer_server_cipher_suites",
     .unsure = world_as_it_is},
    {.id = "keyring-raft", .from = "1.8.4", .to = "1.9.0", .calm_from = "1.9.0",
     .calm_to = "1.9.1", .yes = world_as_it_is},
    {.id = "arch-32", .from = "1.8.4", .to = "1.9.0", .calm_from = "1.9.0", .calm_to = "1.9.1",
     .yes = an_attribute, .text = "arm", .number = ATTR_ARCH, .unsure = node_lost},
    {.id = "template-execute", .from = "1.9.3", .to = "1.9.4", .calm_from = "1.9.4",
     .calm_to = "1.9.5", .yes = a_job, .number = JOB_TEMPLATE_EXECUTE, .unsure = jobs_lost},
    {.id = "cni-1.2", .from = "1.9.4", .to = "1.9.5", .calm_from = "1.9.5", .calm_to = "1.9.6",
     .yes = an_attribute, .text = "1.1.1", .number = ATTR_CNI_BRIDGE, .unsure = node_lost},
    {.id = "start-order", .from = "1.9.5", .to = "1.9.6", .calm_from = "1.9.6",
     .calm_to = "1.9.7", .unsure = world_as_it_is},
    {.id = "address-attributes", .from = "1.9.6", .to = "1.9.7", .calm_from = "1.9.7",
     .calm_to = "1.9.8", .yes = a_job, .number = JOB_ATTR_ADVERTISE, .unsure = jobs_lost},
    {.id = "vault-unauthenticated", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .yes = a_key, .text = "key.allow_unauthenticated", .unsure = world_as_it_is},
    {.id = "vault-role", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .yes = a_key, .text = "key.create_from_role", .unsure = world_as_it_is},
    {.id = "vault-ttl", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .yes = a_key, .text = "key.task_token_ttl", .unsure = world_as_it_is},
    {.id = "template-consul", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .yes = a_job, .number = JOB_TEMPLATE_CONSUL, .unsure = jobs_lost},
    {.id = "plugin-blocks", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .yes = a_fact, .text = "plugin-unlisted", .unsure = fact_lost},
    {.id = "disconnect-ignored", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .yes = a_job, .number = JOB_OLD_DISCONNECT, .unsure = jobs_lost},
    {.id = "remote-drivers", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .yes = a_driver, .text = "ecs", .unsure = jobs_lost},
    {.id = "spread-updates", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.1", .unsure = world_as_it_is},
    {.id = "key-service", .from = "1.10.0", .to = "1.10.1", .calm_from = "1.10.1",
     .calm_to = "1.10.2", .yes = a_switch, .number = CONFIG_KMS, .unsure = world_config_lost},
    {.id = "peer-address", .from = "1.10.0", .to = "1.10.1", .calm_from = "1.10.1",
     .calm_to = "1.10.2", .unsure = world_as_it_is},
    {.id = "sprig", .from = "1.10.1", .to = "1.10.2", .calm_from = "1.10.2", .calm_to = "1.10.3",
     .yes = a_job, .number = JOB_TEMPLATE_SPRIG, .unsure = jobs_lost},
    {.id = "alloc-metrics", .from = "1.10.1", .to = "1.10.2", .calm_from = "1.10.2",
     .calm_to = "1.10.3", .yes = a_switch, .number = CONFIG_ALLOC_METRICS, .unsure = world_config_lost},
    {.id = "keyring-type", .from = "1.10.4", .to = "1.10.5", .calm_from = "1.10.5",
     .calm_to = "1.10.6", .yes = a_switch, .number = CONFIG_KMS, .unsure = world_config_lost},
    {.id = "system-reschedule", .from = "1.10.5", .to = "1.11.0", .calm_from = "1.11.0",
     .calm_to = "1.11.1", .yes = a_job, .number = JOB_SYSTEM_RESCHEDULE, .unsure = jobs_lost},
    {.id = "identities", .from = "1.10.5", .to = "1.11.0", .calm_from = "1.11.0",
     .calm_to = "1.11.1", .yes = world_as_it_is},
    {.id = "disk-attributes", .from = "1.11.0", .to = "1.11.1", .calm_from = "1.11.1",
     .calm_to = "1.11.2", .yes = a_job, .number = JOB_DOCKER_EMAIL, .unsure = jobs_lost},
    {.id = "disk-free", .from = "1.11.0", .to = "1.11.1", .calm_from = "1.11.1",
     .calm_to = "1.11.2", .yes = a_key, .text = "key.disk_free_mb", .unsure = world_as_it_is},
    {.id = "qemu-environment", .from = "1.11.1", .to = "1.11.2", .calm_from = "1.11.2",
     .calm_to = "1.11.3", .yes = a_job, .number = JOB_QEMU, .unsure = jobs_lost},
    {.id = "system-deployments", .from = "1.11.2", .to = "1.11.3", .calm_from = "1.11.3",
     .calm_to = "1.11.4", .yes = an_old_client, .text = "1.10.5", .unsure = a_lost_client},
    {.id = "raft-boltdb", .from = "1.11.3", .to = "2.0.0", .calm_from = "2.0.0",
     .calm_to = "2.0.1", .yes = a_switch, .number = CONFIG_BOLTDB, .unsure = world_config_lost},
    {.id = "wal", .from = "1.11.3", .to = "2.0.0", .calm_from = "2.0.0", .calm_to = "2.0.1",
     .yes = a_key, .text = "key.raft_logstore", .unsure = world_as_it_is},
    {.id = "logs-read-only", .from = "2.0.0", .to = "2.0.1", .calm_from = "2.0.1",
     .calm_to = "2.0.2", .yes = a_job, .number = JOB_WRITES_LOGS, .unsure = jobs_lost},
    {.id = "host-modes", .from = "2.0.3", .to = "2.0.4", .calm_from = "2.0.4",
     .calm_to = "2.0.5", .yes = a_job, .number = JOB_DOCKER_HOST_MODE, .unsure = jobs_lost},
    {.id = "anonymous-join", .from = "2.0.3", .to = "2.0.4", .calm_from = "2.0.4",
     .calm_to = "2.0.5", .yes = a_switch, .number = CONFIG_JOIN, .unsure = world_config_lost},
    {.id = "check-ids", .from = "2.0.4", .to = "2.0.5", .calm_from = "2.0.5", .calm_to = "2.0.6",
     .unsure = world_as_it_is},
    {.id = "host-id", .from = "2.0.5", .to = "2.0.6", .calm_from = "2.0.6", .calm_to = "2.0.7",
     .yes = world_as_it_is},
    {.id = "identity-again", .from = "2.0.6", .to = "2.0.7", .calm_from = "2.0.7",
     .calm_to = "2.0.8", .yes = world_as_it_is},
    {.id = "join-keys", .from = "2.0.7", .to = "2.1.0", .calm_from = "2.1.0", .calm_to = "2.1.1",
     .yes = a_switch, .number = CONFIG_OLD_JOIN, .unsure = world_config_lost},
};
/* clang-format on */

const struct worlds *worlds_at(size_t i)
{
    if (i < ARRAY_LEN(of_versions_and_hosts))
        return &of_versions_and_hosts[i];
    i -= ARRAY_LEN(of_versions_and_hosts);
    return i < cluster_worlds_len ? &cluster_worlds[i] : NULL;
}
