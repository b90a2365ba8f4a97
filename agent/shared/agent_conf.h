/*
 * agent_conf.h - /etc/caravan/agent.conf, read by all four programs of the agent.
 *
 * One table of keys (agent_conf.c), parsed strictly (conf.h). Root's: an order
 * never changes it, and caravan-swap refuses a file that others than root (or
 * itself, when it is not root) may write.
 */
#ifndef AGENT_CONF_H
#define AGENT_CONF_H

#include "conf.h"

#define AGENT_CONF_PATH "/etc/caravan/agent.conf"

enum service_kind { SERVICE_KIND_SYSTEMD, SERVICE_KIND_COMMAND };

struct agent_conf {
    /* [agent] */
    char listen[64];              /* 0.0.0.0:4650 */
    char user[64];                /* caravan: who caravan-agent runs as */
    char allow_from[512];         /* "" everybody: addresses and CIDR, blanks between */
    int64_t max_connections;      /* 256 */
    int64_t max_connections_each; /* 32: by remote address */
    char state_dir[128];          /* /var/lib/caravan: agent/ swap/ fetch/ below it */
    char run_dir[128];            /* /run/caravan */
    char machine_id[128];         /* /etc/machine-id: the file */
    /* [trust] */
    char anchor[128]; /* /etc/caravan/trust */
    /* [nomad] */
    char service[16];   /* systemd | command */
    char unit[128];     /* nomad.service */
    char binary[256];   /* /usr/bin/nomad */
    char data_dir[256]; /* "": from the open files of Nomad's main process */
    char address[256];  /* http://127.0.0.1:4646, also https://, unix:///path */
    char ca_file[256], client_cert[256], client_key[256], tls_server_name[128];
    char token_file[256];      /* "" none: root's, 0600, with a token for agent:read */
    char metadata_address[64]; /* 169.254.169.254; "": not asked whether a cloud answers */
    /* [command]: service = command; each a program and its arguments, blanks between, no shell */
    char start[512], stop[512], status[512], pid_file[256];
    char enable[512], disable[512]; /* "": no order enables, or disables, it */
    char nomad_command[512];        /* what start comes to; "" not told */
    /* [law] */
    char hold_file[128];           /* /etc/caravan/hold */
    int64_t gap_ms;                /* 30s between swaps; not before a revert */
    bool allow_outage;             /* no: a server swap that its region's quorum does not survive */
    bool start_stopped;            /* no: a Nomad that was stopped stays stopped */
    bool allow_stop;               /* no: no order stops or disables Nomad */
    int64_t max_lease_ms;          /* 15m */
    char url_prefixes[1024];       /* "" any: blanks between */
    char min_version[64];          /* "" any */
    bool allow_file_urls;          /* no: file:// places */
    bool require_vendor_signature; /* no: only what HashiCorp has signed */
    int64_t release_threshold;     /* 0: as many release keys as the trust file demands */
    char hours[160];               /* "" at any time: hours.h */
    char operators[192];           /* "" all of the trust's: operators.h */
    char vendor_keyring[256];      /* /usr/share/caravan-agent/hashicorp.asc */
    char own_keyring[256];         /* "" none: keys that count as well */
    /* [fetch] */
    char fetch_user[64];       /* "": [agent] user */
    char ask_user[64];         /* "": fetch_user */
    char fetch_socket[128];    /* "" child process; under systemd /run/caravan/fetch.sock */
    char fetch_program[256];   /* /usr/lib/caravan/caravan-fetch */
    char agent_program[256];   /* /usr/lib/caravan/caravan-agent: without systemd */
    int64_t start_deadline_ms; /* 90s: for a service command or systemd job */
    /* [seed] */
    char seed_url[192];        /* "": this host is no seed (seed.h) */
    char seed_allow_from[512]; /* "" everybody: as allow_from */
    uint64_t seed_rate;        /* 100M: bytes a second, all together; 0: any */
};

extern const struct conf agent_conf_table;

/* Reads and cross-checks (service = command needs start, stop, status, pid_file; ...). */
MUST_CHECK int agent_conf_load(const char *path, struct agent_conf *ret, struct err *err);
/* For caravan-swap in its packaged unit. Refused there: service = command, because what
 * a command starts would live in swap's sandbox and control group, without the network,
 * and end with it; and a fetch_program, which would have no network either. */
MUST_CHECK int agent_conf_fits_unit(const struct agent_conf *c, struct err *err);
enum service_kind agent_conf_service(const struct agent_conf *c);

/* What a caravan-fetch is started for: each has a user and a socket of its own. */
enum fetch_purpose { FETCH_GETS, FETCH_ASKS, FETCH_TRIES, FETCH_VERIFIES, FETCH_PURPOSES };
/* Its socket: fetch_socket, or ask.sock, try.sock and verify.sock beside it; "" without
 * fetch_socket. Without an ask_user questions go to fetch_socket, as a configuration from before it
 * has it. */
void agent_conf_socket(const struct agent_conf *c, enum fetch_purpose purpose,
                       char dst[static 160]);

#endif
