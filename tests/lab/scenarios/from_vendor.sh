#!/bin/bash
# From the vendor's directory to every host, with only `release fetch --from DIR` and `upgrade`, and
# without a web server. On one host root demands the vendor's own signature: there gpgv runs in the
# packaged unit. A host installs no release that the vendor did not sign, and no older release.
# timeout: 240
. "$LAB/lib_lab.sh"
needs_standin "its versions are signed by a key of this scenario"
. tests/e2e/lib_vendor.sh
VENDOR_HOME=$LAB_RUN
TARGET=1.11.4
OLD=1.10.9 # newer than the running version, older than the one that will settle
vendor_begin
vendor_made() { # VERSION
    standin "$1" "$LAB_RUN/nomad-$1"
    vendor_release "$1" "$LAB_RUN/nomad-$1"
}
vendor_made "$TARGET"
vendor_made "$OLD"
TO_DIGEST=$(sha256sum <"$LAB_RUN/nomad-$TARGET")

LAB_CONF="
[vendor]
keyring = /srv/vendor.asc
key_ids ="
# Root's setting on c1; all other lines of the packaged agent.conf stay.
before_boot() {
    put "$LAB_RUN/vendor.asc" c1 /etc/caravan/vendor.asc
    put "$LAB_RUN/vendor.asc" coord /srv/vendor.asc
    cp -r "$VENDOR" "$(root_of coord)/srv/vendor"
    cat >"$(root_of c1)/etc/caravan/agent.conf" <<'CONF'
[law]
require_vendor_signature = yes
own_keyring = /etc/caravan/vendor.asc
[fetch]
fetch_socket = /run/caravan/fetch.sock
ask_user = caravan-ask
CONF
}
lab_fleet 3 2
lab_agents
note_pids "$LAB_RUN/pids.log"
verified() { # HOST: the packaged unit ran gpgv and unpacked the zip there
    (($(on "$1" journalctl -q --no-pager -o cat -t systemd | grep -c 'Started caravan-verify@') >= 2))
}
wall_is_verify() { [[ $(on c1 systemctl show -P User caravan-verify@x.service) == caravan-verify ]]; }
refused_for() { says "$1" && same_pids "$LAB_RUN/pids.log" "${NODES[@]}"; }

must release fetch "$OLD" --from /srv/vendor

standin 1.11.5-acme1 "$LAB_RUN/nomad-own"
put "$LAB_RUN/nomad-own" coord /srv/nomad-own
must release add 1.11.5-acme1 --os linux --arch "$ARCH" --file /srv/nomad-own --not-a-prerelease
caravan plan 1.11.5-acme1
check "the plan refuses an own build" status_is 4
check "and names the host that demands the vendor's signature" refused_for "[vendor-signature]"

caravan release fetch "$TARGET" --from /srv/vendor
check "the release is fetched from a directory" status_is 0
check "the output names the signing key" says "$VENDOR_KEY"
caravan plan "$TARGET"
check "the plan does not refuse" status_is 0
check "the plan says that hosts will fetch from the coordinator" says "http://$(lab_address coord):4651"
check "no host has verified anything before the upgrade" not verified c1
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the host that demands the signature verified it in its unit" verified c1
check "as the unit's own user" wall_is_verify
check "the host that does not demand it did not run the unit" not verified c2

# Somebody restores the old binary by hand: the host's floor stays.
note_pids "$LAB_RUN/pids.log"
put "$FROM" c2 /usr/bin/nomad 0755
on c2 systemctl restart nomad
check "a host runs the old binary again" wait_for 20 runs_version c2 "$FROM_VERSION"
wait_for 20 cluster_healthy
caravan upgrade "$OLD" --yes --node c2
check "an old manifest, older than the settled release, is refused" status_is 3
check "the host gives the reason" says "$TARGET settled here, and the manifest of $OLD is not newer"
check "and keeps its binary" runs_version c2 "$FROM_VERSION"
caravan abort --yes
check "the run is ended" status_is 0
lab_end
