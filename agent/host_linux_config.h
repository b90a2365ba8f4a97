/*
 * host_linux_config.h - reads the files of Nomad's -config paths, for config_keys.
 *
 * What the unit starts next counts; where that cannot be read, what runs now. Only names of
 * keys, of files and of plugins leave this host, never a value.
 */
#ifndef HOST_LINUX_CONFIG_H
#define HOST_LINUX_CONFIG_H

#include "host_linux.h"

void host_linux_config(struct host *h); /* sets the port `config` */

#endif
