#!/bin/bash
# kill -9 ends caravan-agent, then caravan-swap, on a host during its turn. When the program runs
# again, the host completes its turn, with a whole binary and a running Nomad.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 104 3 3
release 1.11.4
cp "$FLEET/c1/bin/nomad" "$E2E/old"
run upgrade "$TARGET" --yes --servers
check "the servers are upgraded first" status_is 0
E2E_HOLD=2s
e2e_config
note_pids "$E2E/pids"
begin upgrade "$TARGET" --yes
restarted() { ! same_pids "$E2E/pids" "$1" 2>/dev/null; }
in_turn() { # HOST: waits until its Nomad restarts; the order's hold makes the probe last 2 s
    within 40 restarted "$1"
}
agent_of() { pgrep -P "$(<"$FLEET/$1/swap.pid")" caravan-agent | head -n 1; }
another_agent() { [[ $(agent_of c1) =~ ^[0-9]+$ && $(agent_of c1) != "$AGENT" ]]; }
whole() { # HOST: its binary is the old or the new one, byte for byte, and its Nomad runs
    cmp -s "$FLEET/$1/bin/nomad" "$E2E/old" || cmp "$FLEET/$1/bin/nomad" "$TO" || return 1
    fleet_service "$1" status
}

check "c1 has its turn" in_turn c1
AGENT=$(agent_of c1)
check "its caravan-agent is killed" kill -KILL "$AGENT"
check "c2 has its turn" in_turn c2
check "caravan-swap had started another caravan-agent on c1" another_agent
check "c1 runs the target" runs_version c1 "$TARGET"

check "caravan-swap of c2 is killed" kill -KILL "$(<"$FLEET/c2/swap.pid")"
check "c2 has a whole binary, and its Nomad runs" whole c2
fleet_start_agents c2 # what an init would do
check "c3 has its turn" in_turn c3
check "c2 runs the target" runs_version c2 "$TARGET"

ended
check "the run is done" status_is 0
check "c3 has a whole binary, and its Nomad runs" whole c3
check "every host runs the target" all_run "$TARGET"
e2e_end
