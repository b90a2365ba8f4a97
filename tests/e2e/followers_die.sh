#!/bin/bash
# An upgraded server becomes leader, and its log entries crash the old followers: the run stops, and
# says what is left of the quorum and what to do.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "followers are killed as if they had panicked"
E2E_SERVER_DEADLINE=6s
e2e_begin 93 3 0
release 1.11.4
begin upgrade "$TARGET" --yes
check "the first server runs the target" within 30 upgraded 1
FIRST=${NEW[0]}
id=$(cat "$FLEET/$FIRST/data/server/node-id")
curl -sS -m 5 -X PUT "$NOMAD_ADDR/v1/operator/raft/transfer-leadership?id=$id" >/dev/null
for h in "${FLEET_SERVERS[@]}"; do
    [[ $h == "$FIRST" ]] || kill -KILL "$(nomad_pid "$h")"
done
KILLED=$SECONDS
ended
check "the run stops" status_is 3
check "and ends at the server's deadline, not minutes later" test $((SECONDS - KILLED)) -lt 30
check "and names the cause" says "waited "
check "it says how many are left" grep -qE "of 3 voters [01] (is|are) well, 2 are a quorum: no leader can be elected" "$OUT"
check "and the next commands" grep -qE "What to do now: .*On s[123]: systemctl status nomad; .* nomad operator raft list-peers" "$OUT"
check "no other server was begun" not upgraded 2
e2e_end
