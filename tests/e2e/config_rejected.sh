#!/bin/bash
# The new version rejects the hosts' configuration: staging fails, and nothing restarts.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "a version that rejects its configuration"
needs_namespaces
e2e_begin 77 3 1
release 1.11.4 '{"reject-config":true}'
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes
check "the run stops" status_is 3
check "it says config-rejected" says "config-rejected"
check "and prints Nomad's message" says "fault reject-config"
check "the report names all other hosts, too" says "failed, too"
refusals() { (($(grep -o 'config-rejected while staging' "$OUT" | wc -l) >= $1)); }
run show
check "each of them with its reason" refusals 4
run show --json
check "the JSON output says the same" refusals 4
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "every host runs the old version" all_run "$FROM_VERSION"
nothing_staged() { [[ -z $(find "$FLEET"/*/bin -name '.*.caravan-*' -print) ]]; }
check "no staged file is left beside the binaries" nothing_staged
check "the cluster is healthy" healthy
e2e_end
