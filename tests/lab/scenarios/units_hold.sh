#!/bin/bash
# The settings of the packaged units are in force: for each setting a program tries what the setting
# forbids, in a unit that differs from the packaged one only in its program.
# timeout: 240
. "$LAB/lib_lab.sh"
lab_fleet 3 1
lab_agents
release 1.11.4

# in_unit UNIT COMMANDS: a shell runs them in the unit; prints their output, returns their status
in_unit() {
    local unit=$1
    on c1 sh -c "cat >/usr/local/bin/inside.sh" <<<"$2"
    on c1 sh -c "chmod 755 /usr/local/bin/inside.sh
        { sed -e '/^\(Type\|WatchdogSec\|Restart\|RestartSec\|Standard[A-Za-z]*\|ExecStart\|RestartPreventExitStatus\)=/d' \
            -e 's|^\[Service\]|&\nType=${TYPE:-oneshot}\nExecStart=/bin/sh /usr/local/bin/inside.sh\nStandardInput=null\nStandardOutput=truncate:/run/inside.out\nStandardError=inherit|' \
            -e '/^\[Install\]/,\$d' -e '/^\(Requires\|Wants\|After\|CollectMode\)=/d' \
            /lib/systemd/system/$unit | if [ '${TYPE:-oneshot}' = oneshot ]; then sed '/^RuntimeMaxSec=/d'; else cat; fi
        } >/run/systemd/system/inside.service
        systemctl daemon-reload; systemctl start inside.service; rv=\$?
        systemctl reset-failed inside.service 2>/dev/null; cat /run/inside.out; exit \$rv"
}
inside() { # UNIT EXPECTED COMMANDS
    local said
    said=$(in_unit "$1" "$3" 2>&1)
    [[ $said == *"$2"* ]] || { echo "in $1: $said; not $2"; return 1; }
}
fails() { # UNIT COMMANDS
    ! in_unit "$1" "$2" || { echo "in $1 it is allowed: $2"; return 1; }
}
# A control group needs the kernel's controller. Without the controller, reads the setting instead.
limited() { # CONTROLLER SETTING UNIT COMMANDS
    if on c1 grep -qw "$1" /sys/fs/cgroup/cgroup.controllers; then
        fails "$3" "$4"
    else
        in_unit "$3" true && [[ $(on c1 systemctl show -P "$2" inside.service) =~ ^[0-9]+$ ]]
    fi
}

# Settings about start, restart and end of a unit: see programs_killed, reboots and first_upgrade.
# Limits of control groups and of time: below.
elsewhere='ExecStart|Standard(Input|Output|Error)|Type|Restart|RestartSec|RestartPreventExitStatus|WatchdogSec'
elsewhere+='|WantedBy|Also|MemoryMax|MemorySwapMax|TasksMax|RuntimeMaxSec|TimeoutStopSec'

# Prints SETTING=VALUE of a unit's service, one a line; joins a setting that has several lines.
settings_of() { # UNIT
    on c1 sed -n '/^\[Service\]/,/^\[/p' "/lib/systemd/system/$1" | grep -E '^[A-Za-z]+=' |
        grep -vE "^($elsewhere)=" |
        awk -F= '$1 == "CapabilityBoundingSet" { caps = caps " " $2; any = 1; next } { print }
                 END { if (any) print "CapabilityBoundingSet=" caps }'
}
each_setting_holds() { # UNIT
    local line words= said
    while IFS= read -r line; do
        words+=" '$line'"
    done < <(settings_of "$1")
    said=$(in_unit "$1" "/usr/local/bin/inside $words") && [[ $said == *held* && $words == *ProtectSystem* ]] ||
        { grep -v '^held' <<<"$said"; return 1; }
    grep -c '^held' <<<"$said"
}
put "$LAB_BUILD/tests/inside" c1 /usr/local/bin/inside 0755
on c1 sh -c 'touch /tmp/inside.host /home/.inside
    echo "$(readlink /proc/1/ns/net) $(readlink /proc/1/ns/ipc)" >/usr/local/share/inside.host'
