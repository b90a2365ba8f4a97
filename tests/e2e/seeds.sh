#!/bin/bash
# A datacenter has a seed: the seed stages first, and the other hosts fetch from the seed before the
# origin. They continue at the origin if the seed sends other bytes or stops in the middle. s1 is
# the seed: main_seed_play.c adds this fact to the answers of its agent.
# timeout: 300
# deep: test_seeds and test_seed test the decisions
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "three releases one after the other"
e2e_begin 115 3 2

PLAYED=$FLEET/s1/seed-run
mkdir -p "$PLAYED"
sed "s|^run_dir = .*|run_dir = $PLAYED|" "$FLEET/s1/agent.conf" >"$FLEET/s1/seed.conf"
sed -i "s|^agent_program = .*|agent_program = $FLEET/bin/seed-agent|" "$FLEET/s1/agent.conf"
printf '#!/bin/sh\nexec %s/bin/caravan-agent --config %s/s1/seed.conf\n' "$FLEET" "$FLEET" >"$FLEET/bin/seed-agent"
chmod 755 "$FLEET/bin/seed-agent"

plays() { # MANNER: s1 becomes a seed that serves the target in this manner
    fleet_stop_agents s1
    "$FLEET_BUILD/tests/seed_play" "$TO" "$1" "$FLEET/s1/run/view" "$PLAYED/view" "${SEED_AT:-$(fleet_address s1)}" \
        >"$E2E/asked" &
    BACKGROUND=$!
    fleet_start_agents s1
    within 20 fleet_agents_listen s1 && within 20 test -e "$PLAYED/view"
}
stops() {
    kill "$BACKGROUND" && wait "$BACKGROUND"
    BACKGROUND=""
}
asked() { [[ $(<"$E2E/asked") == "$1 requests" ]] || { echo "the seed had $(<"$E2E/asked")"; return 1; }; }
upgrade_from() { # VERSION MANNER
    release "$1"
    check "s1 is a seed ($2)" plays "$2"
    run upgrade "$TARGET" --yes --max-parallel 2
    check "the upgrade to $1 is done" status_is 0
    stops
    check "the four other hosts have asked the seed first ($2)" asked 4
    check "every host runs $1" all_run "$TARGET"
}

release 1.11.4
plays ok
run plan "$TARGET"
check "the plan names the seed" says "4 hosts fetch from a seed of their datacenter first: s1 (dc1)"
stops
# The seed's agent names another machine's address for the other hosts.
SEED_AT=$(fleet_address s2)
plays ok
run plan "$TARGET"
check "a seed may not name the address of another host" says "at $(fleet_address s1):4650, where its agent answers"
check "and Caravan sends no host there" not says "from a seed of their datacenter"
stops
unset SEED_AT
upgrade_from 1.11.4 ok
upgrade_from 1.11.5 other
upgrade_from 1.11.6 half
check "the cluster is healthy" healthy
e2e_end
