#!/bin/bash
# A snapshot that is cut short stops the run before it changes any host. A fatal line in another
# server's log stops the run between two servers, and the ledger keeps the line with the step.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "snapshot-cut, log-warn, log-fatal"
E2E_SETTLE=2s # longer than between two lines of the log
e2e_begin 89 3 0
release 1.11.4
note_pids "$E2E/pids"
leader() { # prints the leader's name
    local at h
    at=$(fleet_get s1 "/v1/status/leader?stale")
    for h in "${FLEET_SERVERS[@]}"; do [[ $at == *"$(fleet_address "$h"):"* ]] && echo "$h"; done
}
for h in "${FLEET_SERVERS[@]}"; do fault "$h" '{"snapshot-cut":true}'; done
run upgrade "$TARGET" --yes
check "an incomplete snapshot stops the run" status_is 3
check "and it says so" says "the digest of the snapshot is not the one that Nomad sent"
check "no host was touched" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "no incomplete file is left" test -z "$(find "$E2E/state" -name '*snap*')"
cured "${FLEET_SERVERS[@]}"
LEADER=$(leader)
fault "$LEADER" '{"log-warn":true}'
begin resume
check "the first server is upgraded while the leader's log contains warnings" within 30 upgraded 1
fault "$LEADER" '{"log-warn":true,"log-fatal":true}'
ended
check "a fatal line of the leader's log stops the run" status_is 3
check "it names the server and the line" says "the log of $LEADER says: "
check "the output contains the line" says "ignoring unknown message type"
check "the output contains the snapshot's path" says "Snapshot of region global: $E2E/state/snapshot-"
run show
check "show prints the warnings with the step" says "$LEADER: "
check "also those that are not fatal" says "failed to contact"
check "and the snapshot" says "Snapshot of region global: $E2E/state/snapshot-"
SNAP=$(find "$E2E/state" -name 'snapshot-*.snap')
check "only its owner may read it" test "$(stat -c %a "$SNAP")" = 600
check "the snapshot is complete" grep -q '^objects ' "$SNAP"
e2e_end
