/*
 * world_dump.h - one observation as JSON: for `status --json`, and to look at what was
 * seen when something went wrong. Ages are in milliseconds before `now`; -1: not
 * answered. Nothing secret is in a world.
 */
#ifndef WORLD_DUMP_H
#define WORLD_DUMP_H

#include "json.h"
#include "world.h"

struct json *world_dump(const struct world *w, int64_t now);

#endif
