/*
 * agent_conf.h - /etc/caravan/agent.conf, which all four programs of the agent read.
 *
 * One table of keys (agent_conf.c), parsed strictly (conf.h). The file belongs to root, and no
 * order changes it. agent_conf_load refuses a file that anybody else may write (except the
 * program's own user, when the program does not run as root).
 */
#ifndef AGENT_CONF_H
#define AGENT_CONF_H

#include "conf.h"

#define AGENT_CONF_PATH "/etc/caravan/agent.conf"

enum service_kind { SERVICE_KIND_SYSTEMD, SERVICE_KIND_COMMAND };

struct agent_conf {
    /* [agent] */
    char listen[64];              /* 0.0.0.0:4650 */
    char user[64];                /* caravan: caravan-agent runs as this user */
    char allow_from[512];         /* addresses and CIDR, blanks between; "": everybody */
    int64_t max_connections;      /* 256 */
    int64_t max_connections_each; /* 32, from each remote address */
    char state_dir[128];          /* /var/lib/caravan: agent/ swap/ fetch/ below it */
    char run_dir[128];            /* /run/caravan */
    char machine_id[128];         /* /etc/machine-id: the file */
    /* [trust] */
    char anchor[128]; /* /etc/caravan/trust */
    /* [nomad] */
    char service[16];   /* systemd | command */
    char unit[128];     /* nomad.service */
    char binary[256];   /* /usr/bin/nomad */
    char data_dir[256]; /* "": found from the open files of Nomad's main process */
    char address[256];  /* http://127.0.0.1:4646, also https://, unix:///path */
    char ca_file[256], client_cert[256], client_key[256], tls_server_name[128];
    char token_file[256];      /* a token for agent:read; owned by root, 0600; "": none */
    char metadata_address[64]; /* 169.254.169.254; "": do not ask whether a cloud answers */
    /* [command], for service = command: a program and its arguments, blanks between, no shell */
    char start[512], stop[512], status[512], pid_file[256];
    char enable[512], disable[512]; /* "": no order can enable (disable) Nomad */
    char nomad_command[512];        /* Nomad's command line, as `start` runs it; "": unknown */
    /* [law] */
    char hold_file[128];           /* /etc/caravan/hold */
    int64_t gap_ms;                /* 30s between two swaps; a revert does not wait */
    bool allow_outage;             /* no; yes: a server swap may cost the region its quorum */
    bool start_stopped;            /* no; yes: a swap also starts a stopped Nomad */
    bool allow_stop;               /* no; yes: an order may stop and disable Nomad */
    int64_t max_lease_ms;          /* 15m */
    char url_prefixes[1024];       /* blanks between; "": any URL */
    char min_version[64];          /* "": any version */
    bool allow_file_urls;          /* no; yes: file:// places are allowed */
    bool require_vendor_signature; /* no; yes: install only what HashiCorp has signed */
    int64_t release_threshold;     /* 0: as many release keys as the trust file demands */
    char hours[160];               /* "": at any time (hours.h) */
    char operators[192];           /* "": all operators of the trust (operators.h) */
    char vendor_keyring[256];      /* /usr/share/caravan-agent/hashicorp.asc */
    char own_keyring[256];         /* more keys that count; "": none */
    /* [fetch] */
    char fetch_user[64];       /* "": [agent] user */
    char ask_user[64];         /* "": fetch_user */
    char fetch_socket[128];    /* under systemd /run/caravan/fetch.sock; "": a child process */
    char fetch_program[256];   /* /usr/lib/caravan/caravan-fetch */
    char agent_program[256];   /* /usr/lib/caravan/caravan-agent; used without systemd */
    int64_t start_deadline_ms; /* 90s, for a service command or systemd job */
    /* [seed] */
    char seed_url[192];        /* "": this host is no seed (seed.h) */
    char seed_allow_from[512]; /* like allow_from; "": everybody */
    uint64_t seed_rate;        /* 100M bytes a second, for all hosts together; 0: no limit */
};

extern const struct conf agent_conf_table;

/* Reads the file and checks values against each other (for example: service = command needs start,
 * stop, status and pid_file). ERR_NOTFOUND: there is no such file. ERR_CONFIG: the file is wrong,
 * or somebody besides root may write it. On an error *ret is unchanged. */
MUST_CHECK int agent_conf_load(const char *path, struct agent_conf *ret, struct err *err);
/* For caravan-swap in its packaged unit: ERR_CONFIG when this configuration cannot work there.
 * - service = command: a program that a command starts would run in caravan-swap's sandbox and
 *   control group. It would have no network, and it would end together with caravan-swap.
 * - no fetch_socket: caravan-fetch would be a child of caravan-swap, without the network. */
MUST_CHECK int agent_conf_fits_unit(const struct agent_conf *c, struct err *err);
enum service_kind agent_conf_service(const struct agent_conf *c);

/* The purposes of a caravan-fetch process. Each purpose has its own user and its own socket. */
enum fetch_purpose { FETCH_GETS, FETCH_ASKS, FETCH_TRIES, FETCH_VERIFIES, FETCH_PURPOSES };
/* The path of the socket for this purpose: fetch_socket, or ask.sock, try.sock, verify.sock in the
 * same directory; "" when fetch_socket is not set. If ask_user is not set, questions go to
 * fetch_socket: so older configurations, which do not know ask_user, still work. */
void agent_conf_socket(const struct agent_conf *c, enum fetch_purpose purpose,
                       char dst[static 160]);

#endif
