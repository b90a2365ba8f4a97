#!/bin/bash
# kill -9 of the coordinator in mid-run, then resume: ends as an undisturbed run. Ctrl-C pauses.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 67 3 3
release 1.11.4

begin() { # ARGS: in the background
    "$FLEET_BUILD/caravan" --config "$E2E/config" "$@" >"$OUT" 2>&1 &
    BACKGROUND=$!
}
count_new() {
    local h n=0
    for h in "${FLEET_HOSTS[@]}"; do runs_version "$h" "$TARGET" >/dev/null && n=$((n + 1)); done
    echo "$n"
}
until_new() { # N: waits until so many hosts run the target
    local until=$((SECONDS + 60))
    while (($(count_new) < $1)); do
        ((SECONDS < until)) || return 1
        sleep 0.1 # polls the fleet: the event is another program's
    done
}

begin upgrade "$TARGET" --yes
until_new 1
kill -KILL "$BACKGROUND"
wait "$BACKGROUND" 2>/dev/null
check "killed with some hosts upgraded, not all" test "$(count_new)" -lt 6
run upgrade "$TARGET" --yes
check "a new upgrade is refused while one is unfinished" status_is 4
check "and the way on is named" says "caravan resume"

begin resume --yes
until_new 4
run status
check "status answers from another terminal during the run" test "$STATUS" -le 1
kill -INT "$BACKGROUND"
wait "$BACKGROUND"
STATUS=$?
check "Ctrl-C pauses: exit 3, can be resumed" status_is 3

run resume --yes
check "resume ends the run" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
run status
check "nothing is left behind" status_is 0
e2e_end
