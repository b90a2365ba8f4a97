#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "agent_conf.h"
#include "hours.h"
#include "operators.h"
#include "wire_limits.h"
#include "str.h"
#include "version.h"

#define TEXT_ROW(s, k, field, d, h)                                                                \
    {                                                                                              \
        s, k, CONF_TEXT, offsetof(struct agent_conf, field), 0,                                    \
            sizeof(((struct agent_conf *)0)->field), d, h                                          \
    }
#define PATH_ROW(s, k, field, d, h)                                                                \
    {                                                                                              \
        s, k, CONF_PATH, offsetof(struct agent_conf, field), 0,                                    \
            sizeof(((struct agent_conf *)0)->field), d, h                                          \
    }
#define ROW(s, k, type, field, min, max, d, h)                                                     \
    {                                                                                              \
        s, k, type, offsetof(struct agent_conf, field), min, max, d, h                             \
    }

#define HOUR_MS (60LL * 60 * 1000)

static const struct conf_key keys[] = {
    TEXT_ROW("agent", "listen", listen, "0.0.0.0:4650", "address and port for the coordinator"),
    TEXT_ROW("agent", "user", user, "caravan", "caravan-agent runs as this user"),
    TEXT_ROW("agent", "allow_from", allow_from, "",
             "addresses and networks that may connect, separated by blanks; empty: everybody"),
    ROW("agent", "max_connections", CONF_NUMBER, max_connections, 16, 60000, "256",
        "connections open at once"),
    ROW("agent", "max_connections_each", CONF_NUMBER, max_connections_each, 1, 60000, "32",
        "connections open at once from one address"),
    PATH_ROW("agent", "state_dir", state_dir, "/var/lib/caravan",
             "directory for everything that must survive a reboot; contains agent/, swap/ and "
             "fetch/"),
    PATH_ROW("agent", "run_dir", run_dir, "/run/caravan", "directory for the sockets and the view"),
    PATH_ROW("agent", "machine_id", machine_id, "/etc/machine-id",
             "file with an id that differs between this machine and a clone of it"),
    PATH_ROW("trust", "anchor", anchor, "/etc/caravan/trust",
             "trust file that this host starts with"),
    TEXT_ROW("nomad", "service", service, "systemd",
             "how Nomad is started and stopped: systemd or command"),
    TEXT_ROW("nomad", "unit", unit, "nomad.service", "service = systemd: Nomad's unit"),
    PATH_ROW("nomad", "binary", binary, "/usr/bin/nomad",
             "Nomad's binary, the file that a swap replaces"),
    PATH_ROW("nomad", "data_dir", data_dir, NULL,
             "Nomad's data_dir; empty: found from the open files of Nomad's process"),
    TEXT_ROW("nomad", "address", address, "http://127.0.0.1:4646",
             "Nomad's HTTP API on this host: http://, https:// or unix:///path"),
    PATH_ROW("nomad", "ca_file", ca_file, NULL,
             "https: certificate authority; empty: the system's"),
    PATH_ROW("nomad", "client_cert", client_cert, NULL,
             "https: client certificate, needed where Nomad verifies clients"),
    PATH_ROW("nomad", "client_key", client_key, NULL,
             "https: key of client_cert, readable by [fetch] ask_user"),
    TEXT_ROW("nomad", "tls_server_name", tls_server_name, "",
             "https: verify this name instead of the address's, e.g. server.global.nomad"),
    PATH_ROW(
        "nomad", "token_file", token_file, NULL,
        "file with an ACL token that has agent:read and nothing else; root must own the file, mode "
        "0600; with the token this host reports the age of its client's heartbeat and the servers "
        "that the client knows; empty: no token"),
    TEXT_ROW("nomad", "metadata_address", metadata_address, "169.254.169.254",
             "where clouds answer their instances (port 80), as a client of Nomad asks at every "
             "start; caravan only opens a connection and closes it; empty: do not ask"),
    TEXT_ROW("command", "start", start, "",
             "service = command: program and arguments that start Nomad, separated by blanks, no "
             "shell"),
    TEXT_ROW("command", "stop", stop, "",
             "the same, to stop Nomad; must return when Nomad has ended"),
    TEXT_ROW("command", "status", status, "", "the same; exit status 0: Nomad is active"),
    TEXT_ROW("command", "enable", enable, "",
             "the same; exit status 0: from now on Nomad starts when this host starts; empty: no "
             "order can enable Nomad"),
    TEXT_ROW("command", "disable", disable, "",
             "the same; exit status 0: from now on Nomad does not start when this host starts; "
             "empty: no order can disable Nomad"),
    TEXT_ROW("command", "nomad", nomad_command, "",
             "Nomad's own program and arguments, as start runs them in the end; with it Nomad's "
             "configuration is found before Nomad has ever run; empty: only a running Nomad shows "
             "them"),
    PATH_ROW("command", "pid_file", pid_file, NULL, "file with the id of Nomad's main process"),
    PATH_ROW("law", "hold_file", hold_file, "/etc/caravan/hold",
             "while this file exists, nothing is swapped, stopped or started on this host"),
    ROW("law", "gap", CONF_DURATION, gap_ms, 0, 24 * HOUR_MS, "30s",
        "least time between two swaps, or between two stops by order; a revert does not wait"),
    ROW("law", "allow_outage", CONF_BOOL, allow_outage, 0, 0, "no",
        "yes: a server may be swapped even if its region loses the quorum meanwhile"),
    ROW("law", "start_stopped", CONF_BOOL, start_stopped, 0, 0, "no",
        "yes: a swap also starts a Nomad that was stopped; no: it stays stopped"),
    ROW("law", "allow_stop", CONF_BOOL, allow_stop, 0, 0, "no",
        "yes: an order may disable and stop Nomad, as caravan replace does with a server that it "
        "removes"),
    ROW("law", "max_lease", CONF_DURATION, max_lease_ms, 1000, LEASE_MAX_MS, "15m",
        "longest lease, which is the promise to carry out the orders of one run only"),
    TEXT_ROW("law", "url_prefixes", url_prefixes, "",
             "a URL that a release comes from, also after a redirect, must begin with one of these "
             "texts, separated by blanks; empty: any URL"),
    TEXT_ROW("law", "min_version", min_version, "",
             "no older version is installed here, and no order reverts to an older one; empty: any "
             "version"),
    ROW("law", "allow_file_urls", CONF_BOOL, allow_file_urls, 0, 0, "no",
        "yes: releases may come from file:// places"),
    ROW("law", "require_vendor_signature", CONF_BOOL, require_vendor_signature, 0, 0, "no",
        "yes: install only zips that HashiCorp signed, whoever sends the order (this host checks "
        "SHA256SUMS of the release's manifest with gpgv)"),
    ROW("law", "release_threshold", CONF_NUMBER, release_threshold, 0, KEYS_MAX, "0",
        "least number of release keys that must sign a release before it is installed here; 0: as "
        "many as the trust file demands"),
    TEXT_ROW("law", "hours", hours, "",
             "when Nomad may be swapped and stopped here: 22:00-05:00, or mon-fri 22:00-05:00, "
             "sat 20:00-24:00; in this host's local time, or in UTC if UTC stands at the end; a "
             "revert is always allowed; empty: at any time"),
    TEXT_ROW("law", "operators", operators, "",
             "this host carries out orders only of these operators: names of keys as in the trust "
             "file, separated by commas; empty: all operators of the trust file"),
    PATH_ROW("law", "vendor_keyring", vendor_keyring, "/usr/share/caravan-agent/hashicorp.asc",
             "HashiCorp's keys, as the package ships them"),
    PATH_ROW(
        "law", "own_keyring", own_keyring, NULL,
        "more keys, chosen by root, that count like HashiCorp's; armoured or not; empty: none"),
    TEXT_ROW("fetch", "fetch_user", fetch_user, "",
             "caravan-fetch runs as this user; empty: [agent] user"),
    TEXT_ROW("fetch", "ask_user", ask_user, "",
             "caravan-fetch runs as this user when it asks Nomad and reads client_key; empty: "
             "fetch_user"),
    PATH_ROW("fetch", "fetch_socket", fetch_socket, NULL,
             "socket of the fetch service; under systemd /run/caravan/fetch.sock, with ask.sock, "
             "try.sock and verify.sock in the same directory; empty: caravan-swap starts "
             "caravan-fetch as a child"),
    PATH_ROW("fetch", "fetch_program", fetch_program, "/usr/lib/caravan/caravan-fetch",
             "the program caravan-fetch; used if fetch_socket is empty"),
    PATH_ROW("fetch", "agent_program", agent_program, "/usr/lib/caravan/caravan-agent",
             "the program caravan-agent, which caravan-swap starts where there is no systemd"),
    ROW("fetch", "start_deadline", CONF_DURATION, start_deadline_ms, 1000, HOUR_MS, "90s",
        "longest wait for a service command or systemd job"),
    TEXT_ROW(
        "seed", "url", seed_url, "",
        "where other hosts reach caravan-seed.socket of this host, such as http://10.0.0.5:4655/, "
        "with the address that Nomad has for this host; staged binaries are kept for other hosts; "
        "empty: this host is no seed"),
    TEXT_ROW("seed", "allow_from", seed_allow_from, "",
             "addresses and networks that may fetch from this host, separated by blanks; empty: "
             "everybody"),
    ROW("seed", "rate", CONF_SIZE, seed_rate, 0, 0, "100M",
        "bytes a second to all hosts together; 0: no limit"),
};

