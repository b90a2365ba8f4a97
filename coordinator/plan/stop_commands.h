/*
 * stop_commands.h - do the commands that a unit runs at each stop of Nomad take something away?
 * Pure.
 */
#ifndef STOP_COMMANDS_H
#define STOP_COMMANDS_H

#include <stdbool.h>

/* commands: the text of a host's fact "unit-stop-commands". True: one of the commands takes
 * something away from the host besides Nomad itself: tasks, allocations, the host's place in the
 * cluster, files. The function judges by the name of each program and by its arguments. A signal to
 * $MAINPID takes nothing away. systemd's FailureAction= and SuccessAction= take the host away. If
 * the text is cut off
 * ("..." at the end), the function returns true. */
bool stop_takes_away(const char *commands);

#endif
