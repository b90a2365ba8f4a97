#!/bin/bash
# While the canary soaks, two of three upgraded servers end: the run stops at once and names one of
# them, although the run only waits at that moment.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "servers are killed as if they had panicked"
E2E_SOAK=300s
e2e_begin 145 3 2
release 1.11.4
begin upgrade "$TARGET" --yes --canary 1
soaks() { grep -q "must soak for" "$BEGUN"; }
check "the canary soaks" within 60 soaks
for h in s2 s3; do kill -KILL "$(nomad_pid "$h")"; done
KILLED=$SECONDS
ended
check "the run stops" status_is 3
check "within half a minute, not at the end of the soak" test $((SECONDS - KILLED)) -lt 30
check "it names a server and what is lost" grep -qE "server s[123]: its Nomad ended after it had settled on $TARGET, and region .* has no quorum" "$OUT"
check "and says what to do" says "First start Nomad on that host again"
check "no other client began" not upgraded 5
e2e_end
