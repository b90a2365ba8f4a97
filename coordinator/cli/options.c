#include "options.h"

#include <stddef.h>
#include "hazard_ids.h"
#include "trust.h"

#define FIELD(f) offsetof(struct options, f)
#define FLAG(n, l, f, g, h)                                                                        \
    {                                                                                              \
        .name = n, .letter = l, .type = CLI_FLAG, .offset = FIELD(f), .help = h, .groups = g       \
    }
#define VALUE(n, t, f, a, g, h)                                                                    \
    {                                                                                              \
        .name = n, .type = t, .offset = FIELD(f), .arg = a, .help = h, .groups = g                 \
    }
#define COUNT(n, f, lo, hi, g, h)                                                                  \
    {                                                                                              \
        .name = n, .type = CLI_NUMBER, .offset = FIELD(f), .arg = "N", .help = h, .min = lo,       \
        .max = hi, .groups = g                                                                     \
    }

const struct cli_option option_table[] = {
    VALUE("config", CLI_TEXT, config, "PATH", GROUP_ALL,
          "caravan.conf, or its directory; default /etc/caravan, for a user "
          "$XDG_CONFIG_HOME/caravan"),
    FLAG("verbose", 'v', verbose, GROUP_ALL, "print more"),
    COUNT("passphrase-fd", passphrase_fd, 0, 1000000, GROUP_ALL,
          "read the passphrase of secret keys from this descriptor, one line; default the systemd "
          "credential caravan-passphrase, else you are asked"),
    FLAG("no-color", 0, no_color, GROUP_ALL, "no colours, as with NO_COLOR set"),
    FLAG("json", 0, json, GROUP_JSON, "print JSON: one value, or one event a line"),
    FLAG("yes", 'y', yes, GROUP_CONFIRM,
         "answer yes to every question; does not override a refusal"),
    FLAG("dry-run", 0, dry_run, GROUP_DRY, "only show the plan"),

    FLAG("servers", 0, servers, GROUP_FILTER, "only servers"),
    FLAG("clients", 0, clients, GROUP_FILTER, "only clients"),
    VALUE("region", CLI_LIST, region, "NAME,..", GROUP_FILTER,
          "only these regions; default NOMAD_REGION, else all"),
    VALUE("dc", CLI_LIST, dc, "NAME,..", GROUP_FILTER, "only these datacenters"),
    VALUE("class", CLI_LIST, node_class, "NAME,..", GROUP_FILTER, "only these node classes"),
    VALUE("pool", CLI_LIST, pool, "NAME,..", GROUP_FILTER, "only these node pools"),
    VALUE("node", CLI_LIST, node, "NAME|ID,..", GROUP_FILTER,
          "only these hosts, by name, id or at least 4 digits of the id"),
    VALUE("running", CLI_TEXT, running, "VERSION", GROUP_FILTER, "only hosts on this version"),

    VALUE("max-parallel", CLI_TEXT, max_parallel, "N|N%", GROUP_POLICY,
          "clients in flight at once; default 1"),
    COUNT("canary", canary, 0, 10000, GROUP_POLICY, "clients to go first; default 1"),
    VALUE("soak", CLI_DURATION, soak, "TIME", GROUP_POLICY,
          "how long the canaries run before the other clients begin; default 2m"),
    VALUE("settle", CLI_DURATION, settle, "TIME", GROUP_POLICY | GROUP_REPLACE,
          "how long the cluster must stay healthy before the next step; default 10s"),
    COUNT("max-failures", max_failures, 0, 100000, GROUP_POLICY,
          "clients that may fail before the run stops; default 0"),
    COUNT("max-skipped", max_skipped, 0, 100000, GROUP_POLICY,
          "clients that may be skipped because they cannot be reached; default 0"),
    FLAG("drain", 0, drain, GROUP_POLICY, "drain each client before its turn"),
    VALUE("deadline", CLI_DURATION, deadline, "TIME", GROUP_POLICY,
          "how long a drain may take; default 1h"),
    VALUE("accept", CLI_LIST, accept, "ID,..", GROUP_POLICY | GROUP_REPLACE,
          "continue in spite of these findings of the plan"),
    FLAG("accept-outage", 0, accept_outage, GROUP_POLICY,
         "allow the outage that a region with 1 or 2 servers cannot avoid"),

    VALUE("os", CLI_TEXT, os, "OS", GROUP_RELEASE,
          "operating system, as Go names it; default linux"),
    VALUE("arch", CLI_LIST, arch, "ARCH,..", GROUP_RELEASE,
          "architecture, as Go names it: amd64, arm64, ...; fetch: default all of the fleet"),
    VALUE("from", CLI_TEXT, from, "URL|DIR", GROUP_RELEASE,
          "fetch: a mirror with the layout of HashiCorp's release site, or a directory; default "
          "[vendor] from, else that site"),
    VALUE("file", CLI_TEXT, file, "PATH", GROUP_RELEASE, "add: the zip or the bare binary"),
    VALUE("url", CLI_REPEAT, url, "URL", GROUP_RELEASE,
          "add: where hosts fetch exactly this file; may be repeated, hosts try them in order; "
          "without --url hosts fetch the file from this machine"),
    FLAG("not-a-prerelease", 0, not_a_prerelease, GROUP_RELEASE,
         "add: the suffix of VERSION is your own, as in 1.0.2-acme1: this is no prerelease"),

    VALUE("listen", CLI_TEXT, listen, "ADDR:PORT", GROUP_SERVE,
          "address of this machine at which hosts fetch releases; default [serve] listen"),

    VALUE("host", CLI_LIST, host, "ADDRESS,..", GROUP_ENROLL,
          "only the agents at these addresses; Nomad need not list them yet; default port 4650"),
    VALUE("from", CLI_TEXT, from, "FILE", GROUP_ENROLL,
          "accept only keys whose fingerprints are in this file; - is standard input"),
    FLAG("export", 0, export, GROUP_ENROLL,
         "print the fingerprints of all enrolled hosts, in the format of --from"),
    VALUE("forget", CLI_TEXT, forget, "HOST", GROUP_ENROLL,
          "forget the key of this host, by name, Nomad id or address"),
    VALUE("rekey", CLI_TEXT, rekey, "HOST", GROUP_ENROLL,
          "show the known and the new key of this host, and accept the new one"),

    VALUE("add", CLI_LIST, add, "ADDRESS,..", GROUP_REPLACE,
          "new servers, by the addresses given to caravan enroll --host"),
    VALUE("remove", CLI_LIST, remove, "NAME|ID|ADDRESS,..", GROUP_REPLACE,
          "servers that will leave"),
    FLAG("accept-voters", 0, accept_voters, GROUP_REPLACE,
         "continue although fewer servers, or an even number, will vote at the end"),

    FLAG("ask", 0, ask, GROUP_AUDIT,
         "verify: also ask every enrolled host which order it carried out last"),
    VALUE("expires", CLI_TEXT, expires, "DAY", GROUP_TRUST,
          "add, rotate: the key is not valid from this day on (UTC): 2027-12-31; default never"),
    COUNT("threshold", threshold, 1, SIGS_MAX, GROUP_TRUST,
          "add, remove, rotate: how many keys of this role must sign; root and release"),
    COUNT("format", format, 1, TRUST_FORMAT_MAX, GROUP_TRUST,
          "add, remove, rotate: format of the trust file; 1 for agents up to 0.1.0, without names "
          "and expiry days; default the lowest that can say everything"),
    FLAG("drain", 0, drain, GROUP_TOKEN,
         "add the right to drain clients; default [defaults] drain"),
    FLAG("no-snapshot", 0, no_snapshot, GROUP_TOKEN,
         "leave out the right to save snapshots, for runs with --accept no-snapshot"),

    VALUE("name", CLI_TEXT, name, "NAME", GROUP_INIT,
          "name of the cluster, for people; default nomad"),
    FLAG("solo", 0, solo, GROUP_INIT,
         "one person holds all keys; default if there is no terminal to ask on"),
    FLAG("split", 0, split, GROUP_INIT,
         "root and release keys are on machines of their own; you give their public parts"),
    VALUE("root", CLI_LIST, root_keys, "FILE,..", GROUP_INIT,
          "split: public parts of the root keys, NAME.pub"),
    COUNT("root-threshold", root_threshold, 1, ROOT_SIGNERS_MAX, GROUP_INIT,
          "split: how many root keys must sign a trust file; default more than half"),
    VALUE("release", CLI_LIST, release_keys, "FILE,..", GROUP_INIT,
          "split: public parts of the release keys"),
    COUNT("release-threshold", release_threshold, 1, SIGS_MAX, GROUP_INIT,
          "split: how many release keys must sign a release; default more than half"),
    VALUE("operator", CLI_LIST, operator_keys, "FILE,..", GROUP_INIT,
          "split: public parts of the operators' keys, one for each person"),
    VALUE("observer", CLI_LIST, observer_keys, "FILE,..", GROUP_INIT,
          "split: public parts of the observers' keys"),
    FLAG("no-passphrase", 0, no_passphrase, GROUP_INIT | GROUP_KEY,
         "do not encrypt the new secret keys: everybody who can read the files can use them"),
    VALUE("purpose", CLI_TEXT, purpose, "P", GROUP_KEY,
          "new: what the key is for: root, release, operator or observer"),
    COUNT("new-passphrase-fd", new_passphrase_fd, 0, 1000000, GROUP_KEY,
          "change: read the new passphrase from this descriptor, one line; default you are asked"),
    FLAG("print-defaults", 0, print_defaults, GROUP_CONFIG,
         "print the commented example configuration, and nothing else"),
};
const size_t option_count = ARRAY_LEN(option_table);

