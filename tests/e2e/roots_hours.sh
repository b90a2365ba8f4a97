#!/bin/bash
# The plan reports root's limits in agent.conf before they stop a run: hours, and signatures of
# release keys.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 193 3 2
release 1.11.4
note_pids "$E2E/pids"
limit() { # HOST LINE: replaces the limit below [law]; "" removes it
    fleet_stop_agents "$1"
    sed -i -E "/^(hours|release_threshold) = /d; s/^\[law\]$/&${2:+\n$2}/" "$FLEET/$1/agent.conf"
    fleet_start_agents "$1"
    fleet_wait_agents "$1"
}
at() { date -u -d "$1 minutes" +%H:%M; }

limit c2 "hours = $(at 120)-$(at 180) UTC"
run plan "$TARGET"
check "outside root's hours the plan is refused" status_is 4
check "the report names the host and the reason" says "[law-refuses] c2: outside root's hours here, "
check "and the time when the hours begin" grep -qE "they begin again at (Mon|Tue|Wed|Thu|Fri|Sat|Sun) [0-9]{2}:[0-9]{2}" "$OUT"
run upgrade "$TARGET" --yes
check "the run refuses, too" status_is 4
run stage "$TARGET" --yes
check "caravan stage works outside the hours" status_is 0
check "nothing was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"

limit c2 "hours = $(at -60)-$(at 5) UTC"
run plan "$TARGET" --soak 30m
check "in them the plan is not refused" status_is 0
check "but told that they end before the run" says "[hours-end] c2: the hours that root set for changes, "

limit c2 ""
limit s1 "release_threshold = 2"
run plan "$TARGET"
check "a release with too few signatures is refused" status_is 4
check "the report names the number and the host" says "[release-keys] s1: root on this host demands the signatures of 2 release keys, but 1 signed $TARGET"
limit s1 "release_threshold = 1"
run upgrade "$TARGET" --yes
check "one signature is enough if root demands one" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
