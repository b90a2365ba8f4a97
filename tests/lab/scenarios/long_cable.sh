#!/bin/bash
# Between the coordinator and the fleet a packet needs 200 ms there and back, and 5 % are lost.
# timeout: 240
. "$LAB/lib_lab.sh"
LAB_WIRE_coord="100 5"
lab_fleet 3 2
lab_agents
release 1.11.4
rtt_ms() { on coord sh -c "curl -s -o /dev/null -w '%{time_connect}' http://$(lab_address s1):4646/" | awk '{ print int($1 * 1000) }'; }
check "the cable is long" test "$(rtt_ms)" -ge 190
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
