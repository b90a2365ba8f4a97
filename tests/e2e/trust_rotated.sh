#!/bin/bash
# A second operator is added and the first operator's key is revoked: one command later every host
# that answers refuses orders of the first operator, and Caravan names the other hosts. A host that
# was away follows with its trust anchor; an older anchor does not bring the first operator back.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 231 3 2
FIRST=$E2E/config BERTA=$E2E/berta

as_berta() { CONFIG=$BERTA run "$@"; }
on_host() { # HOST FINGERPRINT: the trust in force on HOST contains this key
    local hex
    hex=$(sed 's/^caravan-key 1 [^ ]* \([0-9a-f]*\) .*/\1/' "$2")
    od -An -v -tx1 "$FLEET/$1/state/trust" | tr -d ' \n' | grep -q "$hex"
}
none_names() { # PUB HOST...
    local pub=$1 h
    shift
    for h in "$@"; do ! on_host "$h" "$pub" || { echo "$h still names $pub"; return 1; }; done
}
anew() { fleet_stop_agents "$1"; fleet_start_agents "$1" && fleet_wait_agents "$1"; } # HOST

# ---- a second operator ----
mkdir -p "$BERTA" "$E2E/berta-state"
printf '[paths]\nstate_dir = %s\n' "$E2E/berta-state" >"$BERTA/caravan.conf"
as_berta init --solo --no-passphrase
check "the second operator makes a key on a machine of her own" status_is 0
sed 's/ operator / berta /' "$BERTA/keys/operator.pub" >"$E2E/berta.pub"
sed 's/ observer / watch /' "$BERTA/keys/observer.pub" >"$E2E/watch.pub"
cp "$E2E/config/trust" "$E2E/trust-1"
fleet_stop_agents c2
LAST_DAY=$(date -u -d '+20 days' +%F)
run trust add operator "$E2E/berta.pub" --expires "$LAST_DAY"
check "her key is added" status_is 0
check "as version 2" says "Trust version 2 is in force on this machine"
run trust push
check "a push that does not reach all hosts fails" status_is 1
check "it says how many hosts have the new version" says "4 of 5 enrolled hosts have trust version 2"
check "and names the host that did not answer" says "  c2: "
run audit verify
check "the record contains the trust orders, each with a receipt" says "Outside of runs: 4 orders, 4 receipts: all genuine"
cp "$FIRST/trust" "$BERTA/trust"
cp "$FIRST/keys/root.key" "$FIRST/keys/root.pub" "$BERTA/keys/"
cp "$E2E/state/known_hosts" "$E2E/berta-state/known_hosts"
as_berta trust show
check "her orders and questions are answered" says "4 of 5 enrolled hosts have trust version 2"
check "her key has a name and an expiry" says "berta"
check "which is near, and she is told" says "expires on $LAST_DAY. Before that day make another key"

# ---- the first one's key leaked ----
run trust remove operator
check "the leaked key is removed" status_is 0
run trust push
check "one command later" says "4 of 5 enrolled hosts have trust version 3"
check "no host that answers trusts the leaked key" none_names "$FIRST/keys/operator.pub" s1 s2 s3 c1
check "the output names the host that is away" says "  c2: "
run audit verify
check "the record of his orders is genuine: the hosts obeyed him until then" says "Outside of runs: 8 orders, 8 receipts: all genuine"
check "the host that is away still trusts the leaked key" on_host c2 "$FIRST/keys/operator.pub"
release 1.11.4
run upgrade "$TARGET" --yes
check "the owner of the leaked key can upgrade nothing" test "$STATUS" != 0
check "and gets the reason" says "is not in trust version 3"
check "every host still runs the old version" all_run "$FROM_VERSION"
run trust push
check "and pushes nothing" status_is 1

# ---- the host that was away ----
fleet_start_agents c2 && fleet_wait_agents c2
cp "$FIRST/trust" "$BERTA/trust"
as_berta trust push
check "a host with the old trust does not know her" status_is 1
cp "$FIRST/trust" "$FLEET/trust"
check "the host gets the file with all versions, and starts" anew c2
check "it has followed both of them" none_names "$FIRST/keys/operator.pub" c2
as_berta trust push
check "now all hosts have the new version" status_is 0
check "five of five" says "5 of 5 enrolled hosts have trust version 3"

