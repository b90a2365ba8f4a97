#!/bin/bash
# From `apt install` to an upgraded fleet, without manual work on the hosts.
. "$LAB/lib_lab.sh"
lab_fleet 3 2
note_pids "$LAB_RUN/pids.log"
coord_begin
check "the coordinator's package installs" lab_install caravan coord
caravan init --yes --no-passphrase
check "caravan init makes keys and trust" status_is 0
check "and a package with the trust file" trust_package
check "two packages install on every host" lab_install "caravan-agent caravan-trust" "${NODES[@]}"
check "every agent listens after the installation" wait_for 15 agents_listen "${NODES[@]}"
check "the installation did not restart Nomad" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
caravan enroll --yes
check "every agent is enrolled" status_is 0
release 1.11.4
caravan plan "$TARGET"
check "the plan does not refuse" status_is 0
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
caravan status
check "status exits with 0" status_is 0
check "of the three programs only caravan-agent keeps running" wait_for 45 only_agents_run
lab_end
