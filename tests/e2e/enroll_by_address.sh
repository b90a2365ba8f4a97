#!/bin/bash
# The operator enrolls a new server by its address before Nomad lists the server. The key is valid
# for that address, and for the server that Nomad lists there later.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
replace_begin 158 3 1
KNOWN=$E2E/state/known_hosts
AT=$(fleet_address s4)

lines() { grep -c "$1" "$KNOWN"; }
key_of() { awk -v id="$1" '$1 ~ id { print $2; exit }' "$KNOWN"; }

check "the agent of a new host listens; its Nomad never ran" new_host s4
run enroll --host nowhere.example --yes
check "a name instead of an address is refused" status_is 2
run enroll --host "$AT,$AT:4650" --yes
check "the same address twice is refused" status_is 2
run enroll --host "127.0.158.99" --yes
check "an address without an agent is reported" status_is 1
run enroll --host "$AT" </dev/null
check "without an answer to its question, enroll fails" not status_is 0
check "and remembers no key" test "$(lines ^agent/)" = 0
run enroll --host "$AT" --yes
check "the host is enrolled by its address" status_is 0
check "and enroll shows the fingerprint" says "SHA256:"
check "its line binds the key to the address" grep -q "^agent/[0-9a-f]\{32\} [0-9a-f]\{64\} $AT " "$KNOWN"
fingerprint() { grep -o 'SHA256:[0-9a-f]*' "$OUT" | head -n 1 | cut -d: -f2; }
check "and contains the shown fingerprint" grep -q "^agent/$(fingerprint) " "$KNOWN"
run enroll --host "$AT:4650" --yes
check "a second enrolment reports a known key" says "known"
check "and adds no line" test "$(lines ^agent/)" = 1
run enroll --host "$(fleet_address s1)" --yes
check "a host that Nomad lists is enrolled by its Nomad id" status_is 0
check "and enroll says so" says "Nomad lists host s1 at $(fleet_address s1)"
check "and writes no line with an address" test "$(lines ^agent/)" = 1

run status
check "status is as before" status_is 0
run plan "$FROM_VERSION"
check "the plan does not contain the new host" not says "$AT"

# Somebody else's key at the same address.
fleet_stop_agents s4
mv "$FLEET/s4/state" "$FLEET/s4/state-first" && mkdir "$FLEET/s4/state"
fleet_start_agents s4 && fleet_wait_agents s4
run enroll --host "$AT" --yes
check "another key at the address is refused" status_is 4
check "and reported as a changed key" says "its key has changed"
check "and the first key stays" test "$(lines ^agent/)" = 1

# The host joins with the other key: the enrolment by address refuses it.
fleet_start_nomad s4
listed() { fleet_get s1 /v1/agent/members | grep -q '"Name":"s4.global"'; }
check "Nomad lists it" within 15 listed
told() { run enroll --yes; ! says "not ready"; }
check "the agent has found its Nomad" within 15 told
check "the enrolment of listed hosts refuses the other key, too" status_is 4
check "and remembers no key" test "$(lines ' s4 ')" = 0

fleet_stop_agents s4
rm -rf "$FLEET/s4/state" && mv "$FLEET/s4/state-first" "$FLEET/s4/state"
fleet_start_agents s4 && fleet_wait_agents s4
check "the agent has found its Nomad" within 15 told
check "the enrolment of listed hosts accepts the enrolled key" status_is 0
check "without a question, as a known key" says "0 of them new"
check "and binds it to the Nomad id" test "$(key_of "$(<"$FLEET/s4/data/server/node-id")")" = "$(key_of ^agent/)"
run status
check "status shows it" says "s4"

# The host's row in an observation: at first its own, later that of the server in Nomad's list.
AT=$(fleet_address s5)
row_is() { # TEXT
    [[ $(tail -n 1 "$E2E/row") == "$1" ]] || { cat "$E2E/row" "$E2E/row-errors"; return 1; }
}
is_server() { # MISPLACED
    row_is "s5 id=$ID region=global server=1 misplaced=$1 rows=1"
}
check "another new host's agent listens" new_host s5
run enroll --host "$AT" --yes
check "the host is enrolled by its address" status_is 0
"$FLEET_BUILD/tests/joins" "$E2E/config" "$AT" >"$E2E/row" 2>"$E2E/row-errors" &
BACKGROUND=$!
check "a program that observes the fleet has a row for the host" within 10 row_is "$AT id= region= server=0 misplaced=0 rows=1"
fleet_start_nomad s5
has_id() { [[ -s $FLEET/s5/data/server/node-id ]]; }
check "the host's Nomad makes an id" within 10 has_id
ID=$(<"$FLEET/s5/data/server/node-id")
check "this row becomes the server that Nomad lists with that id, and there is no second row" within 15 is_server 0
fleet_stop_agents s5
cp "$FLEET/s1/data/server/node-id" "$FLEET/s5/data/server/node-id"
fleet_start_agents s5
check "the agent reports another id: the host is misplaced" within 15 is_server 1
check "the watch is ended" kill -INT "$BACKGROUND"
check "it ends well" wait "$BACKGROUND"
BACKGROUND=
e2e_end
