#!/bin/bash
# A release without a place: the hosts fetch it from the command that upgrades them.
# timeout: 200
. "$(dirname "$0")/lib_fleet.sh"
AT=127.0.108.250:4651
E2E_CONF="
[serve]
listen = $AT
allow_from = 127.0.0.1"
e2e_begin 108 3 2
if is_real; then TO=$NOMAD_TO; else
    TO=$E2E/nomad-1.11.4
    standin 1.11.4 "$TO"
fi
TARGET=$("$TO" version | sed -n '1s/^Nomad v\([^ ]*\).*/\1/p')
ZIP=$E2E/nomad_${TARGET}_linux_$ARCH.zip
cp "$TO" "$E2E/nomad" && zip -q -j "$ZIP" "$E2E/nomad" && rm "$E2E/nomad"
DIGEST=$(sha256sum "$ZIP" | cut -d' ' -f1)

run release add "$TARGET" --os linux --arch "$ARCH" --file "$ZIP"
check "a release is added without a place" status_is 0
check "and its file is kept" says "This machine keeps the file"
cp "$ZIP" "$E2E/as-it-was"
rm "$ZIP"
run release list
check "and the list says so" says "this machine"
is_real && accept_pair
note_pids "$E2E/pids"

listens() { curl -s -o "$E2E/got" --max-time 10 "http://$AT/$1"; }
run plan "$TARGET"
check "the plan is made" status_is 0
check "it names the address where hosts will fetch" says "from http://$AT"
check "and the hosts whose address it would refuse" says "is not in [serve] allow_from"
check "and afterwards no process listens there" not listens "$DIGEST"

begin release serve
check "release serve serves the file" within 20 listens "$DIGEST"
check "the served file is unchanged" cmp "$E2E/got" "$E2E/as-it-was"
check "but refuses an address that allow_from does not contain" \
    not curl -s -o /dev/null --max-time 10 --interface 127.0.108.9 "http://$AT/$DIGEST"
listens ../../config/keys/root
check "and serves no other file" grep -q "nothing here" "$E2E/got"
run plan "$TARGET"
check "where somebody listens already the plan is made all the same" status_is 0
check "with the place" says "from http://$AT"
check "and it says what that means" says "another program listens at $AT"
run upgrade "$TARGET" --yes
check "but the upgrade is refused" status_is 4
check "and names the address" says "listen at $AT"
check "before it changed anything" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
kill -INT "$BACKGROUND"
ended
check "release serve ends when it is interrupted" status_is 0
check "and tells what it did" says "refused"
check "and who was shut out" says "1 connection from addresses that may not fetch"

run_is_begun() { caravan history 2>&1 | grep -q "$TARGET"; }
begin upgrade "$TARGET" --yes --max-parallel 50%
check "the upgrade begins" within 60 run_is_begun
killed
run resume --yes
check "a killed upgrade is resumed, and serves again" status_is 0
check "every host runs the target by its own answer" all_run "$TARGET"
check "the cluster is healthy" healthy
check "afterwards no process listens there" not listens "$DIGEST"

kept=$E2E/state/releases/$TARGET/nomad_${TARGET}_linux_$ARCH.zip
printf 'X' | dd of="$kept" bs=1 seek=1000 conv=notrunc 2>/dev/null
run plan "$TARGET"
check "a file that was changed is not served" status_is 1
check "and the output names the file" says "other bytes than were signed"
e2e_end
