/*
 * config_trial.h - would the new binary accept the configuration Nomad is started with?
 *
 * Asks `<new binary> config validate FILE...` with every file (config_files.h) of every -config
 * path of the command that starts Nomad: an unknown key is fatal at start, and is better
 * found before anything is touched. It runs behind the wall of try.h and has nothing of the host's
 * but these files, which it gets open.
 *
 * Only exit status 1 can be a rejection, and it is none when
 *   the output speaks of denied permission (it may read only what the wall lets through),
 *   the binary in place rejects the same (flags or the environment complete it),
 *   the command has more options than -config (they may complete it),
 *   the process that runs sees other files under these names (a root or mounts of its own),
 * which all are "cannot tell". A file that cannot even be loaded is a rejection whoever else
 * cannot: the next restart would fail with the old binary as well. Before Nomad 1.3 there is no
 * such command.
 */
#ifndef CONFIG_TRIAL_H
#define CONFIG_TRIAL_H

#include "fetch_call.h"

#define CONFIG_TRIAL_PATHS 16

struct config_trial {
    const struct fetch_who *who;
    int binary;          /* the new one, open */
    const char *version; /* of it */
    int old;             /* the one in place, open; -1 is not asked */
    const char *words;   /* of the command, each ending in NUL */
    size_t words_len;
    uint32_t main_pid; /* of the process that runs; 0: none */
};

/* The paths in the words of a command, pointing into them. 0: none that could be asked
 * about, *ret_why says why. *ret_more: there are other options. */
size_t config_trial_paths(const char *words, size_t n,
                          const char *ret_paths[static CONFIG_TRIAL_PATHS], bool *ret_more,
                          const char **ret_why);

/* TRI_YES: rejected, ret_text says what it said. TRI_NO: accepted. TRI_UNKNOWN: ret_text
 * says why it cannot be told. */
enum tri config_trial_rejects(const struct config_trial *t, char ret_text[static TEXT_MAX]);
/* The same about the command that starts Nomad here (command_line.h); TRI_UNKNOWN where only a part
 * of it is known. */
enum tri config_trial_of_service(const struct service *service, const struct fetch_who *who,
                                 int binary, int old, const char *version,
                                 char ret_text[static TEXT_MAX]);

#endif
