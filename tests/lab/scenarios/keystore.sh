#!/bin/bash
# Before Nomad 1.9 no snapshot contains the root keys: each server's agent copies them on its own
# disk, from inside caravan-swap's sandbox.
. "$LAB/lib_lab.sh"
needs_standin "a version before 1.9"
LAB_FROM=1.7.7
lab_fleet 3 1
lab_agents
release 1.8.4
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
copied() { # HOST: the copy equals Nomad's files, byte for byte, and only root can read it
    # shellcheck disable=SC2016  # expanded on the host
    on "$1" sh -c 'set -e
        copy=$(echo /var/lib/caravan/swap/keystore/????????????????????????????????)
        diff -r /opt/nomad/data/server/keystore "$copy" && ls "$copy"/*.nks.json >/dev/null
        test "$(stat -c "%a %U" "$copy")" = "700 root"
        test -z "$(find "$copy" -type f ! -perm 600)"'
}
for h in s1 s2 s3; do check "$h has a copy of its keystore" copied "$h"; done
check "a client has no copy" on c1 sh -c 'test ! -e /var/lib/caravan/swap/keystore'
caravan show
check "show says where they are" says "/var/lib/caravan/swap/keystore/"
lab_end
