/*
 * running_config.h - is what Nomad's files say what its process runs with? Pure.
 *
 * The host's agent tells a closed list of values of the files (facts "is.NAME"): yes, the files say
 * this; no, they do not speak of it, and the default holds; cannot tell. What runs is Nomad's own
 * word: a server's agent/self, a client's node record, its region by the servers that list it;
 * where its API listens, its agent compares by itself (fact "api-moves"). A value that one of the
 * two cannot tell is not compared, and is told as that; the others are.
 */
#ifndef RUNNING_CONFIG_H
#define RUNNING_CONFIG_H

#include "world.h"

/* YES: something differs, and dst says what ("datacenter: dc2 in the files, dc1 runs"). UNKNOWN:
 * nothing that could be compared differs, and dst says what could not. NO: all is the same, or the
 * agent tells none of it (told: false). */
enum tri running_config_differs(const struct host *h, bool *ret_told, char dst[static TEXT_MAX]);

#endif
