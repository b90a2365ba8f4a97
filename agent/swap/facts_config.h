/*
 * facts_config.h - the facts of a survey that stand in Nomad's configuration, and what that
 * configuration needs of the host.
 *
 * Reads the files that the command which starts Nomad names with -config: at most 100 of them,
 * 1 MiB each, 16 MiB in all. config_findings.h looks for keys in them. Told are keys, files and
 * lines, the name of a plugin's program, and the values of a closed list (config_values.h). What
 * could not be read makes an answer unknown, never "no".
 */
#ifndef FACTS_CONFIG_H
#define FACTS_CONFIG_H

#include "surveying.h"

/* Adds key.*, second-config, config-leftovers, plugin-unlisted, dmidecode, tls-names,
 * metadata-probes; and what facts_values.h and facts_ready.h tell (facts_survey.h). */
void facts_of_config(struct surveying *s);

#endif
