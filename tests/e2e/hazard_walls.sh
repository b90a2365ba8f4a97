#!/bin/bash
# The versions and the hosts' own files cause findings: the plan reports each, refuses, and accepts
# each by its name.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "it plans for many versions"
E2E_FROM=1.8.4
e2e_begin 87 3 1
release 1.11.2
run plan "$TARGET"
check "three minors at once are refused" status_is 4
check "the plan names the versions on the way" says "go through 1.9, 1.10"
check "the plan reports a target that loses all clients a day later" says "[bad-1.11.0]"
check "the plan prints every id to accept" says "--accept minor-distance,"
release 1.9.7
run plan "$TARGET"
check "the plan reports that servers cannot go back" says "[no-way-back]"
check "a key that is in no file causes no finding" not says "[cipher-suites]"
check "and nothing refuses" status_is 0
# A file that Nomad reads and Caravan cannot parse may contain the key.
cp "$FLEET/s2/nomad.json" "$FLEET/s2/nomad.kept"
echo '}' >>"$FLEET/s2/nomad.json"
looked_anew s2
run plan "$TARGET"
check "with a file that Caravan cannot parse, the plan says \"cannot tell\"" says "[cipher-suites] cannot tell"
check "and does not refuse: the new binary will check the file" status_is 0
mv "$FLEET/s2/nomad.kept" "$FLEET/s2/nomad.json"
# The same key in a file that Nomad reads: the agent finds it.
sed -i '0,/{/s//{ "tls": {"tls_prefer_server_cipher_suites": true},/' "$FLEET/s2/nomad.json"
fleet_stop_agents s2
fleet_start_agents s2
fleet_wait_agents s2
run plan "$TARGET"
check "the plan finds the key in a -config file" says "nomad.json, line 1): the new version does not start"
check "and refuses" status_is 4
run upgrade "$TARGET" --yes
check "upgrade refuses too" status_is 4
run plan "$TARGET" --accept cipher-suites
check "with --accept the plan does not refuse" status_is 0
check "and shows the finding as accepted" says "accepted [cipher-suites]"
# A second whole configuration beside the right one: Nomad merges both.
fleet_service s3 stop
cp "$FLEET/s3/nomad.json" "$FLEET/s3/nomad-old.json"
NOMAD_SIM=$FLEET/s3/sim.json setsid "$FLEET/s3/bin/nomad" agent -config "$FLEET/s3/nomad.json" \
    -config "$FLEET/s3/nomad-old.json" </dev/null >>"$FLEET/s3/nomad.log" 2>&1 &
echo $! >"$FLEET/s3/nomad.pid"
disown
check "a server reads two whole configurations" healthy
fleet_stop_agents s3
fleet_start_agents s3
fleet_wait_agents s3
run plan "$TARGET" --accept cipher-suites
check "the plan warns with an id" grep -q "^  warning \[second-config\] s3: .*nomad.json and .*nomad-old.json both name a data_dir" "$OUT"
check "and gives no advice to move a file away" not says "[config-leftovers]"
e2e_end
