#!/bin/bash
# The new binary works on servers and crashes after three seconds on a client: the client reverts,
# and the run stops.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "crash-after"
e2e_begin 64 3 3
release 1.11.4 '{"only":"client","crash-after":3000}'
run upgrade "$TARGET" --yes --servers
check "the servers run the target" status_is 0
E2E_HOLD=4s # the clients' proof must outlast the crash
e2e_config
run upgrade "$TARGET" --yes
check "the run stops" status_is 3
check "the report names the crash" grep -qE 'will-not-start|crash-loop' "$OUT"
check "the report names a client" grep -qE '\bc[1-3]\b' "$OUT"
check "the report names the version and the phase" grep -qE "in phase probing of $TARGET" "$OUT"
old=0
for h in "${FLEET_CLIENTS[@]}"; do runs_version "$h" "$FROM_VERSION" >/dev/null && old=$((old + 1)); done
check "every client runs the old version again" test "$old" = 3
for h in "${FLEET_SERVERS[@]}"; do check "$h runs the target" runs_version "$h" "$TARGET"; done
check "the cluster is healthy" healthy 20
e2e_end
