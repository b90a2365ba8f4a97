#!/bin/bash
# A token lacks a right that the run needs: Caravan refuses before it changes anything, and names
# the right.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "tokens are configured in the stand-in"
FLEET_ACL=1 FLEET_TOKEN=11111111-2222-3333-4444-555555555555
reader=22222222-3333-4444-5555-666666666666
FLEET_SIM="{\"acl\": {\"management\": \"$FLEET_TOKEN\", \"read\": \"$reader\"}}"
export NOMAD_TOKEN=$FLEET_TOKEN
e2e_begin 84 3 1
release 1.11.4
note_pids "$E2E/pids"
put() { # PATH JSON
    curl -fsS -X PUT -H "X-Nomad-Token: $FLEET_TOKEN" -d "$2" "$NOMAD_ADDR$1"
}
token_of() { # NAME RULES: makes a policy and a token with it
    put "/v1/acl/policy/$1" "{\"Name\":\"$1\",\"Rules\":\"${2//\"/\\\"}\"}" >/dev/null || return 1
    put /v1/acl/token "{\"Name\":\"$1\",\"Type\":\"client\",\"Policies\":[\"$1\"]}" |
        grep -o '"SecretID":"[^"]*' | cut -d'"' -f4
}
run plan "$TARGET"
check "a management token is enough" status_is 0
NOMAD_TOKEN=$reader run plan "$TARGET"
check "one that sees no jobs is refused" status_is 4
check "the right is named" says "this run needs read-job and list-jobs in every namespace"
check "and that it may take no snapshot" says "[no-snapshot]"
blind=$(token_of blind 'agent { policy = "read" } namespace "*" { policy = "read" }')
NOMAD_TOKEN=$blind run plan "$TARGET"
check "a token that cannot read nodes is refused" test "$STATUS" != 0
drainer=$(token_of drainer 'agent { policy = "write" } node { policy = "read" } operator { policy = "write" } namespace "*" { policy = "read" }')
NOMAD_TOKEN=$drainer run plan "$TARGET" --accept no-snapshot
check "reading nodes is enough without a drain" status_is 0
NOMAD_TOKEN=$drainer run plan "$TARGET" --accept no-snapshot --drain
check "a drain needs another right" status_is 4
check "namely node:write" says "this run needs node:write, with which clients are drained; the token drainer"
NOMAD_TOKEN=$drainer run upgrade "$TARGET" --accept no-snapshot --drain --yes
check "upgrade checks it again" status_is 4
check "nothing was restarted" same_pids "$E2E/pids" s1 s2 s3 c1

# The policy that Caravan prints is enough for its purpose, and not for more.
run token-policy
check "the policy depends on the fleet's version" says "oldest server runs Nomad $FROM_VERSION"
policy_token() { # NAME ARGS...: makes a token with the policy that token-policy prints for ARGS
    local name=$1
    shift
    run token-policy "$@"
    token_of "$name" "$(sed -z 's/\n/\\n/g' "$OUT")"
}
least=$(policy_token least "$FROM_VERSION")
NOMAD_TOKEN=$least run plan "$TARGET" --accept no-snapshot
check "a token with the printed policy is enough for a plan" status_is 0
check "and has no unnecessary right" not says "[token-spare]"
NOMAD_TOKEN=$least run plan "$TARGET" --accept no-snapshot --drain
check "but not for a drain" says "this run needs node:write, with which clients are drained; the token least"
least_drain=$(policy_token leastdrain --drain)
NOMAD_TOKEN=$least_drain run plan "$TARGET" --accept no-snapshot --drain
check "a token with the policy printed with --drain may drain" status_is 0
NOMAD_TOKEN=$drainer run plan "$TARGET" --accept no-snapshot
check "the plan reports unnecessary rights" says "rights that this run does not need: operator:write, agent:write"
run token-policy 1.11.3
check "newer versions have a right for snapshots alone" says 'capabilities = ["snapshot-save"]'
run token-policy 1.11.3 --no-snapshot
check "without snapshots the policy does not contain this right" not says snapshot-save
run token-policy soon
check "a text that is no version is a wrong command line" status_is 2
NOMAD_TOKEN=$blind run token-policy
check "where the versions cannot be read, it says what to do" says "give the oldest version, for example: caravan token-policy"

# In the middle of a run the first upgraded server comes back without tokens; raft reports it healthy.
deployer=$(token_of deployer 'agent { policy = "write" } node { policy = "write" } operator { policy = "write" } namespace "*" { policy = "read" }')
release 1.11.5 '{"only":"server","lose-state":true}'
BEGAN=$SECONDS
NOMAD_TOKEN=$deployer run upgrade "$TARGET" --accept no-snapshot --yes
check "if one server no longer accepts the token, the run stops" status_is 3
check "the run reports it at once, while it waits" grep -qE "waiting: s[123] refuses the token \(403\): it lacks node:read, agent:read there" "$OUT"
check "the server is named" grep -qE "s[123] refuses the token .*, which autopilot calls healthy" "$OUT"
check "and what to look at" says "nomad acl token self"
check "long before that server's deadline" test $((SECONDS - BEGAN)) -lt 40
check "the report of the healthy voters is correct" not says "voters"
touched=0
for h in "${FLEET_HOSTS[@]}"; do same_pids "$E2E/pids" "$h" >/dev/null || touched=$((touched + 1)); done
check "one host changed" test "$touched" = 1
e2e_end
