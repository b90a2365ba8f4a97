/*
 * coord_conf.h - caravan.conf and the environment variables of Nomad's command, as one struct.
 *
 * coord_conf_load reads three sources: the defaults of the key table, then the file, then the
 * environment variables that Nomad's own command reads (NOMAD_ADDR, ...). A later source overrides
 * an earlier one. The struct records the source of each value, for `caravan config`. The file is
 * <directory>/caravan.conf. The directory is /etc/caravan for root, and $XDG_CONFIG_HOME/caravan
 * (~/.config/caravan) for other users; --config can name another file or directory. A missing file
 * is an error only when --config named that file.
 *
 * Keys and the trust file are in the configuration's directory. State (ledger, releases, enrolled
 * hosts) is in [paths] state_dir. The default of state_dir is /var/lib/caravan for root,
 * $XDG_STATE_HOME/caravan (~/.local/state/caravan) for other users, and <directory>/state when
 * --config names another directory.
 *
 * hazard_file.h reads the rows of hazards.
 *
 * Two sections are maps with free keys:
 *     [agents]   Nomad id or name = HOST:PORT of the caravan-agent on that host
 *     [servers]  Nomad id or name = base address of the HTTP API of that Nomad server
 */
#ifndef COORD_CONF_H
#define COORD_CONF_H

#include "conf.h"
#include "trust.h"
#include "str.h"

#define CONF_NAME "caravan.conf"

struct address_pair {
    char *name, *address;
};
struct address_map {
    struct address_pair *items;
    size_t n;
};

enum conf_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT };

#define COORD_KEYS_MAX 64

struct passphrase;

struct coord_conf {
    /* [nomad] */
    char address[256], token[128], region[64], ca_file[256], ca_path[256], client_cert[256],
        client_key[256], tls_server_name[128];
    bool token_in_clear;
    /* [paths] */
    char state_dir[256], hazards_dir[256];
    /* [vendor] */
    char vendor_keyring[256], vendor_shipped[256], vendor_key_ids[128], vendor_from[512],
        vendor_gpgv[256];
    /* [serve] */
    char serve_listen[64], serve_url[256], serve_allow_from[512];
    uint64_t serve_rate;
    /* [keys] */
    char key_root[KEY_NAME_MAX], key_release[KEY_NAME_MAX], key_operator[KEY_NAME_MAX],
        key_observer[KEY_NAME_MAX], signer[192];
    int64_t signer_ms;
    /* [defaults] */
    char max_parallel[16];
    int64_t canary, soak_ms, settle_ms, settle_answers, max_failures, max_skipped;
    int64_t server_deadline_ms, client_deadline_ms, hold_ms, drain_deadline_ms;
    int64_t lease_ms, renew_ms, stage_deadline_ms, stage_parallel, unproven_days;
    int64_t removed_watch_ms;
    uint64_t speed_min;
    bool drain;

    struct address_map agents, servers;

    /* The members below are not keys of the file. */
    char dir[256];        /* the configuration's directory */
    char file[300];       /* path of the configuration file, also when there is no such file */
    bool file_there;      /* the file exists */
    char past_cleanup[8]; /* value of the obsolete key autopilot_cleanup; "": not in the file */
    bool elsewhere;       /* --config named another directory than the usual one */
    /* Where the passphrase of secret keys comes from. The caller owns the object. NULL: new keys
     * are not encrypted, and encrypted keys cannot be opened. */
    struct passphrase *passphrase;
    enum conf_source source[COORD_KEYS_MAX]; /* by index in coord_conf_table.keys */
};

extern const struct conf coord_conf_table;

/* config_option: the value of --config; NULL: the usual directory. env: a function like getenv;
 * NULL: the environment of this process. ERR_CONFIG names the file, and the line if there is one.
 * On success the caller frees *ret with coord_conf_free. */
MUST_CHECK int coord_conf_load(const char *config_option, const char *(*env)(const char *name),
                               struct coord_conf *ret, struct err *err);
void coord_conf_free(struct coord_conf *c);
/* The address that the map has for this id or name. NULL: the map has none. */
const char *address_map_find(const struct address_map *m, const char *id, const char *name);
/* Write "<dir>/<name>" and "<state_dir>/<name>" to dst. ERR_LIMIT: the path is too long. */
MUST_CHECK int conf_path(const struct coord_conf *c, const char *name, char dst[static 300],
                         struct err *err);
MUST_CHECK int state_path(const struct coord_conf *c, const char *name, char dst[static 300],
                          struct err *err);
/* Prints each key with its value and the source of the value. Secrets are not shown. */
void coord_conf_show(const struct coord_conf *c, FILE *out);

#endif
