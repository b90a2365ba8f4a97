/*
 * report_keystore.h - the copies of keystores that a run made, and regions whose servers differ.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_KEYSTORE_H
#define REPORT_KEYSTORE_H

#include "json.h"
#include "ledger.h"
#include "plan.h"

/* "Keystore of s1: 2 keys, copied to PATH on that host": one line, of one that was copied. */
void report_keystore(const struct plan *p, const struct ledger *l, size_t i, FILE *out);
/* All of them, those that could not be, and regions whose servers differ. */
void report_keystores(const struct plan *p, const struct ledger *l, FILE *out);
struct json *report_keystores_json(const struct plan *p, const struct ledger *l);

#endif
