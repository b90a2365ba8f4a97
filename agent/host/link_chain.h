/*
 * link_chain.h - does executing one name execute the file that another name leads to?
 *
 * Follows the links of `name` one by one, as the kernel does, and checks whether `target` is
 * `name` or one of the links on the way. If so, replacing `target` replaces the file that `name`
 * executes. For the comparison, the directories of both names are resolved. The result also says
 * whether both names lead to the same file. That alone is not enough: a second hard link keeps the
 * old file. Any thread.
 */
#ifndef LINK_CHAIN_H
#define LINK_CHAIN_H

#include "host.h"

/* If a name cannot be resolved, through and same are false. */
void link_chain(const char *name, const char *target, struct host_link_chain *ret);

#endif
