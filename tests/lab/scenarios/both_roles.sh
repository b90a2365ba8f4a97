#!/bin/bash
# Servers that are also clients: Caravan upgrades them as servers, and their tasks stay.
# timeout: 240
. "$LAB/lib_lab.sh"
LAB_BOTH=1
lab_fleet 3 1
lab_agents
release 1.11.4
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
