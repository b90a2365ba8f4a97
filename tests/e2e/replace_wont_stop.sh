#!/bin/bash
# The Nomad of an old server cannot be stopped: the run stops, names the server and begins no
# further step. When Nomad can be stopped, `caravan resume` continues the run.
# timeout: 150
# deep: test_service and the random worlds test the decisions
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
needs_standin "services that are changed in the middle"
E2E_SERVER_DEADLINE=6s
replace_begin 167 3 1
release 1.11.4
new_hosts s4 s5 s6

# The first to leave is not known before: none can be stopped.
set_stop() { # HOST COMMAND
    sed -i "s|^stop = .*|stop = $2|" "$FLEET/$1/agent.conf"
    looked_anew "$1"
}
for h in "${OLD[@]}"; do set_stop "$h" /bin/false; done
begin $(replaces --yes)
over() { ! kill -0 "$BACKGROUND" 2>/dev/null; }
check "a server that cannot be stopped ends the run" within 90 over
ended
check "it stops" status_is 3
FIRST=$(steps | grep -m 1 ': stopping$' | cut -d: -f1)
check "one server had the order to stop" test -n "$FIRST"
check "the report names the server" grep -qE "stopped: .*$FIRST" "$OUT"
check "and the command to continue" says "caravan resume"
check "no other server began" test "$(steps | grep -c ': disabling$')" = 1
check "all six vote" voters_are "${OLD[@]}" "${NEW_HOSTS[@]}"
check "the Nomad of that server still runs" nomad_runs "$FIRST"

for h in "${OLD[@]}"; do set_stop "$h" "$FLEET/bin/nomad-service stop $FLEET/$h"; done
run resume --yes
check "when Nomad can be stopped, resume completes the run" status_is 0
now_servers "${NEW_HOSTS[@]}"
check "only the new servers vote" voters_are "${NEW_HOSTS[@]}"
check "the old servers are off" is_off "${OLD[@]}"
check "and have left" have_left "${OLD[@]}"
e2e_end
