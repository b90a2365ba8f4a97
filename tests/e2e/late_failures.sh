#!/bin/bash
# Failures that are known to come after a successful upgrade: the end of the run names them with the
# time to look again, the ledger keeps them, and `status` shows them until that time is over.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "it names versions"
e2e_begin 99 3 1
release 1.11.2
look_again() { # SECONDS after the end of the run: prints that time, to the minute
    date -u -d "@$(($(ended_at) / 1000 + $1))" +%Y-%m-%dT%H:%M
}
ledger() { sqlite3 "$E2E/state/ledger.db" "$1"; }
ended_at() { ledger 'SELECT ended_wall_ms FROM run'; }

run upgrade "$TARGET" --yes --accept bad-1.11.0
check "the upgrade goes well" status_is 0
WHEN=$(look_again 86400)
check "the end of the run names the failures that come later" says "After an upgrade to 1.11.2 [identities] "
check "and when to look again: a day later" says "Look again at $WHEN"
run show
check "show prints the same for this run" says "After an upgrade to 1.11.2 [identities] "
check "with the time" says "Look again at $WHEN"
run status
check "status exits with 0" status_is 0
check "status prints it while the failures can still come" says "Look again at $WHEN"

ledger "UPDATE run SET ended_wall_ms = ended_wall_ms - 23 * 3600 * 1000"
run status
check "status still prints it 23 hours later" says "After an upgrade to 1.11.2 [identities] "
ledger "UPDATE run SET ended_wall_ms = ended_wall_ms - 2 * 3600 * 1000"
run status
check "after 25 hours status does not print it" not says "[identities]"
check "and all is well" status_is 0
run show
check "show still prints it" says "After an upgrade to 1.11.2 [identities] "
e2e_end
