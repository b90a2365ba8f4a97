#!/bin/bash
# Root's hold file exists on a host: the plan reports and refuses it. If the operator accepts the
# finding, the run leaves the host out.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 71 3 2
release 1.11.4
touch "$FLEET/c2/hold"
note_pids "$E2E/pids"
tells() { run plan "$TARGET" && says "[law-refuses] c2: root's hold file"; }
check "the plan reports the hold file after the agent's next look" within 40 tells
run upgrade "$TARGET" --yes --max-skipped 1
check "the run is refused before anything is touched" status_is 4
rm "$FLEET/c2/hold"
check "without the file the plan has no such finding" within 40 not tells
begin upgrade "$TARGET" --yes --max-skipped 1
touch "$FLEET/c2/hold"
ended
check "a hold file that appears later stops the run while hosts stage" status_is 3
check "with the host and the reason" says "stopped: c2: [law-refuses] root's hold file"
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
run abort --yes
run upgrade "$TARGET" --yes --max-skipped 1 --accept law-refuses
check "with --accept the run completes without c2" status_is 0
check "c2 was left as it is" runs_version c2 "$FROM_VERSION"
check "the run says why" says "held"
rm "$FLEET/c2/hold"
BACKGROUND=
within 40 not tells
run upgrade "$TARGET" --yes
check "without the file an upgrade includes c2" status_is 0
check "c2 runs the target" runs_version c2 "$TARGET"
e2e_end
