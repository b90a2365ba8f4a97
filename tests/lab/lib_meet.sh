# lib_meet.sh - stops a host in the middle of its upgrade; sourced by lib_lab.sh.
#
#   meet HOST PHASE ARGS...   starts `caravan ARGS` and returns when HOST is in PHASE. HOST stays in
#                             fetching until `go_on HOST`; in swapping (before the rename) until
#                             `go_on HOST` or for SWAP_HELD seconds; in probing for LAB_HOLD
#   go_on HOST                lets the fetch or swap continue; caravan_wait waits for the run

SWAP_HELD=${SWAP_HELD:-3}

# Prints the host's phase from caravan-swap's record.
phase_of() { # HOST
    local names=(idle fetching staged swapping probing settled reverting reverted failed) key value
    while read -r key value; do
        [[ $key == phase ]] || continue
        echo "${names[$value]}"
        return
    done 2>/dev/null <"$(root_of "$1")/var/lib/caravan/swap/record"
    echo idle
}
in_phase() { # HOST PHASE
    local phase
    phase=$(phase_of "$1")
    [[ $phase == "$2" ]] || { echo "$1 is $phase, not $2"; return 1; }
}
reach_phase() { # HOST PHASE SECONDS: looks often, because phases are short
    WAIT_STEP=0.02 wait_for "$3" in_phase "$1" "$2"
}

hold_fetch() { touch "$(root_of coord)/srv/depot/hold.$(lab_address "$1")"; }
fetch_goes_on() { rm -f "$(root_of coord)/srv/depot/hold.$(lab_address "$1")"; }
go_on() {
    fetch_goes_on "$1"
    on "$1" pkill -x strace # without strace the delayed rename continues
    return 0
}

# strace delays the system call of the swap's rename; the program itself is unchanged. strace can
# select a rename by its first name only.
hold_rename() { # HOST
    local log=$LAB_RUN/strace-$1.log binary=${LAB_BINARY:-/usr/bin/nomad}
    on "$1" sh -c "exec strace -f -p \$(pgrep -x caravan-swap) \
        -P .${binary##*/}.caravan-new -e trace=rename,renameat,renameat2 \
        -e inject=rename,renameat,renameat2:delay_enter=${SWAP_HELD}s:when=1" >"$log" 2>&1 &
    wait_for 5 grep -q attached "$log"
}

meet() {
    local host=$1 phase=$2
    shift 2
    [[ $phase == probing ]] || hold_fetch "$host"
    caravan_begin "$@"
    [[ $phase != probing ]] || { reach_phase "$host" probing 60; return; }
    reach_phase "$host" fetching 20 || return 1
    [[ $phase == swapping ]] || return 0
    hold_rename "$host" || return 1
    fetch_goes_on "$host"
    reach_phase "$host" swapping 60 &&
        wait_for 10 before_rename "$host" && in_phase "$host" swapping
}
# Succeeds when the program calls the rename: strace prints the call before the delay.
before_rename() { grep -q 'rename.*caravan-new' "$LAB_RUN/strace-$1.log"; }

kill_program() { # HOST PROGRAM: sends SIGKILL
    on "$1" pkill -KILL -x "$2" || { echo "$2 does not run on $1"; return 1; }
}
