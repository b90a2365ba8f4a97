/*
 * commands.h - the verbs. Each is a function cmd_VERB in a file of that name, with two exceptions:
 * abort is in cmd_resume.c; stage and replace are in cmd_upgrade.c.
 *
 * ctx is a struct command_context. The return value is the exit code (options.h). A command prints
 * its errors itself, on standard error, through command_fail.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "command_context.h"

int cmd_init(void *ctx, int argc, char **argv);
int cmd_enroll(void *ctx, int argc, char **argv);
int cmd_trust(void *ctx, int argc, char **argv);
int cmd_key(void *ctx, int argc, char **argv);
int cmd_release(void *ctx, int argc, char **argv);
int cmd_status(void *ctx, int argc, char **argv);
int cmd_plan(void *ctx, int argc, char **argv);
int cmd_stage(void *ctx, int argc, char **argv);
int cmd_upgrade(void *ctx, int argc, char **argv);
int cmd_replace(void *ctx, int argc, char **argv);
int cmd_resume(void *ctx, int argc, char **argv);
int cmd_abort(void *ctx, int argc, char **argv);
int cmd_history(void *ctx, int argc, char **argv);
int cmd_show(void *ctx, int argc, char **argv);
int cmd_audit(void *ctx, int argc, char **argv);
int cmd_token_policy(void *ctx, int argc, char **argv);
int cmd_config(void *ctx, int argc, char **argv);

/* Prints "caravan: ..." on standard error and returns the exit code for this error. */
int command_fail(const struct err *err);

#endif
