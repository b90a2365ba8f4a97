/*
 * join_list.h - whom Nomad's files say to join, as agents tell it (fact `joins`). Pure.
 *
 * A list with commas: addresses with or without a port (10.0.0.1, 10.0.0.1:4648, [fd00::1]:4648),
 * names, and "provider=...", of which only the provider is told.
 */
#ifndef JOIN_LIST_H
#define JOIN_LIST_H

#include "world.h"

/* Does it name this server, by its address? UNKNOWN: it has entries that are no address, or are cut
 * off, and no entry is the server's address. */
enum tri join_list_names(const char *list, const struct host *h);

#endif
