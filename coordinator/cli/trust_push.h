/*
 * trust_push.h - the trust file of this machine to every enrolled agent.
 */
#ifndef TRUST_PUSH_H
#define TRUST_PUSH_H

#include "command_context.h"

/* Shows which hosts have which version, by what they tell now. What cannot be asked is told. */
void trust_push_show(struct command_context *c, uint32_t version);
/* Every version that a host lacks, one order each. First names the hosts that read only format 1
 * and cannot take it, and asks. Then who has it now, and every host that does not, by name. The
 * exit code: EXIT_DONE when all enrolled hosts have it, EXIT_FAILED when some do not. */
int trust_push(struct command_context *c);

#endif
