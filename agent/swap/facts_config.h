/*
 * facts_config.h - the facts of a survey that stand in Nomad's configuration, and what that
 * configuration needs of the host.
 *
 * The function reads the files that Nomad's start command names with -config: at most 100 files,
 * 1 MiB each, 16 MiB in all. config_findings.h finds keys in these files. The facts contain keys,
 * files and lines, the name of a plugin's program, and the values of a closed list
 * (config_values.h). If a file could not be read, the answer is unknown, never "no".
 */
#ifndef FACTS_CONFIG_H
#define FACTS_CONFIG_H

#include "surveying.h"

/* Adds key.*, second-config, config-leftovers, plugin-unlisted, dmidecode, tls-names,
 * metadata-probes; and the facts of facts_values.h and facts_ready.h (facts_survey.h). */
void facts_of_config(struct surveying *s);

#endif