# Without any setting every attempt succeeds: this shows that the attempts work.
bare() {
    on c1 env -C / /usr/local/bin/inside User=root RestrictNamespaces=yes LockPersonality=yes NoNewPrivileges=yes \
        PrivateDevices=yes PrivateNetwork=yes PrivateIPC=yes PrivateTmp=yes ProtectSystem=strict ProtectHome=yes \
        RestrictAddressFamilies=AF_UNIX MemoryDenyWriteExecute=yes RestrictSUIDSGID=yes SystemCallErrorNumber=EPERM \
        ProtectProc=invisible ProcSubset=pid ProtectKernelLogs=yes ProtectHostname=no CapabilityBoundingSet= \
        TemporaryFileSystem=/run:ro UMask=0077 LimitCORE=0 LimitFSIZE=16M >"$LAB_RUN/bare"
    ! grep -E '^(held|unknown)' "$LAB_RUN/bare"
}
check "outside of a unit every attempt succeeds" bare
units=(caravan-agent.service caravan-fetch@.service caravan-ask@.service caravan-try@.service)
for u in caravan-swap.service "${units[@]}"; do
    check "$u: each setting is in force" each_setting_holds "$u"
done
for u in "${units[@]}"; do
    check "$u: memory is limited" limited memory MemoryMax "$u" 'head -c 700M /dev/zero | tail -c 650M >/dev/null'
    check "$u: processes are limited" limited pids TasksMax "$u" 'i=0; while [ $i -lt 600 ]; do sleep 20 & i=$((i + 1)); done 2>&1'
done
no_objects() { # the key of the object is 0x1ca70000 and the user's number
    ! on c1 awk 'NR > 1 && $1 >= 480706560 && $1 < 480772096 { print; any = 1 } END { exit !any }' /proc/sysvipc/shm
}
on c1 systemctl stop caravan-agent.service
check "no shared memory of the units' users is left" wait_until 10 "their shared memory goes" no_objects
on c1 systemctl start caravan-agent.service
a_trial_ended() { [[ $(on c1 systemctl show -P Result inside.service) == timeout ]]; }
TYPE=exec in_unit caravan-try@.service 'trap "" TERM; while :; do sleep 1; done'
check "a trial that does not end is ended" wait_until 50 "the trial is ended" a_trial_ended
nomad="bash -c 'exec 3<>/dev/tcp/127.0.0.1/4646'"
check "a trial has no network" fails caravan-try@.service "$nomad"
check "but caravan-ask has a network" in_unit caravan-ask@.service "$nomad"
check "a trial finds nothing in /run" inside caravan-try@.service 'found 0' 'echo found $(find /run ! -type d | wc -l)'
check "a trial does not see Nomad's configuration" fails caravan-try@.service 'ls /etc/nomad.d/'
check "a trial does not see the agent's configuration" fails caravan-try@.service 'ls /etc/caravan/'
check "a trial's files are in memory" fails caravan-try@.service 'i=0; while [ $i -lt 4 ]; do head -c 30M /dev/zero >/tmp/$i || exit 1; i=$((i + 1)); done 2>/dev/null'
check "a trial cannot write to /dev/shm" fails caravan-try@.service 'echo x >/dev/shm/x'
check "a trial does not see other processes" inside caravan-try@.service none 'ls -d /proc/1 2>/dev/null || echo none'
on c1 sh -c 'echo key >/etc/nomad.d/ask.key; chmod 400 /etc/nomad.d/ask.key; chown caravan-ask /etc/nomad.d/ask.key'
check "caravan-ask reads the client key" inside caravan-ask@.service key 'cat /etc/nomad.d/ask.key'
check "caravan-fetch cannot read the client key" fails caravan-fetch@.service 'cat /etc/nomad.d/ask.key'
on c1 rm -f /run/systemd/system/inside.service /usr/local/bin/inside{,.sh} /run/inside.out
on c1 systemctl daemon-reload

# The same in a real run.
ran() { on "$1" journalctl -q -o cat | grep -v inside.service | grep -c "Started.*$2"; }
on c1 touch /etc/caravan/hold
before=$(ran c1 'one trial of a new Nomad') # the agent asked the present binary for its version, without a hold
caravan upgrade "$TARGET" --yes --max-skipped 1 --accept law-refuses
check "the run skips a host that root holds" says "c1"
check "that host tried no binary" test "$(ran c1 'one trial of a new Nomad')" = "$before"
check "another host tried the binary in the unit" test "$(ran s1 'one trial of a new Nomad')" -ge 1
check "and caravan-ask asked Nomad in its unit" test "$(ran s1 'the questions of one probe')" -ge 1
on c1 rm /etc/caravan/hold
caravan abort --yes
caravan upgrade "$TARGET" --yes
check "without the hold an upgrade includes c1" status_is 0
check "and c1 tries the binary" test "$(ran c1 'one trial of a new Nomad')" -gt "$before"
check "every host runs the target" all_run "$TARGET"
lab_end
