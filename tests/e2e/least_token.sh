#!/bin/bash
# The policy that `caravan token-policy` prints is enough for a whole upgrade with drains, and each
# of its blocks is necessary.
# timeout: 240
. "$(dirname "$0")/lib_fleet.sh"
FLEET_ACL=1
if ! is_real; then
    FLEET_TOKEN=11111111-2222-3333-4444-555555555555
    FLEET_SIM="{\"acl\": {\"management\": \"$FLEET_TOKEN\"}, \"timing\": {\"ttl_ms\": 120000}}"
    export NOMAD_TOKEN=$FLEET_TOKEN
fi
e2e_begin 194 3 2
release 1.11.4
put() { # PATH JSON
    curl -fsS -X PUT -H "X-Nomad-Token: $FLEET_TOKEN" -d "$2" "$NOMAD_ADDR$1"
}
token_of() { # NAME RULES: makes a policy and a token with it
    put "/v1/acl/policy/$1" "{\"Name\":\"$1\",\"Rules\":\"$(sed -z 's/"/\\"/g; s/\n/\\n/g' <<<"$2")\"}" >/dev/null &&
        put /v1/acl/token "{\"Name\":\"$1\",\"Type\":\"client\",\"Policies\":[\"$1\"]}" |
        grep -o '"SecretID":"[^"]*' | cut -d'"' -f4
}
run token-policy --drain
check "the policy names the servers' version" says "oldest server runs Nomad $FROM_VERSION"
policy=$(cat "$OUT")
without() { # BLOCK
    awk -v block="$1" '$1 == block { out = 1 } !out { print } $0 == "}" { out = 0 }' <<<"$policy"
}
while read -r block right; do
    NOMAD_TOKEN=$(token_of "no-$block" "$(without "$block")") run plan "$TARGET" --drain --accept no-snapshot
    check "without $block there is no plan" test "$STATUS" != 0
    check "and the message names the missing right" grep -qE "$right" "$OUT"
done <<'ROWS'
agent agent:read
node node:read|answered 403
operator operator:read
namespace read-job and list-jobs in every namespace
ROWS
least=$(token_of least "$policy")
more=()
grep -q snapshot-save <<<"$policy" || more=(--accept "${E2E_ACCEPT:+$E2E_ACCEPT,}no-snapshot")
NOMAD_TOKEN=$least E2E_ACCEPT='' run upgrade "$TARGET" --drain --deadline 20s --yes "${more[@]}"
check "with all blocks the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the plan finds no unnecessary right" not says "[token-spare]"
e2e_end
