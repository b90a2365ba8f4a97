/* sim_self_config: Nomad's configuration with Go's field names. Contract: sim_route.h. The fixed
 * part has the values of a recorded Nomad 1.0.18; the node's own values are filled in. */
#include "sim_json.h"
#include "sim_route.h"

struct piece {
    const char *key, *json;
};

static const struct piece agent_pieces[] = {
    {"Audit", "{'Enabled':null,'Filters':null,'Sinks':null}"},
    {"Autopilot",
     "{'CleanupDeadServers':null,'DisableUpgradeMigration':null,'EnableCustomUpgrades':null,"
     "'EnableRedundancyZones':null,'LastContactThreshold':200000000,'MaxTrailingLogs':250,"
     "'MinQuorum':0,'ServerStabilizationTime':10000000000}"},
    {"DevMode", "false"},
    {"DisableAnonymousSignature", "false"},
    {"DisableUpdateCheck", "false"},
    {"EnableDebug", "false"},
    {"EnableSyslog", "false"},
    {"HTTPAPIResponseHeaders", "{}"},
    {"Limits",
     "{'HTTPMaxConnsPerClient':100,'HTTPSHandshakeTimeout':'5s','RPCHandshakeTimeout':'5s',"
     "'RPCMaxConnsPerClient':100}"},
    {"LogFile", "''"},
    {"LogJson", "false"},
    {"LogLevel", "'INFO'"},
    {"LogRotateBytes", "0"},
    {"LogRotateDuration", "''"},
    {"LogRotateMaxFiles", "0"},
    {"Sentinel", "{'Imports':null}"},
    {"SyslogFacility", "'LOCAL0'"},
    {"Telemetry",
     "{'CirconusAPIApp':'','CirconusAPIToken':'','CirconusAPIURL':'','CirconusBrokerID':'',"
     "'CirconusBrokerSelectTag':'','CirconusCheckDisplayName':'',"
     "'CirconusCheckForceMetricActivation':'','CirconusCheckID':'',"
     "'CirconusCheckInstanceID':'','CirconusCheckSearchTag':'',"
     "'CirconusCheckSubmissionURL':'','CirconusCheckTags':'','CirconusSubmissionInterval':'',"
     "'CollectionInterval':'1s','DataDogAddr':'','DataDogTags':null,"
     "'DisableDispatchedJobSummaryMetrics':false,'DisableHostname':false,'FilterDefault':null,"
     "'PrefixFilter':null,'PrometheusMetrics':false,'PublishAllocationMetrics':false,"
     "'PublishNodeMetrics':false,'StatsdAddr':'','StatsiteAddr':'','UseNodeName':false}"},
};

static const struct piece client_pieces[] = {
    {"AllocDir", "''"},
    {"BindWildcardDefaultHostNetwork", "true"},
    {"BridgeNetworkName", "''"},
    {"BridgeNetworkSubnet", "''"},
    {"CNIConfigDir", "'/opt/cni/config'"},
    {"CNIPath", "'/opt/cni/bin'"},
    {"ChrootEnv", "{}"},
    {"ClientMaxPort", "14512"},
    {"ClientMinPort", "14000"},
    {"CpuCompute", "0"},
    {"DisableRemoteExec", "false"},
    {"GCDiskUsageThreshold", "80.0"},
    {"GCInodeUsageThreshold", "70.0"},
    {"GCInterval", "60000000000"},
    {"GCMaxAllocs", "50"},
    {"GCParallelDestroys", "2"},
    {"HostNetworks", "null"},
    {"HostVolumes", "null"},
    {"MaxKillTimeout", "'30s'"},
    {"MemoryMB", "0"},
    {"Meta", "{}"},
    {"NetworkSpeed", "0"},
    {"NoHostUUID", "true"},
    {"Options", "{}"},
    {"Reserved", "{'CPU':0,'DiskMB':0,'MemoryMB':0,'ReservedPorts':''}"},
    {"StateDir", "''"},
    {"TemplateConfig",
     "{'DisableSandbox':false,'FunctionBlacklist':null,'FunctionDenylist':['plugin']}"},
};

