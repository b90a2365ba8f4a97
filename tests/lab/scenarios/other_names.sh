#!/bin/bash
# The unit has another name, and the binary is a symbolic link to a file elsewhere.
. "$LAB/lib_lab.sh"
LAB_UNIT=workload.service
LAB_AGENT_CONF="[nomad]
unit = workload.service"
before_boot() {
    local h root
    for h in "${NODES[@]}"; do
        root=$(root_of "$h")
        mkdir -p "$root/opt/nomad/bin"
        mv "$root/usr/bin/nomad" "$root/opt/nomad/bin/nomad"
        ln -s /opt/nomad/bin/nomad "$root/usr/bin/nomad"
    done
}
lab_fleet 3 2
lab_agents
release 1.11.4
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
