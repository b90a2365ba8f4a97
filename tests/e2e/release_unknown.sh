#!/bin/bash
# What is refused before anything is touched: exit 4 (or 2), and the command to type.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 61 3 1
note_pids "$E2E/pids"

run upgrade 1.99.0 --yes
check "a release not added is refused" status_is 4
check "and the command to type is shown" says "caravan release add 1.99.0"

offer 0.12.12
run upgrade 0.12.12 --yes
check "a target older than what runs is refused" status_is 4
check "and it says so" says "older"

if before "$FROM_VERSION" 1.11.2; then
    offer 1.11.2
    run upgrade 1.11.2 --yes
    check "a known-bad target is refused" status_is 4
    check "and the row is named" says "--accept"
fi

release 1.11.4
run upgrade "$TARGET" </dev/null
check "without a terminal and without --yes it refuses" status_is 4
check "and says to give --yes" says "--yes"

echo "nonsense = 1" >>"$E2E/config/caravan.conf"
run status
check "a typo in the configuration is usage" status_is 2
check "with file and line" says "caravan.conf"
sed -i '$d' "$E2E/config/caravan.conf"

run upgrade "$TARGET" --yes --max-paralel 3
check "a misspelt option is usage" status_is 2
run frobnicate
check "an unknown verb is usage" status_is 2

fleet_stop_agents s2
run upgrade "$TARGET" --yes
check "a server whose agent cannot be reached refuses the run" status_is 4
check "and names it" says "s2"
check "no process was restarted by any of this" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
e2e_end
