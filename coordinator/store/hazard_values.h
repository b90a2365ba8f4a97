/*
 * hazard_values.h - reads the values of a file of hazards, and keeps those of the open section.
 *
 * Only hazard_file.c uses this header. Each key of its table has a type of its own (enum
 * hazard_value, in conf_key.min) and a bit that says that the section gives this key
 * (conf_key.max). Texts are allocated in the arena of the hazards.
 */
#ifndef HAZARD_VALUES_H
#define HAZARD_VALUES_H

#include "conf.h"
#include "hazard_kinds.h"

enum hazard_value {
    VALUE_KIND,
    VALUE_SINCE,  /* a list of versions for version_has */
    VALUE_RANGES, /* ranges of versions for version_within */
    VALUE_VERSION,
    VALUE_EDITION,
    VALUE_SCOPE,
    VALUE_ROLES,
    VALUE_SEVERITY,
    VALUE_FLAG,
    VALUE_WORD,
    VALUE_WHAT,
    VALUE_ADVICE,
    VALUE_TRAITS,
    VALUE_SWITCH,
    VALUE_ATTRIBUTE,
    HAZARD_VALUES
};

enum { /* bits of the keys that a row of any kind may have */
       HAZARD_OF_KIND = HAZARD_CROSSING * 2 - 1,
       GIVEN_KIND = HAZARD_CROSSING << 1,
       GIVEN_TARGET = HAZARD_CROSSING << 2,
       GIVEN_FROM = HAZARD_CROSSING << 3,
       GIVEN_EDITION = HAZARD_CROSSING << 4,
       GIVEN_SCOPE = HAZARD_CROSSING << 5,
       GIVEN_SEVERITY = HAZARD_CROSSING << 6,
       GIVEN_UNSURE = HAZARD_CROSSING << 7,
       GIVEN_UNIT = HAZARD_CROSSING << 8,
       GIVEN_STAGED = HAZARD_CROSSING << 9,
       GIVEN_ADVICE = HAZARD_CROSSING << 10,
       GIVEN_ROLES = HAZARD_CROSSING << 11,
};

struct section;
struct reading {
    struct hazards *h;
    char **seen; /* headers of the file's sections so far */
    size_t n_seen;
    /* The values of the open section. */
    const struct section *section;
    unsigned given;
    struct hazard row;
    struct hazard *raised; /* the existing row of this id; NULL: the id is new */
    struct wall wall;
    struct bad_leader leader;
    enum edition edition; /* of [bad-leader] */
    struct late late;
};

/* For conf.on_own: reads one value by the type of its key. */
MUST_CHECK int reading_value(void *base, const struct conf_key *k, const char *value,
                             struct err *err);
/* [released]: the days on which the versions of a minor were released. If the minor has days
 * already, the new list must begin with the same days. */
MUST_CHECK int reading_days(struct reading *r, const char *minor, const char *days,
                            struct err *err);
/* Does the file have this section already? If not, remembers the section. */
bool reading_seen(struct reading *r, const char *section, const char *name);
/* Returns the list with room for one more element; the list may move. */
void *reading_more(struct reading *r, void *list, size_t n, size_t size);

#endif
