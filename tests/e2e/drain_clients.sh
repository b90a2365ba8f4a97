#!/bin/bash
# With --drain, Caravan drains each client before its turn and makes it eligible afterwards. It does
# not touch drains and eligibility that others set.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 72 3 3
release 1.11.4
node_of() { fleet_get s1 /v1/nodes | tr '{' '\n' | grep -F "\"Name\":\"$1\"" >/dev/null; fleet_get "$1" /v1/agent/self | grep -o '"node_id":"[^"]*"' | cut -d'"' -f4; }
eligibility() { fleet_get s1 "/v1/node/$(node_of "$1")" | grep -o '"SchedulingEligibility":"[a-z]*"' | cut -d'"' -f4; }
curl -fsS -X PUT -d '{"Eligibility":"ineligible"}' "$NOMAD_ADDR/v1/node/$(node_of c3)/eligibility" >/dev/null
run upgrade "$TARGET" --yes --drain --deadline 20s
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "c1 is eligible again" test "$(eligibility c1)" = eligible
check "c2 is eligible again" test "$(eligibility c2)" = eligible
check "c3 is still ineligible, as somebody else has set" test "$(eligibility c3)" = ineligible
e2e_end
