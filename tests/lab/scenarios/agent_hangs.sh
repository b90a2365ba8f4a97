#!/bin/bash
# caravan-agent hangs in the middle of a run: systemd's watchdog ends and restarts it, and the run
# continues. The watchdog's three minutes are nine seconds here.
# timeout: 300
. "$LAB/lib_lab.sh"
LAB_HOLD=2s SWAP_HELD=100
before_boot() {
    local h dir
    for h in "${NODES[@]}"; do
        dir=$(root_of "$h")/etc/systemd/system/caravan-agent.service.d
        mkdir -p "$dir" && printf '[Service]\nWatchdogSec=9\n' >"$dir/watchdog.conf"
    done
}
agent_pid() { on "$1" systemctl show -P MainPID caravan-agent.service; }
watchdog_bit() { on "$1" journalctl -q -u caravan-agent.service | grep -q 'Watchdog timeout'; }
another_runs() { # HOST PID
    local pid
    pid=$(agent_pid "$1")
    [[ $pid != 0 && $pid != "$2" ]] && agents_listen "$1"
}
hang() { # HOST: stops caravan-agent with SIGSTOP, until systemd restarts it
    hung=$(agent_pid "$1")
    check "caravan-agent of $1 hangs" on "$1" kill -STOP "$hung"
}
released() { # HOST
    check "systemd's watchdog ends caravan-agent" wait_for 30 watchdog_bit "$1"
    check "another caravan-agent runs on $1" wait_for 30 another_runs "$1" "$hung"
}
lab_fleet 3 2
lab_agents
release 1.11.4

check "s1 swaps" meet s1 swapping upgrade "$TARGET" --yes --node s1
hang s1
check "in the middle of the swap" in_phase s1 swapping
go_on s1
check "and the swap continues without caravan-agent" reach_phase s1 settled 30
released s1
caravan_wait
check "the run still completes" status_is 0
check "s1 runs the target" runs_version s1 "$TARGET"

check "c1 fetches" meet c1 fetching upgrade "$TARGET" --yes
hang c1
released c1
go_on c1
caravan_wait
check "the run still completes" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
