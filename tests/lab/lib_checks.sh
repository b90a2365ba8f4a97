# lib_checks.sh - TAP, and the checks at the end of every scenario of the lab; sourced by
# lib_lab.sh.

T_N=0 T_FAILED=0

check() { # WHAT COMMAND...
    local what=$1
    shift
    T_N=$((T_N + 1))
    if "$@" >"$LAB_RUN/check.out" 2>&1; then
        echo "ok $T_N - $what"
    else
        T_FAILED=$((T_FAILED + 1))
        echo "not ok $T_N - $what"
        echo "#   failed: $*"
        tail -n 30 "$LAB_RUN/check.out" | sed 's/^/#   /'
        [[ -s $OUT ]] && tail -n 20 "$OUT" | sed 's/^/#   | /'
    fi
}
not() { ! "$@"; }
status_is() { [[ $STATUS == "$1" ]] || { echo "exit status $STATUS, expected $1"; return 1; }; }
says() { grep -qF -- "$1" "$OUT" || { echo "output lacks: $1"; return 1; }; }
runs_version() { # HOST VERSION
    local v
    v=$(runs_nomad "$1")
    [[ $v == "$2" ]] || { echo "$1 runs '$v', expected $2"; return 1; }
}
all_run() { # VERSION [HOST...]
    local version=$1 h hosts
    shift
    hosts=("$@")
    ((${#hosts[@]})) || hosts=("${NODES[@]}")
    for h in "${hosts[@]}"; do runs_version "$h" "$version" || return 1; done
}
nomad_pid() { on "$1" systemctl show -P MainPID "${LAB_UNIT:-nomad.service}"; }
note_pids() { # FILE
    local h
    for h in "${NODES[@]}"; do echo "$h $(nomad_pid "$h")"; done >"$1"
}
same_pids() { # FILE HOST...: these hosts did not restart Nomad
    local file=$1 h
    shift
    for h in "$@"; do
        grep -qx "$h $(nomad_pid "$h")" "$file" || { echo "$h was restarted"; return 1; }
    done
}

# ---- before and after ----

# Prints the tasks of all clients: host, process, and start time of the process.
task_list() {
    local h
    for h in "${NODES[@]}"; do
        on "$h" sh -c 'for p in $(pgrep -x sleep); do echo "$p $(cut -d" " -f22 /proc/$p/stat)"; done' |
            sed "s/^/$h /"
    done | sort
}
service_states() {
    local h
    for h in "${NODES[@]}"; do
        echo "$h $(on "$h" systemctl show -P ActiveState -P UnitFileState "${LAB_UNIT:-nomad.service}" | paste -sd' ')"
    done
}
note_before() {
    task_list >"$LAB_RUN/tasks.before"
    service_states >"$LAB_RUN/services.before"
}

whole_binaries() {
    local h d
    for h in "${NODES[@]}"; do
        d=$(sha256sum <"$(root_of "$h")$(on "$h" readlink -f "${LAB_BINARY:-/usr/bin/nomad}")")
        [[ $d == "$FROM_DIGEST" || $d == "${TO_DIGEST:-}" || $d == "${ALSO_DIGEST:-}" ]] ||
            { echo "$h: its Nomad is neither the old nor the new one"; return 1; }
    done
}
services_as_before() { diff "$LAB_RUN/services.before" <(service_states); }
tasks_kept() { diff "$LAB_RUN/tasks.before" <(task_list); }
watched_well() {
    kill -TERM "$WATCHER" && wait "$WATCHER"
    local rv=$?
    WATCHER=""
    cat "$LAB_RUN/watch.verdict"
    ((rv != 3)) || { explained_by_restarts && rv=0; }
    return "$rv"
}
# A restart of a server may be too short for the watcher to see. Each such restart explains one gap.
explained_by_restarts() {
    local h n=0 gaps
    for h in "${SERVERS[@]}"; do
        n=$((n - 1 + $(on "$h" journalctl -q -t systemd | grep -c "Started ${LAB_UNIT:-nomad.service}")))
    done
    n=$((n - $(grep -c '^silence' "$LAB_RUN/watch.verdict")))
    gaps=$(sed -n 's/^gaps_without_change //p' "$LAB_RUN/watch.verdict")
    echo "restarts of servers that the watcher did not see: $n"
    ((n >= gaps))
}

# A run may leave two things on a host: the previous binary, for seven days, and the record.
left_on_host() { # NAME: prints every other file that is left
    local root dir state kept=.nomad.caravan-old
    [[ -z ${WITH_STAGED:-} ]] || kept='.nomad.caravan-*'
    root=$(root_of "$1")
    state=$root/var/lib/caravan
    dir=$root$(dirname "$(on "$1" readlink -f "${LAB_BINARY:-/usr/bin/nomad}")")
    find "$dir" -maxdepth 1 -name '.*' -type f ! -name "$kept" ! -name .pwd.lock -printf '%p\n'
    [[ ! -e $state/swap/unfinished ]] || echo "$state/swap/unfinished"
    [[ ! -d $state/fetch ]] || find "$state/fetch" -type f
    on "$1" systemctl --failed --plain --no-legend
}
nothing_on_hosts() {
    local h left=""
    for h in "${NODES[@]}"; do left+=$(left_on_host "$h" | sed "s/^/$h: /; s|$LAB_RUN/hosts/||")$'\n'; done
    left=$(grep . <<<"$left")
    [[ -z $left ]] || { printf '%s\n' "$left" | sort | uniq | head -n 12; return 1; }
}
# caravan-swap and caravan-fetch end when they have been idle for half a minute.
only_agents_run() {
    local h
    for h in "${NODES[@]}"; do
        ! on "$h" pgrep -a 'caravan-(swap|fetch)' | sed "s/^/$h: still runs: /" | grep . || return 1
    done
}
nothing_on_cluster() {
    api "${LAB_ASK:-s1}" /v1/nodes >"$LAB_RUN/nodes.log" || { echo "the cluster does not answer"; return 1; }
    ! grep -E '"(SchedulingEligibility":"ineligible|Drain":true)' "$LAB_RUN/nodes.log"
}

# A scenario omits the checks that it breaks on purpose: lab_end without_tasks without_services ...
# with_staged: an unfinished run leaves staged copies, and `caravan show` must name them.
lab_end() {
    local left=" $* " WITH_STAGED=
    [[ $left != *" with_staged "* ]] || WITH_STAGED=1
    check "a whole Nomad binary on every host, old or new" whole_binaries
    [[ $left == *" without_services "* ]] ||
        check "every service is in the state it had" services_as_before
    [[ $left == *" without_tasks "* ]] || check "tasks kept their processes" tasks_kept
    [[ $left == *" without_rest "* ]] ||
        check "nothing is left on the hosts" wait_for 10 nothing_on_hosts
    check "nothing is left on the cluster" nothing_on_cluster
    [[ $left == *" without_watch "* ]] ||
        check "seen from outside: a leader, and never two servers silent" watched_well
    echo "1..$T_N"
}

# plan_says: a new plan contains every TEXT. plan_lacks: it contains none.
plan_says() { # TEXT...
    local text
    caravan plan "$TARGET"
    for text in "$@"; do says "$text" || return 1; done
}
plan_lacks() { # TEXT...
    local text
    caravan plan "$TARGET"
    for text in "$@"; do not says "$text" || { echo "the plan says $text"; return 1; }; done
}
