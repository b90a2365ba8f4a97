#include "sim_shell.h"
#include <dirent.h>
#include <sys/stat.h>
#include "file.h"
#include "json.h"
#include "sim_build.h"
#include "str.h"

#define CONF_MAX  1048576
#define FILES_MAX 32

/* The keys of Nomad's configuration. As in Nomad, the agent does not start with an unknown key, or
 * with a key that a later minor version introduced. */
struct known {
    const char *section; /* "" for the top level */
    const char *keys;    /* separated by blanks */
    int major, minor;    /* since */
};

static const struct known known[] = {
    {"", " acl addresses advertise audit autopilot bind_addr client consul data_dir datacenter ", 0,
     8},
    {"", " disable_anonymous_signature disable_update_check enable_debug enable_syslog ", 0, 8},
    {"", " http_api_response_headers leave_on_interrupt leave_on_terminate limits log_file ", 0, 8},
    {"", " log_json log_level log_rotate_bytes log_rotate_duration log_rotate_max_files name ", 0,
     8},
    {"", " plugin plugin_dir ports region sentinel server syslog_facility telemetry tls vault ", 0,
     8},
    {"", " ui ", 1, 2},
    {"", " log_include_location ", 1, 6},
    {"", " reporting ", 1, 7},
    {"", " keyring ", 1, 8},
    {"", " rpc eventlog ", 1, 10},
    {"server",
     " authoritative_region bootstrap_expect data_dir enabled enabled_schedulers encrypt ", 0, 8},
    {"server", " eval_gc_threshold deployment_gc_threshold job_gc_threshold job_gc_interval ", 0,
     8},
    {"server", " node_gc_threshold heartbeat_grace max_heartbeats_per_second min_heartbeat_ttl ", 0,
     8},
    {"server", " non_voting_server num_schedulers protocol_version raft_multiplier raft_protocol ",
     0, 8},
    {"server",
     " redundancy_zone rejoin_after_leave retry_interval retry_join retry_max server_join ", 0, 8},
    {"server", " start_join upgrade_version default_scheduler_config ", 0, 8},
    {"server", " enable_event_broker event_buffer_size ", 1, 0},
    {"server", " license_path search deploy_query_rate_limit ", 1, 1},
    {"server", " failover_heartbeat_ttl ", 1, 2},
    {"server", " raft_boltdb plan_rejection_tracker batch_eval_gc_threshold ", 1, 3},
    {"server", " root_key_gc_interval root_key_gc_threshold root_key_rotation_threshold ", 1, 4},
    {"server", " acl_token_gc_threshold ", 1, 4},
    {"server",
     " job_default_priority job_max_priority raft_snapshot_threshold raft_snapshot_interval ", 1,
     5},
    {"server", " raft_trailing_logs ", 1, 5},
    {"server", " job_max_source_size job_tracked_versions ", 1, 6},
    {"server", " oidc_issuer ", 1, 7},
    {"server", " start_timeout ", 1, 10},
    {"server", " client_introduction job_max_count ", 1, 11},
    {"server", " raft_logstore ", 2, 0},
    {"client", " alloc_dir chroot_env client_max_port client_min_port cni_config_dir cni_path ", 0,
     8},
    {"client", " cpu_total_compute disable_remote_exec enabled gc_disk_usage_threshold ", 0, 8},
    {"client", " gc_inode_usage_threshold gc_interval gc_max_allocs gc_parallel_destroys ", 0, 8},
    {"client", " bridge_network_name bridge_network_subnet host_network host_volume ", 0, 8},
    {"client", " max_kill_timeout memory_total_mb meta network_interface network_speed ", 0, 8},
    {"client", " no_host_uuid node_class options reserved server_join servers state_dir template ",
     0, 8},
    {"client", " cgroup_parent reservable_cores artifact ", 1, 1},
    {"client", " min_dynamic_port max_dynamic_port ", 1, 2},
    {"client", " nomad_service_discovery ", 1, 3},
    {"client", " drain_on_shutdown bridge_network_hairpin_mode disk_total_mb disk_free_mb ", 1, 5},
    {"client", " node_pool ", 1, 6},
    {"client", " users alloc_mounts_dir preferred_address_family ", 1, 8},
    {"client", " bridge_network_subnet_ipv6 ", 1, 9},
    {"client", " host_volumes_dir host_volume_plugin_dir gc_volumes_on_node_gc node_max_allocs ", 1,
     10},
    {"client", " common_plugin_dir fingerprint ", 1, 11},
    {"tls", " ca_file cert_file http key_file rpc rpc_upgrade_mode tls_cipher_suites ", 0, 8},
    {"tls", " tls_min_version tls_prefer_server_cipher_suites verify_https_client ", 0, 8},
    {"tls", " verify_server_hostname ", 0, 8},
    {"acl", " enabled policy_ttl replication_token token_ttl ", 0, 8},
    {"acl", " role_ttl token_min_expiration_ttl token_max_expiration_ttl ", 1, 4},
};