const struct conf agent_conf_table = {.keys = keys, .n_keys = ARRAY_LEN(keys)};

static int check_service_command(const char *key, const char *value, struct err *err)
{
    if (value[0] == '/')
        return 0;
    if (value[0] == '\0')
        return err_set(err, ERR_CONFIG, 0,
                       "[command] %s is not set; [nomad] service = command needs it", key);
    return err_set(err, ERR_CONFIG, 0,
                   "[command] %s: \"%s\" does not begin with a program's absolute path", key,
                   value);
}

/* Only orders that most hosts never get need these commands, so they may be empty. */
static int check_boot_commands(const struct agent_conf *c, struct err *err)
{
    if (c->enable[0] != '\0' && check_service_command("enable", c->enable, err) < 0)
        return -1;
    if (c->disable[0] != '\0' && check_service_command("disable", c->disable, err) < 0)
        return -1;
    return c->nomad_command[0] != '\0' ? check_service_command("nomad", c->nomad_command, err) : 0;
}

static int check_service(const struct agent_conf *c, struct err *err)
{
    if (str_eq(c->service, "systemd"))
        return c->unit[0] != '\0' ? 0 : err_set(err, ERR_CONFIG, 0, "[nomad] unit is empty");
    if (!str_eq(c->service, "command"))
        return err_set(err, ERR_CONFIG, 0, "[nomad] service: \"%s\" is neither systemd nor command",
                       c->service);
    const struct {
        const char *key, *value;
    } needed[] = {
        {"start", c->start},
        {"stop", c->stop},
        {"status", c->status},
        {"pid_file", c->pid_file},
    };
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (check_service_command(needed[i].key, needed[i].value, err) < 0)
            return -1;
    return check_boot_commands(c, err);
}

