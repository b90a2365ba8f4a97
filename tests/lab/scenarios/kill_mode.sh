#!/bin/bash
# KillMode=control-group on a client: its tasks would end with Nomad. The plan refuses.
. "$LAB/lib_lab.sh"
before_boot() {
    mkdir -p "$(root_of c1)/etc/systemd/system/nomad.service.d"
    printf '[Service]\nKillMode=control-group\n' >"$(root_of c1)/etc/systemd/system/nomad.service.d/kill.conf"
}
lab_fleet 3 2
lab_agents
release 1.11.4
note_pids "$LAB_RUN/pids.log"
caravan plan "$TARGET"
check "the plan refuses" status_is 4
check "it names the finding" says "[kill-mode]"
check "and the host" says "c1"
caravan upgrade "$TARGET" --yes
check "the upgrade is refused" status_is 4
check "no process was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
staged() { find "$LAB_RUN"/hosts/*/write/up/usr/bin -name '.nomad.*' | grep .; }
check "nothing was staged" not staged

rm "$(root_of c1)/etc/systemd/system/nomad.service.d/kill.conf"
on c1 systemctl daemon-reload
plan_is_fine() { caravan plan "$TARGET"; ((STATUS == 0)); }
check "after the correction the plan does not refuse" wait_for 60 plan_is_fine
caravan upgrade "$TARGET" --yes
check "and the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
