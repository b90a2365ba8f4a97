/*
 * hazard_values.h - the values of a file of hazards (hazard_file.h), and where they are kept while
 * a section is open. Used by hazard_file alone.
 *
 * A key of the file's table has a type of its own (enum hazard_value, in conf_key.min) and a bit
 * that says that it was given (conf_key.max). What is kept goes into the arena of the hazards.
 */
#ifndef HAZARD_VALUES_H
#define HAZARD_VALUES_H

#include "conf.h"
#include "hazard_kinds.h"

enum hazard_value {
    VALUE_KIND,
    VALUE_SINCE,  /* as version_has has it */
    VALUE_RANGES, /* as version_within has them */
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

enum { /* keys of every row, beside those of its kind: bits */
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
    char **seen; /* headers of the file's sections */
    size_t n_seen;
    /* Of the section that is open. */
    const struct section *section;
    unsigned given;
    struct hazard row;
    struct hazard *raised; /* the row of this id that is there already; NULL */
    struct wall wall;
    struct bad_leader leader;
    enum edition edition; /* of the leader */
    struct late late;
};

/* conf.on_own: one value, by the type of its key. */
MUST_CHECK int reading_value(void *base, const struct conf_key *k, const char *value,
                             struct err *err);
/* [released]: the days of a minor. Those that are known already must stand first. */
MUST_CHECK int reading_days(struct reading *r, const char *minor, const char *days,
                            struct err *err);
/* Has the file such a section already? Else it has now. */
bool reading_seen(struct reading *r, const char *section, const char *name);
/* The list with room for one more. */
void *reading_more(struct reading *r, void *list, size_t n, size_t size);

#endif
