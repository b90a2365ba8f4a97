#!/bin/bash
# A fleet of five servers.
# timeout: 240
. "$LAB/lib_lab.sh"
lab_fleet 5 1
lab_agents
release 1.11.4
last=$(leader)
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
# On a busy machine an unexpected election can happen; then another server leads and goes last.
swapped_last() { says "knows no leader" || [[ $(grep -oE '  s[1-5]: swapping$' "$OUT" | tail -n 1) == "  $last: swapping" ]]; }
check "the server that led at the beginning went last" swapped_last
lab_end
