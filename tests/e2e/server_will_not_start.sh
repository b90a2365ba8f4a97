#!/bin/bash
# The new binary ends at once on the first server: the server reverts, the cluster is healthy, and
# no other host changes.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "will-not-start"
e2e_begin 63 3 1
release 1.11.4 '{"will-not-start":true}'
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes
check "the run stops" status_is 3
check "it says will-not-start or crash-loop" grep -qE 'will-not-start|crash-loop' "$OUT"
check "it names the phase" says "prob"
check "it says what to do now" says "caravan"
touched=0
for h in "${FLEET_HOSTS[@]}"; do same_pids "$E2E/pids" "$h" >/dev/null || touched=$((touched + 1)); done
check "exactly one host was restarted" test "$touched" = 1
check "every host runs the old version" all_run "$FROM_VERSION"
check "the cluster is healthy" healthy 20
e2e_end
