#!/bin/bash
# Would Nomad's unit start again, and which other units stop with it? Each finding is made on a real
# systemd while Nomad runs, is in the plan, and disappears after the correction. None needs a
# restart.
# timeout: 400
. "$LAB/lib_lab.sh"
LAB_AGENT_CONF="[nomad]
binary = /usr/bin/nomad"
UNITS=/etc/systemd/system
unit_file() { # PATH below systemd's directory; standard input is the text
    cat >"$LAB_RUN/unit.log"
    put "$LAB_RUN/unit.log" c1 "$UNITS/$1"
}
before_boot() {
    unit_file sidecar.service <<'UNIT'
[Unit]
PartOf=nomad.service
[Service]
Type=exec
ExecStartPre=/bin/sh -c 'test ! -e /run/slowly || sleep 6'
ExecStart=/bin/tail -f /dev/null
[Install]
WantedBy=multi-user.target
UNIT
    ln -s ../sidecar.service "$(root_of c1)$UNITS/multi-user.target.wants/sidecar.service"
    # A command that uses the same binary and ends by itself.
    unit_file backup.service <<'UNIT'
[Service]
Type=oneshot
ExecStart=/usr/bin/nomad operator snapshot save /var/backup.snap
UNIT
}
lab_fleet 3 1
lab_agents
release 1.11.4
note_pids "$LAB_RUN/pids.log"

drop_in() { # standard input replaces the last drop-in
    on c1 mkdir -p "$UNITS/nomad.service.d"
    unit_file nomad.service.d/asked.conf
    on c1 systemctl daemon-reload
}

check "the plan reports a unit that is bound to Nomad's" wait_for 60 plan_says "[unit-bound]" "sidecar.service active"
check "the plan does not call a backup with the same binary a second agent" plan_lacks "[binary-shared]"
check "and does not refuse" status_is 0

drop_in <<'UNIT'
[Unit]
ConditionFileNotEmpty=/etc/nomad.d/wanted
UNIT
check "the plan reports a condition that is false" wait_for 60 plan_says "[unit-condition]" \
    "ConditionFileNotEmpty=/etc/nomad.d/wanted: the path does not exist"
check "and refuses" status_is 4
on c1 sh -c 'echo x >/etc/nomad.d/wanted'
check "with the file the finding disappears" wait_for 60 plan_lacks "[unit-condition]"

drop_in <<'UNIT'
[Unit]
ConditionPathExistsGlob=/etc/nomad.d/*.also
Requires=dev-nothing.device
UNIT
check "the plan reports a pattern that no file matches" wait_for 60 plan_says "[unit-condition]" \
    "ConditionPathExistsGlob=/etc/nomad.d/*.also: the path does not exist"
check "and a device that does not exist" says "Requires=dev-nothing.device is a device that does not exist now"
check "and refuses" status_is 4

# Lines that many ordinary units contain.
on c1 sh -c ': >/etc/nomad.d/it.also'
drop_in <<'UNIT'
[Unit]
ConditionPathExistsGlob=/etc/nomad.d/*.also
ConditionPathExists=|/nowhere
ConditionPathExists=|/etc/nomad.d
[Service]
ExecStop=/bin/kill -s INT $MAINPID
ExecStopPost=/bin/rm -f /run/nomad.pid
UNIT
check "the plan reports a stop by kill" wait_for 60 plan_says "[unit-stop-commands]" 'ExecStop=/bin/kill -s INT $MAINPID'
check "and none of the earlier findings" plan_lacks "[unit-condition]" "[unit-needs]"
check "and does not refuse" status_is 0

drop_in <<'UNIT'
[Unit]
Requires=wanted.service
[Service]
Group=nomads
EnvironmentFile=/etc/nomad.d/gone.env
ExecStartPre=/bin/true prepared
ExecStop=/usr/bin/nomad node drain -self -enable -yes
Restart=no
UNIT
check "the plan reports a missing unit that Nomad's unit needs" wait_for 60 plan_says "[unit-needs]" "Requires=wanted.service does not exist"
check "a missing group" says "Group=nomads does not exist"
check "a missing environment file" says "EnvironmentFile=/etc/nomad.d/gone.env: the path does not exist"
check "the commands of each stop" says "ExecStop=/usr/bin/nomad node drain -self -enable -yes"
check "the commands of each start" grep -q "ExecStartPre=/bin/true prepared" "$OUT"
check "and that systemd does not repeat a failed start" says "Restart=no: systemd does not start Nomad again"
check "the plan refuses" status_is 4
on c1 sh -c "rm $UNITS/nomad.service.d/asked.conf && systemctl daemon-reload"
check "after the corrections these findings disappear" wait_for 60 plan_lacks "[unit-needs]" "[unit-user]" "[env-file]" "[unit-stop-commands]" "[start-again]"
check "and the plan does not refuse" status_is 0
check "no process was restarted until now" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"

# Options in environment variables are options of Nomad, too.
on c1 mkdir -p /etc/nomad-more
on c1 sh -c 'echo "{\"data_dir\": \"/opt/nomad/data\"}" >/etc/nomad-more/more.json
    echo "NOMAD_OPTS=-config=/etc/nomad-more" >/etc/nomad.d/opts.env'
drop_in <<'UNIT'
[Service]
EnvironmentFile=/etc/nomad.d/opts.env
ExecStart=
ExecStart=/usr/bin/nomad agent -config /etc/nomad.d ${NOMAD_OPTS}
UNIT
check "if the process has other words, the plan says that it cannot tell" wait_for 60 plan_says "the command of Nomad's unit contains a variable"
on c1 systemctl restart nomad.service
wait_for 60 cluster_healthy
check "the plan reports a second -config in a variable" wait_for 60 plan_says "[second-config]" "/etc/nomad-more/more.json"
on c1 sh -c "rm $UNITS/nomad.service.d/asked.conf && systemctl daemon-reload && systemctl restart nomad.service"
wait_for 60 cluster_healthy
check "and without it has no such finding" wait_for 60 plan_lacks "[second-config]"

# agent.conf names a script that starts Nomad as the binary.
on c1 sh -c 'printf "#!/bin/sh\nexec /usr/bin/nomad \"\$@\"\n" >/usr/local/bin/start-nomad; chmod 755 /usr/local/bin/start-nomad'
on c1 sed -i 's,^binary = .*,binary = /usr/local/bin/start-nomad,' /etc/caravan/agent.conf
on c1 systemctl restart caravan-agent.service caravan-swap.service
check "the plan reports that the binary is a script" wait_for 60 plan_says "[not-nomad]" "/usr/local/bin/start-nomad is no program but a script"
check "and refuses" status_is 4
on c1 sed -i 's,^binary = .*,binary = /usr/bin/nomad,' /etc/caravan/agent.conf
on c1 systemctl restart caravan-agent.service caravan-swap.service
check "with the real binary the finding disappears" wait_for 60 plan_lacks "[not-nomad]"

# The bound unit starts late after Nomad's restart: caravan-swap sees that it is down, and then up
# again.
on c1 touch /run/slowly
is_down() { on c1 env LC_ALL=C grep -aq 'bound-down.\{1,6\}sidecar.service' /run/caravan/view; }
caravan_begin upgrade "$TARGET" --yes
WAIT_ON=$RUNNER check "a unit that went down with Nomad is seen" wait_for 120 is_down
caravan_wait
check "the upgrade is done" status_is 0
sidecar_up() { on c1 systemctl is-active sidecar.service; }
check "the bound unit runs again" wait_for 30 sidecar_up
check "and the report no longer calls it down" wait_for 30 not is_down
check "every host runs the target" all_run "$TARGET"
lab_end
