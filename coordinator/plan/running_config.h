/*
 * running_config.h - does Nomad's process run with the configuration that its files contain? Pure.
 *
 * The host's agent reports a closed list of values from the files (facts "is.NAME"): yes, the files
 * contain this value; no, they do not contain the key, and the default is valid; or unknown. Nomad
 * itself reports the running values: a server in agent/self, a client in its node record, its
 * region through the servers that list it. The agent compares the address of the API by itself
 * (fact "api-moves"). A value that one side does not report is not compared, and is reported as
 * unknown; the other values are compared.
 */
#ifndef RUNNING_CONFIG_H
#define RUNNING_CONFIG_H

#include "world.h"

/* YES: a value differs; dst names the values (datacenter: the files say "dc2", but "dc1" runs).
 * UNKNOWN: no compared value differs, and dst names the values that could not be compared. NO: no
 * value differs, or the agent reports none of the values (*ret_told is false). */
enum tri running_config_differs(const struct host *h, bool *ret_told, char dst[static TEXT_MAX]);

#endif
