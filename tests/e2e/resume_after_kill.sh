#!/bin/bash
# kill -9 ends the coordinator in the middle of a run: after `caravan resume` the result is that of
# an undisturbed run. Ctrl-C pauses a run.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 67 3 3
release 1.11.4

begin upgrade "$TARGET" --yes
check "some hosts are upgraded" within 60 upgraded 1
killed
check "the coordinator was killed before all hosts were upgraded" not upgraded 6
run upgrade "$TARGET" --yes
check "a new upgrade is refused while one is unfinished" status_is 4
check "and the message names the command to continue" says "caravan resume"

begin resume --yes
check "resume continues the run" within 60 upgraded 4
run status
check "status answers from another terminal during the run" test "$STATUS" -le 1
kill -INT "$BACKGROUND"
ended
check "Ctrl-C pauses: exit 3, can be resumed" status_is 3

run resume --yes
check "resume completes the run" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
run status
check "nothing is left behind" status_is 0
e2e_end