static bool is_known(const char *section, const char *key, const char *version)
{
    char word[80];
    snprintf(word, sizeof(word), " %s ", key);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eq(known[i].section, section) && strstr(known[i].keys, word) != NULL)
            return sim_build_at_least(version, known[i].major, known[i].minor, 0);
    return false;
}

/* In HCL's JSON form a block is an object, or an array with one object. */
static const struct json *block_of(const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return json_is_array(v) ? json_item(v, 0) : v;
}

static int check_keys(const struct json *o, const char *section, const char *version,
                      struct err *err)
{
    for (size_t i = 0; i < json_len(o); i++) {
        const char *key;
        (void)json_pair(o, i, &key);
        if (!is_known(section, key, version))
            return err_set(err, ERR_CONFIG, 0, "invalid configuration: unexpected key %s%s%s",
                           section, section[0] != '\0' ? "." : "", key);
    }
    return 0;
}

/* "ip" or "ip:port" */
static int read_addr(const char *text, uint16_t port, struct sim_addr *ret, struct err *err)
{
    char host[64];
    uint64_t n = port;
    str_cut(host, sizeof(host), text);
    char *colon = strrchr(host, ':');
    if (colon != NULL) {
        *colon = '\0';
        if (str_to_u64(colon + 1, 65535, &n) < 0)
            return err_set(err, ERR_CONFIG, 0, "%s is not an address", text);
    }
    if (sim_ip_parse(host, &ret->ip) < 0)
        return err_set(err, ERR_CONFIG, 0, "%s: the stand-in needs an IPv4 address", text);
    ret->port = (uint16_t)n;
    return 0;
}

/* add: the difference between a server's RPC port and its port for the stand-in's messages. */
static int read_join(struct sim_config *c, const struct json *list, uint16_t port, int add,
                     struct err *err)
{
    for (size_t i = 0; i < json_len(list) && c->n_join < SIM_SERVERS_MAX; i++) {
        struct sim_addr a;
        if (read_addr(json_text_of(json_item(list, i), ""), port, &a, err) < 0)
            return -1;
        a.port = (uint16_t)(a.port + add);
        c->join[c->n_join++] = a;
    }
    return 0;
}

static int read_server(struct sim_config *c, const struct json *o, struct err *err)
{
    const struct json *join = block_of(o, "server_join");
    c->server = json_bool(o, "enabled", c->server);
    str_cut(c->authoritative, sizeof(c->authoritative),
            json_str(o, "authoritative_region", c->authoritative));
    c->expect = (uint8_t)json_int(o, "bootstrap_expect", c->expect);
    c->raft_vsn = (uint8_t)json_int(o, "raft_protocol", c->raft_vsn);
    if (!c->server)
        return 0;
    if (read_join(c, json_get(join, "retry_join"), c->serf_port, 0, err) < 0 ||
        read_join(c, json_get(join, "start_join"), c->serf_port, 0, err) < 0 ||
        read_join(c, json_get(o, "retry_join"), c->serf_port, 0, err) < 0)
        return -1;
    return read_join(c, json_get(o, "start_join"), c->serf_port, 0, err);
}

