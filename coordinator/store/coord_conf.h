/*
 * coord_conf.h - caravan.conf and Nomad's environment, as one struct.
 *
 * coord_conf_load: the table's defaults, then the file, then the environment
 * variables that Nomad's own command reads (NOMAD_ADDR, ...). What came from where
 * is remembered for `caravan config`. The file is <directory>/caravan.conf; the
 * directory is /etc/caravan for root and $XDG_CONFIG_HOME/caravan (~/.config/caravan)
 * for others, or is given with --config (a file, or a directory). An absent file is
 * an error only when --config named it.
 *
 * Keys and the trust file are in the configuration's directory. State (ledger,
 * releases, enrolled hosts) is in [paths] state_dir; its default is /var/lib/caravan
 * for root, $XDG_STATE_HOME/caravan (~/.local/state/caravan) for others, and
 * <directory>/state when --config named another directory.
 *
 * Rows of hazards: hazard_file.h.
 *
 * Two maps have free keys:
 *     [agents]   Nomad id or name = HOST:PORT of the caravan-agent there
 *     [servers]  Nomad id or name = base address of that agent's HTTP API
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

    /* Not keys. */
    char dir[256];  /* of the configuration */
    char file[300]; /* read, or where it would be */
    bool file_there;
    char past_cleanup[8]; /* autopilot_cleanup, which nothing reads any more; "" not there */
    bool elsewhere;       /* --config named another directory than the usual one */
    /* Where the passphrase of secret keys comes from; the owner's. NULL: there is none, keys that
     * are made are not encrypted, and encrypted ones cannot be opened. */
    struct passphrase *passphrase;
    enum conf_source source[COORD_KEYS_MAX]; /* by index in coord_conf_table.keys */
};

extern const struct conf coord_conf_table;

/* env: as getenv; NULL: the process's. */
MUST_CHECK int coord_conf_load(const char *config_option, const char *(*env)(const char *name),
                               struct coord_conf *ret, struct err *err);
void coord_conf_free(struct coord_conf *c);
/* The address mapped for this id or name, NULL when none. */
const char *address_map_find(const struct address_map *m, const char *id, const char *name);
/* "<dir>/<name>" and "<state_dir>/<name>" into dst[300]. ERR_LIMIT. */
MUST_CHECK int conf_path(const struct coord_conf *c, const char *name, char dst[static 300],
                         struct err *err);
MUST_CHECK int state_path(const struct coord_conf *c, const char *name, char dst[static 300],
                          struct err *err);
/* Key by key: value, and where it came from. Secrets are not shown. */
void coord_conf_show(const struct coord_conf *c, FILE *out);

#endif
