/*
 * trust_push.h - sends the trust file of this machine to every enrolled agent.
 */
#ifndef TRUST_PUSH_H
#define TRUST_PUSH_H

#include "command_context.h"

/* Asks every enrolled host and prints which version each host has. Also prints the hosts that do
 * not answer. */
void trust_push_show(struct command_context *c, uint32_t version);
/* Sends each host every version that it lacks, one order for each version. If hosts read only
 * format 1 and cannot read the new version, names them first and asks whether to continue. At the
 * end prints how many hosts have the version in force, and names every host that does not. Returns
 * the exit code: EXIT_DONE if all enrolled hosts have it, EXIT_FAILED if some do not. */
int trust_push(struct command_context *c);

#endif
