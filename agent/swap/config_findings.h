/*
 * config_findings.h - what the files of Nomad's configuration say that matters to an upgrade. Pure.
 *
 * Files are added in the order in which Nomad reads them: of what may stand only once the last
 * counts. No value is kept but those that config_values.h names: values may be secrets.
 *
 * A key that is found is configured. A key that is not found is absent when Nomad's command names
 * all of its files (-config), each of them was read and understood (unread is 0), and no option of
 * the command sets the key.
 */
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include "config_values.h"

#define CONFIG_WANTED  12
#define CONFIG_PLUGINS 32

/* Keys that rows of the coordinator's hazard table ask for, as facts "key.NAME". */
struct config_wanted {
    const char *key;
    const char *block[2]; /* the outermost block that it stands in: one of these */
    const char *option;   /* of Nomad's command, without dashes, which sets it too; NULL: none */
};

extern const struct config_wanted config_wanted[CONFIG_WANTED];

struct config_findings {
    uint32_t files;         /* read and understood */
    uint32_t unread;        /* not read, or not understood */
    char why[CONFIG_PLACE]; /* the first of these, and what is the matter */

    char found[CONFIG_WANTED][CONFIG_PLACE]; /* where; "" nowhere */
    char whole[2][CONFIG_PLACE]; /* the first files that name a data_dir, as only a whole
                                    configuration does */
    uint32_t n_whole;
    char leftover[CONFIG_PLACE]; /* the first file that was kept aside by somebody */

    char joins[256];            /* what Nomad's files tell it to join, ", " between */
    bool more_joins;            /* than fit */
    char encrypt[CONFIG_PLACE]; /* where a gossip key is; "" nowhere. The key is not kept */
    char encrypt_id[9];         /* by which two of them are compared: 8 digits of a digest of it; ""
                                   no plain text */
    struct config_values values;
    /* "" not found, or not plain text (escapes, variables). */
    char denied[256], allowed[256]; /* client > options > fingerprint.denylist, .allowlist */
    bool odd_list;                  /* one of these is there and not plain text */
    uint32_t n_plugins;             /* names that have a plugin block */
    bool more_plugins;
    char plugins[CONFIG_PLUGINS][64];
};

/* path: for people. */
void config_findings_add(struct config_findings *f, const char *path, const char *text, size_t n);
/* A file that could not be read. */
void config_findings_miss(struct config_findings *f, const char *path, const char *why);
/* A file put aside, which Nomad does not read. */
void config_findings_aside(struct config_findings *f, const char *path);

/* Is there a plugin block for this name? */
bool config_findings_plugin(const struct config_findings *f, const char *name);

/* How many of Nomad's fingerprinters ask a cloud's metadata service at every start of a client,
 * by these files; odd_list: that is not known. */
#define CONFIG_CLOUDS 4
uint32_t config_findings_clouds(const struct config_findings *f);

#endif
