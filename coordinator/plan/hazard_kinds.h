/*
 * hazard_kinds.h - the kinds of rows: which function looks, at what, and what it wants to stand in
 * the row. And the names by which a row says what it is about. Pure.
 *
 * A kind about the fleet has `detect`; one about single hosts has none, and judges each host by the
 * fact of the row's `key`, or by `refine` alone. A new kind is a function (hazard_detect.h) and a
 * row here.
 */
#ifndef HAZARD_KINDS_H
#define HAZARD_KINDS_H

#include "hazard_rows.h"
#include "survey.h"

struct hazard_check; /* hazard_check.h */
struct one_host;
struct judgement;

enum { /* keys of a row: bits */
       HAZARD_WHAT = 1,
       HAZARD_KEY = 2,
       HAZARD_LEAST = 4,
       HAZARD_TRAIT = 8,
       HAZARD_SWITCH = 16,
       HAZARD_ATTRIBUTE = 32,
       HAZARD_CROSSING = 64,
};

enum hazard_least { /* what `least` holds; 0: the kind has none */
                    LEAST_VERSION = 1,
                    LEAST_SINCE,  /* as version_has has it */
                    LEAST_NUMBER, /* goes into `number` */
};

struct hazard_kind {
    const char *name;
    enum hazard_source source;
    void (*detect)(struct hazard_check *c, const struct hazard *row);
    /* Does the fact, being yes, matter to this host? NULL: always. */
    bool (*matters)(const struct one_host *o, const struct fact_view *f);
    /* Changes what was judged by the fact, or judges without one. NULL: nothing to change. */
    void (*refine)(const struct one_host *o, struct judgement *j);
    unsigned wants, may; /* keys a row must have, and others it may have */
    enum hazard_least least;
    unsigned roles; /* bits 1 << enum plan_role of the hosts that its rows are about; 0: of single
                       hosts those that get the target, else those that run something */
    bool when_no;   /* about single hosts: that the fact is no is the matter */
    bool by_host;   /* accepted for one host at a time, by ID:NAME */
};

extern const struct hazard_kind hazard_kinds[];
extern const size_t hazard_kinds_len;

/* By name; NULL: there is none. */
const struct hazard_kind *hazard_kind(const char *name);
/* What "template-write", "kms", "cni-bridge" stand for; -1: nothing. */
int hazard_trait(const char *name);
int hazard_switch_named(const char *name);
int hazard_attribute_named(const char *name);
/* What "upgrade", "joins", "leaves" stand for, of enum plan_role; -1: nothing. */
int hazard_role(const char *name);

#endif
