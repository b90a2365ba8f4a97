#!/bin/bash
# In the middle of a run the agent's package is removed from a server that swaps and from a client
# that fetches. When the package is installed again, the run continues.
# timeout: 300
. "$LAB/lib_lab.sh"
LAB_HOLD=2s SWAP_HELD=100
remove_agent() { on "$1" apt-get -q -y remove caravan-agent; }
waits() { grep -q 'waiting up to 2 minutes' "$LAB_RUN/remove.log"; }
removed() { ! on "$1" test -e /usr/lib/caravan/caravan-agent && ! on "$1" pgrep -a caravan-; }
finish_run() { # resumes the run if the coordinator has stopped waiting
    caravan_wait
    [[ $STATUS != 3 ]] || caravan resume --yes
    check "the run ends" status_is 0
}
lab_fleet 3 2
lab_agents
release 1.11.4

check "s1 swaps" meet s1 swapping upgrade "$TARGET" --yes --node s1
remove_agent s1 >"$LAB_RUN/remove.log" 2>&1 </dev/null &
remover=$!
check "the removal of its agent's package waits" wait_for 30 waits
check "for the end of the swap" in_phase s1 swapping
go_on s1
check "and then succeeds" wait "$remover"
check "when the swap has ended" in_phase s1 settled
check "no program of the package runs" removed s1
check "s1 runs the target" runs_version s1 "$TARGET"
check "the package is installed again" lab_install caravan-agent s1
check "the agent is back" wait_for 15 agents_listen s1
finish_run

note_pids "$LAB_RUN/pids.log"
check "c1 fetches" meet c1 fetching upgrade "$TARGET" --yes
check "its agent's package is removed" remove_agent c1
go_on c1
check "no program of the package runs" removed c1
check "nothing was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
check "the package is installed again" lab_install caravan-agent c1
check "the agent is back" wait_for 15 agents_listen c1
finish_run
check "every host runs the target" all_run "$TARGET"
lab_end
