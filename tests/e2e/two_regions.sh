#!/bin/bash
# Two federated regions: the authoritative region goes first, and a region without a leader stops
# both.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "six servers of two regions are configured by hand"
eval "$(declare -f fleet_nomad_config | sed '1s/.*/plain_config ()/')"
fleet_nomad_config() { # s1-s3: global; s4-s6: europe, the authoritative region
    plain_config "$1"
    sed -i 's/"bootstrap_expect": 6/"bootstrap_expect": 3, "authoritative_region": "europe"/' "$FLEET/$1/nomad.json"
    [[ $1 == s[456] ]] && sed -i 's/"region": "global"/"region": "europe"/' "$FLEET/$1/nomad.json"
    [[ $1 == c1 ]] && sed -i -E 's/,"127[0-9.]+1[456]:4647"//g' "$FLEET/$1/nomad.json"
    return 0
}
region_leads() { # SERVER...: all of them name the same leader
    local h leader first=""
    for h in "$@"; do
        leader=$(fleet_get "$h" "/v1/status/leader?stale") || return 1
        [[ -n ${leader//\"/} && ${first:=$leader} == "$leader" ]] || return 1
        (($(fleet_get "$h" /v1/agent/members | fleet_count '"Status":"alive"') == 6)) || return 1
    done
}
fleet_healthy_once() {
    region_leads s1 s2 s3 && region_leads s4 s5 s6 &&
        (($(fleet_get s1 /v1/nodes | fleet_count '"Status":"ready"') == 1))
}
order() { grep -Eo 's[1-6] +(global|europe)' "$OUT" | awk '{print $2}' | uniq | tr '\n' ' '; }
e2e_begin 83 6 1
release 1.11.4
run plan "$TARGET"
check "the plan does not refuse" status_is 0
check "all servers are in it" says "7 of 7 hosts"
check "the authoritative region goes first" test "$(order)" = "europe global "
check "each region keeps its leader for last" test "$(grep -c 'leader: last of its region' "$OUT")" = 2
run plan "$TARGET" --region global
check "a plan of the other region alone is refused" status_is 4
check "and it says why" says "[region-order]"
run upgrade "$TARGET" --yes --region global --servers
check "upgrade checks it again" status_is 4
note_pids "$E2E/pids"
for h in s5 s6; do fleet_service "$h" stop; done
wait_failed() { (($(fleet_get s4 /v1/agent/members | fleet_count '"Status":"failed"') == 2)); }
within 60 wait_failed
run plan "$TARGET" --region global --accept region-order
check "a region without a leader stops the other one too" status_is 4
check "the region is named" says "region europe"
check "and the report says that the region is not part of the plan" says "[unhealthy]"
run upgrade "$TARGET" --yes --region global --accept region-order
check "upgrade refuses" status_is 4
check "nothing was restarted" same_pids "$E2E/pids" s1 s2 s3 s4 c1
check "nothing runs the target" runs_version s1 "$FROM_VERSION"
e2e_end
