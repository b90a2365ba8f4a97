#!/bin/bash
# A file of fingerprints, collected on the hosts, decides which keys `caravan enroll` accepts. It
# names every key that does not fit and remembers none of them. Also: a changed key, a copied
# machine, and a host that the operator forgets.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 187 3 2
KNOWN=$E2E/state/known_hosts
KEYS=$E2E/keys

fingerprint() { # HOST: prints the fingerprint, as configuration management would collect it
    "$FLEET/bin/caravan-agent" --config "$FLEET/$1/agent.conf" --fingerprint
}
# All hosts of a loopback fleet have this machine's name: each line gets its own.
collect() { # HOST...
    local h
    for h in "$@"; do fingerprint "$h" | sed "s/^[^ ]*/$h/" || return 1; done
}
print_of() { fingerprint "$1" | cut -d' ' -f2; }
forgotten() { rm -f "$KNOWN"; }
lines() { grep -c "$1" "$KNOWN" 2>/dev/null || true; }
none_of() { ! grep -q " $1 " "$KNOWN"; }
wrong() { # HOST: gives its line another fingerprint
    sed -i "s/^\($1 SHA256:\)./\1$(grep -q "^$1 SHA256:0" "$KEYS" && echo 1 || echo 0)/" "$KEYS"
}
new_state() { # HOST: installs its agent again, with a new key
    fleet_stop_agents "$1"
    rm -rf "$FLEET/$1/state-before"
    mv "$FLEET/$1/state" "$FLEET/$1/state-before" && mkdir "$FLEET/$1/state"
    fleet_start_agents "$1" && fleet_wait_agents "$1"
}
old_state() { # HOST
    fleet_stop_agents "$1"
    rm -rf "$FLEET/$1/state" && mv "$FLEET/$1/state-before" "$FLEET/$1/state"
    fleet_start_agents "$1" && fleet_wait_agents "$1"
}
at_terminal() { # ANSWERS ARG...: runs caravan on a terminal
    local answers=$1 command
    shift
    printf -v command '%q ' "$FLEET_BUILD/caravan" --config "$E2E/config" "$@"
    printf '%b' "$answers" | script -qec "$command" /dev/null >"$OUT" 2>&1
    STATUS=$?
}
ready() { run enroll --from "$KEYS"; ! says "not ready" >/dev/null; }

# ---- collected, and accepted ----
check "each host prints its fingerprint" test "$(collect "${FLEET_HOSTS[@]}" | grep -c '^[sc][0-9] SHA256:[0-9a-f]\{32\}$')" = 5
collect "${FLEET_HOSTS[@]}" >"$KEYS"
run enroll --yes
check "enroll --yes remembers the fingerprints that the hosts printed" status_is 0
run enroll --from "$KEYS"
check "and the file agrees with it" status_is 0
forgotten
run enroll --from "$KEYS"
check "all hosts are enrolled without a question" status_is 0
check "as new" says "5 of 5 hosts enrolled, 5 of them new"
check "each by its Nomad id" test "$(lines '^[0-9a-f-]\{36\} ')" = 5
run enroll --export
check "enroll --export prints the enrolled hosts" status_is 0
cp "$OUT" "$E2E/exported"
check "one line a host" test "$(wc -l <"$E2E/exported")" = 5
forgotten
run enroll --from - <"$E2E/exported"
check "enroll reads the exported lines from standard input" status_is 0
run enroll --export
check "and remembers the same keys" cmp "$OUT" "$E2E/exported"
run status
check "status knows the agents by these keys" status_is 0

# ---- what does not fit ----
forgotten
collect s1 s2 s3 c1 >"$KEYS"
echo "c9 SHA256:00112233445566778899aabbccddeeff" >>"$KEYS"
wrong s2
run enroll --from "$KEYS"
check "what does not fit is refused" status_is 4
check "a host without a line is named" says "no line of $KEYS names this host"
check "a line without a host is named" says "line 5 of $KEYS: Nomad lists no host as c9"
check "a fingerprint that differs is named" says "but line 2 of $KEYS has"
check "nothing is remembered of who is not listed" none_of c2
check "nor of who has another key" none_of s2
check "the others are enrolled" test "$(lines .)" = 3
collect "${FLEET_HOSTS[@]}" >"$KEYS"
printf 'c1 SHA256:12\n' >>"$KEYS"
run enroll --from "$KEYS"
check "a malformed line is reported with its number" says "$KEYS, line 6"
check "as an error of the file" status_is 2
collect "${FLEET_HOSTS[@]}" >"$KEYS"
run enroll --from "$KEYS" --yes
check "--yes and --from together are refused" status_is 2
run enroll --from "$KEYS"
check "the correct file enrolls every host" status_is 0

# ---- one by one ----
forgotten
run enroll </dev/null
check "without a terminal no key is accepted" status_is 4
at_terminal 'yes\nno\n\nabort\ny\n' enroll
check "a declined host is reported" status_is 4
check "with the fingerprint before each answer" says "$(print_of c2)? [yes / NO / all / quit]"
check "and only accepted keys are remembered" test "$(lines .)" = 2
at_terminal 'all\n' enroll
check "the answer \"all\" accepts the other hosts" status_is 0
check "and enroll says that nobody compared their fingerprints" says "Nobody compared the fingerprints of 3 new hosts"
forgotten
at_terminal 'y\nquit\n' enroll
check "quit declines the rest" test "$(lines .)" = 1
run enroll --yes
check "--yes says what it accepted" says "Nobody compared the fingerprints of 4 new hosts"

