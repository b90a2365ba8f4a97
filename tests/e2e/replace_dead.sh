#!/bin/bash
# One of the old servers is dead: Caravan refuses until the operator accepts that by the server's
# name.
# timeout: 180
# deep: test_replace_dead and the random worlds test the decisions
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
replace_begin 163 3 1
release 1.11.4
new_hosts s4 s5 s6
# Else autopilot takes it out by itself.
no_cleanup() { curl -fsS -m 5 -X PUT -d '{"CleanupDeadServers":false}' "$NOMAD_ADDR/v1/operator/autopilot/configuration"; }
check "autopilot leaves dead servers alone" no_cleanup
fleet_stop_agents s3
kill -KILL "$(nomad_pid s3)"
now_servers s1 s2
check "a server is dead" within 60 member_reads s3 failed
note_pids "$E2E/pids"

untouched() { is_on s1 s2 && is_off "${NEW_HOSTS[@]}" && same_pids "$E2E/pids" s1 s2; }
run $(replaces --yes)
check "the replacement is refused" status_is 4
check "the report names the dead server and the id that accepts it" says "[dead:s3] s3"
check "nothing was touched" untouched
run $(replaces --yes --accept dead:s2)
check "a living server cannot be accepted as dead" status_is 4
check "nothing was touched" untouched

begin $(replaces --yes --accept dead:s3)
ended
check "with --accept all servers are replaced" status_is 0
check "the output warns that the dead server may come back" says "not disabled: keep it off"
steps >"$E2E/steps"
line_of() { grep -nx "$1" "$E2E/steps" | head -n 1 | cut -d: -f1; }
check "the dead server was removed before the other old servers" test "$(line_of "s3: done")" -lt "$(line_of "s1: disabling")"
now_servers "${NEW_HOSTS[@]}"
check "only the new servers vote" voters_are "${NEW_HOSTS[@]}"
check "they run the target" run_version "$TARGET" "${NEW_HOSTS[@]}"
check "the old servers have left, also the dead one" have_left "${OLD[@]}"
check "the old servers that answered are off" is_off s1 s2
check "the dead server's unit is unchanged" starts_at_boot s3
check "the cluster is healthy" healthy 20
run show
check "show reports it, too" says "not disabled: keep it off"
e2e_end
