/*
 * truth_faults.h - what goes wrong in a world, one function each. True: the fault was applied.
 *
 * truth_faults.c has the table with names and weights. Only the files with faults include this
 * header.
 */
#ifndef TRUTH_FAULTS_H
#define TRUTH_FAULTS_H

#include "truth.h"

enum which { SERVER = 1, CLIENT = 2, ANY = 3 };

/* Returns a random existing host of this kind; -1: none. Marks the host, so that a cause may
 * name it. */
int fault_pick(struct truth *t, enum which which);
int fault_pick_marked(struct truth *t, enum which which);
int fault_region(struct truth *t);
void fault_power_off(struct truth *t, int host);

bool server_reboots(struct truth *t);
bool server_evicted(struct truth *t);
bool server_dies(struct truth *t);
bool server_restarted(struct truth *t);
bool leader_moves(struct truth *t);
bool no_leader(struct truth *t);
bool region_cut(struct truth *t);
bool api_cut(struct truth *t);
bool agent_cut(struct truth *t);
bool agent_gone(struct truth *t);
bool swap_gone(struct truth *t);
bool client_reboots(struct truth *t);
bool client_dies(struct truth *t);
bool client_restarted(struct truth *t);
bool stranger_drains(struct truth *t);
bool stranger_ineligible(struct truth *t);
bool stranger_undrains(struct truth *t);
bool server_by_hand(struct truth *t);
bool client_by_hand(struct truth *t);
bool server_newer(struct truth *t);
bool client_newer(struct truth *t);
bool server_added(struct truth *t);
bool client_added(struct truth *t);
bool client_purged(struct truth *t);
bool server_removed(struct truth *t);
bool rogue_takes(struct truth *t);
bool rogue_asks(struct truth *t);
bool agent_paused(struct truth *t);
bool hold(struct truth *t);
bool misplaced(struct truth *t);
bool drain_hangs(struct truth *t);
bool crash(struct truth *t);
bool pause_asked(struct truth *t);
bool leave_asked(struct truth *t);
bool abort_asked(struct truth *t);
bool done_by_hand(struct truth *t);
bool ended_at_transfer(struct truth *t);
bool staged_lost(struct truth *t);
bool copy_orders(struct truth *t);
bool disk_full(struct truth *t);
bool disk_full_once(struct truth *t);
bool cleanup_written(struct truth *t);
bool done_empty(struct truth *t);
bool ended_at_start(struct truth *t);
bool by_hand_empty(struct truth *t);
bool last_empty(struct truth *t);
bool tasks_lost(struct truth *t);
bool not_ready_unknown(struct truth *t);
bool elsewhere(struct truth *t);
bool drained_before(struct truth *t);
bool marked_after(struct truth *t);
bool started_after(struct truth *t);
bool dead_starts(struct truth *t);
bool peer_removed(struct truth *t);
bool stays_empty(struct truth *t);
bool attribute_lost(struct truth *t);
bool attribute_late(struct truth *t);
bool comes_back_elsewhere(struct truth *t);
bool drains_itself(struct truth *t);
bool kept_elsewhere(struct truth *t);
bool trust_reaches(struct truth *t); /* truth_trust.c */

#endif
