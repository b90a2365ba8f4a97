#!/bin/bash
# Caravan refuses a binary for another machine when the release is added. If a binary needs
# something that the hosts lack (here: another loader), staging fails, and nothing restarts.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "its bytes are changed"
e2e_begin 78 3 1
standin 1.11.4 "$E2E/other-machine"
# e_machine: RISC-V.
printf '\363\000' | dd of="$E2E/other-machine" bs=1 seek=18 conv=notrunc 2>/dev/null
run release add 1.11.4 --os linux --arch "$ARCH" --file "$E2E/other-machine" --url "file://$E2E/other-machine"
check "a binary for another machine is refused" status_is 2
check "and it says why" says "this binary is not for $ARCH"

standin 1.11.4 "$E2E/other-loader"
sed -i 's#/ld-linux#/ld-other#' "$E2E/other-loader"
TARGET=1.11.4
run release add "$TARGET" --os linux --arch "$ARCH" --file "$E2E/other-loader" --url "file://$E2E/other-loader"
check "release add cannot see that a binary needs another loader" status_is 0
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes
check "the run stops" status_is 3
check "it says wrong-build" says "wrong-build"
check "and that the host could not run the binary" says "could not be run to its end: start nomad"
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "every host runs the old version" all_run "$FROM_VERSION"
check "the cluster is healthy" healthy
e2e_end
