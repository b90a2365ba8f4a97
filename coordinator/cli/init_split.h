/*
 * init_split.h - `caravan init --split`: the first trust file of a cluster whose root and release
 * keys are made, and stay, on machines of their own.
 *
 * Takes the public parts of all keys, and writes a draft that the root keys sign (caravan trust
 * sign). No secret key is read or made here. The same way leads out when so many root keys are lost
 * that the rest cannot sign: a new trust file of new roots, with the operators' and release keys
 * that are left, which root puts on each host by hand.
 */
#ifndef INIT_SPLIT_H
#define INIT_SPLIT_H

#include "command_context.h"

MUST_CHECK int init_split(struct command_context *c, const char *name, struct err *err);

#endif
