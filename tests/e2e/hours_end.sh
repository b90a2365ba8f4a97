#!/bin/bash
# Root's allowed hours end during a run: a host in the middle of a swap completes it, no other host
# begins, and the run stops and gives the reason. `caravan resume` continues in the next allowed
# hours.
# timeout: 240
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "a moment right after a restart"
E2E_HOLD=3s
FLEET_AGENT_EXTRA=$'[law]\nhours = 00:00-12:00 UTC'
OUTSIDE="outside root's hours here, 00:00-12:00 UTC: it is "
at_hour() { # H: sets the clock of all hosts to half past H
    echo $(($1 * 3600 + 1800 - $(date +%s) % 86400)) >"$FLEET/.clock" && mv "$FLEET/.clock" "$FLEET/clock"
}
restarted() { # HOST...: $BEGUN_HOST is the first restarted host, $OTHERS are the others
    local h
    BEGUN_HOST=
    OTHERS=()
    for h in "$@"; do
        if [[ -z $BEGUN_HOST ]] && ! same_pids "$E2E/pids" "$h"; then BEGUN_HOST=$h; else OTHERS+=("$h"); fi
    done
    [[ -n $BEGUN_HOST ]]
}
has_settled() { grep -q "bin/nomad runs $TARGET" "$FLEET/$1/swap.log"; } # HOST
refuses() { run "$@" && status_is 4 && says "[law-refuses]" && says "$OUTSIDE"; }
hours_end_within() { # WHAT HOST...
    local what=$1
    shift
    check "$what: one host restarts" within 90 restarted "$@"
    at_hour 12
    check "the hours end in the middle of its swap" not has_settled "$BEGUN_HOST"
    ended
    BACKGROUND=
    check "the run stops" status_is 3
    check "the report names the host and the reason" grep -qE "^stopped: (server )?[sc][123].* order refused, held: $OUTSIDE" "$OUT"
    check "and how to go on" says "To go on: caravan resume"
    check "the host in the middle has completed its swap" has_settled "$BEGUN_HOST"
    check "it runs the target" runs_version "$BEGUN_HOST" "$TARGET"
    check "nobody else was restarted" same_pids "$E2E/pids" "${OTHERS[@]}"
    run status
    check "status says why it stopped" says "$OUTSIDE"
    check "the plan refuses for the same reason" within 90 refuses plan "$TARGET"
    run resume --yes
    check "the run cannot be resumed before the next hours" status_is 3
    check "it says so" says "$OUTSIDE"
    check "and nobody was restarted" same_pids "$E2E/pids" "${OTHERS[@]}"
    at_hour 35
}

e2e_begin 196 3 2
at_hour 10
fleet_stop_agents
CLOCK_AHEAD_FILE=$FLEET/clock LD_PRELOAD=$FLEET_BUILD/tests/preload_clock.so fleet_start_agents
fleet_wait_agents
release 1.11.4
note_pids "$E2E/pids"
run plan "$TARGET"
check "within the hours the plan does not refuse" status_is 0

begin upgrade "$TARGET" --yes
hours_end_within servers s1 s2 s3
begin resume --yes
check "in the next hours the run goes on with the servers" within 90 upgraded 3 s1 s2 s3
at_hour 34
hours_end_within clients c1 c2
run resume --yes
check "in the next hours the run ends" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
e2e_end
