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
check "and the message contains the command to type" says "caravan release fetch $TARGET"

run release fetch "$TARGET" --from "$VENDOR"
check "a signature of another key than HashiCorp's is refused" status_is 1
check "and the message gives the reason" says "its key is not in the keyring"
check "no file of the release is left" test -z "$(releases)"

vendor_trusted
NOMAD_ADDR=http://127.0.152.99:1 run release fetch "$TARGET" --from "$VENDOR"
check "without a fleet the operator must name the machine" status_is 1
check "and the message names the option" says "--arch amd64"

run release fetch "$TARGET" --from http://127.0.152.99:1 --arch "$ARCH"
check "a server that does not answer is reported" status_is 1
check "the message names the option for another source" says "--from URL|DIR"
check "the message names the address once" test "$(grep -o "http://127.0.152.99:1/" "$OUT" | wc -l)" = 1

run release fetch "$TARGET" --from "$VENDOR"
check "the release is fetched for the machines of the fleet" status_is 0
check "the output names the signing key" says "$VENDOR_KEY"
check "and the machine" says "linux/$ARCH"
check "the zip lies beside its manifest" cmp "$VENDOR/nomad/$TARGET/nomad_${TARGET}_linux_$ARCH.zip" \
    "$STATE/releases/$TARGET/nomad_${TARGET}_linux_$ARCH.zip"
check "the source is stored" grep -q "$VENDOR/nomad/$TARGET" "$STATE/releases/$TARGET/source"

run release list
check "the list says that the vendor signed the release" grep -q "^$TARGET  *vendor's release  *linux/$ARCH" "$OUT"
run release list -v
check "and names the key when asked" says "signed by $VENDOR_KEY"
mv "$VENDOR" "$VENDOR.gone"
run release verify
check "verify succeeds without the source" status_is 0
check "by the same key" says "$VENDOR_KEY"
check "and every build" says "linux/$ARCH: exactly what the vendor signed"
run plan "$TARGET"
check "it can be planned" status_is 0
check "and the plan names it" says "$TARGET"

zip=$STATE/releases/$TARGET/nomad_${TARGET}_linux_$ARCH.zip
cp "$zip" "$E2E/kept.zip"
printf x | dd of="$zip" bs=1 seek=100 conv=notrunc 2>/dev/null
run release verify "$TARGET"
check "verify finds a changed zip" status_is 1
check "and names the zip" says "linux/$ARCH: "
cp "$E2E/kept.zip" "$zip"
run release verify "$TARGET"
check "the original zip verifies again" status_is 0

run release add "$TARGET" --os linux --arch "$ARCH" --file "$zip" --url "file://$zip"
check "the operator can name a URL for the release" status_is 0
begin upgrade "$TARGET" --yes
check "a run begins" within 60 upgraded 1
killed
run release remove "$TARGET"
check "the release of an unfinished run cannot be removed" status_is 4
check "and the message says what to do" says "caravan resume"
run abort --yes
check "the run is ended" status_is 0
run release remove "$TARGET"
check "after the run the release can be removed" status_is 0
check "all its files are gone" test ! -e "$STATE/releases/$TARGET"

mv "$VENDOR.gone" "$VENDOR"
echo "from = $VENDOR" >>"$E2E/config/caravan.conf"
terminal() { # runs caravan on a terminal of its own; standard input contains the typed text
    script -qec "'$FLEET_BUILD/caravan' --config '$E2E/config' $*" /dev/null >"$OUT" 2>&1
    STATUS=$?
}
terminal plan "$TARGET" <<<n
check "on a terminal Caravan offers to fetch; the answer no declines" status_is 4
check "and nothing is fetched" test ! -e "$STATE/releases/$TARGET"
terminal plan "$TARGET" <<<y
check "the answer yes fetches the release, and the plan continues" says "$VENDOR_KEY"
check "and the release is in the list" test -e "$STATE/releases/$TARGET/manifest"
e2e_end
