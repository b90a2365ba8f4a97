/*
 * world_dump.h - writes one observation of the fleet as JSON: for `status --json`, and to find out
 * what Caravan saw when something went wrong. Ages are milliseconds before `now`; -1: no answer
 * yet. A world contains no secrets.
 */
#ifndef WORLD_DUMP_H
#define WORLD_DUMP_H

#include "json.h"
#include "world.h"

struct json *world_dump(const struct world *w, int64_t now);

#endif
