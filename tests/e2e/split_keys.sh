#!/bin/bash
# Root and release keys are on separate machines. 2 of 3 root keys sign the first trust file, 2 of 2
# release keys sign a release, and no upgrade works before. Then all root keys are lost: root on
# each host starts again with a trust file of new root keys, and the release is still valid.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 232 3 1

on() { # MACHINE ARGS...: runs caravan on this machine
    local machine=$1
    shift
    CONFIG=$E2E/$machine run "$@"
}
# A machine with one key: init makes four of them, and only one stays.
machine() { # NAME PURPOSE
    mkdir -p "$E2E/$1/state"
    printf '[paths]\nstate_dir = %s\n' "$E2E/$1/state" >"$E2E/$1/caravan.conf"
    on "$1" init --solo --no-passphrase
    sed "s/ $2 / $1 /" "$E2E/$1/keys/$2.pub" >"$E2E/$1.pub"
    cp "$E2E/$1/keys/$2.key" "$E2E/$1/only"
    rm -r "$E2E/$1/keys" "$E2E/$1"/*trust*
    mkdir "$E2E/$1/keys" && mv "$E2E/$1/only" "$E2E/$1/keys/$1.key" && cp "$E2E/$1.pub" "$E2E/$1/keys/$1.pub"
}
pubs() { local p=("${@/#/$E2E/}") IFS=,; echo "${p[*]/%/.pub}"; } # NAME...: as an option takes them
begin_anew() { # HOST: the commands of root on this host
    fleet_stop_agents "$1"
    rm "$FLEET/$1/state/trust"
    fleet_start_agents "$1" && fleet_wait_agents "$1"
}

# ---- keys on separate machines ----
for m in root-a root-b root-c; do machine $m root; done
for m in rel-a rel-b; do machine $m release; done
mkdir -p "$E2E/ops/keys"
sed "s|$E2E/state|$E2E/ops-state|" "$E2E/config/caravan.conf" >"$E2E/ops/caravan.conf"
mkdir "$E2E/ops-state" && cp "$E2E/state/known_hosts" "$E2E/ops-state/"
cp "$E2E/config/keys"/operator.* "$E2E/ops/keys/"
cp "$E2E/config/keys/operator.pub" "$E2E/anna.pub" && sed -i 's/ operator / anna /' "$E2E/anna.pub"
on ops init --split
check "split wants public keys" status_is 2
on ops init --split --root "$(pubs root-a root-b root-c)" --release "$(pubs rel-a rel-b)" --release-threshold 2 \
    --operator "$(pubs anna)" --name north
check "it takes the public parts of all keys" status_is 0
check "the default is 2 of 3 root signatures" says "2 of 3 must sign"
check "and makes a draft" test -e "$E2E/ops/trust.draft" -a ! -e "$E2E/ops/trust"
cp "$E2E/ops/trust.draft" "$E2E/carried"
on root-a trust sign "$E2E/carried" --yes
check "the first root signs" says "1 signature was added"
check "the output names the missing keys" says "no signature of: root-b, root-c"
on ops trust sign "$E2E/carried" --yes
check "one signature is not enough" test ! -e "$E2E/ops/trust"
on rel-a trust sign "$E2E/carried" --yes
check "a release key signs no trust file" says "0 signatures were added"
on root-c trust sign "$E2E/carried" --yes
check "the second root signs" says "1 signature was added"
on ops trust sign "$E2E/carried"
check "on the operator's machine the draft is complete" status_is 0
check "and is the trust file" test -e "$E2E/ops/trust" -a -e "$E2E/ops/caravan-trust_1_all.deb"

# ---- hosts of another cluster start again: only root on the host can do this ----
cp "$E2E/ops/trust" "$FLEET/trust"
fleet_stop_agents && fleet_start_agents && fleet_wait_agents
on ops trust push
check "another cluster's trust file is not adopted" status_is 1
for h in "${FLEET_HOSTS[@]}"; do check "root on $h begins anew" begin_anew "$h"; done
on ops trust push
check "after root's command the hosts adopt it" status_is 0

# ---- a release with two signatures ----
TO=$E2E/nomad-1.11.4
standin 1.11.4 "$TO"
on ops release add 1.11.4 --os linux --arch "$ARCH" --file "$TO" --url "file://$TO"
check "a release is added without a release key" status_is 0
check "and lacks both signatures" says "no signature of: rel-a, rel-b"
manifest=$E2E/ops-state/releases/1.11.4/manifest
cp "$manifest" "$E2E/manifest"
on rel-a release sign "$E2E/manifest" --yes
check "the first release key signs" says "1 signature was added"
on ops release sign "$E2E/manifest" --yes
check "on the operator's machine one signature is missing" says "no signature of: rel-b"
on ops upgrade 1.11.4 --yes
check "and an upgrade refuses the release" status_is 4
check "with the number and the name" says "1 of the release keys signed it, trust version 1 demands 2; no signature of: rel-b"
on root-a release sign "$E2E/manifest" --yes
check "a root key signs no release" says "0 signatures were added"
on rel-b release sign "$E2E/manifest" --yes
on ops release sign "$E2E/manifest" --yes
check "with both signatures the release is signed" says "Release 1.11.4 has all signatures"

# ---- all root keys are lost ----
on ops stage 1.11.4 --yes
check "a run before the keys are lost" status_is 0
rm -r "$E2E"/root-[abc]
mv "$E2E/ops/trust" "$E2E/ops/before.trust"
cp "$E2E/ops/caravan-trust_1_all.deb" "$E2E/before.deb"
for m in new-a new-b; do machine $m root; done
on ops init --split --root "$(pubs new-a new-b)" --release "$(pubs rel-a rel-b)" --operator "$(pubs anna)"
check "a trust file with new root keys and the old release and operator keys" status_is 0
cp "$E2E/ops/trust.draft" "$E2E/carried"
on new-a trust sign "$E2E/carried" --yes
on new-b trust sign "$E2E/carried" --yes
on ops trust sign "$E2E/carried"
check "and the new root keys sign it" test -e "$E2E/ops/trust"
check "the package is a new one, too" not cmp -s "$E2E/before.deb" "$E2E/ops/caravan-trust_1_all.deb"
cp "$E2E/ops/trust" "$FLEET/trust"
for h in "${FLEET_HOSTS[@]}"; do check "root on $h begins anew with it" begin_anew "$h"; done
on ops trust push
check "the hosts adopt the new trust file" status_is 0
TARGET=1.11.4
on ops upgrade 1.11.4 --yes
check "and an upgrade installs the release that was signed before" status_is 0
check "on every host" all_run 1.11.4
on ops audit verify
check "the record of both clusters' runs is whole" status_is 0
mv "$E2E/ops/before.trust" "$E2E/kept"
on ops audit verify
check "without the old cluster's trust file that of its runs is not believed" status_is 1
check "which it says" says "the trust file kept with the run belongs to another cluster"
e2e_end
