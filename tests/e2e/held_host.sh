#!/bin/bash
# Root's hold file: no swap on that host, whoever asks.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 71 3 2
release 1.11.4
touch "$FLEET/c2/hold"
run upgrade "$TARGET" --yes --max-skipped 1
check "the run ends without it" status_is 0
check "c2 was left as it is" runs_version c2 "$FROM_VERSION"
check "it is told why" says "held"
rm "$FLEET/c2/hold"
run upgrade "$TARGET" --yes
check "without the file it is taken along" status_is 0
check "c2 runs the target" runs_version c2 "$TARGET"
e2e_end