static int check_nomad_address(const struct agent_conf *c, struct err *err)
{
    const char *a = c->address;
    const size_t unix_len = strlen("unix://");

    if (str_starts(a, "unix://")) {
        if (a[unix_len] != '/' ||
            strlen(a + unix_len) >= sizeof(((struct sockaddr_un *)0)->sun_path))
            return err_set(
                err, ERR_CONFIG, 0,
                "[nomad] address: %s is not unix:// and an absolute path below 108 bytes", a);
    } else if (!str_starts(a, "http://") && !str_starts(a, "https://")) {
        return err_set(err, ERR_CONFIG, 0,
                       "[nomad] address: %s begins with none of http://, https://, unix://", a);
    }
    if ((c->client_cert[0] == '\0') != (c->client_key[0] == '\0'))
        return err_set(err, ERR_CONFIG, 0,
                       "[nomad] client_cert and client_key go together: one of them is not set");
    return 0;
}

static int check_law(const struct agent_conf *c, struct err *err)
{
    struct err why = ERR_INIT;
    struct version v;
    struct hours h;
    struct operators o;

    if (operators_parse(c->operators, &o, &why) < 0)
        return err_set(err, ERR_CONFIG, 0, "[law] operators: \"%s\": %s", c->operators, why.text);
    if (hours_parse(c->hours, &h, &why) < 0)
        return err_set(err, ERR_CONFIG, 0, "[law] hours: \"%s\": %s", c->hours, why.text);
    if (c->min_version[0] != '\0' && version_parse(c->min_version, &v, &why) < 0)
        return err_set(err, ERR_CONFIG, 0, "[law] min_version: \"%s\" is not a version",
                       c->min_version);
    return 0;
}

