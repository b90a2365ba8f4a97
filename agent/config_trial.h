/*
 * config_trial.h - would the new binary accept the configuration the old one runs with?
 *
 * Asks `<new binary> config validate PATH...` with the -config paths of the running
 * main process, as that process's user: an unknown key is fatal at start, and is
 * better found before anything is touched. Only exit status 1 is a rejection. Not
 * asked (and nothing is known) when the service does not run, when its command line
 * has more than "agent" and -config options (flags complete a configuration that is
 * not valid without them), or when the binary has no such command.
 */
#ifndef CONFIG_TRIAL_H
#define CONFIG_TRIAL_H

#include <sys/types.h>
#include "message.h"

#define CONFIG_TRIAL_PATHS 16

/* The paths in a command line as /proc/PID/cmdline has it (each word ends in NUL),
 * pointing into it. 0: none that could be asked about. */
size_t config_trial_paths(const char *cmdline, size_t n,
                          const char *ret_paths[static CONFIG_TRIAL_PATHS]);

/* true: rejected, ret_text says what it said. */
bool config_trial_rejects(const char *binary, pid_t main_pid, char ret_text[static TEXT_MAX]);

#endif
