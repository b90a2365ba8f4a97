#!/bin/bash
# The hosts stage the new binary in the afternoon, and the fleet is upgraded at night.
# timeout: 200
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 153 3 2
release 1.11.4
note_pids "$E2E/pids"
staged_everywhere() { local h; for h in "${FLEET_HOSTS[@]}"; do [[ -e $FLEET/$h/bin/.nomad.caravan-new ]] || { echo "$h has none"; return 1; }; done; }

run stage "$TARGET" --dry-run
check "a dry run shows the plan and that nothing is restarted" says "Nothing is restarted"
check "and stages nothing" not staged_everywhere
run stage "$TARGET" --yes
check "stage exits 0" status_is 0
check "and says that nothing was restarted" says "Nothing was restarted"
check "every host has the staged binary" staged_everywhere
check "no Nomad was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "every host runs the old version" all_run "$FROM_VERSION"
run history
check "history shows a staging, with the number of hosts" says "staged"
run status
check "status finds nothing wrong with a fleet that is staged" status_is 0
run resume
check "there is nothing to resume" status_is 4

run plan "$TARGET"
check "the plan of the upgrade says which hosts have staged the release" says "staged already"
mv "$TO" "$TO.aside"
printf 'X' | dd of="$FLEET/c2/bin/.nomad.caravan-new" bs=1 seek=1000 conv=notrunc 2>/dev/null
run upgrade "$TARGET" --yes --max-parallel 50%
check "a staged file that was changed meanwhile is not used" status_is 3
check "the report names the host" says "c2"
check "and no Nomad was restarted for the others" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
mv "$TO.aside" "$TO"
run resume --yes
check "when the source is available again the run is resumed" status_is 0
check "every host runs the target by its own answer" all_run "$TARGET"

run stage "$TARGET" --yes
check "if all hosts run the release, there is nothing to stage" says "already"
check "and the exit status is 0" status_is 0
e2e_end
