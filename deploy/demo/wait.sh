# wait.sh - waiting for what other programs do; sourced by the demo, the tests and the lab.
#
#   needs PROGRAM...                     fails, and names those that are not here
#   wait_until SECONDS WHAT COMMAND...   tries COMMAND until it succeeds: the event is another
#                                        program's, so it can only be asked for again. Fails in
#                                        SECONDS, or at once when COMMAND cannot be started; then
#                                        it says what was waited for and what the last try said.
#
# Set for one wait: WAIT_ON=PID (in vain when that process has ended), WAIT_STEP=0.1 (seconds
# between two tries). COMMAND may be a function and runs in this shell.

needs() {
    local program missing=()
    for program in "$@"; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    ((${#missing[@]} == 0)) || { echo "not installed here: ${missing[*]} (deploy/install-deps installs what is needed)" >&2; return 1; }
}

wait_until() {
    local limit=$1 what=$2 began=$SECONDS file said status over=
    shift 2
    file=$(mktemp "${TMPDIR:-/tmp}/wait.XXXXXX") || return 1
    # Its name goes at once: however this ends, nothing is left.
    exec {said}<>"$file" && rm -f "$file"
    while :; do
        ((SECONDS - began < limit)) || over="waited $limit s in vain for"
        [[ -z ${WAIT_ON:-} ]] || kill -0 "$WAIT_ON" 2>/dev/null || over="process $WAIT_ON ended before"
        "$@" >"/proc/self/fd/$said" 2>&1
        status=$?
        ((status != 127)) || over="gave up at once, for something is not installed here: waiting for"
        ((status != 0)) && [[ -z $over ]] || break
        sleep "${WAIT_STEP:-0.1}"
    done
    ((status == 0)) || wait_tell "$over $what" "$@" >&2
    exec {said}>&-
    return "$status"
}

# What the last try said; when it kept silent, what it compared.
wait_tell() { # WHAT COMMAND...
    local what=$1
    shift
    [[ -s /proc/self/fd/$said ]] || { set -x; "$@"; { set +x; } 2>/dev/null; } >"/proc/self/fd/$said" 2>&1
    echo "$what; the last try:"
    tail -n 20 "/proc/self/fd/$said" | sed 's/^/    /'
}
