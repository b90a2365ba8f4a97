#!/bin/bash
# Autopilot's dead-server cleanup is off while servers are changed, and back at every end of the run:
# done, aborted, paused, resumed after kill -9; what a stranger set meanwhile is left alone.
# timeout: 240
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "tokens are configured in the stand-in"
FLEET_ACL=1 FLEET_TOKEN=11111111-2222-3333-4444-555555555555
FLEET_SIM="{\"acl\": {\"management\": \"$FLEET_TOKEN\"}, \"timing\": {\"ttl_ms\": 120000}}"
export NOMAD_TOKEN=$FLEET_TOKEN
e2e_begin 94 3 1
release 1.11.4
api() { # METHOD PATH [BODY]
    curl -fsS -m 5 -X "$1" -H "X-Nomad-Token: $FLEET_TOKEN" ${3:+-d "$3"} "$NOMAD_ADDR$2"
}
setting() { api GET /v1/operator/autopilot/configuration; }
has() { setting | grep -qF "$1" || { setting; return 1; }; }
cleanup_is() { has "\"CleanupDeadServers\":$1"; }
off_by_run() { # it is off, and the run has begun a server
    cleanup_is false && upgraded 1 "${FLEET_SERVERS[@]}"
}
write() { # BOOL TRAILING: what a stranger writes
    api PUT /v1/operator/autopilot/configuration \
        "{\"CleanupDeadServers\":$1,\"MaxTrailingLogs\":$2,\"LastContactThreshold\":\"200ms\",\"ServerStabilizationTime\":\"10s\",\"MinQuorum\":0}" >/dev/null
}
put() { api PUT "$1" "$2"; }
registered() { api GET /v1/nodes | grep -qF "\"Version\":\"$1\""; }
back_by_hand() { # for another run
    local h
    for h in "${FLEET_HOSTS[@]}"; do
        fleet_service "$h" stop
        fleet_binary "$h" "$FROM"
        fleet_service "$h" start
        fleet_wait_healthy 20 || return 1
    done
    BACKGROUND= within 20 registered "$FROM_VERSION"
}
write true 777
put /v1/acl/policy/reader '{"Name":"reader","Rules":"agent { policy = \"write\" } node { policy = \"write\" } operator { policy = \"read\" } namespace \"*\" { policy = \"read\" }"}' >/dev/null
reader=$(put /v1/acl/token '{"Name":"reader","Type":"client","Policies":["reader"]}' | grep -o '"SecretID":"[^"]*' | cut -d'"' -f4)
NOMAD_TOKEN=$reader run plan "$TARGET" --accept no-snapshot
check "a token with operator:read may plan as it is" status_is 0
NOMAD_TOKEN=$reader run plan "$TARGET" --accept no-snapshot --autopilot-cleanup off
check "one that is to switch autopilot's setting may not" status_is 4
check "the right is named" says "lacks operator:write, which switching autopilot's dead-server cleanup takes"
run plan "$TARGET" --autopilot-cleanup of
check "what it may be is told" status_is 2
run plan "$TARGET" --autopilot-cleanup off
check "plan tells it" says "Autopilot's dead-server cleanup is switched off before a region's first server"

# ---- aborted after kill -9 ----
begin upgrade "$TARGET" --yes --autopilot-cleanup off
check "it is off while servers are changed" within 60 off_by_run
check "all else stays as it was" has '"MaxTrailingLogs":777'
killed
check "kill -9 leaves it off" cleanup_is false
run status
check "status tells of it" says "autopilot's dead-server cleanup of region global"
check "and how it is brought back by hand" says "nomad operator autopilot set-config -cleanup-dead-servers=true"
run show
check "show says that it is off" says "Autopilot's dead-server cleanup of region global: off while servers are changed"
run abort --yes
check "abort ends the run" status_is 0
check "it is on again" cleanup_is true
check "and all else as before" has '"MaxTrailingLogs":777'
run status
check "no note is left" not says "Orphaned"
run show
check "show tells what became of it" says "was off while servers were changed, and is on again"

# ---- killed, resumed, done ----
check "the fleet goes back" back_by_hand
begin upgrade "$TARGET" --yes --autopilot-cleanup off
check "off again" within 60 off_by_run
killed
begin resume
check "it stays off in the resumed run" within 60 upgraded 2 "${FLEET_SERVERS[@]}"
check "as the setting tells" cleanup_is false
check "clients begin when it is on again" within 60 cleanup_is true
ended
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "it is on" cleanup_is true
run status
check "nothing is left behind" status_is 0

# ---- paused, and a stranger ----
check "the fleet goes back once more" back_by_hand
begin upgrade "$TARGET" --yes --autopilot-cleanup off
check "off once more" within 60 off_by_run
kill -INT "$BACKGROUND"
ended
check "Ctrl-C pauses" status_is 3
check "paused, it is on again" cleanup_is true
begin resume
check "the resumed run switches it off anew" within 60 cleanup_is false
write false 777
ended
check "the resumed run is done" status_is 0
check "what the stranger wrote is left alone" cleanup_is false
check "and told" says "left off: somebody else wrote it since"
e2e_end
