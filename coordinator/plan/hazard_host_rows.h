/*
 * hazard_host_rows.h - the table behind hazard_host.h: one row for what a fact of a host may say.
 * Pure.
 *
 * A row's advice is safe to follow: whoever does what it says, and nothing else, leaves the host no
 * worse than it was.
 */
#ifndef HAZARD_HOST_ROWS_H
#define HAZARD_HOST_ROWS_H

#include "hazards.h"
#include "version.h"

/* What a row may look at. */
struct one_host {
    const struct plan_host *ph;
    const struct host *h;
    const struct version *target;
    struct version from;
    bool from_known;
    bool no_unit;
};

/* What a row says of one host. */
struct judgement {
    enum tri value; /* YES or UNKNOWN; NO: nothing to tell */
    enum severity severity;
    bool may_pass; /* by itself, in a while */
    char text[TEXT_MAX];
};

struct host_row {
    struct hazard row;    /* severity: for a yes */
    const char *fact;     /* NULL: refine says all */
    enum severity unsure; /* for a cannot tell, also when an older agent does not know it */
    bool of_unit;         /* nothing to tell where there is no unit */
    bool may_lack;        /* only told in some phases */
    /* Does the fact, being yes, matter to this host? NULL: always. */
    bool (*matters)(const struct one_host *o, const struct fact_view *f);
    /* Rows judged by more than their fact: changes what was judged by it. NULL: nothing to change.
     */
    void (*refine)(const struct one_host *o, struct judgement *j);
};

extern const struct host_row host_rows[];
extern const size_t host_rows_len;

#endif
