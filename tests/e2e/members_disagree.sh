#!/bin/bash
# At the time of the plan the servers disagree about which members are alive: Caravan asks every
# server, and the plan refuses.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "the disagreement is a fault of it"
e2e_begin 86 3 1
release 1.11.4
note_pids "$E2E/pids"
fault "s2" '{"disagree-members": true}'
differs() { fleet_get s2 /v1/agent/members | grep -q '"Status":"failed"'; }
within 20 differs
run plan "$TARGET"
check "the plan is refused" status_is 4
check "the report names the server and its answer" says "failed by s2"
# Hosts asked within 10 s of their Nomad's start may still warn, and offer other words.
check "the report offers no --accept" test "$(grep -c -- '--accept [a-z,-]*unhealthy' "$OUT")" = 0
run upgrade "$TARGET" --yes --accept unhealthy
check "and --accept does not help" status_is 4
check "nothing was restarted" same_pids "$E2E/pids" s1 s2 s3 c1
e2e_end
