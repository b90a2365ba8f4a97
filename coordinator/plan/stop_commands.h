/*
 * stop_commands.h - what the commands that a unit runs at each stop of Nomad take away. Pure.
 */
#ifndef STOP_COMMANDS_H
#define STOP_COMMANDS_H

#include <stdbool.h>

/* The text of a host's fact "unit-stop-commands". True: one of them takes something away from the
 * host besides Nomad itself: its tasks, its allocations, its place in the cluster, files. Judged by
 * the name of each program and what it is told; a signal to $MAINPID takes nothing. systemd's own
 * FailureAction= and SuccessAction= take the host; and so may what was cut off ("..." at the end).
 */
bool stop_takes_away(const char *commands);

#endif
