#!/bin/bash
# A server dies, and all members show it as `alive` for 40 s. Caravan begins no other server, stops,
# and says which server does not answer. When the server is back, `caravan resume` completes the
# run.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "stale-alive"
E2E_SERVER_DEADLINE=6s
e2e_begin 95 3 0
release 1.11.4
for h in "${FLEET_SERVERS[@]}"; do fault "$h" '{"stale-alive":40000}'; done
begin upgrade "$TARGET" --yes
check "the first server runs the target" within 30 upgraded 1
FIRST=${NEW[0]}
for h in "${FLEET_SERVERS[@]}"; do [[ $h == "$FIRST" ]] || DEAD=$h; done
kill -KILL "$(nomad_pid "$DEAD")"
KILLED=$SECONDS
note_pids "$E2E/pids"
ended
check "the run stops" status_is 3
check "the run stopped while the dead server still looked alive" test $((SECONDS - KILLED)) -lt 30
alive_by_all() {
    local h
    for h in "${FLEET_SERVERS[@]}"; do
        [[ $h == "$DEAD" ]] && continue
        (($(fleet_get "$h" /v1/agent/members | fleet_count '"Status":"alive"') == 3)) ||
            { echo "$h does not call it alive"; return 1; }
    done
}
check "until then every member reported it alive" alive_by_all
check "the report still names the dead server" grep -qE "stopped: .*$DEAD" "$OUT"
check "the report names the healthy voters" says "of 3 voters 2 are well, 2 are a quorum: no other may fail"
check "and what to do" says "On $DEAD: systemctl status nomad; journalctl -u nomad -n 50."
check "no other server began" same_pids "$E2E/pids" "${FLEET_SERVERS[@]}"
fleet_service "$DEAD" start
check "when the server is back the cluster is healthy" healthy
run resume
check "resume completes the run" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