static const struct piece server_pieces[] = {
    {"CSIPluginGCThreshold", "''"},
    {"CSIVolumeClaimGCThreshold", "''"},
    {"DataDir", "''"},
    {"DefaultSchedulerConfig", "null"},
    {"DeploymentGCThreshold", "''"},
    {"EnableEventBroker", "true"},
    {"EnabledSchedulers", "null"},
    {"EvalGCThreshold", "''"},
    {"EventBufferSize", "100"},
    {"HeartbeatGrace", "0"},
    {"JobGCInterval", "''"},
    {"JobGCThreshold", "''"},
    {"MaxHeartbeatsPerSecond", "0.0"},
    {"MinHeartbeatTTL", "0"},
    {"NodeGCThreshold", "''"},
    {"NonVotingServer", "false"},
    {"NumSchedulers", "null"},
    {"ProtocolVersion", "0"},
    {"RaftMultiplier", "null"},
    {"RedundancyZone", "''"},
    {"RejoinAfterLeave", "false"},
    {"RetryInterval", "0"},
    {"RetryJoin", "[]"},
    {"RetryMaxAttempts", "0"},
    {"StartJoin", "[]"},
    {"UpgradeVersion", "''"},
};

static const struct piece tls_pieces[] = {
    {"CAFile", "''"},
    {"CertFile", "''"},
    {"Checksum", "''"},
    {"KeyFile", "''"},
    {"KeyLoader", "{}"},
    {"RPCUpgradeMode", "false"},
    {"TLSCipherSuites", "''"},
    {"TLSMinVersion", "''"},
    {"TLSPreferServerCipherSuites", "false"},
    {"VerifyServerHostname", "false"},
};

static const char consul_json[] =
    "{'Addr':'127.0.0.1:8500','AllowUnauthenticated':true,'Auth':'','AutoAdvertise':true,"
    "'CAFile':'','CertFile':'','ChecksUseAdvertise':false,'ClientAutoJoin':true,"
    "'ClientHTTPCheckName':'Nomad Client HTTP Check','ClientServiceName':'nomad-client',"
    "'EnableSSL':false,'GRPCAddr':'','KeyFile':'','Namespace':'','ServerAutoJoin':true,"
    "'ServerHTTPCheckName':'Nomad Server HTTP Check',"
    "'ServerRPCCheckName':'Nomad Server RPC Check',"
    "'ServerSerfCheckName':'Nomad Server Serf Check','ServerServiceName':'nomad',"
    "'ShareSSL':null,'Tags':null,'Timeout':5000000000,'Token':'','VerifySSL':true}";
static const char vault_json[] =
    "{'Addr':'https://vault.service.consul:8200','AllowUnauthenticated':true,"
    "'ConnectionRetryIntv':30000000000,'Enabled':null,'Namespace':'','Role':'',"
    "'TLSCaFile':'','TLSCaPath':'','TLSCertFile':'','TLSKeyFile':'','TLSServerName':'',"
    "'TLSSkipVerify':null,'TaskTokenTTL':'','Token':''}";

static void put_config_pieces(struct buf *b, const struct piece *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        js_raw(b, p[i].key, p[i].json);
}

static void put_join(struct buf *b, const struct sim_node *n, bool mine)
{
    js_open(b, "ServerJoin", '{');
    js_raw(b, "RetryInterval", "30000000000");
    js_open(b, "RetryJoin", '[');
    for (int i = 0; mine && i < n->cfg.n_join; i++) {
        char ip[SIM_ADDR_TEXT];
        sim_ip_text(ip, n->cfg.join[i].ip);
        js_str(b, NULL, ip);
    }
    js_close(b, ']');
    js_raw(b, "RetryMaxAttempts", "0");
    js_raw(b, "StartJoin", "null");
    js_close(b, '}');
}

static void put_client(struct buf *b, const struct sim_node *n)
{
    bool on = n->cfg.client;
    js_open(b, "Client", '{');
    put_config_pieces(b, client_pieces, ARRAY_LEN(client_pieces));
    js_bool(b, "Enabled", on);
    js_str(b, "NodeClass", n->cfg.node_class);
    js_str(b, "NetworkInterface", on ? "lo" : "");
    put_join(b, n, false);
    if (on && n->cfg.n_join > 0) {
        js_open(b, "Servers", '[');
        for (int i = 0; i < n->cfg.n_join; i++)
            js_addr(b, NULL, n->cfg.join[i].ip, (uint16_t)(n->cfg.join[i].port - 1));
        js_close(b, ']');
    } else {
        js_raw(b, "Servers", "null");
    }
    js_close(b, '}');
}

static void put_server(struct buf *b, const struct sim_node *n)
{
    js_open(b, "Server", '{');
    js_str(b, "AuthoritativeRegion", n->cfg.authoritative);
    put_config_pieces(b, server_pieces, ARRAY_LEN(server_pieces));
    js_bool(b, "Enabled", n->cfg.server);
    js_int(b, "BootstrapExpect", n->cfg.expect);
    js_int(b, "RaftProtocol", n->cfg.server ? n->cfg.raft_vsn : 0);
    put_join(b, n, n->cfg.server);
    js_close(b, '}');
}

