/*
 * replace_quorum.h - whether the steps of a replacement can be taken without losing the quorum.
 * Pure.
 *
 * By numbers alone, before anything is begun: that all who are healthy now stay so is what the
 * gates ask at each step (gate.h). The order is that of the run: all join, one at a time; the dead
 * are taken out; the others leave, one at a time.
 *
 * With nobody dead: the end must have two voters at least. A region of one cannot be replaced by
 * one (of two voters both are a quorum, so the old one cannot be stopped), nor can one that has
 * come to vote beside it be stopped again.
 */
#ifndef REPLACE_QUORUM_H
#define REPLACE_QUORUM_H

#include "plan.h"

struct replace_steps {
    uint32_t voters;              /* in the raft configuration now, with the dead ones */
    uint32_t healthy;             /* of them, now */
    uint32_t joins, dead, leaves; /* dead: of the voters; leaves: without the dead */
};

/* At every step the healthy voters are a quorum of the raft configuration before it and after it;
 * while one that leaves is stopped and still a peer, those without it are. False: ret_why says at
 * which step not, with its numbers. */
bool replace_holds_quorum(const struct replace_steps *s, char ret_why[static TEXT_MAX]);
/* Before the first has left, what has joined can be stopped again, one after the other (abort, or
 * one that fails after it has come to vote). False: ret_why says what not. */
bool replace_walks_back(const struct replace_steps *s, char ret_why[static TEXT_MAX]);

#endif
