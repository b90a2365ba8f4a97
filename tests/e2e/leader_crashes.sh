#!/bin/bash
# The leader crashes during another server's turn and comes back. Then the token expires in the
# middle of the run: the run stops, names the reason, and continues with a valid token.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "token-expired"
FLEET_ACL=1 FLEET_TOKEN=11111111-2222-3333-4444-555555555555
FLEET_SIM='{"acl": {"management": "11111111-2222-3333-4444-555555555555"}}'
export NOMAD_TOKEN=$FLEET_TOKEN
e2e_begin 171 3 0
release 1.11.4
at=$(fleet_get s1 "/v1/status/leader?stale")
for h in "${FLEET_SERVERS[@]}"; do [[ $at == *"$(fleet_address "$h"):"* ]] && LEADER=$h; done
begin upgrade "$TARGET" --yes
check "the first follower runs the target" within 30 upgraded 1
check "the leader was not first" not runs_version "$LEADER" "$TARGET"
note_pids "$E2E/pids"
kill -KILL "$(nomad_pid "$LEADER")"
sleep 2 # an election, and longer than a settled region needs
others() { local h; for h in "${FLEET_SERVERS[@]}"; do [[ $h == "$LEADER" ]] || same_pids "$E2E/pids" "$h" || return 1; done; }
check "while the leader is away no other server begins" others
fleet_service "$LEADER" start
check "when it is back the next server begins" within 20 upgraded 2
for h in "${FLEET_SERVERS[@]}"; do fault "$h" '{"token-expired":true}'; done
ended
check "a token that expires stops the run" status_is 3
check "the report says that the token expired" says "no server takes the token any more: Nomad answered 403: ACL token expired"
cured "${FLEET_SERVERS[@]}"
run resume
check "with a valid token the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
