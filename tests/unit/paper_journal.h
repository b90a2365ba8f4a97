/*
 * paper_journal.h - a journal that a test can read: struct log's `journal`.
 *
 * There is one journal for the whole test program, without a lock. Entries are in order; the checks
 * look at the last entry of an event (its name, log_event_name).
 */
#ifndef PAPER_JOURNAL_H
#define PAPER_JOURNAL_H

#include "log.h"

/* The run with the id "a", for paper_journal_about. */
#define RUN_A "RUN=61000000000000000000000000000000 "

log_journal paper_journal;      /* receives every entry */
log_journal paper_journal_gone; /* takes none */
void paper_journal_clear(void);

/* Fails the test if there is an entry of the event. */
void paper_journal_never(const char *event);
/* Fails the test unless the last entry of the event contains the field, "NAME=value". */
void paper_journal_says(const char *event, const char *field);
/* The same of all that log_about tells, in the order of the table in log.c, without "CARAVAN_":
 * "ORDER=swap PHASE=probing SEQUENCE=2"; "" nothing. */
void paper_journal_about(const char *event, const char *fields);
/* Fails the test if the entry contains a field with this name. */
void paper_journal_lacks(const char *event, const char *name);

#endif
