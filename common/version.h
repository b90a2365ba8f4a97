/*
 * version.h - Nomad's versions and their order.
 *
 * "1.9.7", "v1.10.0-rc.1", "2.0.5+ent", "1.11.0+ent.fips1403". Order: numbers,
 * then a prerelease sorts before its release (alphanumeric parts compared as in
 * semver 2.0.0 section 11); metadata after '+' takes no part in the order but is
 * kept (edition). Minor distance is counted on Nomad's own sequence, which has
 * no 0.13 and no 1.12: ... 0.12, 1.0, ... 1.11, 2.0, 2.1 ... (facts: Nomad
 * upgrade documentation, 2.0; 1.11 is followed by 2.0).
 */
#ifndef VERSION_H
#define VERSION_H

#include <stdbool.h>
#include <stdint.h>
#include "str.h"

#define VERSION_TEXT 64

struct version {
    unsigned major, minor, patch;
    char pre[24];  /* "rc.1", "dev", "" */
    char meta[24]; /* "ent", "ent.fips1403", "" */
};

MUST_CHECK int version_parse(const char *s, struct version *ret, struct err *err);
/* First line of `nomad version`: "Nomad v1.9.7 ..." with anything behind. */
MUST_CHECK int version_parse_output(const char *out, struct version *ret, struct err *err);
/* The first number and the one behind its dot, "2.36" of "glibc 2.36.1", in any text; false: none.
 */
bool version_find(const char *text, struct version *ret);
void version_text(char dst[static VERSION_TEXT], const struct version *v);

int version_cmp(const struct version *a, const struct version *b); /* <0, 0, >0 */
/* The same by the numbers alone, without the prerelease. */
int version_cmp_numbers(const struct version *a, const struct version *b);
bool version_same(const struct version *a, const struct version *b); /* metadata too */
/* version_cmp against "1.4.3"-style text known at compile time. */
int version_cmp_text(const struct version *a, const char *text);

/* Steps between minors on Nomad's sequence; negative when b is older. -1000 or
 * 1000 when a minor is not on the sequence known to this build and no step can
 * be computed. */
int version_minor_distance(const struct version *from, const struct version *to);
/* The minors to go through, "1.9, 1.10" ; "" when none are between. */
void version_path(char *dst, size_t n, const struct version *from, const struct version *to);

/* Lists of versions, as rows of hazards have them; a list that is none aborts. The prerelease is
 * ignored as in Nomad's own comparisons (1.10.0-rc.1 has what 1.10.0 has). An entry ending
 * in "+ent" counts for Enterprise only; others count for both.
 *
 * A change that came with "1.8.14 1.9.10 1.10.2" (lowest first): v has it when it is as new
 * as the entry of its own minor, or, without one, newer than the highest entry of a minor
 * below; a minor between two entries has it when it is above the first. */
bool version_has(const struct version *v, const char *since);
/* v lies in one of "1.9.4-1.9.6 2.0.1 2.1.0-" (both ends included; without one, all that follow).
 */
bool version_within(const struct version *v, const char *ranges);

/* May the text stand for `since`, or for `ranges`? For lists that come from a file. */
bool version_since_ok(const char *since);
bool version_ranges_ok(const char *ranges);

#define DAY_TEXT 11
/* Day a is before day b; longer texts that begin with a day ("2024-01-15T14:...") too.
 * False when either is not one. */
bool version_built_before(const char *a, const char *b);
/* When this day began (UTC), unix milliseconds; -1: it is not one. */
int64_t version_day_ms(const char *day);

bool version_is_ent(const struct version *v);
bool version_is_fips(const struct version *v);

#endif
