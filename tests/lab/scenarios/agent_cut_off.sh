#!/bin/bash
# The network between the coordinator and one host fails before, during and after the host's swap.
# timeout: 300
. "$LAB/lib_lab.sh"
needs_standin "two releases, one after the other"
LAB_HOLD=3s SWAP_HELD=4
lab_fleet 3 3
lab_agents
release 1.11.4
note_pids "$LAB_RUN/pids.log"

# ---- before the swap: while the host fetches; when the network is back the same run continues ----
check "c1 fetches" meet c1 fetching upgrade "$TARGET" --yes
coord_cut c1
go_on c1
sleep 5 # the length of the cut; the checks below look at the coordinator's reaction
check "no client was restarted meanwhile" same_pids "$LAB_RUN/pids.log" "${CLIENTS[@]}"
coord_heal c1
caravan_wait
if ((STATUS == 3)); then
    check "the run names c1" says "c1"
    caravan resume --yes
fi
check "the run ends" status_is 0
check "every host runs the target" all_run "$TARGET"

# ---- during the swap: between the order and the rename, on a server ----
release 1.11.5
check "s1 swaps" meet s1 swapping upgrade "$TARGET" --yes --servers
coord_cut s1
check "without the network s1 completes its swap" reach_phase s1 settled 30
note_pids "$LAB_RUN/pids.log"
sleep 4 # the length of the cut
check "no other host begins while s1 does not answer" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
coord_heal s1
caravan_wait
((STATUS != 3)) || caravan resume --yes
check "with the network back the run completes" status_is 0
check "every server runs the target" all_run "$TARGET" "${SERVERS[@]}"

# ---- after the rename: during the probe, on a client ----
check "c2 probes" meet c2 probing upgrade "$TARGET" --yes --node c2
coord_cut c2
check "without the network c2 completes its probe" reach_phase c2 settled 30
coord_heal c2
caravan_wait
((STATUS != 3)) || caravan resume --yes
check "with the network back the run completes" status_is 0
check "c2 runs the target" runs_version c2 "$TARGET"
caravan upgrade "$TARGET" --yes
check "the rest of the fleet follows" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
