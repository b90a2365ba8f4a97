#!/bin/bash
# A server comes back with an empty state while raft reports it healthy: the run stops at this
# server.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "lose-state"
e2e_begin 90 3 1
release 1.11.4 '{"only":"server","lose-state":true}'
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes
check "the run stops" status_is 3
check "it says that state was lost" says "state was lost"
touched=0
for h in "${FLEET_HOSTS[@]}"; do same_pids "$E2E/pids" "$h" >/dev/null || touched=$((touched + 1)); done
check "one host changed" test "$touched" = 1
check "the output contains the snapshot's path" says "Snapshot of region global: "
run show --json
check "the ledger contains the counts of before" grep -q '"before":{"jobs":1,"nodes":1,' "$OUT"
e2e_end
