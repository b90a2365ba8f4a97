#!/bin/bash
# The cluster looks healthy at first sight, and is not: the next server waits while a server is a
# non-voter, while members disagree, and while autopilot answers 429, 500 or null.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "nonvoter-return, disagree-members, autopilot-429, -500, -null"
e2e_begin 91 3 0
release 1.11.4 '{"nonvoter-return":3000}'
begin upgrade "$TARGET" --yes --json
check "the first server runs the target" within 30 upgraded 1
FIRST=${NEW[0]}
note_pids "$E2E/pids"
weather() { # FAULTS: holds them longer than a region needs to settle; no further host may change
    local h
    for h in "${FLEET_SERVERS[@]}"; do fault "$h" "$1"; done
    sleep 2.5 # the length is what is tested: 0.3 s in five answers settle; a wait makes a line after 1 s
    same_pids "$E2E/pids" "${FLEET_SERVERS[@]}"
}
check "no server begins while one is a non-voter and autopilot answers 429" weather '{"autopilot-429":true}'
check "none begins while autopilot answers 500" weather '{"autopilot-500":true}'
check "none begins while autopilot's answer has no servers" weather '{"autopilot-null":true}'
check "none begins while members disagree" weather '{"disagree-members":true}'
cured "${FLEET_SERVERS[@]}"
check "then the next server begins" within 20 upgraded 2
kill -INT "$BACKGROUND" # other tests check the rest of the run
ended
check "the output names what the run waited for: the non-voter" says "$FIRST is not a voter"
check "autopilot's answer 500" says "autopilot gave no answer (status 500)"
check "the members that disagree" grep -qE '"text":"region global: .* is failed by ' "$OUT"
e2e_end
