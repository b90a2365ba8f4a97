#!/bin/bash
# Would Nomad's unit start again, and what goes with it? Each finding is made on a real systemd while Nomad
# runs, told by the plan, and gone when it is mended; nothing of it is found out by a restart.
# timeout: 400
. "$LAB/lib_lab.sh"
LAB_AGENT_CONF="[nomad]
binary = /usr/bin/nomad"
UNITS=/etc/systemd/system
unit_file() { # PATH below systemd's directory; text from standard input
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
    # A command of the same binary that ends by itself.
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

drop_in() { # text from standard input, in the place of the last one
    on c1 mkdir -p "$UNITS/nomad.service.d"
    unit_file nomad.service.d/asked.conf
    on c1 systemctl daemon-reload
}

check "a unit bound to Nomad's is told" wait_for 60 plan_says "[unit-bound]" "sidecar.service active"
check "a backup with the same binary is no second agent" plan_lacks "[binary-shared]"
check "and no reason to refuse" status_is 0

drop_in <<'UNIT'
[Unit]
ConditionFileNotEmpty=/etc/nomad.d/wanted
UNIT
check "a condition that does not hold" wait_for 60 plan_says "[unit-condition]" \
    "ConditionFileNotEmpty=/etc/nomad.d/wanted: the path does not exist"
check "is a reason to refuse" status_is 4
on c1 sh -c 'echo x >/etc/nomad.d/wanted'
check "the file is there again" wait_for 60 plan_lacks "[unit-condition]"

drop_in <<'UNIT'
[Unit]
ConditionPathExistsGlob=/etc/nomad.d/*.also
Requires=dev-nothing.device
UNIT
check "a pattern that nothing fits" wait_for 60 plan_says "[unit-condition]" \
    "ConditionPathExistsGlob=/etc/nomad.d/*.also: the path does not exist"
check "a device that is not there" says "Requires=dev-nothing.device is a device that does not exist now"
check "both refuse" status_is 4

# What many ordinary units have.
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
check "Nomad ended by kill is told" wait_for 60 plan_says "[unit-stop-commands]" 'ExecStop=/bin/kill -s INT $MAINPID'
check "and nothing of what was" plan_lacks "[unit-condition]" "[unit-needs]"
check "and no reason to refuse" status_is 0

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
check "what the unit needs" wait_for 60 plan_says "[unit-needs]" "Requires=wanted.service does not exist"
check "a group that is not there" says "Group=nomads does not exist"
check "a file of its environment" says "EnvironmentFile=/etc/nomad.d/gone.env: the path does not exist"
check "what each stop runs" says "ExecStop=/usr/bin/nomad node drain -self -enable -yes"
check "what each start runs" grep -q "ExecStartPre=/bin/true prepared" "$OUT"
check "that a failed start is the last" says "Restart=no: systemd does not start Nomad again"
check "all of it refuses" status_is 4
on c1 sh -c "rm $UNITS/nomad.service.d/asked.conf && systemctl daemon-reload"
check "mended" wait_for 60 plan_lacks "[unit-needs]" "[unit-user]" "[env-file]" "[unit-stop-commands]" "[start-again]"
check "the plan has nothing against it" status_is 0
check "no process was restarted for all that" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"

# Options out of the environment are Nomad's as well.
on c1 mkdir -p /etc/nomad-more
on c1 sh -c 'echo "{\"data_dir\": \"/opt/nomad/data\"}" >/etc/nomad-more/more.json
    echo "NOMAD_OPTS=-config=/etc/nomad-more" >/etc/nomad.d/opts.env'
drop_in <<'UNIT'
[Service]
EnvironmentFile=/etc/nomad.d/opts.env
ExecStart=
ExecStart=/usr/bin/nomad agent -config /etc/nomad.d ${NOMAD_OPTS}
UNIT
check "while the process has other words, it cannot be told" wait_for 60 plan_says "the command of Nomad's unit contains a variable"
on c1 systemctl restart nomad.service
wait_for 60 cluster_healthy
check "a second -config in a variable is read" wait_for 60 plan_says "[second-config]" "/etc/nomad-more/more.json"
on c1 sh -c "rm $UNITS/nomad.service.d/asked.conf && systemctl daemon-reload && systemctl restart nomad.service"
wait_for 60 cluster_healthy
check "and without it is not" wait_for 60 plan_lacks "[second-config]"

# A script that starts Nomad, named as the binary.
on c1 sh -c 'printf "#!/bin/sh\nexec /usr/bin/nomad \"\$@\"\n" >/usr/local/bin/start-nomad; chmod 755 /usr/local/bin/start-nomad'
on c1 sed -i 's,^binary = .*,binary = /usr/local/bin/start-nomad,' /etc/caravan/agent.conf
on c1 systemctl restart caravan-agent.service caravan-swap.service
check "a script is no Nomad" wait_for 60 plan_says "[not-nomad]" "/usr/local/bin/start-nomad is no program but a script"
check "nothing is put over it" status_is 4
on c1 sed -i 's,^binary = .*,binary = /usr/bin/nomad,' /etc/caravan/agent.conf
on c1 systemctl restart caravan-agent.service caravan-swap.service
check "the binary itself is" wait_for 60 plan_lacks "[not-nomad]"

# It comes up late after Nomad's restart; caravan-swap sees that it is down, and that it is up again.
on c1 touch /run/slowly
is_down() { on c1 env LC_ALL=C grep -aq 'bound-down.\{1,6\}sidecar.service' /run/caravan/view; }
caravan_begin upgrade "$TARGET" --yes
WAIT_ON=$RUNNER check "a unit that went down with Nomad is seen" wait_for 120 is_down
caravan_wait
check "the upgrade is done" status_is 0
sidecar_up() { on c1 systemctl is-active sidecar.service; }
check "it is up again" wait_for 30 sidecar_up
check "which is told" wait_for 30 not is_down
check "every host runs the target" all_run "$TARGET"
lab_end
