#!/bin/bash
# Nomad comes from a package, and apt upgrades it in the middle of a run.
# timeout: 240
. "$LAB/lib_lab.sh"
needs_standin "packages of Nomad are made here"
# Like HashiCorp's package: the binary, and a restart if Nomad runs; here without a unit.
nomad_deb() { # VERSION BINARY
    local dir=$LAB_RUN/nomad-deb
    rm -rf "$dir"
    mkdir -p "$dir/DEBIAN" "$dir/usr/bin" "$LAB_RUN/debs"
    printf 'Package: nomad\nVersion: %s-1\nArchitecture: %s\nMaintainer: nobody <nobody@example.org>\nDescription: Nomad\n' \
        "$1" "$(dpkg --print-architecture)" >"$dir/DEBIAN/control"
    printf '#!/bin/sh\nset -e\nif systemctl is-active -q nomad; then systemctl restart nomad; fi\n' >"$dir/DEBIAN/postinst"
    chmod 0755 "$dir/DEBIAN/postinst"
    install -m 0755 "$2" "$dir/usr/bin/nomad"
    rm -f "$LAB_RUN"/debs/nomad_*.deb
    dpkg-deb --root-owner-group -b "$dir" "$LAB_RUN/debs/nomad_$1-1_all.deb" >/dev/null
}
lab_fleet 3 2
lab_agents
nomad_deb "$FROM_VERSION" "$FROM"
check "c1 and c2 have Nomad from a package" lab_install nomad c1 c2
wait_for 30 cluster_healthy
release 1.11.4
note_pids "$LAB_RUN/pids.log"
caravan upgrade "$TARGET" --yes
check "a binary that a package owns is refused" status_is 4
check "and named" says "[package]"
check "nothing was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"

# The package contains the same version in another file.
standin 1.11.4 "$LAB_RUN/nomad-package" '{"late-register": 50}'
ALSO_DIGEST=$(sha256sum <"$LAB_RUN/nomad-package")
nomad_deb 1.11.4 "$LAB_RUN/nomad-package"
check "c1 fetches" meet c1 fetching upgrade "$TARGET" --yes --accept package
check "apt upgrades Nomad on c2 meanwhile" lab_install nomad c2
go_on c1
caravan_wait
check "the run ends, or stops at c2 and nowhere else" grep -qE "done|c2" "$OUT"
check "every host runs the target's version" all_run "$TARGET"
[[ $STATUS == 0 ]] || { caravan abort --yes; check "it can be ended" status_is 0; }
lab_end
