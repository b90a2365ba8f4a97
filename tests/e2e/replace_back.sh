#!/bin/bash
# Somebody starts a removed server again, during the watch at the end and afterwards: Caravan names
# the server.
# timeout: 120
# deep: test_safeguards and the random worlds test the decisions
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
E2E_WATCH=30s
replace_begin 165 3 1
release 1.11.4
new_hosts s4 s5 s6

begin $(replaces --yes)
watches() { grep -q "waiting: no removed server has come back" "$BEGUN"; }
check "all servers are replaced, and the run watches the cluster" within 60 watches
now_servers "${NEW_HOSTS[@]}"
check "only the new servers vote" voters_are "${NEW_HOSTS[@]}"
check "the old servers are off" is_off "${OLD[@]}"
check "and have left" have_left "${OLD[@]}"

# Somebody starts a removed server by hand: it still has a server's data.
fleet_service s1 start
over() { ! kill -0 "$BACKGROUND" 2>/dev/null; }
check "the run ends when a removed server comes back" within 60 over
ended
check "it stops" status_is 3
check "and names the server" grep -qE "stopped: .*s1" "$OUT"
check "and how to go on" says "caravan resume"
fleet_service s1 stop
export NOMAD_ADDR=${FLEET_SCHEME:-http}://$(fleet_address s4):4646
run resume --yes
check "when the server is stopped again, resume completes the run" status_is 0
check "the server is out of the cluster again" have_left s1
check "the cluster is healthy" healthy 20

fleet_service s1 start
tells() { run status; ((STATUS != 0)) && grep -E "^s1 " "$OUT" | grep -qv " left "; }
check "status names a removed server that somebody starts after the run" within 30 tells
e2e_end
