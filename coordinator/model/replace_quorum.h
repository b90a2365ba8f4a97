/*
 * replace_quorum.h - whether a replacement can go through all its steps without losing the quorum.
 * Pure.
 *
 * It uses numbers only, before anything begins. It assumes that all healthy servers stay healthy;
 * the gates ask for that at each step (gate.h). The order is that of the run: all new servers join,
 * one at a time; the dead servers are taken out; the other old servers leave, one at a time.
 *
 * If no server is dead, the region must have at least two voters at the end. A region of one server
 * cannot be replaced by one server: of two voters both are a quorum, so the old server cannot be
 * stopped. For the same reason a new server that votes beside it cannot be stopped again.
 */
#ifndef REPLACE_QUORUM_H
#define REPLACE_QUORUM_H

#include "plan.h"

struct replace_steps {
    uint32_t voters;              /* voters in the raft configuration now, with the dead */
    uint32_t healthy;             /* healthy voters now */
    uint32_t joins, dead, leaves; /* dead: voters that are dead; leaves: without the dead */
};

/* True if the healthy voters are a quorum of the raft configuration before and after every step.
 * While a leaving server is stopped and is still a peer, the voters without it are a quorum.
 * False: ret_why says at which step they are not, with its numbers. */
bool replace_holds_quorum(const struct replace_steps *s, char ret_why[static TEXT_MAX]);
/* True if, before the first server has left, the servers that have joined can be stopped again,
 * one after the other (for an abort, or for a server that fails after it began to vote). False:
 * ret_why says which step fails. */
bool replace_walks_back(const struct replace_steps *s, char ret_why[static TEXT_MAX]);

#endif
