# reach.sh - what another user must be able to reach; sourced by the demo and the tests, which run
# as root drop rights: the source tree may lie where only its owner can go (/root, a home).
#
#   tmp_for_all NAME         a new directory that every user can pass through, with no space in its
#                            name: below TMPDIR when that is so, else below /tmp
#   put_for_all FILE... DIR  copies programs into DIR, for every user to run

tmp_for_all() {
    local base=${TMPDIR:-/tmp} at
    at=$(cd "$base" && pwd -P)
    [[ $at != *[[:space:]]* ]] || base=/tmp
    while [[ $at != / ]]; do
        [[ $(stat -c %A "$at") == *[xt] ]] || base=/tmp
        at=$(dirname "$at")
    done
    at=$(mktemp -d "$base/$1.XXXXXX") && chmod 0755 "$at" && echo "$at"
}

put_for_all() {
    local dir=${*: -1}
    install -d -m 0755 "$dir" && install -m 0755 -t "$dir" "${@:1:$#-1}"
}
