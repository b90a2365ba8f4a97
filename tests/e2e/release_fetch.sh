#!/bin/bash
# A release comes from the vendor's own files: Caravan fetches, lists and plans it, verifies it
# without those files, and does not remove it while a run needs it.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
. tests/e2e/lib_vendor.sh
needs_standin "its binaries are small"
needs_gpg
e2e_begin 152 3 2
TARGET=1.11.4
standin "$TARGET" "$E2E/nomad-$TARGET"
vendor_begin
vendor_release "$TARGET" "$E2E/nomad-$TARGET"
STATE=$E2E/state
releases() { (cd "$STATE" && find releases fetching vendor.* 2>/dev/null); }

printf '\n[vendor]\nshipped_keyring = %s\n' "$PWD/deploy/keys/hashicorp.asc" >>"$E2E/config/caravan.conf"
run plan "$TARGET" </dev/null
check "a version that was not fetched is refused" status_is 4
check "with the command to type" says "caravan release fetch $TARGET"

run release fetch "$TARGET" --from "$VENDOR"
check "signed by a key that is not HashiCorp's, it is refused" status_is 1
check "and why is said" says "its key is not in the keyring"
check "nothing of it is left" test -z "$(releases)"

vendor_trusted
NOMAD_ADDR=http://127.0.152.99:1 run release fetch "$TARGET" --from "$VENDOR"
check "without a fleet the machine must be named" status_is 1
check "and how is said" says "--arch amd64"

run release fetch "$TARGET" --from http://127.0.152.99:1 --arch "$ARCH"
check "a place that does not answer is no release" status_is 1
check "where else to get it is said" says "--from URL|DIR"
check "the place is named once" test "$(grep -o "http://127.0.152.99:1/" "$OUT" | wc -l)" = 1

run release fetch "$TARGET" --from "$VENDOR"
check "fetched for what the fleet has" status_is 0
check "the key that signed is told" says "$VENDOR_KEY"
check "and the machine" says "linux/$ARCH"
check "the zip lies beside its manifest" cmp "$VENDOR/nomad/$TARGET/nomad_${TARGET}_linux_$ARCH.zip" \
    "$STATE/releases/$TARGET/nomad_${TARGET}_linux_$ARCH.zip"
check "where it came from is kept" grep -q "$VENDOR/nomad/$TARGET" "$STATE/releases/$TARGET/source"

run release list
check "the list knows whose it is" grep -q "^$TARGET  *vendor's release  *linux/$ARCH" "$OUT"
run release list -v
check "and, when it is asked, who signed it" says "signed by $VENDOR_KEY"
mv "$VENDOR" "$VENDOR.gone"
run release verify
check "it is verified without where it came from" status_is 0
check "by the same key" says "$VENDOR_KEY"
check "and every build" says "linux/$ARCH: as the vendor signed it"
run plan "$TARGET"
check "it can be planned" status_is 0
check "and the plan names it" says "$TARGET"

zip=$STATE/releases/$TARGET/nomad_${TARGET}_linux_$ARCH.zip
cp "$zip" "$E2E/kept.zip"
printf x | dd of="$zip" bs=1 seek=100 conv=notrunc 2>/dev/null
run release verify "$TARGET"
check "a changed zip is found" status_is 1
check "and named" says "linux/$ARCH: "
cp "$E2E/kept.zip" "$zip"
run release verify "$TARGET"
check "as it was, it is good again" status_is 0

run release add "$TARGET" --os linux --arch "$ARCH" --file "$zip" --url "file://$zip"
check "a place may be named for it" status_is 0
begin upgrade "$TARGET" --yes
check "a run begins" within 60 upgraded 1
killed
run release remove "$TARGET"
check "while a run is not over its release stays" status_is 4
check "and what to do is said" says "caravan resume"
run abort --yes
check "the run is ended" status_is 0
run release remove "$TARGET"
check "then it can be removed" status_is 0
check "all of it" test ! -e "$STATE/releases/$TARGET"

mv "$VENDOR.gone" "$VENDOR"
echo "from = $VENDOR" >>"$E2E/config/caravan.conf"
terminal() { # caravan on a terminal of its own; what is typed comes on standard input
    script -qec "'$FLEET_BUILD/caravan' --config '$E2E/config' $*" /dev/null >"$OUT" 2>&1
    STATUS=$?
}
terminal plan "$TARGET" <<<n
check "on a terminal it is offered; no is no" status_is 4
check "and nothing is fetched" test ! -e "$STATE/releases/$TARGET"
terminal plan "$TARGET" <<<y
check "yes fetches it and goes on" says "$VENDOR_KEY"
check "so that it is here" test -e "$STATE/releases/$TARGET/manifest"
e2e_end
