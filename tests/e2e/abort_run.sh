#!/bin/bash
# `caravan abort` of an interrupted run begins no further host and undoes every side effect.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 68 3 2
release 1.11.4
begin upgrade "$TARGET" --yes
check "the first server runs the target" within 60 upgraded 1 "${FLEET_SERVERS[@]}"
run abort
check "abort of a live run is refused" status_is 4
check "and its process is named" says "$BACKGROUND"
killed
run abort --yes
check "abort ends the interrupted run" status_is 0
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes
check "a new upgrade may begin" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
