#!/bin/bash
# The server of the release sends other bytes than the signed ones: staging fails, and nothing
# restarts.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "a binary of the same size with other bytes is made"
e2e_begin 62 3 1
release 1.11.4
note_pids "$E2E/pids"
# Same length, one byte changed: only the digest can tell.
printf 'X' | dd of="$TO" bs=1 seek=4096 conv=notrunc 2>/dev/null
run upgrade "$TARGET" --yes
check "the run stops" status_is 3
check "it says bad-digest" says "bad-digest"
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "every host runs the old version" all_run "$FROM_VERSION"
check "the cluster is healthy" healthy
e2e_end
