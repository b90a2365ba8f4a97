#!/bin/bash
# Root on one host names one operator: the plan of another operator is refused before Caravan takes
# a lease. A new trust file still reaches the host, and the named operator upgrades it.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 195 3 2
release 1.11.4
note_pids "$E2E/pids"
BERTA=$E2E/berta
names() { # HOST LIST: replaces the list below [law]; "" removes it
    fleet_stop_agents "$1"
    sed -i -E "/^operators = /d; s/^\[law\]$/&${2:+\noperators = $2}/" "$FLEET/$1/agent.conf"
    fleet_start_agents "$1"
    fleet_wait_agents "$1"
}
leases() { grep -h "lease of run" "$FLEET"/*/*.log; }
no_lease() { ! leases; }

names c2 berta
run plan "$TARGET"
check "if root names an unknown operator, the plan refuses" status_is 4
check "the report names the host, root's operator and the signing operator" says \
    "[other-operators] c2: root on this host accepts orders of these operators only: berta; the key that signs here is operator"
run upgrade "$TARGET" --yes
check "the run refuses, too" status_is 4
run upgrade "$TARGET" --yes --accept other-operators
check "and --accept does not help" test "$STATUS" != 0
run stage "$TARGET" --yes
check "stage refuses, too" status_is 4
check "no host gave a lease" no_lease
check "nothing was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"

mkdir -p "$BERTA" "$E2E/berta-state"
printf '[paths]\nstate_dir = %s\n' "$E2E/berta-state" >"$BERTA/caravan.conf"
CONFIG=$BERTA run init --solo --no-passphrase
sed 's/ operator / berta /' "$BERTA/keys/operator.pub" >"$E2E/berta.pub"
run trust add operator "$E2E/berta.pub"
run trust push
check "an operator whom root does not name can push a trust file to the host" says "5 of 5 enrolled hosts have trust version 2"
run plan "$TARGET"
check "his plan is refused as before" status_is 4

cp "$BERTA/keys"/operator.* "$E2E/config/keys/"
run plan "$TARGET"
check "with the named operator's key the plan does not refuse" status_is 0
names s1 "operator, berta"
run upgrade "$TARGET" --yes
check "she upgrades all hosts, also a host where root names others, too" status_is 0
check "and the hosts give leases" leases
check "every host runs the target" all_run "$TARGET"
e2e_end
