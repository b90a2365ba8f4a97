#!/bin/bash
# Two hosts that would fail after a restart: a client with another datacenter in its files than in
# its process, and a server whose API is silent at the address that its agent asks. The plan refuses
# both.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "a configuration that is edited under a running Nomad"
e2e_begin 92 3 2
release 1.11.4
note_pids "$E2E/pids"
tells() { run plan "$TARGET"; says "$1"; }
well() { run plan "$TARGET" && ! says "[config-not-running]" && ! says "[api-silent]" && ! says "[law-refuses]"; }
check "a fleet that runs what its files say has no such finding" within 60 well

sed -i 's/"datacenter": "dc1"/"datacenter": "dc2"/' "$FLEET/c1/nomad.json"
looked_anew c1
check "the plan reports both values, of the files and of the process" \
    within 30 tells '[config-not-running] c1: datacenter: the files say "dc2", but "dc1" runs'
run upgrade "$TARGET" --yes
check "the run is refused before anything is touched" status_is 4
sed -i 's/"datacenter": "dc2"/"datacenter": "dc1"/' "$FLEET/c1/nomad.json"
looked_anew c1
check "after the correction the plan has no finding" within 30 not tells "[config-not-running]"

sed -i 's|^address = .*|address = http://127.0.92.250:4646|' "$FLEET/s2/agent.conf"
looked_anew s2
check "the plan reports a server whose API is asked at a wrong address" within 30 tells "s2: http://127.0.92.250:4646"
run upgrade "$TARGET" --yes
# The plan refuses if that Nomad has run long enough; otherwise the run stops while hosts stage.
refused() { [[ $STATUS == 3 || $STATUS == 4 ]] && says s2; }
check "the run is refused, or stops before the first swap" refused
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
sed -i 's|^address = .*|address = http://127.0.92.12:4646|' "$FLEET/s2/agent.conf"
looked_anew s2
check "after the advised correction the plan has no finding" within 90 well
e2e_end
