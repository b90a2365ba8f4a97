#!/bin/bash
# An old server that cannot be stopped, one that is still called alive, and one that somebody starts
# again: each is named, and nothing more is begun.
# timeout: 240
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
needs_standin "stale-alive"
E2E_SERVER_DEADLINE=6s
replace_begin 165 3 1
release 1.11.4
new_hosts s4 s5 s6

# The first to leave is not known before: none can be stopped.
set_stop() { # COMMAND HOST...
    local h command=$1
    shift
    fleet_stop_agents "$@"
    for h in "$@"; do sed -i "s|^stop = .*|stop = $command|" "$FLEET/$h/agent.conf"; done
    fleet_start_agents "$@"
    fleet_wait_agents "$@"
}
check "their services cannot be stopped" set_stop /bin/false "${OLD[@]}"
begin $(replaces --yes)
ended
check "the run stops" status_is 3
FIRST=$(steps | grep -m 1 ': stopping$' | cut -d: -f1)
check "one was to be stopped" test -n "$FIRST"
check "it is named" grep -qE "stopped: .*$FIRST" "$OUT"
check "and the way on" says "caravan resume"
check "no other was begun" test "$(steps | grep -c ': disabling$')" = 1
check "all six vote" voters_are "${OLD[@]}" "${NEW_HOSTS[@]}"
check "its Nomad runs on" nomad_runs "$FIRST"

for h in "${OLD[@]}"; do set_stop "$FLEET/bin/nomad-service stop $FLEET/$h" "$h"; done
for h in "${NEW_HOSTS[@]}"; do fault "$h" '{"stale-alive":3600000}'; done
begin resume --yes
check "when it can be stopped, resume stops it" within 60 at_step "$FIRST: leaving"
waits_for_list() { grep -q "waiting: $FIRST: .*not yet left by everybody's list" "$BEGUN"; }
check "while some call it alive the run waits, and says so" within 30 waits_for_list
check "no other was begun meanwhile" not at_step "$(printf '%s\n' "${OLD[@]}" | grep -vx "$FIRST" | head -n 1): stopping"
cured "${NEW_HOSTS[@]}"
ended
check "then the run goes on to its end" status_is 0
now_servers "${NEW_HOSTS[@]}"
check "the new ones alone vote" voters_are "${NEW_HOSTS[@]}"
check "the old ones are off" is_off "${OLD[@]}"
check "and have left" have_left "${OLD[@]}"

# Afterwards somebody starts one by hand.
fleet_service s1 start
run_status_tells() { run status; ! status_is 0 >/dev/null && says s1; }
check "status tells a removed server that was started by hand" within 30 run_status_tells
e2e_end
