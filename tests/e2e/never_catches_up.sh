#!/bin/bash
# An upgraded server answers but never catches up: the run stops at this server, and no other host
# changes.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "never-catches-up"
E2E_SERVER_DEADLINE=10s
E2E_SETTLE=2s # writes may pause for a moment on a busy machine
e2e_begin 66 3 1
release 1.11.4 '{"only":"server","never-catches-up":true}'
note_pids "$E2E/pids"
# The log must grow, or there is nothing to catch up with.
write_on() {
    local node word=ineligible
    node=$(cat "$FLEET/c1/data/client/client-id")
    while :; do
        curl -sS -m 2 -X PUT -d "{\"Eligibility\":\"$word\"}" "$NOMAD_ADDR/v1/node/$node/eligibility"
        [[ $word == ineligible ]] && word=eligible || word=ineligible
        sleep 0.1 # ten writes a second
    done >/dev/null 2>&1
}
write_on &
BACKGROUND=$!
run upgrade "$TARGET" --yes
kill -KILL "$BACKGROUND"
wait "$BACKGROUND" 2>/dev/null
check "the run stops" status_is 3
check "the report says that the server did not catch up" grep -qiE 'not-caught-up|caught up|index' "$OUT"
touched=0
for h in "${FLEET_HOSTS[@]}"; do same_pids "$E2E/pids" "$h" >/dev/null || touched=$((touched + 1)); done
check "one host changed" test "$touched" = 1
check "the cluster has a leader and is healthy" healthy 30
e2e_end
