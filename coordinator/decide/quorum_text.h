/*
 * quorum_text.h - how many of a region's voters are left, in words, when a run stops. Pure.
 */
#ifndef QUORUM_TEXT_H
#define QUORUM_TEXT_H

#include "situation.h"

/* "; region global: of 3 voters 2 are well, 2 are a quorum: no other may fail"; "" when all
 * voters that were planned with are well, or nobody could be asked at all. */
void quorum_text(const struct situation *s, const char *region, char *dst, size_t n);
/* The exact commands for the first server that is not well: where, and what. "": none. */
void quorum_commands(const struct situation *s, const char *region, char *dst, size_t n);

#endif
