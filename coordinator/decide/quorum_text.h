/*
 * quorum_text.h - how many healthy voters a region has left, in words, for the text of a stop.
 * Pure.
 */
#ifndef QUORUM_TEXT_H
#define QUORUM_TEXT_H

#include "situation.h"

/* Writes "; region global: of 3 voters 2 are well, 2 are a quorum: no other may fail" into dst.
 * dst is "" when all voters of the plan are well, or when the world has no answers to count. */
void quorum_text(const struct situation *s, const char *region, char *dst, size_t n);
/* Writes the commands to type for the first server that is not well, and the host to type them
 * on. dst is "" when all voters are well. */
void quorum_commands(const struct situation *s, const char *region, char *dst, size_t n);

#endif
