#!/bin/bash
# A client without an agent: the plan refuses, or skips the client if the operator allows that. A
# server without an agent: the plan refuses.
. "$LAB/lib_lab.sh"
needs_standin "two releases, one after the other"
lab_fleet 3 2
lab_agents s1 s2 s3 c1
release 1.11.4
note_pids "$LAB_RUN/pids.log"
caravan upgrade "$TARGET" --yes
check "a client without an agent: refused" status_is 4
check "and named" says "c2"
check "nothing was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
caravan upgrade "$TARGET" --yes --max-skipped 1
check "with --max-skipped the run is done" status_is 0
check "the others run the target" all_run "$TARGET" s1 s2 s3 c1
check "c2 was left as it is" same_pids "$LAB_RUN/pids.log" c2

release 1.11.5
note_pids "$LAB_RUN/pids.log"
check "the agent of s3 is stopped" on s3 systemctl disable --now caravan-agent.service
caravan upgrade "$TARGET" --yes --max-skipped 2
check "a server without an agent: refused, also with --max-skipped" status_is 4
check "and named" says "s3"
check "nothing was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
ALSO_DIGEST=$(sha256sum <"$LAB_RUN/nomad-1.11.4")
lab_end
