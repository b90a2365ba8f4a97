/*
 * config_trial.h - does the new binary accept the configuration with which Nomad is started?
 *
 * Runs `<new binary> config validate FILE...` with every file (config_files.h) of every -config
 * path in the command that starts Nomad. A key that the new version does not know is fatal at its
 * start, and it is better to find that before anything is changed. The binary runs behind the wall
 * of trial.h. It gets nothing from the host but these files, open.
 *
 * Only exit status 1 can be a rejection. The answer is TRI_UNKNOWN, not a rejection, if
 *   the output mentions denied permission (the binary can read only what the wall lets through),
 *   the binary in place rejects the same files (flags or the environment complete them),
 *   the command has other options than -config (they may complete the files),
 *   the running process sees other files under these names (it has its own root or mounts).
 * A file that cannot even be loaded is a rejection in any case: the next restart would fail with
 * the old binary too. Nomad before 1.3 has no `config validate`.
 */
#ifndef CONFIG_TRIAL_H
#define CONFIG_TRIAL_H

#include "fetch_call.h"

#define CONFIG_TRIAL_PATHS 16

struct config_trial {
    const struct fetch_who *who;
    int binary;          /* the new binary, open */
    const char *version; /* of the new binary */
    int old;             /* the binary in place, open; -1: do not ask it */
    const char *words;   /* of the command that starts Nomad; each word ends in NUL */
    size_t words_len;
    uint32_t main_pid; /* of the running Nomad; 0: none */
};

/* The -config paths in the words of a command; they point into the words. Returns their number; 0:
 * there is no usable path, and *ret_why says why. *ret_more: the command has other options. */
size_t config_trial_paths(const char *words, size_t n,
                          const char *ret_paths[static CONFIG_TRIAL_PATHS], bool *ret_more,
                          const char **ret_why);

/* TRI_YES: the new binary rejects the configuration; ret_text contains its message. TRI_NO: the new
 * binary accepts it. TRI_UNKNOWN: ret_text says why the answer is unknown. */
enum tri config_trial_rejects(const struct config_trial *t, char ret_text[static TEXT_MAX]);
/* Like config_trial_rejects, for the command that starts Nomad on this host (command_line.h).
 * TRI_UNKNOWN also means: only a part of the command is known. */
enum tri config_trial_of_service(const struct service *service, const struct fetch_who *who,
                                 int binary, int old, const char *version,
                                 char ret_text[static TEXT_MAX]);

#endif
