#!/bin/bash
# scratch: old agents, new coordinator; packages upgraded in the middle
# timeout: 400
. "$LAB/lib_lab.sh"
LAB_HOLD=8s SWAP_HELD=100
debs_begin() { mkdir -p "$LAB_RUN/debs"; cp "$LAB_DEBS"/caravan_[0-9]*.deb "$UPG_OLD"/caravan-agent_*.deb "$LAB_RUN/debs/"; }
newer() { # PACKAGE
    local dir=$LAB_RUN/newer
    rm -rf "$dir"
    dpkg-deb -R "$(ls "$LAB_DEBS/$1"_[0-9]*.deb)" "$dir" && sed -i "s/^Version: .*/&+new/" "$dir/DEBIAN/control" &&
        rm -f "$LAB_RUN/debs/$1"_[0-9]*.deb && dpkg-deb -b "$dir" "$LAB_RUN/debs/$1_0.1.0+new.deb" >/dev/null
}
hold_rename() { # HOST: the old one renames by path
    local log=$LAB_RUN/strace-$1.log
    on "$1" sh -c "exec strace -f -p \$(pgrep -x caravan-swap) -P /usr/bin/.nomad.caravan-new \
        -P .nomad.caravan-new -e trace=rename,renameat,renameat2 \
        -e inject=rename,renameat,renameat2:delay_enter=${SWAP_HELD}s:when=1" >"$log" 2>&1 &
    wait_for 5 grep -q attached "$log"
}
say() { echo "## caravan $* -> $STATUS"; sed 's/^/##   /' "$OUT"; }
swapped_once() { local n; n=$(on "$1" journalctl -q -t caravan-swap | grep -c "is now $TARGET"); [[ $n == 1 ]] || { echo "$1: swapped $n times"; return 1; }; }
one() { # HOST PHASE
    local worker
    check "$1 is $2" meet "$1" "$2" upgrade "$TARGET" --yes --node "$1" ${3:-}
    worker=$(on "$1" pgrep -x caravan-swap)
    check "$1 its package is upgraded" lab_install caravan-agent "$1"
    check "and is still $2" in_phase "$1" "$2"
    check "by the same process" test "$(on "$1" pgrep -x caravan-swap)" = "$worker"
    go_on "$1"
    caravan_wait
    say upgrade $1 $2
    [[ $STATUS != 3 ]] || { caravan resume --yes; say resume; }
    check "the run ends" status_is 0
    check "$1 runs the target" runs_version "$1" "$TARGET"
    check "$1 was swapped once" swapped_once "$1"
    on "$1" journalctl -q -o short-precise -t caravan-swap -t caravan-agent -t caravan-fetch -t systemd -t caravan-ask -t caravan-try -g aravan | tail -n 45 | sed "s/^/## $1: /"
}
lab_fleet 3 2
lab_agents
release 1.11.4
newer caravan-agent
one s1 fetching
one s2 swapping
one s3 probing
one c1 swapping
caravan upgrade "$TARGET" --yes; say upgrade rest: c2 old agent
check "ends" status_is 0
check "every host" all_run "$TARGET"
lab_end
