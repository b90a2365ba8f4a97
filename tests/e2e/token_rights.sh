#!/bin/bash
# Tokens that may not do what the run will do: refused before anything, the missing right named.
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
token_of() { # NAME RULES: a policy, and a token that has it
    put "/v1/acl/policy/$1" "{\"Name\":\"$1\",\"Rules\":\"${2//\"/\\\"}\"}" >/dev/null || return 1
    put /v1/acl/token "{\"Name\":\"$1\",\"Type\":\"client\",\"Policies\":[\"$1\"]}" |
        grep -o '"SecretID":"[^"]*' | cut -d'"' -f4
}
run plan "$TARGET"
check "a management token may" status_is 0
NOMAD_TOKEN=$reader run plan "$TARGET"
check "one that sees no jobs is refused" status_is 4
check "the right is named" says "lacks read-job and list-jobs in every namespace"
check "and that it may take no snapshot" says "[no-snapshot]"
blind=$(token_of blind 'agent { policy = "read" } namespace "*" { policy = "read" }')
NOMAD_TOKEN=$blind run plan "$TARGET"
check "one that sees no nodes is refused" test "$STATUS" != 0
drainer=$(token_of drainer 'agent { policy = "write" } node { policy = "read" } operator { policy = "write" } namespace "*" { policy = "read" }')
NOMAD_TOKEN=$drainer run plan "$TARGET" --accept no-snapshot
check "reading nodes is enough without a drain" status_is 0
NOMAD_TOKEN=$drainer run plan "$TARGET" --accept no-snapshot --drain
check "draining takes more" status_is 4
check "namely node:write" says "the token drainer lacks node:write, which draining takes"
NOMAD_TOKEN=$drainer run upgrade "$TARGET" --accept no-snapshot --drain --yes
check "upgrade checks it again" status_is 4
check "nothing was restarted" same_pids "$E2E/pids" s1 s2 s3 c1
e2e_end
