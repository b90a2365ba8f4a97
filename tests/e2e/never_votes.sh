#!/bin/bash
# An upgraded server comes back as a non-voter and never votes: the run stops, reports quorum and
# tolerance and the exact next commands, and touches no other host. When the server votes again,
# `caravan resume` completes the run.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "nonvoter-return"
E2E_SERVER_DEADLINE=6s
e2e_begin 96 3 1
release 1.11.4 '{"only":"server","nonvoter-return":600000}'
note_pids "$E2E/pids"
begin upgrade "$TARGET" --yes
check "the first server runs the target" within 30 upgraded 1
FIRST=${NEW[0]}
OTHERS=()
for h in "${FLEET_HOSTS[@]}"; do [[ $h == "$FIRST" ]] || OTHERS+=("$h"); done
ended
check "the run stops" status_is 3
check "the report names the server that does not vote" grep -qE "stopped: .*$FIRST.*not a voter" "$OUT"
check "and the number of healthy voters" says "of 3 voters 2 are well, 2 are a quorum: no other may fail"
check "and the next commands" says "nomad operator raft list-peers; nomad server members; on $FIRST: journalctl -u nomad -n 50."
check "and how to go on" says "To go on: caravan resume. To end the run: caravan abort."
check "no other host was touched" same_pids "$E2E/pids" "${OTHERS[@]}"
for h in "${FLEET_SERVERS[@]}"; do fault "$h" '{"nonvoter-return":0}'; done
all_vote() { (($(fleet_get s1 "/v1/operator/raft/configuration?stale" | fleet_count '"Voter":true') == 3)); }
BACKGROUND= # ended
check "the server votes again" within 30 all_vote
run resume
check "when it votes again, resume ends the run" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
