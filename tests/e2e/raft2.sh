#!/bin/bash
# Raft protocol 2: autopilot answers 500 on every server; the gates use the other sources.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
FLEET_RAFT=2 E2E_FROM=1.1.18
from_binary
if ! before "$FROM_VERSION" 1.4.0 || { is_real && ! before "$("$NOMAD_TO" version | sed -n '1s/^Nomad v\([^ ]*\).*/\1/p')" 1.4.0; }; then
    needs_standin "Nomad 1.4 and later know no raft protocol 2"
fi
e2e_begin 69 3 1
check "autopilot answers 500" test "$(curl -s -o /dev/null -w '%{http_code}' "$NOMAD_ADDR/v1/operator/autopilot/health")" = 500
release 1.2.16
run upgrade "$TARGET" --yes
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
e2e_end
