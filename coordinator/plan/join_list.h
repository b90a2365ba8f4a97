/*
 * join_list.h - the servers that Nomad's files say to join, as the agent reports them (fact
 * `joins`). Pure.
 *
 * The list is separated by commas. An entry is an address with or without a port (10.0.0.1,
 * 10.0.0.1:4648, [fd00::1]:4648), a name, or "provider=...", of which the agent reports the
 * provider only.
 */
#ifndef JOIN_LIST_H
#define JOIN_LIST_H

#include "world.h"

/* Does the list contain the address of this server? UNKNOWN: no entry is this address, but some
 * entries are not an address, or are cut off. */
enum tri join_list_names(const char *list, const struct host *h);

#endif
