#!/bin/bash
# Another agent executes a host's binary: the plan refuses, unless the operator accepts the finding.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "a second agent beside the first"
e2e_begin 81 3 2
release 1.11.4
# A cluster of its own, of one server, from c1's file.
mkdir -p "$E2E/second"
cat >"$E2E/second/nomad.json" <<JSON
{ "name": "other", "region": "other", "datacenter": "dc1", "data_dir": "$E2E/second/data",
  "bind_addr": "127.0.81.99",
  "advertise": {"http": "127.0.81.99", "rpc": "127.0.81.99", "serf": "127.0.81.99"},
  "server": {"enabled": true, "bootstrap_expect": 1} }
JSON
"$FLEET/c1/bin/nomad" agent -config "$E2E/second/nomad.json" >"$E2E/second.log" 2>&1 &
BACKGROUND=$!
note_pids "$E2E/pids"
# An agent asks its host when it is started (and once a minute).
fleet_stop_agents
fleet_start_agents
fleet_wait_agents
run plan "$TARGET"
check "the plan reports the other agent" says "[binary-shared] c1: 1 other agent executes"
check "and refuses" status_is 4
run upgrade "$TARGET" --yes
check "the upgrade refuses, also with --yes" status_is 4
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
run upgrade "$TARGET" --yes --accept binary-shared
check "with --accept the upgrade succeeds" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
