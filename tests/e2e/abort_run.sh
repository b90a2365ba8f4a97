#!/bin/bash
# abort of an interrupted run: begins nothing more, gives everything back.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 68 3 2
release 1.11.4
"$FLEET_BUILD/caravan" --config "$E2E/config" upgrade "$TARGET" --yes >"$OUT" 2>&1 &
BACKGROUND=$!
until=$((SECONDS + 60))
while ! { runs_version s1 "$TARGET" || runs_version s2 "$TARGET" || runs_version s3 "$TARGET"; } >/dev/null; do
    ((SECONDS < until)) || break
    sleep 0.1 # polls the fleet: the event is another program's
done
run abort
check "abort of a live run is refused" status_is 4
check "and its process is named" says "$BACKGROUND"
kill -KILL "$BACKGROUND"
wait "$BACKGROUND" 2>/dev/null
run abort --yes
check "abort ends it" status_is 0
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes
check "a new upgrade may begin" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
