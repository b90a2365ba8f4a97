#!/bin/bash
# A client's disk has no room for the new binary: staging reports it, and nothing restarts.
. "$LAB/lib_lab.sh"
needs_standin "a release of a chosen size"
LAB_DISK_c1=100M
lab_fleet 3 2
lab_agents
export MAKE_RELEASE_PAD=$((60 << 20))
release 1.11.4
note_pids "$LAB_RUN/pids.log"
caravan upgrade "$TARGET" --yes
check "the run does not go on" grep -qE '^[34]$' <<<"$STATUS"
check "it says what is missing" grep -qE 'no-space|no-room' "$OUT"
check "and where" says "c1"
check "no process was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
check "no incomplete file is left on c1" not test -e "$(root_of c1)/usr/bin/.nomad.caravan-new"

mount -o remount,size=400M "$LAB_RUN/hosts/c1/write"
if ((STATUS == 3)); then caravan resume --yes; else caravan upgrade "$TARGET" --yes; fi
check "with enough room the run completes" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
