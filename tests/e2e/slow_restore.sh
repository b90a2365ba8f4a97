#!/bin/bash
# A server needs a long time to restore its state: the run waits, and fails only after the deadline.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "slow-restore"
e2e_begin 65 3 1
release 1.11.4 '{"only":"server","slow-restore":2500}'
run upgrade "$TARGET" --yes
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
e2e_end
