#!/bin/bash
# What comes after a faultless upgrade: told with the time to look again, kept with the run, told by
# status until that time is over; and state that got lost since, in one server or in the region.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "lose-state; it names versions"
e2e_begin 99 3 1
release 1.11.2
look_again() { # SECONDS after the end of the run: when that is, to the minute
    date -u -d "@$(($(ended_at) / 1000 + $1))" +%Y-%m-%dT%H:%M
}
ledger() { sqlite3 "$E2E/state/ledger.db" "$1"; }
ended_at() { ledger 'SELECT ended_wall_ms FROM run'; }
empty() { # HOST...: comes back healthy by all that raft says, and without its state
    local h
    for h in "$@"; do fault "$h" '{"lose-state":true}'; done
    for h in "$@"; do
        fleet_service "$h" stop
        fleet_service "$h" start
    done
    within 30 led
}
led() { # every server names the same leader
    local h all
    all=$(for h in "${FLEET_SERVERS[@]}"; do fleet_get "$h" "/v1/status/leader?stale" || echo "none at $h"; echo; done | sort -u)
    [[ $all =~ ^$'\n'?\"127[0-9.:]*\"$ ]]
}
follower() {
    local at h
    at=$(fleet_get s1 "/v1/status/leader?stale")
    for h in "${FLEET_SERVERS[@]}"; do
        [[ $at == *"$(fleet_address "$h"):"* ]] || { echo "$h" && return; }
    done
}

run upgrade "$TARGET" --yes --accept bad-1.11.0
check "the upgrade goes well" status_is 0
WHEN=$(look_again 86400)
check "its end tells what is known to come later" says "After an upgrade to 1.11.2 [identities] "
check "and when to look again: a day later" says "Look again at $WHEN"
run show
check "it is kept with the run" says "After an upgrade to 1.11.2 [identities] "
check "with the time" says "Look again at $WHEN"
run status
check "status is well" status_is 0
check "it tells it as long as it is to come" says "Look again at $WHEN"
check "and that nothing was lost since" says "1 namespace, as when the run ended"

ledger "UPDATE run SET ended_wall_ms = ended_wall_ms - 23 * 3600 * 1000"
run status
check "23 hours later too" says "After an upgrade to 1.11.2 [identities] "
ledger "UPDATE run SET ended_wall_ms = ended_wall_ms - 2 * 3600 * 1000"
run status
check "after 25 hours no more" not says "[identities]"
check "and all is well" status_is 0
check "state is still compared" says "as when the run ended"
run show
check "the run keeps it" says "After an upgrade to 1.11.2 [identities] "

F=$(follower)
check "one server comes back empty" empty "$F"
run status
check "status is not well" status_is 1
check "it names the server and what it lacks" says "State of $F: 0 of "
check "and what to do" says "let it not lead"
run status --json
check "for programs too" grep -q "\"server\":\"$F\",\"state\":\"lacks\"" "$OUT"
check "the region is as it was" grep -q '"state":"same"' "$OUT"

check "all servers come back empty" empty "${FLEET_SERVERS[@]}"
run status
check "status is not well then" status_is 1
check "it says what the region lost" says "are left since the run ended"
check "and where the snapshot lies" says "Snapshot of region global: $E2E/state/snapshot-"

ledger "UPDATE run SET ended_wall_ms = ended_wall_ms - 24 * 3600 * 1000"
run status
check "two days after the run nothing is compared any more" not says "since the run ended"
e2e_end
