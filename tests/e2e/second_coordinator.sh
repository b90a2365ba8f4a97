#!/bin/bash
# During a run a second coordinator begins, with the same keys and a ledger of its own. The agents'
# leases refuse it, it names the run that holds them, and the first run ends done.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
E2E_SOAK=6s
e2e_begin 105 3 2
release 1.11.4
cp -r "$E2E/config" "$E2E/config2"
cp -r "$E2E/state" "$E2E/state2"
sed -i "s|^state_dir = .*|state_dir = $E2E/state2|" "$E2E/config2/caravan.conf"
begin upgrade "$TARGET" --yes
check "the first server runs the target" within 60 upgraded 1 c1 c2
note_pids "$E2E/pids"
sleep 1 # into the soak: nobody has a turn, nothing but the lease speaks against a second run
CONFIG=$E2E/config2 run upgrade "$TARGET" --yes
check "the first run is still on" kill -0 "$BACKGROUND"
check "the second is refused" status_is 4
RUN=$(caravan history | grep -oE '[0-9a-f]{8,32}' | head -n 1)
check "it names the run that holds the lease" says "$RUN"
ended
check "the first run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
CONFIG=$E2E/config2 run upgrade "$TARGET" --yes
check "afterwards the second finds nothing to do" status_is 0
e2e_end
