# wait.sh - waits for events in other programs; sourced by the demo, the tests and the lab.
#
#   needs PROGRAM...                     fails if a program is not installed, and names it
#   wait_until SECONDS WHAT COMMAND...   runs COMMAND again and again until it succeeds. Fails after
#                                        SECONDS, or at once if COMMAND cannot be started. Then it
#                                        prints WHAT and the output of the last try.
#
# Variables for one wait: WAIT_ON=PID (fail when this process ends), WAIT_STEP=0.1 (seconds between
# two tries). COMMAND may be a function; it runs in this shell.

needs() {
    local program missing=()
    for program in "$@"; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    ((${#missing[@]} == 0)) || { echo "not installed here: ${missing[*]} (deploy/install-deps installs them)" >&2; return 1; }
}

wait_until() {
    local limit=$1 what=$2 began=$SECONDS file said status over=
    shift 2
    file=$(mktemp "${TMPDIR:-/tmp}/wait.XXXXXX") || return 1
    # The file loses its name at once, so no file stays, however this function ends.
    exec {said}<>"$file" && rm -f "$file"
    while :; do
        ((SECONDS - began < limit)) || over="waited $limit s without success for"
        [[ -z ${WAIT_ON:-} ]] || kill -0 "$WAIT_ON" 2>/dev/null || over="process $WAIT_ON ended before"
        "$@" >"/proc/self/fd/$said" 2>&1
        status=$?
        ((status != 127)) || over="gave up at once, because a program is not installed here: waiting for"
        ((status != 0)) && [[ -z $over ]] || break
        sleep "${WAIT_STEP:-0.1}"
    done
    ((status == 0)) || wait_tell "$over $what" "$@" >&2
    exec {said}>&-
    return "$status"
}

# Prints the output of the last try. If there was none, runs the command once more with `set -x`,
# which shows the compared values.
wait_tell() { # WHAT COMMAND...
    local what=$1
    shift
    [[ -s /proc/self/fd/$said ]] || { set -x; "$@"; { set +x; } 2>/dev/null; } >"/proc/self/fd/$said" 2>&1
    echo "$what; the last try:"
    tail -n 20 "/proc/self/fd/$said" | sed 's/^/    /'
}
