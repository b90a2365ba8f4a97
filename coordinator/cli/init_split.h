/*
 * init_split.h - `caravan init --split`: makes the first trust file of a cluster whose root and
 * release keys are on machines of their own.
 *
 * Takes the public parts of all keys, and writes a draft that the root keys must sign (caravan
 * trust sign). Reads and makes no secret key. The same command helps if too many root keys are lost
 * to sign a new version: it makes a new trust file with new root keys and with the operators' and
 * release keys that are left. Then root must copy this file to each host by hand.
 */
#ifndef INIT_SPLIT_H
#define INIT_SPLIT_H

#include "command_context.h"

MUST_CHECK int init_split(struct command_context *c, const char *name, struct err *err);

#endif
