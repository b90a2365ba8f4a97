#!/bin/bash
# The new version rejects the hosts' configuration: staging fails, and nothing restarts.
. "$LAB/lib_lab.sh"
needs_standin "reject-config"
lab_fleet 3 2
lab_agents
release 1.11.4 '{"reject-config": true}'
note_pids "$LAB_RUN/pids.log"
caravan upgrade "$TARGET" --yes
check "the run does not go on" grep -qE '^[34]$' <<<"$STATUS"
check "it says why" says "config-rejected"
check "no process was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
check "every host runs the old version" all_run "$FROM_VERSION"
caravan abort --yes
check "the run is ended" status_is 0
lab_end