static int read_client(struct sim_config *c, const struct json *o, struct err *err)
{
    int add = c->serf_port - c->rpc_port;
    c->client = json_bool(o, "enabled", c->client);
    str_cut(c->node_class, SIM_NAME, json_str(o, "node_class", c->node_class));
    if (!c->client || c->server)
        return 0;
    const struct json *join = block_of(o, "server_join");
    if (read_join(c, json_get(join, "retry_join"), c->rpc_port, add, err) < 0)
        return -1;
    return read_join(c, json_get(o, "servers"), c->rpc_port, add, err);
}

static int read_addresses(struct sim_nomad_conf *r, const struct json *o, struct err *err)
{
    struct sim_config *c = &r->node;
    const struct json *ports = block_of(o, "ports"), *adv = block_of(o, "advertise");
    const char *bind = json_str(o, "bind_addr", NULL);
    c->http_port = (uint16_t)json_int(ports, "http", c->http_port);
    c->rpc_port = (uint16_t)json_int(ports, "rpc", c->rpc_port);
    c->serf_port = (uint16_t)json_int(ports, "serf", c->serf_port);
    if (bind != NULL) {
        struct sim_addr a;
        if (read_addr(bind, 0, &a, err) < 0)
            return -1;
        str_cut(r->http_address, sizeof(r->http_address), bind);
        c->ip = a.ip != 0 ? a.ip : c->ip;
        c->binds_all = a.ip == 0;
    }
    str_cut(r->http_address, sizeof(r->http_address),
            json_str(block_of(o, "addresses"), "http", r->http_address));
    const char *keys[] = {"http", "rpc", "serf"};
    uint16_t *const to[] = {&c->http_port, &c->rpc_port, &c->serf_port};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct sim_addr a;
        const char *text = json_str(adv, keys[i], NULL);
        if (text == NULL)
            continue;
        if (read_addr(text, *to[i], &a, err) < 0)
            return -1;
        c->ip = a.ip;
        *to[i] = a.port;
    }
    return 0;
}

static void read_tls(struct sim_nomad_conf *r, const struct json *o)
{
    r->node.tls = json_bool(o, "http", r->node.tls);
    r->node.tls_rpc = json_bool(o, "rpc", r->node.tls_rpc);
    r->node.tls_verify_client = json_bool(o, "verify_https_client", r->node.tls_verify_client);
    str_cut(r->ca_file, sizeof(r->ca_file), json_str(o, "ca_file", r->ca_file));
    str_cut(r->cert_file, sizeof(r->cert_file), json_str(o, "cert_file", r->cert_file));
    str_cut(r->key_file, sizeof(r->key_file), json_str(o, "key_file", r->key_file));
}

