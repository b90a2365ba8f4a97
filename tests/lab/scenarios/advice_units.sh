#!/bin/bash
# The test follows the advice about Nomad's unit to the letter, with drop-ins of a real systemd: the
# finding disappears without a restart of Nomad, and the upgrade succeeds. Advice that needs no
# systemd: tests/e2e/advice_followed.sh, advice_of_stops.sh.
# timeout: 400
. "$LAB/lib_lab.sh"
needs_standin "a client that comes back without attributes"
LAB_CLIENT_DEADLINE=10s
lab_fleet 3 2
lab_agents
release 1.11.4
UNIT=/etc/systemd/system/nomad.service.d
edit() { # as `systemctl edit --drop-in=NAME` does; text from standard input
    on c1 mkdir -p "$UNIT"
    cat >"$LAB_RUN/drop-in.log"
    put "$LAB_RUN/drop-in.log" c1 "$UNIT/$1.conf"
    on c1 systemctl daemon-reload
}
advises() { # TEXT: the output contains it, also across wrapped lines
    tr -s ' \n' ' ' <"$OUT" | grep -qF -- "$1" || { echo "not advised: $1"; return 1; }
}
told() { # ID ADVICE: a plan that refuses reports the finding with this advice
    plan_says "[$1]" && advises "$2" && status_is 4
}
mended() { plan_lacks "[$1]" && status_is 0; } # ID

# The environment of the running Nomad still contains the lost values.
on c1 sh -c 'echo NOMAD_UNIT_TEST=kept >/etc/nomad.d/needed.env'
edit environment <<<$'[Service]\nEnvironmentFile=/etc/nomad.d/needed.env'
on c1 systemctl restart nomad.service
check "a fleet whose unit has an EnvironmentFile is healthy" wait_for 60 cluster_healthy
check "and its plan does not refuse" wait_for 60 mended env-file
note_pids "$LAB_RUN/pids.log"
on c1 rm /etc/nomad.d/needed.env
check "the plan reports that the file is gone" wait_for 60 told env-file "the running Nomad still has the values (/proc/PID/environ)"
on c1 sh -c "tr '\\0' '\\n' </proc/$(nomad_pid c1)/environ | grep ^NOMAD_UNIT_TEST= >/etc/nomad.d/needed.env"
check "the values are restored from the process" on c1 grep -qx NOMAD_UNIT_TEST=kept /etc/nomad.d/needed.env
check "and the plan does not refuse" wait_for 60 mended env-file

edit kill <<<$'[Service]\nKillMode=control-group'
check "the plan reports that Nomad's tasks would end with Nomad" wait_for 60 told kill-mode "Set KillMode=process in the unit (systemctl edit)"
edit override <<<$'[Service]\nKillMode=process'
check "with the advised setting the plan does not refuse" wait_for 60 mended kill-mode

edit user <<<$'[Service]\nGroup=nomads'
check "the plan reports a missing group" wait_for 60 told unit-user "Create the user or group with the number that owns Nomad's data_dir"
on c1 groupadd -o -g 0 nomads
check "with the advised group the plan does not refuse" wait_for 60 mended unit-user
on c1 rm "$UNIT/user.conf"
on c1 groupdel -f nomads
on c1 systemctl daemon-reload

edit condition <<<$'[Unit]\nConditionPathExists=/etc/nomad.d/wanted'
check "the plan reports a condition that is false" wait_for 60 told unit-condition "or change the line (systemctl edit)"
edit override <<<$'[Unit]\nConditionPathExists=\n[Service]\nKillMode=process'
check "with the advised line the plan does not refuse" wait_for 60 mended unit-condition
# The advice of a run for a host whose agent answers and whose caravan-swap does not.
on c1 systemctl start caravan-swap.service
on c1 pkill -STOP -x caravan-swap
check "a caravan-swap that hangs is restarted as advised" on c1 systemctl restart caravan-swap.socket caravan-swap
check "and answers again" wait_for 60 mended kill-mode
check "no process was restarted until now" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"

# A drain without a mark in Nomad: each stop makes c1 ineligible.
node=$(api s1 /v1/nodes | grep -o '"ID":"[^"]*"[^}]*"Name":"c1"\|"Name":"c1"[^}]*"ID":"[^"]*"' | grep -o '"ID":"[^"]*"' | cut -d'"' -f4)
[[ -n $node ]] || node=$(on c1 cat /opt/nomad/data/client/client-id)
edit stop <<UNIT
[Service]
ExecStop=/usr/bin/curl -fsS -X PUT -d '{"DrainSpec":{"Deadline":-1}}' http://$(lab_address s1):4646/v1/node/$node/drain
UNIT
check "the plan reports the commands of each stop" wait_for 60 plan_says "[unit-stop-commands]" "ExecStop=/usr/bin/curl"
check "and how to remove them" advises "with an empty ExecStop="
caravan upgrade "$TARGET" --yes --servers
check "the servers are done" status_is 0
caravan upgrade "$TARGET" --yes --node c1
check "c1 is not the same as before: the run stops" status_is 3
check "it says that a drain began" says "a drain began there after its turn began"
check "and that its unit may be the reason" advises "ExecStop= of Nomad's unit"
edit override <<<$'[Unit]\nConditionPathExists=\n[Service]\nKillMode=process\nExecStop='
on c1 rm "$UNIT/stop.conf"
on c1 systemctl daemon-reload
api s1 "/v1/node/$node/drain" -X PUT -d '{"DrainSpec":null,"MarkEligible":true}' >/dev/null
api s1 "/v1/node/$node/eligibility" -X PUT -d '{"Eligibility":"eligible"}' >/dev/null
caravan resume --yes
check "after c1 is made eligible as advised, the run succeeds" status_is 0
check "c1 runs the target" runs_version c1 "$TARGET"

# The coordinator finds this failure, and not the agent: the report still contains Nomad's last
# lines.
on c2 sh -c 'echo "{\"attributes-lost\": true}" >/opt/nomad/data/faults'
caravan upgrade "$TARGET" --yes --node c2
check "c2 came back without attributes: the run stops" status_is 3
check "it says which" says "came back without 2 of its attributes"
check "with the last lines of Nomad itself" grep -q "^The last lines of Nomad's log on c2:" "$OUT"
check "c2 runs the old version again" runs_version c2 "$FROM_VERSION"
on c2 rm /opt/nomad/data/faults
on c2 systemctl restart nomad.service
check "the cluster is healthy" wait_for 60 cluster_healthy
caravan resume --yes
check "c2 is the same as before again: the run succeeds" status_is 0
check "every host runs the target" all_run "$TARGET"
# c1 ran the target before `resume`, and `resume` staged it once more there.
lab_end without_tasks with_staged
