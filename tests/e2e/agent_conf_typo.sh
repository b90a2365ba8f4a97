#!/bin/bash
# agent.conf contains a typo: caravan-swap and caravan-agent do not start and name file and line.
# The coordinator reports that the host's agent cannot be reached.
# timeout: 60
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 103 3 1
release 1.11.4
CONF=$FLEET/c1/agent.conf
fleet_stop_agents c1
sed -i 's/^hold_file = /hold_fiel = /' "$CONF"
LINE=$(grep -n '^hold_fiel' "$CONF" | cut -d: -f1)
note_pids "$E2E/pids"
start() { # PROGRAM: starts it as an init would; ends it if it starts by mistake
    timeout 5 "$FLEET/bin/$1" --config "$CONF" >"$OUT" 2>&1 </dev/null
    STATUS=$?
}
for program in caravan-swap caravan-agent; do
    start "$program"
    check "$program does not start: exit status 1" status_is 1
    check "$program names file and line" says "$CONF:$LINE:"
    check "$program names the wrong key" says "hold_fiel"
    check "$program names the nearest key" says "hold_file"
done
run status
check "status exits with 1" status_is 1
run upgrade "$TARGET" --yes
check "the upgrade is refused" status_is 4
check "it says which host" says "c1"
check "and that its agent does not answer" grep -q "c1.*no enrolled agent answers" "$OUT"
check "nothing was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
sed -i 's/^hold_fiel = /hold_file = /' "$CONF"
fleet_start_agents c1
fleet_wait_agents c1
run upgrade "$TARGET" --yes
check "after the correction the upgrade succeeds" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
