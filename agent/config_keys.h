/*
 * config_keys.h - which keys stand in a configuration file of Nomad, outside comments. Pure.
 *
 * Not a parser: a key is a bare word before '=', '{' or a label (HCL), or a text before ':'
 * or '=' (JSON, HCL). Words in comments, heredocs and values do not count. What is found is
 * there; what is not found may stand in a file that was not read, or be written in a way
 * that this does not see: nobody may conclude that it is absent. No value is kept but
 * plugin_dir's, a path, and the labels of plugin blocks.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdint.h>
#include "str.h"

#define CONFIG_PLUGINS_MAX 32

/* Keys that a version of Nomad refuses, ignores or reads anew: the coordinator's hazard
 * table says which and why (facts "key.<name>"). */
extern const char *const config_key_names[];
extern const size_t config_key_count;

struct config_key {
    bool found;
    char file[96]; /* the last part of its path */
    unsigned line;
};

struct config_keys {
    struct config_key keys[16]; /* by config_key_names */
    char plugin_dir[200];       /* "" not set */
    char plugins[CONFIG_PLUGINS_MAX][48];
    size_t n_plugins;
    bool odd; /* something plugin blocks may hide in: JSON, or too many of them */
};

/* Adds what a file holds. */
void config_keys_scan(const char *text, size_t n, const char *file, struct config_keys *ret);

#endif
