/*
 * hazard_kinds.h - the kinds of rows: which function checks, which source it looks at, and which
 * keys the row must have. Also the names that a row uses for traits, switches, attributes and
 * roles. Pure.
 *
 * A kind about the fleet has `detect`. A kind about single hosts has no `detect`: it judges each
 * host by the fact of the row's `key`, or by `refine` alone. A new kind is a function
 * (hazard_detect.h) and a line in hazard_kinds.c.
 */
#ifndef HAZARD_KINDS_H
#define HAZARD_KINDS_H

#include "hazard_rows.h"
#include "survey.h"

struct hazard_check; /* hazard_check.h */
struct one_host;
struct judgement;

enum { /* bits: keys of a row */
       HAZARD_WHAT = 1,
       HAZARD_KEY = 2,
       HAZARD_LEAST = 4,
       HAZARD_TRAIT = 8,
       HAZARD_SWITCH = 16,
       HAZARD_ATTRIBUTE = 32,
       HAZARD_CROSSING = 64,
};

enum hazard_least { /* what `least` contains; 0: the kind has no `least` */
                    LEAST_VERSION = 1,
                    LEAST_SINCE,  /* versions for version_has */
                    LEAST_NUMBER, /* a number; the reader puts it into `number` */
};

struct hazard_kind {
    const char *name;
    enum hazard_source source;
    void (*detect)(struct hazard_check *c, const struct hazard *row);
    /* Does a fact with the value yes matter to this host? NULL: always. */
    bool (*matters)(const struct one_host *o, const struct fact_view *f);
    /* Changes the judgement that was made by the fact, or judges without a fact. NULL: no change.
     */
    void (*refine)(const struct one_host *o, struct judgement *j);
    unsigned wants, may; /* keys that a row must have, and further keys that it may have */
    enum hazard_least least;
    unsigned roles; /* of the hosts: bits 1 << enum plan_role. 0: kinds about single hosts look at
                       hosts that get the target, other kinds at hosts that run something now */
    bool when_no;   /* single hosts: the row is about a fact with the value no */
    bool by_host;   /* --accept takes ID:NAME, for one host at a time */
};

extern const struct hazard_kind hazard_kinds[];
extern const size_t hazard_kinds_len;

/* Finds a kind by name; NULL: there is no such kind. */
const struct hazard_kind *hazard_kind(const char *name);
/* Return the number of a trait ("template-write"), a switch ("kms") or an attribute ("cni-bridge");
 * -1: unknown name. */
int hazard_trait(const char *name);
int hazard_switch_named(const char *name);
int hazard_attribute_named(const char *name);
/* Returns the enum plan_role of "upgrade", "joins" or "leaves"; -1: unknown name. */
int hazard_role(const char *name);

#endif
