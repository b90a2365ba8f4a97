#!/bin/bash
# A pair of versions that is known to be bad: `plan` and `upgrade` refuse it and name the id of the
# row, also with --yes. The upgrade continues if the operator accepts that id, and no other id
# helps.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "it names versions"
E2E_FROM=1.3.5
e2e_begin 98 3 1
note_pids "$E2E/pids"

# Old servers panic under a new leader of this version, and its keyring loses keys.
release 1.4.1
run plan "$TARGET"
check "plan refuses the pair" status_is 4
check "and names the id" says "[bad-1.4.0]"
check "it says what is known" says "old servers panic (1.4.0, 1.4.1), and the keyring loses keys"
check "and where to go instead" says "Choose 1.4.11 or later."
check "and prints the option that accepts the finding" says "To go on all the same: --accept bad-1.4.0"
check "the plan also reports that servers cannot go back" says "[no-way-back]"
check "and from which server's turn on" says "leader: last of its region; from its turn on no server can go back"
run upgrade "$TARGET" --yes
check "upgrade refuses it too, whatever --yes says" status_is 4
check "and names the id" says "refused, and nothing was touched: [bad-1.4.0]"
run upgrade "$TARGET" --yes --accept bad-1.4.1
check "an unknown id is a wrong command line" status_is 2
check "and the message names the nearest id" says "did you mean bad-1.4.0"
run upgrade "$TARGET" --yes --accept way-to-2.0
check "the id of another row does not help" status_is 4
check "and the message says so" says "accepted, but no finding has this id: way-to-2.0"
check "no Nomad was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"

# A later patch version is not known to be bad: the row does not apply.
release 1.4.11
run plan "$TARGET"
check "a good patch of the same minor is not refused" status_is 0
check "the plan has no such finding" not says "[bad-1.4.0]"

TARGET=1.4.1
run upgrade "$TARGET" --yes --accept bad-1.4.0
check "with --accept the upgrade succeeds" status_is 0
check "and shows the finding as accepted" says "accepted [bad-1.4.0]"
check "when an upgraded server leads, the run says that no server can go back" grep -qE "s[123] leads on 1.4.1: the servers of region global cannot go back any more but with the snapshot $E2E/state/snapshot-" "$OUT"
check "and says so once" test "$(grep -c "cannot go back any more" "$OUT")" = 1
check "every host runs the target" all_run "$TARGET"
check "the cluster is healthy" healthy
e2e_end
