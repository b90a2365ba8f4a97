#!/bin/bash
# A host reboots, or loses power, while it fetches, swaps and probes.
# timeout: 300
. "$LAB/lib_lab.sh"
LAB_HOLD=3s SWAP_HELD=4
lab_fleet 3 2
lab_agents
release 1.11.4
finish_run() { # waits for the run, and resumes it if the reboot stopped it
    caravan_wait
    [[ $STATUS != 3 ]] || caravan resume --yes
}

# ---- an orderly reboot of a server ----
check "s1 fetches" meet s1 fetching upgrade "$TARGET" --yes --node s1
host_poweroff s1
go_on s1
host_boot s1
check "s1 is back on the old version" wait_for 30 runs_version s1 "$FROM_VERSION"
check "the cluster is healthy" wait_for 30 cluster_healthy
finish_run
check "the run ends" status_is 0
check "s1 runs the target" runs_version s1 "$TARGET"

# ---- a power cut while a server swaps: before the rename it keeps the old version ----
check "s2 swaps" meet s2 swapping upgrade "$TARGET" --yes --node s2
host_power_cut s2
host_boot s2
check "s2 is back with a whole Nomad binary" wait_for 30 whole_binaries
check "the cluster is healthy" wait_for 30 cluster_healthy
finish_run
check "the run ends" status_is 0
check "s2 runs the target" runs_version s2 "$TARGET"

# ---- a power cut while a server probes: it comes back with the new version ----
check "s3 probes" meet s3 probing upgrade "$TARGET" --yes --node s3
host_power_cut s3
host_boot s3
check "s3 is back on the target" wait_for 30 runs_version s3 "$TARGET"
check "its caravan-swap completes the order without the coordinator" reach_phase s3 settled 30
finish_run
check "the run ends" status_is 0

# ---- a client reboots while it probes ----
check "c1 probes" meet c1 probing upgrade "$TARGET" --yes --node c1
host_power_cut c1
host_boot c1
check "c1 completes the order without the coordinator" reach_phase c1 settled 30
finish_run
check "the run ends" status_is 0
caravan upgrade "$TARGET" --yes
check "the rest of the fleet follows" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end without_tasks
