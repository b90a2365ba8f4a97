#!/bin/bash
# Each of the three programs is killed while a host fetches, swaps and probes.
# timeout: 240
. "$LAB/lib_lab.sh"
needs_standin "a slow start, so that every phase can be met"
LAB_SIM='{"preset": "quick", "timing": {"restore_ms": 1500, "start_ms": 1500}}'
LAB_HOLD=2s
lab_fleet 3 3
lab_agents
release 1.11.4

# ---- while it fetches: one program on each client ----
for h in "${CLIENTS[@]}"; do hold_fetch "$h"; done
caravan_begin upgrade "$TARGET" --yes
for h in "${CLIENTS[@]}"; do check "$h fetches" reach_phase "$h" fetching 20; done
check "caravan-agent of c1 is killed" kill_program c1 caravan-agent
check "caravan-swap of c2 is killed" kill_program c2 caravan-swap
check "caravan-fetch of c3 is killed" kill_program c3 caravan-fetch
for h in "${CLIENTS[@]}"; do let_fetch "$h"; done
caravan_wait
check "the run stops and can be resumed, with nothing restarted" status_is 3
check "every host runs the old version" all_run "$FROM_VERSION"

# ---- while it swaps and probes: one program on each host, in the order they come ----
caravan_begin resume --yes
todo=("${NODES[@]}")
for what in caravan-swap:swapping caravan-agent:swapping caravan-swap:probing \
    caravan-agent:probing caravan-fetch:probing caravan-swap:probing; do
    program=${what%:*} phase=${what#*:}
    h=$(one_in_phase "$phase" 60 "${todo[@]}") || h=nobody
    check "$program is killed on a host that is $phase" wait_for 5 kill_program "$h" "$program"
    left=()
    for x in "${todo[@]}"; do [[ $x == "$h" ]] || left+=("$x"); done
    todo=("${left[@]}")
done
caravan_wait
check "the run ends" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
