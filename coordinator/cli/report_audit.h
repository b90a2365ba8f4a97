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
 * `caravan audit export` prints one line for each record, with the signed bytes in hexadecimal:
 *
 *     {"run":ID,"host":NAME,"key":ID,"kind":K,"session":HEX,"epoch":N,"sequence":N,"committed":T,
 *      "answered":T,"refusal":R,"digest":HEX,"signer":FINGERPRINT,"receiver":FINGERPRINT,"trust":N,
 *      "genuine":B,"order":HEX,"receipt":HEX}
 *
 * Later versions may add fields; these fields keep their meaning. Times are RFC 3339.
 */
#ifndef REPORT_AUDIT_H
#define REPORT_AUDIT_H

#include <stdio.h>
#include "auditing.h"

void report_finding(const struct stored_run *run, const struct audit_finding *f, bool json,
                    FILE *out);
/* Reports the run that was just read. run NULL: reports the orders that belong to no run (id 0). */
void report_audited(const struct auditing *a, const struct stored_run *run, bool json, FILE *out);
void report_asked(const char *host, enum audit_match m, const char *text, bool json, FILE *out);
struct audit_asked { /* the results of asking the hosts */
    size_t asked, unknown, wrong;
};
/* Returns true if all is well. */
bool report_audit_end(const struct auditing *a, const struct audit_asked *asked, bool json,
                      FILE *out);

/* Prints one record as one line of JSON. */
void report_record(const struct stored_run *run, const char *host, const struct stored_record *r,
                   const struct audit_entry *e, FILE *out);

#endif
