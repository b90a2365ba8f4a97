#!/bin/bash
# One new server never becomes a voter, and another receives no raft messages: Caravan removes each
# of them again, the run stops, and the cluster is as before.
# timeout: 150
# deep: test_replace and the random worlds test the decisions
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
needs_standin "nonvoter-return"
E2E_SERVER_DEADLINE=6s
replace_begin 164 3 1
release 1.11.4
FLEET_SIM='{"timing": {"ttl_ms": 120000, "failed_after_ms": 3000}, "faults": {"nonvoter-return": 600000}}' new_host s4
new_hosts s4 s5 s6
note_pids "$E2E/pids"

begin $(replaces --yes)
check "the new server joins" within 30 at_step "s4: settling"
ended
check "the run stops" status_is 3
check "it says who, and why" grep -qE "stopped: .*s4.*not a voter" "$OUT"
check "and that it was taken out again" says "taken out of the cluster again"
check "and how to go on" says "caravan abort"
check "no other host began" not grep -qE "s[1-356]: (swapping|disabling)" "$OUT"
check "the cluster is as before" as_before
check "every server reports that the new server has left" have_left s4
check "and is healthy" healthy 20
run status
check "status reports the stopped run" test "$STATUS" -le 1

run abort --yes
check "abort ends the run" status_is 0
check "the cluster is as before" as_before
run status
check "nothing is left behind" status_is 0

# Gossip reaches the server and raft does not: it knows neither the leader nor the voters.
NEW_HOSTS=()
FLEET_SIM=${FLEET_SIM%\}}', "faults": {"raft-deaf": true}}' new_host s7
new_hosts s7
begin replace "$TARGET" --add "$ADD" --remove s1 --yes
check "a server that receives no raft messages begins" within 30 at_step "s7: settling"
over() { ! kill -0 "$BACKGROUND"; }
check "its run ends" within 60 over
ended
check "it stops" status_is 3
check "it says who" grep -qE "stopped: .*$(fleet_address s7)" "$OUT"
check "and that it was taken out again" says "taken out of the cluster again"
check "the cluster is as before" as_before
run abort --yes
check "abort ends the run" status_is 0
run status
check "nothing is left behind" status_is 0
e2e_end
