/*
 * config_name.h - what Nomad makes of a file's name in a directory of its configuration. Pure.
 */
#ifndef CONFIG_NAME_H
#define CONFIG_NAME_H

enum config_name { CONFIG_NAME_READ, CONFIG_NAME_LEFTOVER, CONFIG_NAME_OTHER };

/* Reads it; leaves it, though it looks like a configuration put aside; or it is something else. */
enum config_name config_name_of(const char *name);

#endif
