/*
 * version.h - Nomad's versions and their order.
 *
 * Examples: "1.9.7", "v1.10.0-rc.1", "2.0.5+ent", "1.11.0+ent.fips1403". Versions are ordered by
 * their numbers. A prerelease comes before its release; prereleases are compared as in
 * semver 2.0.0, section 11. Metadata after '+' (the edition) is kept and does not change the order.
 * The distance between two minors is counted on Nomad's own sequence, which has no 0.13 and
 * no 1.12: ... 0.12, 1.0, ... 1.11, 2.0, 2.1 ... (source: Nomad's upgrade documentation, 2.0: 2.0
 * follows 1.11).
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
/* Parses the first line of the output of `nomad version`: "Nomad v1.9.7 ...". Any text may follow
 * the version. */
MUST_CHECK int version_parse_output(const char *out, struct version *ret, struct err *err);
/* Finds the first "NUMBER.NUMBER" in any text: 2.36 in "glibc 2.36.1". False: there is none. */
bool version_find(const char *text, struct version *ret);
void version_text(char dst[static VERSION_TEXT], const struct version *v);

int version_cmp(const struct version *a, const struct version *b); /* <0, 0, >0 */
/* Compares the numbers only and ignores prereleases. */
int version_cmp_numbers(const struct version *a, const struct version *b);
bool version_same(const struct version *a, const struct version *b); /* with the metadata */
/* Compares with a version that is a constant in the code, such as "1.4.3". Aborts if the text is
 * not a version. */
int version_cmp_text(const struct version *a, const char *text);

/* Steps from one minor to the other on Nomad's sequence; negative when `to` is older. 1000 or
 * -1000: this build does not know one of the minors and cannot count the steps. */
int version_minor_distance(const struct version *from, const struct version *to);
/* Writes the minors between the two: "1.9, 1.10"; "": there are none. */
void version_path(char *dst, size_t n, const struct version *from, const struct version *to);

/* Lists of versions, as in rows of hazards. A list with a wrong form aborts. Prereleases are
 * ignored, as in Nomad's own comparisons (1.10.0-rc.1 has what 1.10.0 has). An entry that ends in
 * "+ent" counts for Enterprise only; other entries count for both editions.
 *
 * version_has: does v contain a change that came with "1.8.14 1.9.10 1.10.2" (lowest first)? If the
 * list has an entry for the minor of v, v contains the change when v is at least that entry.
 * Otherwise v contains the change when v is newer than the lowest entry. */
bool version_has(const struct version *v, const char *since);
/* Is v in one of the ranges "1.9.4-1.9.6 2.0.1 2.1.0-"? Both ends belong to a range. "2.1.0-" is
 * 2.1.0 and everything after it. */
bool version_within(const struct version *v, const char *ranges);

/* Has the text the form of such a list? Check lists that come from a file with these functions. */
bool version_since_ok(const char *since);
bool version_ranges_ok(const char *ranges);

#define DAY_TEXT 11 /* "2024-01-15" and a NUL */
/* Is day a before day b? The texts may be longer and begin with a day ("2024-01-15T14:..."). False:
 * a is not before b, or one of the texts does not begin with a day. */
bool version_built_before(const char *a, const char *b);
/* The start of the day (UTC) in milliseconds since 1970; -1: the text does not begin with a day. */
int64_t version_day_ms(const char *day);

bool version_is_ent(const struct version *v);
bool version_is_fips(const struct version *v);

#endif
