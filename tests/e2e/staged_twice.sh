#!/bin/bash
# The fleet stages one release, then another, then upgrades to the first: each host runs the release
# of its last order, and no run swaps a binary that another run has staged. Also: a killed staging
# is resumed; some hosts are staged, and all are upgraded.
# timeout: 200
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "three releases one after the other"
e2e_begin 172 3 2
note_pids "$E2E/pids"
staged_is() { # FILE HOST...: every host has staged this file
    local file=$1 h
    shift
    for h; do cmp -s "$file" "$FLEET/$h/bin/.nomad.caravan-new" || { echo "$h has another one, or none"; return 1; }; done
}
release 1.11.4
FIRST=$TARGET FIRST_FILE=$TO
run stage "$FIRST" --yes --node s1 --node s2 --node s3
check "some hosts stage the first" status_is 0
check "and have the staged binary" staged_is "$FIRST_FILE" s1 s2 s3
check "the others do not" not test -e "$FLEET/c1/bin/.nomad.caravan-new"

release 1.11.5
begin stage "$TARGET" --yes
check "one run is at work" within 20 grep -q Plan "$BEGUN"
run stage "$TARGET" --yes
check "two at once: the second is refused" status_is 4
check "it says who is at work" says "another run is in progress on this machine"
ended
check "the first run stages on every host" status_is 0
check "every host has the staged binary" staged_is "$TO" "${FLEET_HOSTS[@]}"

begin stage "$FIRST" --yes
check "the first release is staged once more" within 30 staged_is "$FIRST_FILE" s1
killed
run stage "$FIRST" --yes
check "a killed staging must be resumed first" status_is 4
run show
check "show reports it" says "staging"
run resume --yes
check "the resumed run ends as staged" status_is 0
check "every host has the first release again" staged_is "$FIRST_FILE" "${FLEET_HOSTS[@]}"
check "nobody was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
run history --json
check "history has no run that upgraded" not says '"done"'

run upgrade "$TARGET" --yes --max-parallel 50%
check "the upgrade to the second release stages it again" status_is 0
check "every host runs it" all_run "$TARGET"
run stage "$FIRST" --yes
check "a release older than the running one is not staged" status_is 4
e2e_end