static int apply_conf(struct sim_nomad_conf *r, const struct json *o, const char *version,
                      struct err *err)
{
    static const char *const sections[] = {"server", "client", "tls", "acl"};
    struct sim_config *c = &r->node;
    if (!json_is_object(o))
        return err_set(err, ERR_CONFIG, 0, "not a JSON object");
    if (check_keys(o, "", version, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (check_keys(block_of(o, sections[i]), sections[i], version, err) < 0)
            return -1;
    if (read_addresses(r, o, err) < 0)
        return -1;
    str_cut(c->name, SIM_NAME, json_str(o, "name", c->name));
    str_cut(c->region, SIM_NAME, json_str(o, "region", c->region));
    str_cut(c->dc, SIM_NAME, json_str(o, "datacenter", c->dc));
    if (str_copy(c->data_dir, sizeof(c->data_dir), json_str(o, "data_dir", c->data_dir)) < 0)
        return err_set(err, ERR_CONFIG, 0, "data_dir is too long for the stand-in (%zu bytes)",
                       sizeof(c->data_dir) - 1);
    c->leave_on_int = json_bool(o, "leave_on_interrupt", c->leave_on_int);
    c->leave_on_term = json_bool(o, "leave_on_terminate", c->leave_on_term);
    c->acl = json_bool(block_of(o, "acl"), "enabled", c->acl);
    r->conns_per_client =
        (int)json_int(block_of(o, "limits"), "http_max_conns_per_client", r->conns_per_client);
    read_tls(r, block_of(o, "tls"));
    if (read_server(c, block_of(o, "server"), err) < 0)
        return -1;
    return read_client(c, block_of(o, "client"), err);
}

static int load_file(const char *path, const char *version, struct sim_nomad_conf *r,
                     struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    auto_json struct json *o = NULL;
    if (str_ends(path, ".hcl"))
        return err_set(err, ERR_CONFIG, 0, "%s: the stand-in reads JSON configuration only", path);
    if (file_read(path, CONF_MAX, FILE_FOLLOW, &text, err) < 0)
        return -1;
    if (json_parse(text.data, text.len, CONF_MAX, &o, err) < 0 ||
        apply_conf(r, o, version, err) < 0)
        return err_wrap(err, "%s", path);
    str_cut(r->node.file, sizeof(r->node.file), path);
    return 0;
}

static int is_config_file(const struct dirent *e)
{
    return str_ends(e->d_name, ".json") || str_ends(e->d_name, ".hcl");
}

static int load_dir(const char *dir, const char *version, struct sim_nomad_conf *r, struct err *err)
{
    struct dirent **list;
    int rv = 0, n = scandir(dir, &list, is_config_file, alphasort);
    if (n < 0)
        return err_set(err, ERR_CONFIG, errno, "read %s", dir);
    for (int i = 0; i < n; i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
        if (rv == 0)
            rv = load_file(path, version, r, err);
        free(list[i]);
    }
    free(list);
    return rv;
}

static int check_conf(const struct sim_nomad_conf *r, const char *version, struct err *err)
{
    const struct sim_config *c = &r->node;
    if (!c->server && !c->client)
        return err_set(err, ERR_CONFIG, 0,
                       "Must specify either server, client or dev mode for "
                       "the agent.");
    if (c->data_dir[0] != '/')
        return err_set(err, ERR_CONFIG, 0,
                       "Must specify \"data_dir\" config option or \"-data-dir\" "
                       "CLI flag, as an absolute path");
    if (c->raft_vsn != 2 && c->raft_vsn != 3)
        return err_set(err, ERR_CONFIG, 0, "raft_protocol must be 2 or 3");
    if (c->raft_vsn == 2 && c->server && sim_build_has(version, SIM_FEATURE_NO_RAFT_2))
        return err_set(err, ERR_CONFIG, 0,
                       "raft_protocol must be 3 in Nomad v1.4 and later, got 2");
    if (c->tls && (r->cert_file[0] == '\0' || r->key_file[0] == '\0'))
        return err_set(err, ERR_CONFIG, 0, "tls.http needs cert_file and key_file");
    return 0;
}

int sim_conf_load(int n, char **paths, const char *version, struct sim_nomad_conf *ret,
                  struct err *err)
{
    struct sim_nomad_conf r = {.conns_per_client = 100};
    struct stat st;
    r.node.ip = 0x7f000001;
    r.node.http_port = 4646;
    r.node.rpc_port = 4647;
    r.node.serf_port = 4648;
    r.node.raft_vsn = sim_build_at_least(version, 1, 3, 0) ? 3 : 2;
    str_cut(r.http_address, sizeof(r.http_address), "0.0.0.0");
    str_cut(r.node.region, SIM_NAME, "global");
    str_cut(r.node.dc, SIM_NAME, "dc1");
    str_cut(r.node.version, SIM_NAME, version);
    if (gethostname(r.node.name, sizeof(r.node.name) - 1) < 0)
        str_cut(r.node.name, SIM_NAME, "standin");
    for (int i = 0; i < n; i++) {
        if (stat(paths[i], &st) < 0)
            return err_set(err, ERR_CONFIG, errno, "%s", paths[i]);
        if ((S_ISDIR(st.st_mode) ? load_dir(paths[i], version, &r, err)
                                 : load_file(paths[i], version, &r, err)) < 0)
            return -1;
    }
    if (check_conf(&r, version, err) < 0)
        return -1;
    *ret = r;
    return 0;
}
