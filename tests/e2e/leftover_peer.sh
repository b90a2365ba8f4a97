#!/bin/bash
# The raft configuration contains a peer that is no member: it counts for the quorum, and no server
# runs there. The plan refuses.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "the peer is a fault of it"
e2e_begin 85 3 1
release 1.11.4
note_pids "$E2E/pids"
run plan "$TARGET"
check "without the peer the plan does not refuse" status_is 0
for h in s1 s2 s3; do fault "$h" '{"ghost-peer": true}'; done
ghost() { fleet_get s1 /v1/operator/raft/configuration | grep -q unknown; }
no_ghost() { fleet_get s1 /v1/operator/raft/configuration | grep -q Voter && ! ghost; }
check "the peer is there" within 20 ghost
run plan "$TARGET"
check "with the peer the plan refuses" status_is 4
check "the peer is named" says "raft peer (unknown) (127.0.0.254:4647) is no living member"
run upgrade "$TARGET" --yes
check "upgrade refuses" status_is 4
check "nothing was restarted" same_pids "$E2E/pids" s1 s2 s3 c1
cured "${FLEET_SERVERS[@]}"
check "the peer is gone" within 20 no_ghost
may_go_on() {
    run plan "$TARGET"
    status_is 0
}
check "when the peer is gone the plan does not refuse" within 20 may_go_on
e2e_end
