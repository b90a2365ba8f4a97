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
check "and what would have to be accepted" says "To continue in spite of it: --accept bad-1.4.0"
check "what cannot be read again is told beside it" says "[no-way-back]"
check "and from whose turn on" says "leader: last of its region; after its turn no server can go back"
run upgrade "$TARGET" --yes
check "upgrade refuses it too, whatever --yes says" status_is 4
check "by its id" says "refused; nothing was touched: [bad-1.4.0]"
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
check "accepted by its id the upgrade goes on" status_is 0
check "and is shown as accepted" says "accepted [bad-1.4.0]"
check "when it leads, that none can go back is told" grep -qE "s[123] is the leader and runs 1.4.1: the servers of region global cannot go back any more, except with the snapshot $E2E/state/snapshot-" "$OUT"
check "once" test "$(grep -c "cannot go back any more" "$OUT")" = 1
check "every host runs it" all_run "$TARGET"
check "the cluster is healthy" healthy
e2e_end
