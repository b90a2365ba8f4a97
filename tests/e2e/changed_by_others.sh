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
check "what Caravan put there is nothing to tell" says_not "binary-changed"

standin 1.11.2 "$E2E/by-hand"
cp "$E2E/by-hand" "$FLEET/c1/bin/.by-hand" && mv "$FLEET/c1/bin/.by-hand" "$FLEET/c1/bin/nomad"
release 1.11.5
seen() {
    run plan "$TARGET"
    says "[binary-changed] c1"
}
# The resident agent looks for itself every ten seconds.
check "the plan tells of the file that was put in place" within 20 seen
check "it is another version than runs: refused" status_is 4
check "and that is said" says "[binary-other-version] c1: the file in place is 1.11.2, but 1.11.4 runs"
run plan "$TARGET" --accept binary-other-version
check "accepted, it may go on" status_is 0
check "with the warning that it is not what Caravan put there" says "is not what Caravan put there the last time"
run upgrade "$TARGET" --yes --accept binary-other-version
check "the next upgrade ends" status_is 0
check "every host runs the target" all_run "$TARGET"
run plan "$TARGET"
check "and all is as Caravan left it" says_not "binary-changed"
e2e_end
