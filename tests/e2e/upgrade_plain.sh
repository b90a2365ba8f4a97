#!/bin/bash
# Caravan upgrades a fleet of 3 servers and 3 clients, and changes nothing else.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 60 3 3
release 1.11.4
task_pids >"$E2E/tasks.before"
leader=$(fleet_get s1 "/v1/status/leader?stale")

run enroll
check "a second enrolment finds nothing new" status_is 0
check "and reports no refused attempt" not says "without an answer"

# What agents found out while the cluster was coming up is of then.
looked_anew "${FLEET_HOSTS[@]}"
# Of the pair of versions a real Nomad may be warned; the machine's clock is the machine's.
plan_warns_of_nothing() { is_real || ! grep -F 'warning [' "$OUT" | grep -vF '[clock]'; }
estimate() { sed -n 's/^About \(.*\) when all goes well.$/\1/p' "$OUT"; }
run plan "$TARGET"
check "the plan of a healthy fleet with a plain configuration has no warning" plan_warns_of_nothing
check "and says that nothing stops it" says "What stops it: nothing."
check "and no disk-free finding" not says "disk-free"
check "plan exits 0 and changes nothing" status_is 0
check "plan names the target" says "$TARGET"
check "plan says that autopilot's dead-server cleanup is on, and how it is switched off" \
    says "nomad operator autopilot set-config -cleanup-dead-servers=false -region"
check "after plan every host still runs the old version" all_run "$FROM_VERSION"

BEGAN=$SECONDS
run upgrade "$TARGET" --yes --max-parallel 50%
echo "# the estimate was $(estimate), the run took $((SECONDS - BEGAN)) s"
check "upgrade exits 0" status_is 0
check "every host runs the target by its own answer" all_run "$TARGET"
check "the cluster is healthy" healthy
task_pids >"$E2E/tasks.after"
check "tasks kept their process ids" cmp "$E2E/tasks.before" "$E2E/tasks.after"

# The order of the process starts is the order of the turns.
turn() { stat -c '%Y.%y %n' "$FLEET/$1/nomad.pid" | sed 's/^[0-9]*\.//'; }
order=$(for h in "${FLEET_HOSTS[@]}"; do echo "$(turn "$h" | cut -d' ' -f2) $h"; done | sort | awk '{print $2}' | tr '\n' ' ')
echo "# turns: $order (leader before the run: $leader)"
old_leader() { local h; for h in "${FLEET_SERVERS[@]}"; do [[ $leader == *"$(fleet_address "$h"):"* ]] && echo "$h"; done; }
last_server() { tr ' ' '\n' <<<"$order" | grep '^s' | tail -n 1; }
servers_first() { [[ $(tr ' ' '\n' <<<"$order" | grep . | head -n 3 | grep -c '^s') == 3 ]]; }
check "servers went before clients" servers_first
check "the leader went last" test "$(old_leader)" = "$(last_server)"

before "$FROM_VERSION" 1.9.0 || check "no keystore was copied: snapshots hold the keys" \
    test ! -e "$FLEET/s1/state/swap/keystore"

run status
check "status exits 0: all is well and equal" status_is 0
run upgrade "$TARGET" --yes
check "upgrading again finds nothing to do" status_is 0
run history
check "history lists the run" says "$TARGET"
e2e_end
