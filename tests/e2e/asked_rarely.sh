#!/bin/bash
# While the canary soaks, Caravan sends Nomad at most 20 requests a second, and still checks the
# cluster.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "its log has every question"
FLEET_SIM='{"timing": {"ttl_ms": 120000}, "requests": true}'
E2E_SOAK=12s
e2e_begin 144 3 3
release 1.11.4
run upgrade "$TARGET" --yes --canary 1 --max-parallel 2
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"

# Of the soak that part which surely is one: the first client after it was stopped at its end, after
# a moment for staging and the order; two seconds before the end the looks are as usual again.
seconds() { awk '{split($1, t, "[T:Z]"); print t[2] * 3600 + t[3] * 60 + t[4]}'; }
stopped() { cat "$FLEET"/c*/nomad.log | grep -F "Caught signal" | seconds | sort -n | sed -n 2p; }
end=$(stopped)
asked() { # FROM TO: prints the number of requests between these seconds before the stop
    cat "$FLEET"/*/nomad.log | grep -F "http: request complete" | grep "$1" | seconds |
        awk -v end="$end" -v from="$2" -v to="$3" '{ago = (end - $1 + 86400) % 86400} ago <= from && ago >= to' | grep -c .
}
few=$(asked . 9 5) servers=$(asked /v1/status/leader 9 5)
echo "# asked in 4 s of the soak: $few times, $servers of them a server's leader"
# One more look may have begun than four seconds contain: 16 requests.
check "at most 20 questions a second" test "$few" -le $((4 * 20 + 16))
check "every server is still asked more than once" test "$servers" -ge 6
check "before the end of the soak Caravan asks as often as usual" test "$(asked . 1 0)" -ge 30
e2e_end
