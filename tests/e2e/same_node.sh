#!/bin/bash
# After its swap a client must be the same node as before, or the swap has failed. Caravan waits for
# attributes that come late, and undoes the drain that the client's own stop made. A lost or changed
# attribute stops the run.
# timeout: 240
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "attributes-late and its like"
E2E_CLIENT_DEADLINE=6s
e2e_begin 131 3 7
release 1.10.9
node_of() { fleet_get "$1" /v1/agent/self | grep -o '"node_id":"[^"]*"' | cut -d'"' -f4; }
eligibility() { fleet_get s1 "/v1/node/$(node_of "$1")" | grep -o '"SchedulingEligibility":"[a-z]*"' | cut -d'"' -f4; }
drains() { fleet_get s1 "/v1/node/$(node_of "$1")" | grep -o '"Drain":[a-z]*' | cut -d: -f2; }
stops() { # HOST FAULTS: a run of this host alone stops and is aborted
    fault "$1" "$2"
    run upgrade "$TARGET" --yes --node "$1"
    check "$1: the run stops" status_is 3
}
run upgrade "$TARGET" --yes --servers
check "the servers run the target, with the same vote and address" status_is 0

fault c1 '{"attributes-late":3000}'
run upgrade "$TARGET" --yes --node c1
check "c1, some of whose attributes come late, is done" status_is 0
check "and runs the target" runs_version c1 "$TARGET"

fault c2 '{"drained-by-stop":true}'
run upgrade "$TARGET" --yes --node c2
check "c2, which its own stop drained, is done" status_is 0
check "the run reports that drain" says "its own stop drained it"
check "c2 is eligible again" test "$(eligibility c2)" = eligible
check "c2 does not drain" test "$(drains c2)" = false
run show
check "show reports it, too" says "its own stop drained it"

fault c7 '{"drained-by-stop":true}'
run upgrade "$TARGET" --yes --node c7 --drain --deadline 10s
check "c7, drained by Caravan and then by its own stop, is done" status_is 0
check "c7 is eligible again" test "$(eligibility c7)" = eligible
check "c7 does not drain" test "$(drains c7)" = false

stops c3 '{"attributes-lost":true}'
check "it says what is missing" says "c3 came back without 2 of its attributes (kernel.version, os.version)"
check "it says what to do" says "See on that host whether the programs that provide these attributes run"
check "c3 runs the old version again" runs_version c3 "$FROM_VERSION"
run show --json
check "the report says the same" says "c3 came back without 2 of its attributes"
check "and the JSON output names the kind of difference" grep -qE '"differs": ?"attribute"' "$OUT"
run abort --yes
cured c3

stops c4 '{"other-class":true}'
check "the report names the class" says "c4 came back with another node class: other, before none"
check "it says what to do" says "Put client.node_class in Nomad's configuration on that host back"
check "another binary would not help: c4 keeps the new one" runs_version c4 "$TARGET"
run abort --yes

stops c5 '{"ineligible":true}'
check "the report names the difference" says "c5 came back with another eligibility: ineligible, before eligible"
check "a setting that others may have made stays" test "$(eligibility c5)" = ineligible
run abort --yes
check "the cluster is healthy" healthy

rm "$FLEET"/c6/data/client/{client-id,state.db} # as when data_dir was edited: it starts as another one
stops c6 '{}'
check "the report says that this is another node" says "c6 came back as another node: "
check "it says what to do" says "Find out why Nomad has lost its id there"
e2e_end
