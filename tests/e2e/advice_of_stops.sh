#!/bin/bash
# The test follows the advice of a stopped run to the letter: the run or the next run succeeds.
#
#   reason of the stop  trouble                                          advice that the test follows
#   law-refuses         root holds s3 after the plan was made            remove the hold file, resume
#   will-not-start      c1's files contain a key that no version knows   remove the key, start Nomad, resume
#   not-ready           c3's API comes back at another address           set [nomad] address to the reported one
#   node class          c2 comes back with another class                 put the class back, restart that Nomad
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "a Nomad that does not start, or comes back elsewhere"
needs_namespaces
E2E_CLIENT_DEADLINE=8s
e2e_begin 141 3 3
release 1.10.9
set_in() { # HOST FILE FROM TO
    sed "s|$3|$4|" "$FLEET/$1/$2" >"$FLEET/$1/.edited" && cat "$FLEET/$1/.edited" >"$FLEET/$1/$2"
}
advises() { # TEXT: the line with the advice contains it
    grep "^What to do now: " "$OUT" | grep -qF -- "$1" || { echo "not advised: $1"; return 1; }
}
goes_on() { # HOST: a new run upgrades it
    run abort --yes
    run upgrade "$TARGET" --yes --node "$1"
    check "$1: the upgrade succeeds" status_is 0
    check "$1 runs the target" within 20 runs_version "$1" "$TARGET"
}

begin upgrade "$TARGET" --yes --servers
touch "$FLEET/s3/hold"
ended
BACKGROUND=
check "s3 has a hold file: the run stops" status_is 3
check "and says whom to ask" advises "ask who put it there"
rm "$FLEET/s3/hold"
run resume --yes
check "without the hold file the run succeeds" status_is 0
check "s3 runs the target" runs_version s3 "$TARGET"

set_in c1 nomad.json '"name": "c1"' '"name": "c1", "no_such_key": 1'
run upgrade "$TARGET" --yes --node c1
check "a file that both versions reject is reported" says "both binaries reject the configuration"
run abort --yes
run upgrade "$TARGET" --yes --node c1 --accept config-rejected
check "c1 does not start with either version: the run stops" status_is 3
check "the report blames the host, and not the release" says "it is this host, and not the release"
check "and says where to look" advises "See in Nomad's log on that host why Nomad does not start, and correct the cause on that host"
check "Nomad's log names the key" grep -q no_such_key "$FLEET/c1/nomad.log"
set_in c1 nomad.json ', "no_such_key": 1' ''
fleet_start_nomad c1
check "after the correction the cluster is healthy" healthy 20
run resume --yes
check "c1: the run succeeds" status_is 0
check "c1 runs the target" runs_version c1 "$TARGET"

# As after an edit: Nomad listens at another address than the one its agent asks.
cp "$FLEET/c3/nomad.json" "$E2E/c3.json"
set_in c3 nomad.json '"advertise": {"http": "127.0.141.23"' '"addresses": {"http": "127.0.141.123"}, "advertise": {"http": "127.0.141.123"'
looked_anew c3
run upgrade "$TARGET" --yes --node c3 --accept config-not-running
check "c3's API comes back at another address: the run stops" status_is 3
check "it names the address that was asked" says "(asked at http://127.0.141.23:4646)"
check "and where Nomad listens" says "Nomad's process listens at 127.0.141.123:4646"
check "and what to set" advises "set [nomad] address in agent.conf on that host to the address of its API"
check "it does not advise a longer deadline" not advises "deadline"
listens=$(grep -oE "listens at 127\.0\.141\.[0-9]+:4646" "$OUT" | head -n 1)
set_in c3 agent.conf '^address = .*' "address = http://${listens#listens at }"
looked_anew c3
silent() { run plan "$TARGET" --node c3; not says "[api-silent]"; }
check "after the correction c3's API is asked at the right address" within 60 silent
# The stand-in's node record keeps the old address, and Caravan itself asks there: restore it.
cat "$E2E/c3.json" >"$FLEET/c3/nomad.json"
set_in c3 agent.conf '^address = .*' 'address = http://127.0.141.23:4646'
fleet_service c3 stop && fleet_start_nomad c3
looked_anew c3
check "the cluster is healthy" healthy 20
goes_on c3

fault c2 '{"other-class":true}'
run upgrade "$TARGET" --yes --node c2
check "c2 has another class: the run stops" status_is 3
check "and says what to put back" advises "Put client.node_class in Nomad's configuration on that host back, and restart Nomad there"
rm "$FLEET/c2/data/faults"
fleet_service c2 stop && fleet_start_nomad c2
looked_anew c2 # or its agent may still tell of the process before
check "the cluster is healthy once more" healthy 20
goes_on c2
e2e_end
