/*
 * report_audit.h - what `caravan audit` prints: for people, or as JSON, one object a line.
 *
 *     {"event":"finding","run":ID,"host":NAME,"kind":K,"epoch":N,"sequence":N,"fault":F,"text":T,
 *      "advice":A}
 *     {"event":"run","run":ID,"target":V,"record":"whole|part|none","orders":N,"receipts":N,
 *      "unanswered":N,"wrong":N}
 *     {"event":"asked","host":NAME,"answer":"same|ahead|behind|unknown","text":T}
 *     {"event":"end","runs":N,"orders":N,"receipts":N,"wrong":N,"asked":N,"unknown":N,"well":B}
 *
 * and of export a line for each record, with the signed bytes in hexadecimal:
 *
 *     {"run":ID,"host":NAME,"key":ID,"kind":K,"session":HEX,"epoch":N,"sequence":N,"committed":T,
 *      "answered":T,"refusal":R,"digest":HEX,"signer":FINGERPRINT,"receiver":FINGERPRINT,"trust":N,
 *      "genuine":B,"order":HEX,"receipt":HEX}
 *
 * Fields may be added; those here keep their meaning. Times are RFC 3339.
 */
#ifndef REPORT_AUDIT_H
#define REPORT_AUDIT_H

#include <stdio.h>
#include "auditing.h"

void report_finding(const struct stored_run *run, const struct audit_finding *f, bool json,
                    FILE *out);
/* Of the run that was just read; NULL: of what belongs to no run, whose id is 0. */
void report_audited(const struct auditing *a, const struct stored_run *run, bool json, FILE *out);
void report_asked(const char *host, enum audit_match m, const char *text, bool json, FILE *out);
struct audit_asked { /* what came of asking the hosts */
    size_t asked, unknown, wrong;
};
/* true: all is well. */
bool report_audit_end(const struct auditing *a, const struct audit_asked *asked, bool json,
                      FILE *out);

/* One record as a line. */
void report_record(const struct stored_run *run, const char *host, const struct stored_record *r,
                   const struct audit_entry *e, FILE *out);

#endif
