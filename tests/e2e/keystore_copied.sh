#!/bin/bash
# Before Nomad 1.9 no snapshot contains the root keys. Each server's agent copies its keystore on
# its own disk before the first server changes. If one copy fails, the run stops before it changes
# any host.
# timeout: 150
E2E_FROM=${E2E_FROM:-1.7.7}
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 97 3 1
release 1.8.4
note_pids "$E2E/pids"
keystore() { echo "$FLEET/$1/data/server/keystore"; }
copies() { find "$FLEET/$1/state/swap/keystore" -name '*.nks.json' 2>/dev/null; } # HOST
is_copied() { # HOST: the copy is complete, and only root can read it
    local dir
    dir=$(copies "$1" | head -n 1) && dir=${dir%/*} && [[ -d $dir ]] || { echo "$1 has no copy"; return 1; }
    diff -r "$dir" "$(keystore "$1")" || return 1
    find "$dir" "${dir%/*}" -type d ! -perm 0700 | grep . && return 1
    find "$dir" -type f ! -perm 0600 | grep . && return 1
    return 0
}
each() { # COMMAND: runs it for every server
    local h
    for h in "${FLEET_SERVERS[@]}"; do "$1" "$h" || return 1; done
}
secret() { # prints the secret of the servers' keys; no other file may contain a part of it
    sed -n 's/.*"KEK": *"\([^"]*\)".*/\1/p' "$(keystore s1)"/*.nks.json | head -n 1
}

run plan "$TARGET"
check "the plan says that keystores are copied" says "copies its keystore on its own disk"
mv "$(keystore s2)" "$FLEET/s2/aside"
ln -s "$FLEET/s2/aside" "$(keystore s2)"
run upgrade "$TARGET" --yes
check "a keystore that cannot be copied stops the run" status_is 3
check "it names the server and why" says "s2: its keystore, which no snapshot of $FROM_VERSION contains, could not be copied"
check "and says what to do" says "--accept no-keystore"
check "no host was touched" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "nothing was copied there" test -z "$(copies s2)"
run show
check "show names the missing copy" says "Keystore of s2: not copied: "
check "and where the others are" says "Keystore of s1: 1 key, copied to $FLEET/s1/state/swap/keystore/"

rm "$(keystore s2)"
mv "$FLEET/s2/aside" "$(keystore s2)"
run resume
check "after the correction the run continues" status_is 0
check "the screen shows the path of the copy" says "Keystore of s2: 1 key, copied to $FLEET/s2/state/swap/keystore/"
check "all run the target" all_run "$TARGET"
check "every server has its copy, 0700 and 0600" each is_copied
check "a client has none" test ! -e "$FLEET/c1/state/swap/keystore"
run show
check "show has them all" says "Keystore of s3: 1 key, copied to "
check "and finds them the same" not says "do not have the same root keys"
KEK=$(secret)
check "there is a secret to look for" test -n "$KEK"
check "the secret left no host, and is in no log" not grep -rqF "$KEK" "$E2E/state" "$FLEET"/s?/{run,swap.log} "$OUT"

is_real && { e2e_end; exit; }
release 1.8.5
mv "$(keystore s1)" "$FLEET/s1/aside"
run upgrade "$TARGET" --yes --accept no-keystore
check "with --accept a server without a copy does not stop the run" status_is 0
check "all run the next target" all_run "$TARGET"
run show
check "show still reports the missing copy" says "Keystore of s1: not copied: "
runs_kept() { find "$FLEET/$1/state/swap/keystore" -mindepth 1 -maxdepth 1 | wc -l; }
check "where the copy succeeded, the copies of both runs stay" test "$(runs_kept s2)" = 2
check "where the copy failed, the copy of the earlier run stays" test "$(runs_kept s1)" = 1
e2e_end
