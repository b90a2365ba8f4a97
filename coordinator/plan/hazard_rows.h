/*
 * hazard_rows.h - what is known of Nomad's versions, as values: hazards and all that stands beside
 * them. Plain values.
 *
 * Made from files by hazard_file.h (in store): hazards.conf, which is built in, and files of the
 * operator's. A plan is made by one value of these and keeps a pointer to it, so that whoever has
 * the plan has them. Texts live in the arena; the value outlives every plan made by it.
 */
#ifndef HAZARD_ROWS_H
#define HAZARD_ROWS_H

#include "arena.h"
#include "crypto.h"
#include "plan.h"

struct hazard_kind; /* which function looks: hazard_kinds.h */

enum hazard_scope { SCOPE_ALL, SCOPE_SERVERS, SCOPE_CLIENTS };
enum edition { EDITION_ANY, EDITION_CE, EDITION_ENT };

struct hazard {
    const char *id;
    const struct hazard_kind *kind;
    const char *crossing, *target, *from;
    enum edition edition; /* of the target */
    enum hazard_scope scope;
    unsigned roles; /* of servers that are replaced: bits 1 << enum plan_role; 0: as its kind */
    enum severity severity, unsure;
    const char *what;   /* what was found, as its kind wants it */
    const char *key;    /* fact, switch's or driver's name, attribute: likewise */
    uint64_t number;    /* traits, enum config_switch, enum node_attribute: likewise */
    const char *least;  /* a version, likewise; of a fact's: nothing to tell from it on */
    bool of_unit;       /* nothing to tell where Nomad has no unit (fact "no-unit") */
    bool staged_only;   /* only told in some phases: an agent need not tell it */
    const char *advice; /* what to do, one sentence */
};

/* From this version on servers write what older ones cannot read. */
struct wall {
    const char *from, *before; /* before: NULL for ever since */
    const char *feature;       /* walls with the same one are one feature */
    bool clients;              /* the format of a client's state.db is another, too */
};

/* New leaders from first to last crash followers older than first. */
struct bad_leader {
    const char *first, *last;
    bool ent; /* only Enterprise's */
};

/* What may come after a run that ended well. */
struct late {
    const char *id;
    const char *target;   /* ranges, as version_within has them; NULL: any */
    const char *crossing; /* on the way, as version_has has it; NULL: any */
    int64_t after_ms;
    const char *what, *look;
};

/* The days on which a minor's patches 0, 1, 2 ... were released, with a blank between. */
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
    struct digest digest; /* of all of it */
    struct arena arena;
};

static inline void hazards_free(struct hazards *h) /* NULL and an empty one are fine */
{
    if (h != NULL)
        arena_free(&h->arena);
}

#endif
