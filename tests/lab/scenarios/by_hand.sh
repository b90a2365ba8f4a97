#!/bin/bash
# In the middle of a run an operator restarts Nomad by hand.
# timeout: 240
. "$LAB/lib_lab.sh"
LAB_HOLD=3s
lab_fleet 3 2
lab_agents
release 1.11.4
check "s1 probes" meet s1 probing upgrade "$TARGET" --yes --node s1
check "an operator restarts its Nomad" on s1 systemctl restart nomad
caravan_wait
[[ $STATUS != 3 ]] || { check "the run says what it saw" says "s1"; caravan resume --yes; }
check "the run ends" status_is 0
check "s1 runs the target" runs_version s1 "$TARGET"

check "c1 fetches" meet c1 fetching upgrade "$TARGET" --yes
check "an operator restarts Nomad on c2" on c2 systemctl restart nomad
go_on c1
caravan_wait
[[ $STATUS != 3 ]] || caravan resume --yes
check "the run ends" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
