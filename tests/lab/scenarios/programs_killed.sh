#!/bin/bash
# Each of the three programs is killed while a host fetches, swaps and probes.
# timeout: 300
. "$LAB/lib_lab.sh"
LAB_HOLD=2s
lab_fleet 3 3
lab_agents
release 1.11.4

# ---- fetching: nothing restarts, the run stops and can be resumed ----
for h in "${CLIENTS[@]}"; do hold_fetch "$h"; done
caravan_begin upgrade "$TARGET" --yes
for h in "${CLIENTS[@]}"; do check "$h fetches" reach_phase "$h" fetching 20; done
check "caravan-agent of c1 is killed" wait_for 3 kill_program c1 caravan-agent
check "caravan-swap of c2 is killed" wait_for 3 kill_program c2 caravan-swap
check "caravan-fetch of c3 is killed" wait_for 3 kill_program c3 caravan-fetch
for h in "${CLIENTS[@]}"; do go_on "$h"; done
caravan_wait
check "the run stops and can be resumed" status_is 3
check "every host runs the old version" all_run "$FROM_VERSION"
check "caravan-agent of c1 is back" wait_for 15 agents_listen c1
caravan abort --yes
check "the run is aborted" status_is 0

# ---- swapping, before the rename: the host returns to its earlier state ----
check "s1 swaps" meet s1 swapping upgrade "$TARGET" --yes --node s1
check "caravan-swap of s1 is killed" kill_program s1 caravan-swap
caravan_wait
check "the run reports its end" grep -qE 'done|resume' "$OUT"
((STATUS == 0)) || { caravan resume --yes; check "resumed, it ends" status_is 0; }
check "s1 runs the target" runs_version s1 "$TARGET"
check "s2 swaps" meet s2 swapping upgrade "$TARGET" --yes --node s2
check "caravan-agent of s2 is killed" kill_program s2 caravan-agent
caravan_wait
check "the run still completes" status_is 0
check "s2 runs the target" runs_version s2 "$TARGET"

# ---- probing: the new binary is in place; the next process of the program completes the probe ----
for what in s3:caravan-swap c1:caravan-agent c2:caravan-fetch; do
    h=${what%:*} program=${what#*:}
    check "$h probes" meet "$h" probing upgrade "$TARGET" --yes --node "$h"
    check "$program of $h is killed" wait_for 2 kill_program "$h" "$program"
    caravan_wait
    check "the run still completes" status_is 0
    check "$h runs the target" runs_version "$h" "$TARGET"
done
caravan upgrade "$TARGET" --yes
check "the rest of the fleet follows" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
