#!/bin/bash
# Commands that Caravan refuses before it changes anything: exit status 4 (or 2), and the command to
# type.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 61 3 1
note_pids "$E2E/pids"

run upgrade 1.99.0 --yes
check "a release not added is refused" status_is 4
check "and the command to type is shown" says "caravan release add 1.99.0"

offer 0.12.12
run upgrade 0.12.12 --yes
check "a target older than what runs is refused" status_is 4
check "and it says so" says "older"

if before "$FROM_VERSION" 1.11.2; then
    offer 1.11.2
    run upgrade 1.11.2 --yes
    check "a known-bad target is refused" status_is 4
    check "and the row is named" says "--accept"
fi

# Caravan takes an own build for a prerelease, until the operator declares it.
own=1.11.4-acme1
offer "$own"
run plan "$own"
check "a version with a suffix is refused as a prerelease" status_is 4
check "and the message names the row" says "[prerelease]"
check "and how to declare an own build" says "--not-a-prerelease"
run release list
check "the list calls it a prerelease" grep -q "^$own  *prerelease " "$OUT"
again() { run release add "$1" --os linux --arch "$ARCH" --file "$E2E/nomad-$own" --url "file://$E2E/nomad-$own" --not-a-prerelease; }
again 1.11.4
check "--own-build of a version without a suffix is refused" status_is 2
again 1.11.4-rc.1
check "--own-build of a prerelease is refused" status_is 2
again "$own"
check "an added release can be declared as an own build" status_is 0
run release list
check "the list calls it an own build" grep -q "^$own  *your own build " "$OUT"
run plan "$own" --verbose
check "then the plan does not refuse it" status_is 0
check "and says nothing of prereleases" not says "[prerelease]"
check "the plan says that the release's date is unknown" says "[unproven]"

release 1.11.4
run upgrade "$TARGET" </dev/null
check "without a terminal and without --yes it refuses" status_is 4
check "and says to give --yes" says "--yes"

echo "autopilot_cleanup = off" >>"$E2E/config/caravan.conf"
run config
check "a key that 0.1.0 had is no mistake" status_is 0
check "and told as without effect" says "autopilot_cleanup in [defaults] has no effect any more"
sed -i '$d' "$E2E/config/caravan.conf"
echo "nonsense = 1" >>"$E2E/config/caravan.conf"
run status
check "a typo in the configuration exits with 2" status_is 2
check "with file and line" says "caravan.conf"
sed -i '$d' "$E2E/config/caravan.conf"

run upgrade "$TARGET" --yes --max-paralel 3
check "a misspelt option exits with 2" status_is 2
run frobnicate
check "an unknown verb exits with 2" status_is 2

fleet_stop_agents s2
run upgrade "$TARGET" --yes
check "a server whose agent cannot be reached refuses the run" status_is 4
check "and names it" says "s2"
check "no process was restarted by any of this" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
e2e_end
