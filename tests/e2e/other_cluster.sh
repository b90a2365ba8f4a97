#!/bin/bash
# Caravan must never read one cluster and send orders to the agents of another.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 74 3 1
release 1.11.4
note_pids "$E2E/pids"
# The agent that answers for s1 in the configuration is in truth the one beside s2.
printf '[agents]\ns1 = %s:4650\n' "$(fleet_address s2)" >>"$E2E/config/caravan.conf"
run upgrade "$TARGET" --yes
check "the upgrade refuses an agent that is not at the address that Nomad reports" status_is 4
check "and the host is named" says "s1"
check "nothing was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
e2e_end
