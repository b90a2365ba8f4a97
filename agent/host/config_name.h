/*
 * config_name.h - does Nomad read a file with this name in a configuration directory? Pure.
 */
#ifndef CONFIG_NAME_H
#define CONFIG_NAME_H

enum config_name { CONFIG_NAME_READ, CONFIG_NAME_LEFTOVER, CONFIG_NAME_OTHER };

/* CONFIG_NAME_READ: Nomad reads the file. CONFIG_NAME_LEFTOVER: Nomad does not read the file, and
 * the name looks like a configuration file that somebody put aside. CONFIG_NAME_OTHER: neither. */
enum config_name config_name_of(const char *name);

#endif
