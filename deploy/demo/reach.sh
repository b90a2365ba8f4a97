# reach.sh - makes files that other users can reach; sourced by the demo and the tests. Run by root,
# they drop rights, and an ordinary user may be unable to enter the source tree (/root, a home).
#
#   tmp_for_all NAME         makes a directory that every user can enter, and prints its path. The
#                            path contains no space. It is below TMPDIR if every user can enter
#                            TMPDIR, else below /tmp
#   put_for_all FILE... DIR  copies programs into DIR; every user can run them

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
