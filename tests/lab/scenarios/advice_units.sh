#!/bin/bash
# What is advised about Nomad's unit is followed to the letter on a real systemd, with drop-ins: the
# finding is gone, Nomad was not restarted for it, and the upgrade goes on. What needs no systemd:
# tests/e2e/advice_followed.sh, advice_of_stops.sh.
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
advises() { # TEXT: whole, whatever its lines are wrapped to
    tr -s ' \n' ' ' <"$OUT" | grep -qF -- "$1" || { echo "not advised: $1"; return 1; }
}
told() { # ID ADVICE: by a plan that refuses
    plan_says "[$1]" && advises "$2" && status_is 4
}
mended() { plan_lacks "[$1]" && status_is 0; } # ID

# What Nomad's process was started with is to be brought back out of it.
on c1 sh -c 'echo NOMAD_UNIT_TEST=kept >/etc/nomad.d/needed.env'
edit environment <<<$'[Service]\nEnvironmentFile=/etc/nomad.d/needed.env'
on c1 systemctl restart nomad.service
check "a fleet with a file of its unit's environment is well" wait_for 60 cluster_healthy
check "and its plan has nothing against it" wait_for 60 mended env-file
note_pids "$LAB_RUN/pids.log"
on c1 rm /etc/nomad.d/needed.env
check "the file is gone" wait_for 60 told env-file "the running Nomad still has the values (/proc/PID/environ)"
on c1 sh -c "tr '\\0' '\\n' </proc/$(nomad_pid c1)/environ | grep ^NOMAD_UNIT_TEST= >/etc/nomad.d/needed.env"
check "what it held is brought back" on c1 grep -qx NOMAD_UNIT_TEST=kept /etc/nomad.d/needed.env
check "and it refuses no more" wait_for 60 mended env-file

edit kill <<<$'[Service]\nKillMode=control-group'
check "its tasks would end with it" wait_for 60 told kill-mode "Set KillMode=process in the unit (systemctl edit)"
edit override <<<$'[Service]\nKillMode=process'
check "set as advised, it refuses no more" wait_for 60 mended kill-mode

edit user <<<$'[Service]\nGroup=nomads'
check "a group is missing" wait_for 60 told unit-user "Create the user or group with the number that owns Nomad's data_dir"
on c1 groupadd -o -g 0 nomads
check "made as advised, it refuses no more" wait_for 60 mended unit-user
on c1 rm "$UNIT/user.conf"
on c1 groupdel -f nomads
on c1 systemctl daemon-reload

edit condition <<<$'[Unit]\nConditionPathExists=/etc/nomad.d/wanted'
check "a condition does not hold" wait_for 60 told unit-condition "or change the line (systemctl edit)"
edit override <<<$'[Unit]\nConditionPathExists=\n[Service]\nKillMode=process'
check "its line is changed as advised: it refuses no more" wait_for 60 mended unit-condition
# What a run advises where a host's caravan-swap does not answer while its agent does.
on c1 systemctl start caravan-swap.service
on c1 pkill -STOP -x caravan-swap
check "a caravan-swap that hangs is restarted as advised" on c1 systemctl restart caravan-swap.socket caravan-swap
check "and answers again" wait_for 60 mended kill-mode
check "no process was restarted for all that" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"

# A drain that leaves no mark in Nomad: each stop makes c1 ineligible.
node=$(api s1 /v1/nodes | grep -o '"ID":"[^"]*"[^}]*"Name":"c1"\|"Name":"c1"[^}]*"ID":"[^"]*"' | grep -o '"ID":"[^"]*"' | cut -d'"' -f4)
[[ -n $node ]] || node=$(on c1 cat /opt/nomad/data/client/client-id)
edit stop <<UNIT
[Service]
ExecStop=/usr/bin/curl -fsS -X PUT -d '{"DrainSpec":{"Deadline":-1}}' http://$(lab_address s1):4646/v1/node/$node/drain
UNIT
check "what each stop runs is told" wait_for 60 plan_says "[unit-stop-commands]" "ExecStop=/usr/bin/curl"
check "and how to take it out" advises "with an empty ExecStop="
caravan upgrade "$TARGET" --yes --servers
check "the servers are done" status_is 0
caravan upgrade "$TARGET" --yes --node c1
check "c1 is not what it was: the run stops" status_is 3
check "it says that a drain began" says "a drain began there after its turn began"
check "and that its unit may be why" advises "ExecStop= of Nomad's unit"
edit override <<<$'[Unit]\nConditionPathExists=\n[Service]\nKillMode=process\nExecStop='
on c1 rm "$UNIT/stop.conf"
on c1 systemctl daemon-reload
api s1 "/v1/node/$node/drain" -X PUT -d '{"DrainSpec":null,"MarkEligible":true}' >/dev/null
api s1 "/v1/node/$node/eligibility" -X PUT -d '{"Eligibility":"eligible"}' >/dev/null
caravan resume --yes
check "made eligible as advised, the run goes on to its end" status_is 0
check "c1 runs the target" runs_version c1 "$TARGET"

# The coordinator finds the failure, not the agent: Nomad's last lines are told all the same.
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
check "c2 is the same again: the run goes on to its end" status_is 0
check "every host runs the target" all_run "$TARGET"
# c1 ran it already when the run was resumed, which had staged it once more.
lab_end without_tasks with_staged
