#!/bin/bash
# The fleet goes from a version to its own build of the same version: 1.10.5 to 1.10.5-acme1.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "it names versions"
E2E_FROM=1.10.5
e2e_begin 121 3 2
note_pids "$E2E/pids"

offer 1.10.5-acme1
TARGET=1.10.5-acme1
run upgrade "$TARGET" --yes
check "the build counts as a prerelease, older than the running version, and is refused" status_is 4
check "no Nomad was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"

run release add "$TARGET" --os linux --arch "$ARCH" --file "$E2E/nomad-$TARGET" --url "file://$E2E/nomad-$TARGET" --not-a-prerelease
check "the operator declares the build as his own" status_is 0
run upgrade "$TARGET" --yes --soak 1s --settle 1s
check "then the fleet is upgraded" status_is 0
check "the run has read back the version of every host" says "5 of 5 hosts done"
run status
check "and every host reports the target now" test "$(grep -c " $TARGET " "$OUT")" -ge 5
check "the cluster is healthy" healthy
e2e_end