/* The file names programs that root runs, so only root may write it. */
static int check_conf_owner(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, errno, "read %s", path);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return err_set(err, ERR_CONFIG, 0,
                       "not only root may write %s: run chown root and chmod go-w on the file",
                       path);
    return 0;
}

int agent_conf_load(const char *path, struct agent_conf *ret, struct err *err)
{
    struct agent_conf c;
    memset(&c, 0, sizeof(c));
    if (check_conf_owner(path, err) < 0 || conf_defaults(&agent_conf_table, &c, err) < 0 ||
        conf_read(&agent_conf_table, path, &c, err) < 0)
        return -1;
    if (check_service(&c, err) < 0 || check_nomad_address(&c, err) < 0 || check_law(&c, err) < 0)
        return err_wrap(err, "%s", path);
    if (c.user[0] == '\0' || c.listen[0] == '\0')
        return err_set(err, ERR_CONFIG, 0, "%s: [agent] %s is empty", path,
                       c.user[0] == '\0' ? "user" : "listen");
    if (c.max_connections_each > c.max_connections)
        return err_set(err, ERR_CONFIG, 0,
                       "%s: [agent] max_connections_each (%lld) exceeds max_connections (%lld)",
                       path, (long long)c.max_connections_each, (long long)c.max_connections);
    *ret = c;
    return 0;
}

int agent_conf_fits_unit(const struct agent_conf *c, struct err *err)
{
    if (agent_conf_service(c) == SERVICE_KIND_COMMAND)
        return err_set(err, ERR_CONFIG, 0,
                       "[nomad] service = command does not work in the packaged unit: Nomad would "
                       "run in caravan-swap's sandbox and end with caravan-swap; use service = "
                       "systemd, or start caravan-swap without the unit");
    if (c->fetch_socket[0] == '\0')
        return err_set(
            err, ERR_CONFIG, 0,
            "[fetch] fetch_socket is not set: caravan-swap has no network in its packaged "
            "unit; set fetch_socket = /run/caravan/fetch.sock");
    return 0;
}

enum service_kind agent_conf_service(const struct agent_conf *c)
{
    return str_eq(c->service, "command") ? SERVICE_KIND_COMMAND : SERVICE_KIND_SYSTEMD;
}

void agent_conf_socket(const struct agent_conf *c, enum fetch_purpose purpose, char dst[static 160])
{
    static const char *const names[FETCH_PURPOSES] = {
        [FETCH_ASKS] = "ask.sock", [FETCH_TRIES] = "try.sock", [FETCH_VERIFIES] = "verify.sock"};
    const char *slash = strrchr(c->fetch_socket, '/');
    bool own = purpose == FETCH_TRIES || purpose == FETCH_VERIFIES ||
               (purpose == FETCH_ASKS && c->ask_user[0] != '\0');

    if (own && slash != NULL)
        snprintf(dst, 160, "%.*s/%s", (int)(slash - c->fetch_socket), c->fetch_socket,
                 names[purpose]);
    else
        snprintf(dst, 160, "%s", c->fetch_socket);
}
