/*
 * config_keys.h - the keys in a file of Nomad's configuration, HCL or JSON. Pure.
 *
 * This is not a full parser of HCL. The function takes the words and signs of hcl.h and follows
 * the brackets. From the brackets the function knows the path of each key. A label of a block
 * counts as a key in the path. A list around a JSON object does not count. For example, these two
 * contain the same path plugin > docker > config:
 *
 *     plugin "docker" { config {          and          {"plugin": [{"docker": {"config":
 *
 * The work is bounded by the length of the text. No recursion, no allocation.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "compiler.h"

#define CONFIG_DEPTH 32 /* levels of keys, and of brackets; deeper text is an error */

/* A piece of the text, without quotes; escapes are not resolved. */
struct config_word {
    const char *at;
    size_t n;
};

struct config_key {
    uint32_t depth; /* number of keys around this key */
    struct config_word path[CONFIG_DEPTH];
    bool member; /* this is no key but a member of the list of the path's last key; no name */
    struct config_word name;
    bool has_value;           /* the value is a string */
    bool has_word;            /* the value is a word without quotes: a number, true, false */
    struct config_word value; /* the string or the word */
    uint32_t line;            /* from 1 */
};

typedef void config_key_fn(void *ctx, const struct config_key *k);

/* Calls fn for every key, and for every member of a list that is a string or a word. -1: the text
 * is neither HCL nor JSON, or the text is incomplete. Then fn was called for the keys before the
 * error. */
MUST_CHECK int config_keys(const char *text, size_t n, config_key_fn *fn, void *ctx);
/* Compares as Nomad compares keys: upper and lower case are equal. */
bool config_word_is(const struct config_word *w, const char *text);

#endif
