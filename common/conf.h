/*
 * conf.h - configuration files in the form that users of systemd know: [section], key = value.
 *
 * Only this file uses libinih. Every program has one table of keys: section, key, type, offset,
 * limits, default, help. conf parses every value strictly by its row. Unknown sections and keys,
 * repeated keys, and lines longer than 199 bytes are ERR_CONFIG; the text names file and line, and
 * the nearest known key. These are ERR_CONFIG, too, although libinih would accept them: text after
 * " ;" in a value, "key: value", and text after "]". Lines that begin with # or ; are
 * comments. A file may open a section again. conf_print writes the commented example; the examples
 * in deploy/ are made with it.
 *
 * A CONF_MAP section ("[agents]") contains name = value pairs with free names; on_pair gets each
 * pair. on_own gets the values of CONF_OWN keys, whose types the table defines itself. A section
 * that the table calls "hazard *" may occur any number of times in the file, each time with another
 * name: "[hazard bad-2.0.5]". conf calls `begin` where such a section begins and `end` when the
 * section is complete. Texts are char arrays inside the struct; max is the size of the array. A
 * list is a text with blanks between the words; the code that uses the value splits the text. For
 * numbers, durations and sizes, min and max both 0 mean no limit. Any thread may call these
 * functions. They read nothing but the file.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

enum conf_type {
    CONF_TEXT,     /* char[max] */
    CONF_PATH,     /* char[max], absolute; empty: no path */
    CONF_BOOL,     /* bool: yes/no/true/false/on/off/1/0 */
    CONF_NUMBER,   /* int64_t, min..max */
    CONF_DURATION, /* int64_t milliseconds, min..max in ms */
    CONF_SIZE,     /* uint64_t bytes */
    CONF_MAP,      /* key is "*": a section with free keys; on_pair gets each pair */
    CONF_OWN,      /* a type that the table defines; on_own parses it and interprets min and max */
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
    /* For CONF_MAP pairs. -1 with err set refuses the pair. NULL: the table has no CONF_MAP. */
    int (*on_pair)(void *base, const char *section, const char *key, const char *value,
                   struct err *err);
    int (*on_own)(void *base, const struct conf_key *k, const char *value, struct err *err);
    /* begin: a section with a name begins. end: all keys of the section were read. -1 refuses the
     * section; the error names the line where the section began. NULL: the table has no such
     * sections. */
    int (*begin)(void *base, const char *section, const char *name, struct err *err);
    int (*end)(void *base, struct err *err);
    /* true: an indented line continues the value of the line above. conf joins the two with a
     * blank. A value has at most CONF_VALUE_MAX bytes. */
    bool continued;
    size_t file_max;     /* bytes; 0: CONF_FILE_MAX */
    unsigned file_flags; /* flags of file.h in addition to FILE_FOLLOW */
};

#define CONF_FILE_MAX  (64 * 1024)
#define CONF_VALUE_MAX 2000

/* Writes the defaults into base. The caller has zeroed the struct before. */
MUST_CHECK int conf_defaults(const struct conf *c, void *base, struct err *err);
/* Reads the file into base. After an error base is partly filled. */
MUST_CHECK int conf_read(const struct conf *c, const char *path, void *base, struct err *err);
/* Like conf_read, for a text in memory, for tests and fuzzing. Errors name `name` instead of a
 * file. */
MUST_CHECK int conf_parse(const struct conf *c, const char *name, const char *text, void *base,
                          struct err *err);
/* Prints the commented example file with the defaults. */
void conf_print(const struct conf *c, FILE *out);

#endif
