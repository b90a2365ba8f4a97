/*
 * config_keys.h - the keys in a file of Nomad's configuration, HCL or JSON. Pure.
 *
 * Not a parser of HCL: it takes the words and signs of hcl.h and follows the brackets, and so
 * knows where a key stands. Labels of a block are keys within it, and what JSON wraps into a list
 * is where it would be without: plugin "docker" { config { and
 * {"plugin": [{"docker": {"config": both hold plugin > docker > config.
 *
 * Bounded by the text's length; no recursion, nothing allocated.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "compiler.h"

#define CONFIG_DEPTH 32 /* keys within keys, and brackets; deeper is not understood */

/* A piece of the text, without quotes, escapes as they stand. */
struct config_word {
    const char *at;
    size_t n;
};

struct config_key {
    uint32_t depth; /* keys around it */
    struct config_word path[CONFIG_DEPTH];
    bool member; /* no key: one of the list that the path's last key has; without a name */
    struct config_word name;
    bool has_value;           /* it is a string */
    bool has_word;            /* it is a word without quotes: a number, true, false */
    struct config_word value; /* of either kind */
    uint32_t line;            /* from 1 */
};

typedef void config_key_fn(void *ctx, const struct config_key *k);

/* Calls fn for every key, and for every member of a list that is a string or a word. -1: this is
 * neither HCL nor JSON, or ends within something; what stood before that was called. */
MUST_CHECK int config_keys(const char *text, size_t n, config_key_fn *fn, void *ctx);
/* As Nomad compares keys: letters of either case. */
bool config_word_is(const struct config_word *w, const char *text);

#endif
