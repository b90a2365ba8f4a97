#!/bin/bash
# The agent of a client cannot be reached: the plan refuses, or skips the host if the operator
# allows that.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 70 3 2
release 1.11.4
fleet_stop_agents c1
run upgrade "$TARGET" --yes
check "without --max-skipped it is refused" status_is 4
check "and named" says "c1"
run upgrade "$TARGET" --yes --max-skipped 1
check "with --max-skipped 1 the run is done" status_is 0
check "c2 runs the target" runs_version c2 "$TARGET"
check "c1 was left as it is" runs_version c1 "$FROM_VERSION"
fleet_start_agents c1
fleet_wait_agents c1
run upgrade "$TARGET" --yes
check "when its agent runs, an upgrade includes c1" status_is 0
check "c1 runs the target" runs_version c1 "$TARGET"
e2e_end