# ---- an anchor from before the revocation ----
cp "$E2E/trust-1" "$FLEET/trust"
check "configuration management writes the old file again" anew c2
check "and the first operator stays revoked" none_names "$FIRST/keys/operator.pub" c2
check "and the host says so" grep -q "is ignored, trust version 3 stays in force" "$FLEET/c2/swap.log"
as_berta trust push
check "all hosts still have version 3" status_is 0

run audit verify
check "the orders are in the record" status_is 0
check "each with its receipt" says "Outside of runs: 8 orders, 8 receipts: all genuine; Caravan cannot see whether the last orders were removed"

# ---- clocks that are two years off: berta's key expires ----
fleet_stop_agents c1 c2
CLOCK_AHEAD=-63072000 LD_PRELOAD=$FLEET_BUILD/tests/preload_clock.so fleet_start_agents c1
CLOCK_AHEAD=63072000 LD_PRELOAD=$FLEET_BUILD/tests/preload_clock.so fleet_start_agents c2
fleet_wait_agents c1 c2
as_berta trust rotate observer "$E2E/watch.pub"
check "the observer's key is rotated" status_is 0
as_berta trust push
check "a host obeys a trust order also when its clock shows another year" status_is 0
check "the output names a host whose clock is behind, with its time" says "Host c1: its clock says $(($(date +%Y) - 2))"
check "the host gets the right time" anew c1
check "and the host whose clock was ahead, too" anew c2
as_berta trust push
check "and all have it" status_is 0
cp -r "$BERTA" "$E2E/fork"
# ---- a trust file made on a machine whose clock is days ahead ----
CLOCK_AHEAD=345600 LD_PRELOAD=$FLEET_BUILD/tests/preload_clock.so as_berta trust rotate watch "$FIRST/keys/observer.pub"
check "a version is made on a machine whose clock is ahead" status_is 0
as_berta trust push
check "trust push refuses that version" status_is 4
check "because hosts would then refuse her orders and every later push" says "which is ahead of this machine's clock"
as_berta trust show
check "no host has that version" says "0 of 5 enrolled hosts have trust version 5"
cp "$BERTA/trust" "$FLEET/trust"
check "a host finds it in its anchor" anew c2
check "and does not adopt it" grep -q "trust version 4 stays in force: its version 5 was made at .* see which clock is wrong" "$FLEET/c2/swap.log"
as_berta trust show
check "the host has version 4" says "0 of 5 enrolled hosts have trust version 5"
fleet_stop_agents c2
CLOCK_AHEAD=345600 LD_PRELOAD=$FLEET_BUILD/tests/preload_clock.so fleet_start_agents c2
fleet_wait_agents c2
check "when the host's clock shows that day it adopts the version" grep -q "trust version 5 of .* is in force now" "$FLEET/c2/swap.log"
fleet_stop_agents c2
rm "$FLEET/c2/state/trust"
check "a host without trust adopts it at any time of its clock" anew c2
check "and says that its clock is wrong" grep -q "trust version 5 was made at .* set the clock" "$FLEET/c2/swap.log"
cp "$E2E/fork/trust" "$FLEET/trust"
fleet_stop_agents c2
rm "$FLEET/c2/state/trust"
check "root restores the previous anchor" anew c2

# ---- two machines make the same version ----
CONFIG=$E2E/fork run trust rotate watch "$FIRST/keys/observer.pub"
check "another machine makes version 5 as well" status_is 0
CONFIG=$E2E/fork run trust push
check "all hosts have the version of the other machine" says "5 of 5 enrolled hosts have trust version 5"
as_berta trust show
check "which is not hers, and she is told" says "5 hosts have another trust file of version 5"
check "what to do, too" says "Make version 6 on one machine, and push it"
e2e_end
