#!/bin/bash
# A server that restores its state has bound its RPC port: the kernel completes connections, and
# Nomad does not accept them yet. The answers of the cluster may not show this (here they do not:
# only the port is mute), so the host itself decides: it does not restart Nomad while a quorum needs
# that peer.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "rpc-mute"
e2e_begin 113 3 0
release 1.11.4
note_pids "$E2E/pids"
fault s2 '{"rpc-mute": true}'
check "the port of s2 still takes connections" bash -c "exec 3<>/dev/tcp/$(fleet_address s2)/4647"
begin upgrade "$TARGET" --yes
refused() { grep -qF "$(fleet_address s2):4647 is connected but does not serve yet" "$FLEET"/s?/swap.log "$BEGUN"; }
check "a server refuses its swap, and names the peer it waits for" within 30 refused
check "nothing was restarted" same_pids "$E2E/pids" s1 s2 s3
cured s2
ended
check "when s2 serves, the run succeeds" status_is 0
check "every server runs the target" all_run "$TARGET"
e2e_end
