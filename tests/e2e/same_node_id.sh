#!/bin/bash
# Two hosts have the same node id (a cloned image), and one agent is mapped to two hosts. Caravan
# could not tell which host it upgrades, so nothing begins.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 101 3 2
release 1.11.4
note_pids "$E2E/pids"

printf '[agents]\nc2 = %s:4650\n' "$(fleet_address c1)" >>"$E2E/config/caravan.conf"
run upgrade "$TARGET" --yes
check "an agent mapped to a second host is refused" status_is 4
check "and the host is named" says "c2"
e2e_config
check "nothing was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"

# c2 comes back as a clone of c1 would: with its node id.
fleet_stop_agents c2
fleet_service c2 stop
cp "$FLEET/c1/data/client/client-id" "$FLEET/c2/data/client/client-id"
fleet_start_nomad c2
fleet_start_agents c2
tells_id() { fleet_get c2 /v1/agent/self | grep -qF "$(<"$FLEET/c1/data/client/client-id")"; }
check "c2 has c1's node id" within 15 tells_id
fleet_wait_agents c2
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes --max-skipped 2
check "two hosts with one node id are refused" status_is 4
says_clone() { says c1 || says c2; }
check "and the report names them" says_clone
check "nothing was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "servers run the old version" runs_version s1 "$FROM_VERSION"
e2e_end