static void put_addresses(struct buf *b, const struct sim_node *n)
{
    char ip[SIM_ADDR_TEXT];
    sim_ip_text(ip, n->cfg.ip);
    js_open(b, "Addresses", '{');
    js_str(b, "HTTP", ip);
    js_str(b, "RPC", ip);
    js_str(b, "Serf", ip);
    js_close(b, '}');
    js_open(b, "AdvertiseAddrs", '{');
    js_addr(b, "HTTP", n->cfg.ip, n->cfg.http_port);
    js_addr(b, "RPC", n->cfg.ip, n->cfg.rpc_port);
    js_addr(b, "Serf", n->cfg.ip, n->cfg.serf_port);
    js_close(b, '}');
    js_str(b, "BindAddr", n->cfg.binds_all ? "0.0.0.0" : ip);
    js_open(b, "Ports", '{');
    js_int(b, "HTTP", n->cfg.http_port);
    js_int(b, "RPC", n->cfg.rpc_port);
    js_int(b, "Serf", n->cfg.serf_port);
    js_close(b, '}');
}

static void put_tls(struct buf *b, const struct sim_node *n)
{
    js_open(b, "TLSConfig", '{');
    put_config_pieces(b, tls_pieces, ARRAY_LEN(tls_pieces));
    js_bool(b, "EnableHTTP", n->cfg.tls);
    js_bool(b, "EnableRPC", n->cfg.tls_rpc);
    js_bool(b, "VerifyHTTPSClient", n->cfg.tls_verify_client);
    js_close(b, '}');
}

static void put_version(struct buf *b, const struct sim_node *n)
{
    char number[SIM_NAME] = "", pre[SIM_NAME] = "", meta[SIM_NAME] = "", revision[48];
    sim_build_parts(n->cfg.version, number, pre, meta);
    sim_build_revision(n->cfg.version, revision);
    js_open(b, "Version", '{');
    js_str(b, "Revision", revision);
    js_str(b, "Version", number);
    js_str(b, "VersionMetadata", meta);
    js_str(b, "VersionPrerelease", pre);
    if (sim_build_has(n->cfg.version, SIM_FEATURE_BUILD_DATE))
        js_str(b, "BuildDate", sim_build_date(n->cfg.version));
    js_close(b, '}');
}

/* Since 1.7 lists of clusters, before 1.7 one object. */
static void put_neighbours(struct buf *b, const struct sim_node *n)
{
    bool many = sim_build_at_least(n->cfg.version, 1, 7, 0);
    if (many) {
        js_open(b, "Consuls", '[');
        js_raw(b, NULL, consul_json);
        js_close(b, ']');
        js_open(b, "Vaults", '[');
        js_raw(b, NULL, vault_json);
        js_close(b, ']');
    } else {
        js_raw(b, "Consul", consul_json);
        js_raw(b, "Vault", vault_json);
    }
}

void sim_self_config(const struct sim_node *n, struct buf *b)
{
    js_open(b, "config", '{');
    put_config_pieces(b, agent_pieces, ARRAY_LEN(agent_pieces));
    js_open(b, "ACL", '{');
    js_bool(b, "Enabled", n->cfg.acl);
    js_raw(b, "PolicyTTL", "30000000000");
    js_raw(b, "ReplicationToken", "''");
    js_raw(b, "TokenTTL", "30000000000");
    js_close(b, '}');
    put_addresses(b, n);
    put_client(b, n);
    put_neighbours(b, n);
    js_str(b, "DataDir", n->cfg.data_dir);
    js_str(b, "Datacenter", n->cfg.dc);
    js_open(b, "Files", '[');
    if (n->cfg.file[0] != '\0')
        js_str(b, NULL, n->cfg.file);
    js_close(b, ']');
    js_bool(b, "LeaveOnInt", n->cfg.leave_on_int);
    js_bool(b, "LeaveOnTerm", n->cfg.leave_on_term);
    js_str(b, "NodeName", n->cfg.name);
    js_strf(b, "PluginDir", "%s/plugins", n->cfg.data_dir);
    js_raw(b, "Plugins",
           n->cfg.client ? "[{'Args':null,'Config':{'enabled':true},'Name':'raw_exec'}]" : "null");
    js_str(b, "Region", n->cfg.region);
    put_server(b, n);
    put_tls(b, n);
    put_version(b, n);
    js_close(b, '}');
}
