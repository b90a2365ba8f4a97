#!/bin/bash
# Raft protocol 2: autopilot answers 500 everywhere; the gates work from what else there is.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "Nomad before 1.3 is the last with raft protocol 2"
FLEET_RAFT=2 E2E_FROM=1.1.18
e2e_begin 69 3 1
check "autopilot answers 500" test "$(curl -s -o /dev/null -w '%{http_code}' "$NOMAD_ADDR/v1/operator/autopilot/health")" = 500
release 1.2.16
run upgrade "$TARGET" --yes
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
e2e_end
