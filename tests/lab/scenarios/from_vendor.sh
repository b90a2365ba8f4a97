#!/bin/bash
# From the vendor's directory to every host: nothing but `release fetch --from DIR` and `upgrade` is
# typed, and no web server is there. One host's root demands the vendor's own signature: there gpgv
# runs behind the packaged unit. What the vendor did not sign, and what is older, installs nothing.
# timeout: 240
. "$LAB/lib_lab.sh"
needs_standin "its versions are signed by a key of this scenario"
. tests/e2e/lib_vendor.sh
VENDOR_HOME=$LAB_RUN
TARGET=1.11.4
OLD=1.10.9 # newer than what runs, older than what will settle
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
# As root on c1 would have it: the rest of the packaged agent.conf stays the default.
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
verified() { # HOST: gpgv and the unpacking were started there, by the packaged unit
    (($(on "$1" journalctl -q --no-pager -o cat -t systemd | grep -c 'Started caravan-verify@') >= 2))
}
wall_is_verify() { [[ $(on c1 systemctl show -P User caravan-verify@x.service) == caravan-verify ]]; }
refused_for() { says "$1" && same_pids "$LAB_RUN/pids.log" "${NODES[@]}"; }

must release fetch "$OLD" --from /srv/vendor

standin 1.11.5-acme1 "$LAB_RUN/nomad-own"
put "$LAB_RUN/nomad-own" coord /srv/nomad-own
must release add 1.11.5-acme1 --os linux --arch "$ARCH" --file /srv/nomad-own --not-a-prerelease
caravan plan 1.11.5-acme1
check "an own build is refused before the night" status_is 4
check "by the host that demands the vendor's signature" refused_for "[vendor-signature]"

caravan release fetch "$TARGET" --from /srv/vendor
check "the release is fetched from a directory" status_is 0
check "who signed it is told" says "$VENDOR_KEY"
caravan plan "$TARGET"
check "nothing speaks against the upgrade" status_is 0
check "hosts will fetch from the coordinator" says "http://$(lab_address coord):4651"
check "nothing was verified on a host before" not verified c1
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the host that demands the signature verified it in its unit" verified c1
check "as a user who does nothing else" wall_is_verify
check "the host that does not, did not" not verified c2

# Somebody has put the old binary back by hand: its floor stays.
note_pids "$LAB_RUN/pids.log"
put "$FROM" c2 /usr/bin/nomad 0755
on c2 systemctl restart nomad
check "a host runs the old binary again" wait_for 20 runs_version c2 "$FROM_VERSION"
wait_for 20 cluster_healthy
caravan upgrade "$OLD" --yes --node c2
check "a manifest that is older than what settled is replayed in vain" status_is 3
check "the host says why" says "$TARGET settled here, and the manifest of $OLD is not newer"
check "and keeps what it had" runs_version c2 "$FROM_VERSION"
caravan abort --yes
check "the run is ended" status_is 0
lab_end
