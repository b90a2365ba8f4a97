/*
 * hazard_rows.h - what is known of Nomad's versions, as plain values: hazards, walls and the rest.
 *
 * hazard_file.h (in store) reads the values from files: hazards.conf, which is built in, and files
 * of the operator. A plan is made with one such value and keeps a pointer to it. The arena contains
 * all texts. The value must outlive every plan that was made with it.
 */
#ifndef HAZARD_ROWS_H
#define HAZARD_ROWS_H

#include "arena.h"
#include "crypto.h"
#include "plan.h"

struct hazard_kind; /* the function that checks: hazard_kinds.h */

enum hazard_scope { SCOPE_ALL, SCOPE_SERVERS, SCOPE_CLIENTS };
enum edition { EDITION_ANY, EDITION_CE, EDITION_ENT };

struct hazard {
    const char *id;
    const struct hazard_kind *kind;
    const char *crossing, *target, *from;
    enum edition edition; /* of the target */
    enum hazard_scope scope;
    unsigned roles; /* of the hosts: bits 1 << enum plan_role; 0: as the kind says */
    enum severity severity, unsure;
    /* The kind says what these contain. */
    const char *what;   /* what was found */
    const char *key;    /* name of a fact, switch or driver; value of an attribute */
    uint64_t number;    /* traits, enum config_switch, enum node_attribute */
    const char *least;  /* a version; from this version on the row reports nothing */
    bool of_unit;       /* report nothing when Nomad has no unit (fact "no-unit") */
    bool staged_only;   /* agents report the fact in some phases only; a missing fact is no doubt */
    const char *advice; /* what to do */
};

/* From this version on, servers write data that older servers cannot read. */
struct wall {
    const char *from, *before; /* before NULL: all later versions */
    const char *feature;       /* walls with the same name are one feature */
    bool clients;              /* the format of a client's state.db changed, too */
};

/* New leaders on a version from first to last crash followers older than first. */
struct bad_leader {
    const char *first, *last;
    bool ent; /* only Enterprise leaders */
};

/* A failure that may come after a run that ended well. */
struct late {
    const char *id;
    const char *target;   /* ranges for version_within; NULL: any target */
    const char *crossing; /* versions for version_has; NULL: any way */
    int64_t after_ms;
    const char *what, *look;
};

/* The days on which patches 0, 1, 2 ... of a minor version were released, separated by a blank. */
struct minor_days {
    unsigned major, minor;
    const char *days;
};

struct hazards {
    struct hazard *rows;
    struct wall *walls;
    struct bad_leader *bad_leaders;
    struct late *lates;
    struct minor_days *minors;
    size_t n_rows, n_walls, n_bad_leaders, n_lates, n_minors;
    struct digest digest; /* of the text of all files */
    struct arena arena;
};

static inline void hazards_free(struct hazards *h) /* NULL and an all-zero value are fine */
{
    if (h != NULL)
        arena_free(&h->arena);
}

#endif
