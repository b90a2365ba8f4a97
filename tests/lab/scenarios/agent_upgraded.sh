#!/bin/bash
# The agent's package is upgraded while hosts fetch, swap and probe: nothing breaks, nothing is
# done twice.
# timeout: 240
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
installed() { # HOST ENDING of its package's version
    [[ $(on "$1" dpkg-query -W -f '${Version}' caravan-agent) == *"$2" ]]
}
swapped_once() { # HOST
    local n
    n=$(on "$1" journalctl -q -t caravan-swap | grep -c "is now $TARGET")
    [[ $n == 1 ]] || { echo "$1: swapped $n times"; return 1; }
}
one() { # HOST PHASE: upgraded in that phase, the run ends
    newer_agent "$1" || bail "no newer package"
    local worker
    check "$1 is $2" meet "$1" "$2" upgrade "$TARGET" --yes --node "$1"
    worker=$(on "$1" pgrep -x caravan-swap)
    check "its agent's package is upgraded" lab_install caravan-agent "$1"
    check "the newer one is there" installed "$1" "+$1"
    check "and $1 is still $2" in_phase "$1" "$2"
    check "by the same process" test "$(on "$1" pgrep -x caravan-swap)" = "$worker"
    go_on "$1"
    caravan_wait
    [[ $STATUS != 3 ]] || caravan resume --yes
    check "the run ends" status_is 0
    check "$1 runs the target" runs_version "$1" "$TARGET"
    check "$1 was swapped once" swapped_once "$1"
}
lab_fleet 3 2
lab_agents
release 1.11.4
one s1 fetching
one s2 swapping
one s3 probing
caravan upgrade "$TARGET" --yes
check "the rest of the fleet follows" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