# ---- a changed key ----
OLD=$(print_of c1)
check "the agent of c1 is installed anew" new_state c1
NEW=$(print_of c1)
run status
check "enroll says that a silent host may have another key" says "caravan enroll --rekey"
run enroll --from "$KEYS"
check "a changed key is refused" status_is 4
check "with the command that would accept it" says "caravan enroll --rekey c1"
run enroll --yes
check "also with --yes" status_is 4
run enroll --rekey c1 </dev/null
check "the new key is shown" says "now    $NEW"
check "beside the known one" says "known  $OLD"
check "and the new key is not accepted without an answer" status_is 4
run enroll --rekey c1 --from "$KEYS"
check "a file with the old fingerprint does not accept the new key" status_is 4
at_terminal 'no\n' enroll --rekey c1
check "the answer no does not accept the new key" status_is 4
check "the old key is still known" test "$("$FLEET_BUILD/caravan" --config "$E2E/config" enroll --export | grep -c "$OLD")" = 1
collect "${FLEET_HOSTS[@]}" >"$KEYS"
run enroll --rekey c1 --from "$KEYS"
check "a file with the new fingerprint accepts the new key" status_is 0
run enroll --from "$KEYS"
check "and then every host fits the file" status_is 0
run enroll --rekey c1
check "there is nothing more to accept" says "There is nothing to accept"
check "c1 gets its first key back" old_state c1
at_terminal 'yes\n' enroll --rekey c1
check "and a person accepts this key" status_is 0
collect "${FLEET_HOSTS[@]}" >"$KEYS"

# ---- a copied machine ----
fleet_stop_agents c2
mv "$FLEET/c2/state" "$FLEET/c2/state-own"
cp -a "$FLEET/c1/state" "$FLEET/c2/state"
fingerprint c2 >"$OUT" 2>&1
check "the copied host does not print a fingerprint" not test $? = 0
check "because the key belongs to the other machine" says "made on another machine"
cp "$FLEET/c2/machine-id" "$E2E/machine-id"
cp "$FLEET/c1/machine-id" "$FLEET/c2/machine-id"
fleet_start_agents c2 && fleet_wait_agents c2
run enroll --forget c2 --yes
check "c2 is forgotten" status_is 0
run enroll --yes
check "two hosts with one key are refused" says "report the same key"
fleet_stop_agents c1
run enroll --yes
check "also while the other one is silent" says "its key is the key of host c1"
check "and c2 is not enrolled" none_of c2
printf 'c2 %s\n' "$OLD" >"$E2E/copied"
run enroll --from "$E2E/copied"
check "a file with that key for both hosts does not enroll c2" none_of c2
printf 'c1 %s\n' "$OLD" >>"$E2E/copied"
run enroll --from "$E2E/copied"
check "a file with one fingerprint for two hosts is refused" says "c1 has the same fingerprint as c2 (line 1)"
fleet_stop_agents c2
rm -rf "$FLEET/c2/state" && mv "$FLEET/c2/state-own" "$FLEET/c2/state"
cp "$E2E/machine-id" "$FLEET/c2/machine-id"
fleet_start_agents c1 c2 && fleet_wait_agents c1 c2
check "with its own key c2 is enrolled" within 15 ready
check "as the file says" status_is 0

# ---- by address ----
AT=$(fleet_address s4)
FLEET_HOSTS+=(s4)
mkdir -p "$FLEET/s4/bin" "$FLEET/s4/data" "$FLEET/s4/state" "$FLEET/s4/run"
fleet_nomad_config s4
fleet_agent_config s4
fleet_binary s4 "$FROM"
fingerprint s4 >"$OUT" 2>&1
check "a host without a key says so" says "has no key yet"
fleet_start_agents s4 && fleet_wait_agents s4
fingerprint s4 | sed "s/^[^ ]*/$AT:4650/" >"$E2E/joiner"
run enroll --host "$AT" --from "$KEYS"
check "a host that Nomad does not list needs a line with its address" status_is 4
{ cat "$E2E/joiner"; echo "127.0.187.99 SHA256:00112233445566778899aabbccddeeff"; } >"$E2E/joiners"
run enroll --host "$AT" --from "$E2E/joiners"
check "and with this line the host is enrolled" status_is 0
check "as a host that will join" test "$(lines ^agent/)" = 1
run enroll --forget "$AT" --yes
check "the host is forgotten by its address" test "$(lines ^agent/)" = 0
run enroll --from "$E2E/joiner"
check "the address in the file is enough" test "$(lines ^agent/)" = 1
run enroll --export
check "enroll --export prints the host with its address" says "$AT SHA256:"
check "the agent of s4 is installed anew" new_state s4
at_terminal 'yes\n' enroll --rekey "$AT"
check "and its new key is accepted by the address" status_is 0
check "in place of the old one" test "$(lines ^agent/)" = 1
fleet_stop_agents s4
run enroll --forget "$AT" --yes
unset 'FLEET_HOSTS[-1]'

# ---- forgotten ----
run enroll --forget c9
check "a host that is not enrolled cannot be forgotten" status_is 1
at_terminal 'no\n' enroll --forget c2
check "without the answer yes no host is forgotten" test "$(lines ' c2 ')" = 1
at_terminal 'yes\n' enroll --forget "$(fleet_address c2)"
check "a host is forgotten by the address that Nomad lists" none_of c2
run enroll --from "$KEYS"
check "and enrolled again" status_is 0
release 1.11.4
begin upgrade "$TARGET" --yes
noted() { run history; says "$TARGET"; }
check "a run is begun" within 20 noted
killed
run enroll --forget c1 --yes
check "a host of a run that has not ended is not forgotten" status_is 4
check "and the run is named" says "has not ended, and c1 is one of its hosts"
run abort --yes
run enroll --forget c1 --yes
check "after the run the host can be forgotten" status_is 0
e2e_end
