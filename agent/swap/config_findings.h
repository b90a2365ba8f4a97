/*
 * config_findings.h - what Nomad's configuration files say about things that matter to an upgrade.
 * Pure.
 *
 * Calling sequence: start with an all-zero struct. Call config_findings_add, _miss or _aside once
 * for each file, in the order in which Nomad reads the files. When a key may stand only once, the
 * last file counts.
 *
 * A value may be a secret. Therefore the struct keeps only the values that config_values.h names.
 *
 * A key that was found is configured. A key that was not found is absent when three things are
 * true: Nomad's command names all of its files (-config), each of them was read and understood
 * (unread is 0), and no option of the command sets the key.
 */
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include "config_values.h"

#define CONFIG_WANTED  12
#define CONFIG_PLUGINS 32

/* Rows of the coordinator's hazard table ask for these keys, as facts "key.NAME". */
struct config_wanted {
    const char *key;
    const char *block[2]; /* the key counts only when its outermost block is one of these */
    const char *option;   /* the option of Nomad's command that also sets the key, without dashes;
                             NULL: no option does */
};

extern const struct config_wanted config_wanted[CONFIG_WANTED];

struct config_findings {
    uint32_t files;         /* files that were read and understood */
    uint32_t unread;        /* files that were not read, or not understood */
    char why[CONFIG_PLACE]; /* the first unread file, and the reason */

    char found[CONFIG_WANTED][CONFIG_PLACE]; /* file and line of the key; "": not found */
    char whole[2][CONFIG_PLACE];             /* the first files that name a data_dir: only a whole
                                                configuration does that */
    uint32_t n_whole;                        /* all files that name a data_dir */
    char leftover[CONFIG_PLACE]; /* the first file that somebody put aside, as "nomad.hcl~" */

    char joins[256];            /* the addresses that Nomad is to join, ", " between them */
    bool more_joins;            /* there are more addresses than fit */
    char encrypt[CONFIG_PLACE]; /* file and line of the gossip key; "": none. The key is not kept */
    char encrypt_id[9]; /* 8 hexadecimal digits of a digest of the gossip key, to compare two hosts;
                           "": the key is no plain text */
    struct config_values values;
    /* "": not found, or not plain text (escapes, variables). */
    char denied[256], allowed[256]; /* client > options > fingerprint.denylist, .allowlist */
    bool odd_list;                  /* one of these two lists is not plain text */
    uint32_t n_plugins;             /* names that have a plugin block */
    bool more_plugins;              /* there are more than fit */
    char plugins[CONFIG_PLUGINS][64];
};

/* Reads the text of one file. path is used only in texts for people. */
void config_findings_add(struct config_findings *f, const char *path, const char *text, size_t n);
/* Notes a file that could not be read. */
void config_findings_miss(struct config_findings *f, const char *path, const char *why);
/* Notes a file that somebody put aside. Nomad does not read such a file. */
void config_findings_aside(struct config_findings *f, const char *path);

/* Is there a plugin block for this name? */
bool config_findings_plugin(const struct config_findings *f, const char *name);

/* How many of Nomad's fingerprinters ask a cloud's metadata service at every start of a client,
 * according to these files. When odd_list is set, the number is not known. */
#define CONFIG_CLOUDS 4
uint32_t config_findings_clouds(const struct config_findings *f);

#endif
