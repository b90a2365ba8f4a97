/*
 * conf.h - configuration files as systemd's users know them: [section], key = value.
 *
 * libinih, and only here. One table of keys a program: section, key, type, offset,
 * limits, default, help. Every value is parsed strictly by its row; unknown
 * sections and keys, repeated keys, and lines past 199 bytes are ERR_CONFIG with
 * file and line, and the nearest known key. So is what libinih would take in
 * silence: text behind a value after " ;", "key: value", anything behind "]".
 * Comments: lines beginning with # or ;. A section may be opened again.
 * conf_print writes the commented example, so deploy/ examples are generated.
 *
 * CONF_MAP sections ("[agents]" name = value pairs with free keys) go to a
 * callback. Texts are char arrays inside the struct (size in max). Lists are text
 * with blanks between, split by the reader of the value. For numbers, durations
 * and sizes min and max both 0 mean no limit. Any thread; reads nothing but the file.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

enum conf_type {
    CONF_TEXT,     /* char[max] */
    CONF_PATH,     /* char[max], absolute; empty: none */
    CONF_BOOL,     /* bool: yes/no/true/false/on/off/1/0 */
    CONF_NUMBER,   /* int64_t, min..max */
    CONF_DURATION, /* int64_t milliseconds, min..max in ms */
    CONF_SIZE,     /* uint64_t bytes */
    CONF_MAP,      /* key is "*": section of free keys, passed to on_pair */
};

struct conf_key {
    const char *section;
    const char *key;
    enum conf_type type;
    size_t offset;
    int64_t min, max;
    const char *def; /* default as text, parsed like a value; NULL: zero */
    const char *help;
};

struct conf {
    const struct conf_key *keys;
    size_t n_keys;
    /* CONF_MAP pairs; return -1 with err set to refuse. NULL when there are none. */
    int (*on_pair)(void *base, const char *section, const char *key, const char *value,
                   struct err *err);
};

/* Puts defaults into base (the struct must be zeroed by the caller). */
MUST_CHECK int conf_defaults(const struct conf *c, void *base, struct err *err);
/* Reads the file (<= 64 KiB) over base, which is partly filled after an error. */
MUST_CHECK int conf_read(const struct conf *c, const char *path, void *base, struct err *err);
/* The same from memory: tests and fuzzing. `name` stands in errors. */
MUST_CHECK int conf_parse(const struct conf *c, const char *name, const char *text, void *base,
                          struct err *err);
/* The commented example file, defaults shown. */
void conf_print(const struct conf *c, FILE *out);

#endif