void options_init(struct options *o)
{
    memset(o, 0, sizeof(*o));
    o->canary = o->soak = o->settle = OPTION_UNSET;
    o->passphrase_fd = o->new_passphrase_fd = OPTION_UNSET;
    o->max_failures = o->max_skipped = o->deadline = OPTION_UNSET;
    o->threshold = o->format = OPTION_UNSET;
    o->root_threshold = o->release_threshold = OPTION_UNSET;
}

static void put_filter_list(size_t *ret_n, const char **ret, const struct cli_list *from)
{
    *ret_n = MIN_OF(from->n, (size_t)FILTER_VALUES);
    for (size_t i = 0; i < *ret_n; i++)
        ret[i] = from->items[i];
}

static int64_t option_or_conf(int64_t option, int64_t conf)
{
    return option == OPTION_UNSET ? conf : option;
}

static void put_filter(const struct options *o, const struct coord_conf *conf, struct filter *f)
{
    f->servers = o->servers;
    f->clients = o->clients;
    put_filter_list(&f->n_regions, f->regions, &o->region);
    put_filter_list(&f->n_dcs, f->dcs, &o->dc);
    put_filter_list(&f->n_classes, f->classes, &o->node_class);
    put_filter_list(&f->n_pools, f->pools, &o->pool);
    put_filter_list(&f->n_nodes, f->nodes, &o->node);
    f->running = o->running;
    if (f->n_regions == 0 && conf->region[0] != '\0') {
        f->n_regions = 1;
        f->regions[0] = conf->region;
    }
}

