/*
 * config_values.h - the values of Nomad's configuration that a restart depends on. Pure.
 *
 * Two tables say which: values that stand once (the last file that has one counts, as for Nomad),
 * and paths that a start needs. Keys come from config_keys.h, file by file, in Nomad's order.
 * What is no plain text (a template "{{ GetPrivateIP }}", "${...}", an escape, a heredoc, a list)
 * is said, and not plain: what Nomad makes of it is not known here.
 *
 * Of the values only those that the table names leave the host, as facts "is.NAME": no secret is
 * among them.
 */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "config_keys.h"
#include "message.h"

#define CONFIG_PLACE 160 /* a file's name for people, and a line */
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
    VALUES_TOLD, /* those before this are facts */
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
    const char *fact; /* the id behind "is."; NULL: not told */
    const char *block[2];
    const char *key;
    const char *option; /* of Nomad's command, which sets it as well; NULL: none does */
    bool yes_no;
    bool taken_back; /* a later file's false counts as well */
};

extern const struct config_value_row config_value_rows[CONFIG_VALUES];

struct config_said {
    bool said, plain;
    char text[CONFIG_TEXT]; /* plain: the value; "true" and "false" as such */
    char place[CONFIG_PLACE];
};

enum config_path_kind {
    PATH_VOLUME,
    PATH_DIR,
    PATH_PLUGINS, /* Nomad starts without it */
    PATH_TREE,    /* a directory that Nomad writes into */
    PATH_FILE,
    PATH_CERTIFICATE,
    PATH_AUTHORITY, /* certificates that others' are compared with */
};

struct config_path_row {
    const char *block[3]; /* "*": any name */
    const char *key;
    enum config_path_kind kind;
    bool many;                 /* each counts; else the last one */
    enum config_value when[2]; /* asked only where one of these may be true; CONFIG_VALUES: none */
};

#define CONFIG_PATH_ROWS 16
extern const struct config_path_row config_path_rows[CONFIG_PATH_ROWS];

struct config_path {
    uint32_t row;
    char name[64]; /* of the block that is "*" in the row */
    struct config_said is;
};

struct config_values {
    struct config_said said[CONFIG_VALUES];
    uint32_t n_paths;
    bool more_paths; /* than fit */
    struct config_path paths[CONFIG_PATHS];
};

/* place: for people. */
void config_values_add(struct config_values *v, const char *place, const struct config_key *k);
/* What an option of Nomad's command makes of what the files say: a text that is not "" counts, true
 * does, and false where a later false counts in files. *s is kept, or replaced: then true. */
bool config_value_override(enum config_value id, const char *option_value, struct config_said *s);
/* The plain text; "" when there is none. */
const char *config_values_text(const struct config_values *v, enum config_value id);
enum tri config_said_true(const struct config_said *s);
/* By the files alone: said, plain and true; not said counts as no, which is Nomad's default of all
 * of them. */
enum tri config_values_true(const struct config_values *v, enum config_value id);
/* Does a start need it, as far as the files tell? */
bool config_values_needs(const struct config_values *v, const struct config_path *p);

#endif
