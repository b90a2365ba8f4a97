#!/bin/bash
# Somebody restarts an upgraded server, and it comes back with an empty state: Caravan notices this
# before it begins another server, and not after the last one.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "lose-state"
e2e_begin 106 3 1
release 1.11.4
begin upgrade "$TARGET" --yes
check "one server runs the target" within 30 upgraded 1 "${FLEET_SERVERS[@]}"
FIRST=${NEW[0]}
done_is() { caravan show | grep -qE "^$1 .* done"; }
check "this server is done" within 20 done_is "$FIRST"
fault "$FIRST" '{"lose-state":true}'
fleet_service "$FIRST" stop
fleet_service "$FIRST" start
ended
check "the run stops" status_is 3
check "the report names the server" says "$FIRST: state was lost"
check "a server is left as it was" not upgraded 3 "${FLEET_SERVERS[@]}"
check "no client began" runs_version c1 "$FROM_VERSION"
e2e_end
