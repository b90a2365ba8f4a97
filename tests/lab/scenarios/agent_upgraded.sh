#!/bin/bash
# The agent's package is upgraded while hosts fetch, swap and probe: nothing breaks, and nothing is
# done twice. Also an upgrade from 0.1.0, whose state this script makes by hand: there the listener
# owned the host's only key, and there were no users and sockets for asking Nomad and for trials.
# timeout: 300
. "$LAB/lib_lab.sh"
LAB_HOLD=8s SWAP_HELD=100
newer_agent() { # N: the same programs as another version
    local dir=$LAB_RUN/newer
    rm -rf "$dir"
    dpkg-deb -R "$(ls "$LAB_RUN"/debs/caravan-agent_*.deb)" "$dir" &&
        sed -i "s/^Version: .*/&+$1/" "$dir/DEBIAN/control" &&
        rm "$LAB_RUN"/debs/caravan-agent_*.deb &&
        dpkg-deb -b "$dir" "$LAB_RUN/debs/caravan-agent_$1.deb" >/dev/null
}
installed() { # HOST ENDING: the version of its package has this ending
    [[ $(on "$1" dpkg-query -W -f '${Version}' caravan-agent) == *"$2" ]]
}
swapped_once() { # HOST
    local n
    n=$(on "$1" journalctl -q -t caravan-swap | grep -c "is now $TARGET")
    [[ $n == 1 ]] || { echo "$1: swapped $n times"; return 1; }
}
one() { # HOST PHASE: upgrades the package in this phase; the run completes
    newer_agent "$1" || bail "no newer package"
    local worker
    check "$1 is $2" meet "$1" "$2" upgrade "$TARGET" --yes --node "$1"
    worker=$(on "$1" pgrep -x caravan-swap)
    check "its agent's package is upgraded" lab_install caravan-agent "$1"
    check "the newer package is installed" installed "$1" "+$1"
    check "and $1 is still $2" in_phase "$1" "$2"
    check "by the same process" test "$(on "$1" pgrep -x caravan-swap)" = "$worker"
    go_on "$1"
    caravan_wait
    [[ $STATUS != 3 ]] || caravan resume --yes
    check "the run ends" status_is 0
    check "$1 runs the target" runs_version "$1" "$TARGET"
    check "$1 was swapped once" swapped_once "$1"
}
# ---- from 0.1.0 ----

NEW_SOCKETS="caravan-ask.socket caravan-try.socket caravan-verify.socket"
as_of_0_1_0() { # HOST
    on "$1" sh -e -c "systemctl stop caravan-agent.service caravan-swap.service
        cd /var/lib/caravan
        mv swap/host.key host.key
        chown caravan:caravan host.key
        chmod 600 host.key
        systemctl disable -q --now $NEW_SOCKETS
        for unit in $NEW_SOCKETS caravan-ask@.service caravan-try@.service caravan-verify@.service; do
            DPKG_MAINTSCRIPT_PACKAGE=caravan-agent deb-systemd-helper purge \$unit
            rm /usr/lib/systemd/system/\$unit
        done
        systemctl daemon-reload
        userdel caravan-ask
        userdel caravan-try
        userdel caravan-verify
        sed -i /^ask_user/d /etc/caravan/agent.conf"
}
key_of() { on "$1" sha256sum "/var/lib/caravan/$2" | cut -d ' ' -f 1; }
is_file() { # HOST PATH "OWNER:GROUP MODE"
    local is
    is=$(on "$1" stat -c '%U:%G %a' "$2")
    [[ $is == "$3" ]] || { echo "$1: $2 is $is, not $3"; return 1; }
}
key_is_roots() { # HOST DIGEST
    is_file "$1" /var/lib/caravan/swap/host.key "root:root 600" &&
        is_file "$1" /var/lib/caravan/host.key "root:caravan 640" &&
        [[ $(key_of "$1" swap/host.key) == "$2" && $(key_of "$1" host.key) == "$2" ]]
}
from_0_1_0() { # HOST
    local key
    key=$(key_of "$1" swap/host.key)
    as_of_0_1_0 "$1" || bail "$1 was not made as of 0.1.0"
    check "$1 is as of 0.1.0: the key is the listener's" \
        not on "$1" test -e /var/lib/caravan/swap/host.key
    newer_agent "$1" || bail "no newer package"
    check "its agent's package is upgraded" lab_install caravan-agent "$1"
    check "there are new users" on "$1" getent passwd caravan-ask caravan-try caravan-verify
    check "the new sockets are open" on "$1" systemctl -q is-active $NEW_SOCKETS
    check "and are enabled for the next boot" on "$1" systemctl -q is-enabled $NEW_SOCKETS
    check "root owns the key at once, and the listener has a copy" wait_for 10 key_is_roots "$1" "$key"
    check "this causes no alarm" not on "$1" test -e /var/lib/caravan/swap/key-replaced
    check "agent.conf is unchanged" not on "$1" grep -q ^ask_user /etc/caravan/agent.conf
    caravan enroll
    check "the coordinator knows it by that key" status_is 0
}
# Every question keeps an idle caravan-swap alive: the old process would stay.
idle_one() { # HOST
    local worker
    caravan status
    on "$1" systemctl start caravan-swap.service
    worker=$(on "$1" pgrep -x caravan-swap)
    newer_agent "$1" || bail "no newer package"
    check "the package of $1 is upgraded, where caravan-swap is idle" lab_install caravan-agent "$1"
    check "the old caravan-swap has ended" not on "$1" kill -0 "$worker"
    check "and the new caravan-swap runs" wait_for 10 on "$1" pgrep -x caravan-swap
}

lab_fleet 3 2
lab_agents
release 1.11.4
one s1 fetching
one s2 swapping
one s3 probing
from_0_1_0 c1
idle_one c2
caravan upgrade "$TARGET" --yes
check "the rest of the fleet follows" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