int options_policy(const struct options *o, const struct coord_conf *conf,
                   const struct hazards *hazards, struct policy *ret, struct err *err)
{
    struct policy p;
    policy_default(&p);
    put_filter(o, conf, &p.filter);
    const char *parallel = o->max_parallel != NULL ? o->max_parallel : conf->max_parallel;
    if (policy_parse_parallel(parallel, &p, err) < 0)
        return err_wrap(err, "--max-parallel");
    p.canary = (uint32_t)option_or_conf(o->canary, conf->canary);
    p.soak_ms = option_or_conf(o->soak, conf->soak_ms);
    p.settle_ms = option_or_conf(o->settle, conf->settle_ms);
    p.settle_answers = (uint32_t)conf->settle_answers;
    p.max_failures = (uint32_t)option_or_conf(o->max_failures, conf->max_failures);
    p.max_skipped = (uint32_t)option_or_conf(o->max_skipped, conf->max_skipped);
    p.server_deadline_ms = conf->server_deadline_ms;
    p.client_deadline_ms = conf->client_deadline_ms;
    p.hold_ms = conf->hold_ms;
    p.drain = o->drain || conf->drain;
    p.drain_deadline_ms = option_or_conf(o->deadline, conf->drain_deadline_ms);
    p.accept_outage = o->accept_outage;
    p.replace.voters = o->accept_voters;
    p.replace.watch_ms = conf->removed_watch_ms;
    p.n_accepted = MIN_OF(o->accept.n, (size_t)FILTER_VALUES);
    for (size_t i = 0; i < p.n_accepted; i++)
        p.accepted[i] = o->accept.items[i];
    p.lease_ms = conf->lease_ms;
    p.renew_ms = conf->renew_ms;
    p.stage_deadline_ms = conf->stage_deadline_ms;
    p.stage_parallel = (uint32_t)conf->stage_parallel;
    p.unproven_days = (uint32_t)conf->unproven_days;
    if (hazard_ids_check(&p, hazards, err) < 0)
        return -1;
    if (p.renew_ms * 2 > p.lease_ms)
        return err_set(err, ERR_CONFIG, 0,
                       "[defaults] renew must be at most half of lease; otherwise one lost "
                       "message loses the lease");
    if (p.drain && p.drain_deadline_ms <= 0)
        return err_set(err, ERR_USAGE, 0,
                       "--drain needs a --deadline above 0: a drain without one may never end");
    *ret = p;
    return 0;
}

int exit_of(const struct err *err)
{
    if (err->kind == ERR_USAGE || err->kind == ERR_CONFIG)
        return EXIT_USAGE;
    if (err->kind == ERR_REFUSED || err->kind == ERR_BUSY)
        return EXIT_REFUSED;
    return EXIT_FAILED;
}
