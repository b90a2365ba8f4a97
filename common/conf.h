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
 * callback; values of types of the table's own (CONF_OWN) to another. A section of the table that
 * is called "hazard *" may stand in the file any number of times, each with a name of its own:
 * "[hazard bad-2.0.5]"; begin and end tell where one begins and that it is complete. Texts are char
 * arrays inside the struct (size in max). Lists are text with blanks between, split by the reader
 * of the value. For numbers, durations and sizes min and max both 0 mean no limit. Any thread;
 * reads nothing but the file.
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
    CONF_OWN,      /* a type of the table's own, passed to on_own; min and max mean what it wants */
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
    int (*on_own)(void *base, const struct conf_key *k, const char *value, struct err *err);
    /* A section with a name begins; all its keys were read. -1 refuses, too: with the line where
     * it began. NULL when the table has no such sections. */
    int (*begin)(void *base, const char *section, const char *name, struct err *err);
    int (*end)(void *base, struct err *err);
    /* An indented line goes on with the value of the line above, after a blank; together at most
     * CONF_VALUE_MAX bytes. */
    bool continued;
    size_t file_max;     /* 0: CONF_FILE_MAX */
    unsigned file_flags; /* of file.h, beside FILE_FOLLOW */
};

#define CONF_FILE_MAX  (64 * 1024)
#define CONF_VALUE_MAX 2000

/* Puts defaults into base (the struct must be zeroed by the caller). */
MUST_CHECK int conf_defaults(const struct conf *c, void *base, struct err *err);
/* Reads the file over base, which is partly filled after an error. */
MUST_CHECK int conf_read(const struct conf *c, const char *path, void *base, struct err *err);
/* The same from memory: tests and fuzzing. `name` stands in errors. */
MUST_CHECK int conf_parse(const struct conf *c, const char *name, const char *text, void *base,
                          struct err *err);
/* The commented example file, defaults shown. */
void conf_print(const struct conf *c, FILE *out);

#endif
