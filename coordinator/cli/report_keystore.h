/*
 * report_keystore.h - prints the copies of keystores that a run made, and the regions whose servers
 * have different keys.
 *
 * The functions only print. They escape every text from outside and keep nothing. The caller owns a
 * JSON value that is returned.
 */
#ifndef REPORT_KEYSTORE_H
#define REPORT_KEYSTORE_H

#include "json.h"
#include "ledger.h"
#include "plan.h"

/* Prints one line for server i, whose keystore was copied: "Keystore of s1: 2 keys, copied to PATH
 * on that host". */
void report_keystore(const struct plan *p, const struct ledger *l, size_t i, FILE *out);
/* Prints all copies, the keystores that could not be copied, and the regions whose servers have
 * different keys. */
void report_keystores(const struct plan *p, const struct ledger *l, FILE *out);
struct json *report_keystores_json(const struct plan *p, const struct ledger *l);

#endif
