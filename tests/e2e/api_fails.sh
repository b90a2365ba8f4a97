#!/bin/bash
# The servers disagree when the run begins, the API answers 500 for five seconds, leadership moves
# between steps: the run waits for each to end, and does not fail.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "api-500-for, election-every"
e2e_begin 73 3 2
release 1.11.4
fault "s3" '{"disagree-members":true}'
begin upgrade "$TARGET" --yes
said() { grep -qF -- "$1" "$BEGUN"; }
check "a passing disagreement when it begins is looked at again" within 10 said "Caravan looks again"
cured s3
check "the first server runs the target" within 60 upgraded 1 "${FLEET_SERVERS[@]}"
# The fault counts from a process's start, so it is set for long and taken away after five seconds.
for h in "${FLEET_SERVERS[@]}"; do fault "$h" '{"api-500-for":3600000}'; done
sleep 5 # the length of the outage is what is tested
cured "${FLEET_SERVERS[@]}"
for h in "${FLEET_SERVERS[@]}"; do fault "$h" '{"election-every":4000}'; done
sleep 8 # two elections, unasked
cured "${FLEET_SERVERS[@]}"
ended
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
e2e_end
