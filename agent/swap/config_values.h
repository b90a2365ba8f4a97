/*
 * config_values.h - the values of Nomad's configuration that a restart depends on. Pure.
 *
 * Two tables name these values. The first table: values that stand once; the last file that has
 * the value counts, as in Nomad. The second table: paths that Nomad needs at its start. The caller
 * takes the keys from config_keys.h, file by file, in Nomad's order.
 *
 * Some values are not plain text: a template "{{ GetPrivateIP }}", "${...}", an escape, a heredoc,
 * a list. Then `said` is true and `plain` is false, because only Nomad knows the result.
 *
 * Only the values with a fact's name in the table leave the host, as facts "is.NAME". None of them
 * is a secret.
 */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "config_keys.h"
#include "message.h"

#define CONFIG_PLACE 160 /* bytes of a file's name and a line, for people */
#define CONFIG_TEXT  256
#define CONFIG_PATHS 64

enum config_value {
    VALUE_REGION,
    VALUE_DATACENTER,
    VALUE_NAME,
    VALUE_DATA_DIR,
    VALUE_BIND_ADDR,
    VALUE_ADVERTISE_HTTP,
    VALUE_ADVERTISE_RPC,
    VALUE_NODE_CLASS,
    VALUE_NODE_POOL,
    VALUE_SERVER,
    VALUE_CLIENT,
    VALUE_ACL,
    VALUES_TOLD, /* the values before this line are facts */
    VALUE_LEAVE_INT = VALUES_TOLD,
    VALUE_LEAVE_TERM,
    VALUE_DRAIN, /* the block */
    VALUE_PLUGIN_DIR,
    VALUE_CERT_FILE,
    VALUE_TLS_HTTP,
    VALUE_TLS_RPC,
    VALUE_VAULT,
    VALUE_PORT_HTTP,
    VALUE_ADDRESS_HTTP,
    VALUE_INTERFACE,
    VALUE_CONSUL_SSL,
    VALUE_PORT_RPC,
    VALUE_PORT_SERF,
    VALUE_ADDRESS_RPC,
    VALUE_ADDRESS_SERF,
    VALUE_BOOTSTRAP,
    CONFIG_VALUES
};

struct config_value_row {
    const char *fact; /* the id after "is."; NULL: no fact */
    const char *block[2];
    const char *key;
    const char *option; /* of Nomad's command that sets the value too; NULL: none */
    bool yes_no;
    bool taken_back; /* "false" in a later file overrides an earlier "true" */
};

extern const struct config_value_row config_value_rows[CONFIG_VALUES];

struct config_said {
    bool said, plain;
    char text[CONFIG_TEXT]; /* the value when plain; "true" or "false" for yes_no */
    char place[CONFIG_PLACE];
};

enum config_path_kind {
    PATH_VOLUME,
    PATH_DIR,
    PATH_PLUGINS, /* a directory; Nomad also starts without it */
    PATH_TREE,    /* a directory that Nomad writes into */
    PATH_FILE,
    PATH_CERTIFICATE,
    PATH_AUTHORITY, /* certificates by which Nomad checks other certificates */
};

struct config_path_row {
    const char *block[3]; /* "*": any name */
    const char *key;
    enum config_path_kind kind;
    bool many;                 /* each path counts; else only the last one */
    enum config_value when[2]; /* the path counts only if one of these may be true; CONFIG_VALUES
                                  twice: always */
};

#define CONFIG_PATH_ROWS 16
extern const struct config_path_row config_path_rows[CONFIG_PATH_ROWS];

struct config_path {
    uint32_t row;
    char name[64]; /* of the block that the row calls "*" */
    struct config_said is;
};

struct config_values {
    struct config_said said[CONFIG_VALUES];
    uint32_t n_paths;
    bool more_paths; /* there are more than fit */
    struct config_path paths[CONFIG_PATHS];
};

/* Notes the value of the key *k, if a table names this key. place: the file, for people. */
void config_values_add(struct config_values *v, const char *place, const struct config_key *k);
/* Applies an option of Nomad's command to *s, the value in the files. A text other than "" counts;
 * "true" counts; "false" counts only where a later "false" counts in files. Returns true if *s was
 * replaced. */
bool config_value_override(enum config_value id, const char *option_value, struct config_said *s);
/* The plain text, or "" if there is none. */
const char *config_values_text(const struct config_values *v, enum config_value id);
/* Not said: no, because that is Nomad's default for all these values. Not plain: unknown. */
enum tri config_said_true(const struct config_said *s);
/* Like config_said_true, by the files alone, without the options of the command. */
enum tri config_values_true(const struct config_values *v, enum config_value id);
/* Does a start of Nomad need this path, according to the files? */
bool config_values_needs(const struct config_values *v, const struct config_path *p);

#endif
