#!/bin/bash
# Between two upgrades somebody replaces a host's binary: the next plan reports the change.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "three versions"
e2e_begin 79 3 1
release 1.11.4
run upgrade "$TARGET" --yes
check "the first upgrade ends" status_is 0
run plan "$TARGET"
says_not() { ! says "$1" >/dev/null || { echo "output says: $1"; return 1; }; }
check "the plan does not report a binary that Caravan installed" says_not "binary-changed"

standin 1.11.2 "$E2E/by-hand"
cp "$E2E/by-hand" "$FLEET/c1/bin/.by-hand" && mv "$FLEET/c1/bin/.by-hand" "$FLEET/c1/bin/nomad"
release 1.11.5
seen() {
    run plan "$TARGET"
    says "[binary-changed] c1"
}
# The agent looks at its host every ten seconds.
check "the plan reports the replaced file" within 20 seen
check "the file has another version than the process: the plan refuses" status_is 4
check "and reports both versions" says "[binary-other-version] c1: the file in place is 1.11.2, but 1.11.4 runs"
run plan "$TARGET" --accept binary-other-version
check "with --accept the plan does not refuse" status_is 0
check "and warns that Caravan did not install the file" says "is not what Caravan put there the last time"
run upgrade "$TARGET" --yes --accept binary-other-version
check "the next upgrade ends" status_is 0
check "every host runs the target" all_run "$TARGET"
run plan "$TARGET"
check "and the plan no longer reports the file" says_not "binary-changed"
e2e_end
