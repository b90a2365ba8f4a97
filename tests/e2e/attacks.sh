#!/bin/bash
# Live agents receive forged, replayed, misdirected and late orders, and a crowd of strangers
# connects to them.
# timeout: 120
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 76 3 1
note_pids "$E2E/pids"
"$FLEET_BUILD/tests/attack" "$E2E/config" s1 "$(fleet_address s1):4650" >"$OUT" 2>&1
STATUS=$?
check "every attack on a live agent met its defence" status_is 0
sed 's/^/#   /' "$OUT"

# 1,000 connections from one address, and they stay.
crowd() {
    local i fd
    for ((i = 0; i < 1000; i++)); do
        exec {fd}<>"/dev/tcp/$(fleet_address s1)/4650" || break
    done 2>/dev/null
    exec sleep 20 # holds them; ended by the test
}
ulimit -n 2048 2>/dev/null
crowd &
BACKGROUND=$!
crowded() { (($(ls "/proc/$BACKGROUND/fd" | wc -l) >= 900)); }
within 10 crowded
echo "# the crowd holds $(ls "/proc/$BACKGROUND/fd" | wc -l) descriptors"
begun=$(date +%s%N)
run status
took=$((($(date +%s%N) - begun) / 1000000))
echo "# status took $took ms"
check "among 1,000 connections of strangers status is answered" status_is 0
check "within 5 s" test "$took" -lt 5000
kill -KILL "$BACKGROUND"
wait "$BACKGROUND" 2>/dev/null
check "nothing was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
e2e_end
