#!/bin/bash
# ACLs are on, and Nomad shows a client's heartbeat only to a token. If root gave the agent a token,
# the client's swap waits for the heartbeat; otherwise the swap begins at once. There are three
# clients, because the wait of one may be too short for the report.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "tokens are configured in the stand-in, and heartbeats come every few seconds"
reader=22222222-3333-4444-5555-666666666666
FLEET_ACL=1 FLEET_TOKEN=11111111-2222-3333-4444-555555555555
# Twice the expected silence, less Nomad's grace, is 10 s. This TTL is shorter, so Caravan waits for
# every heartbeat.
FLEET_SIM="{\"acl\": {\"management\": \"$FLEET_TOKEN\", \"read\": \"$reader\"}, \"timing\": {\"ttl_ms\": 9000}}"
FLEET_AGENT_TLS="token_file = $E2E/token"
export NOMAD_TOKEN=$FLEET_TOKEN
e2e_begin 154 3 3
with_token() { # TOKEN: writes root's file on every host; the agents look at their hosts again
    (umask 077 && printf '%s\n' "$1" >"$E2E/token.new") && mv "$E2E/token.new" "$E2E/token"
    begin_anew
}
begin_anew() {
    fleet_stop_agents
    fleet_start_agents
    fleet_wait_agents
}
# The live screen shows every host's wait; plain lines show only waits that last.
on_screen() {
    accepting "$@"
    printf -v command '%q ' "$FLEET_BUILD/caravan" --config "$E2E/config" "${ARGS[@]}"
    script -qec "stty cols 120; $command" /dev/null </dev/null >"$OUT" 2>&1
    STATUS=$?
}
plan_says() { run plan "$TARGET"; grep -qF -- "$1" "$OUT"; }
plan_says_nothing_of() { run plan "$TARGET"; ((STATUS == 0)) && ! grep -qF -- "$1" "$OUT"; }
release 1.11.4
run plan "$TARGET"
check "without the file the plan is made" status_is 0
check "and says that the run will not wait for heartbeats" says "[heartbeat-unread] 3 clients do not wait"
check "and why the agent cannot report them" says "c1: [nomad] token_file: open $E2E/token: No such"

with_token 33333333-4444-5555-6666-777777777777
check "a token that Nomad does not know is not enough" within 20 plan_says "c1: Nomad answers 403 to the token of [nomad] token_file: it needs agent:read"
chmod 0644 "$E2E/token"
begin_anew
check "a token file that others may read is not used" within 20 plan_says "$E2E/token may be read by others"

with_token "$reader"
check "with a token for agent:read the plan has no such finding" within 20 plan_says_nothing_of "[heartbeat-unread]"
on_screen upgrade "$TARGET" --canary 3 --max-parallel 3 --yes # before anybody's silence is known
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "clients waited for their heartbeats" grep -qE "c[123]: waits until right after its heartbeat" "$OUT"
check "the token is in no log and no file of the agents" not grep -rqF -- "$reader" "$FLEET"/*/{swap.log,agent.conf,state,run}

rm "$E2E/token"
begin_anew
release 1.11.5
check "without the file the plan reports it again" within 20 plan_says "[heartbeat-unread] 3 clients do not wait"
on_screen upgrade "$TARGET" --canary 3 --max-parallel 3 --yes
check "without the file the run is done, too" status_is 0
check "every host runs the second target" all_run "$TARGET"
check "no client waited for a heartbeat" not says "waits until right after its heartbeat"
e2e_end
