#!/bin/bash
# In the middle of a run an operator restarts a Nomad by hand and sets a client ineligible: the run
# ends done, and Caravan does not change the operator's setting.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 102 3 3
release 1.11.4
node_of() { fleet_get "$1" /v1/agent/self | grep -o '"node_id":"[^"]*"' | cut -d'"' -f4; }
eligibility() { fleet_get s1 "/v1/node/$(node_of "$1")" | grep -o '"SchedulingEligibility":"[a-z]*"' | cut -d'"' -f4; }
begin upgrade "$TARGET" --yes --drain --deadline 20s
by_hand() { fleet_service "$1" stop && fleet_service "$1" start; }
check "one server runs the target" within 30 upgraded 1 "${FLEET_SERVERS[@]}"
FIRST=${NEW[0]}
C2=$(nomad_pid c2)
by_hand c2
curl -fsS -X PUT -d '{"Eligibility":"ineligible"}' "$NOMAD_ADDR/v1/node/$(node_of c3)/eligibility" >/dev/null
check "c2 was restarted by hand before its turn" test "$C2" != "$(nomad_pid c2)"
check "it runs the old version" within 10 runs_version c2 "$FROM_VERSION"
check "another server runs the target" within 30 upgraded 2 "${FLEET_SERVERS[@]}"
by_hand "$FIRST"
check "$FIRST, that had its turn, was restarted by hand in mid-run" kill -0 "$BACKGROUND"
ended
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
check "c1 is eligible" test "$(eligibility c1)" = eligible
check "c2 is eligible" test "$(eligibility c2)" = eligible
check "c3 is still ineligible, as the stranger has set" test "$(eligibility c3)" = ineligible
e2e_end
