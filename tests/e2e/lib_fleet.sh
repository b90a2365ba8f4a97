# lib_fleet.sh - functions for every end-to-end test; each test sources it first.
#
#   . "$(dirname "$0")/lib_fleet.sh"
#   e2e_begin NET [SERVERS CLIENTS]       starts a healthy fleet on 127.0.NET.x with agents and keys
#   check "what must be true" command...  runs the command and prints one TAP line
#   e2e_end                               prints the TAP plan; the exit trap stops everything
#
# `release VERSION [FAULTS-JSON]` makes the binary of the target (stand-in) or uses that of NOMAD_TO
# (real Nomad), adds the release, and stores its version in $TARGET. With NOMAD_FROM and NOMAD_TO the
# tests run on real Nomad. A test that needs a fault of the stand-in calls `needs_standin`, and is
# then skipped.
#
# The stand-in's heartbeats are rare. Caravan does not know yet how long Nomad will be silent, so it
# would wait up to ten seconds for a heartbeat before the first client of a run. test_decide tests
# this wait.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=deploy/demo/fleet.sh
. deploy/demo/fleet.sh

FLEET_SIM='{"timing": {"ttl_ms": 120000}}'
T_N=0 T_FAILED=0
E2E=$(tmp_for_all caravan-e2e) || exit 1
OUT=$E2E/out
ARCH=$(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/')
export NO_COLOR=1

e2e_finish() {
    local status=$?
    trap - EXIT INT TERM HUP
    [[ -n ${BACKGROUND:-} ]] && kill -KILL "$BACKGROUND" 2>/dev/null
    fleet_stop
    real_tasks_end
    if ((T_FAILED)) && [[ -n ${E2E_KEEP:-} ]]; then echo "# kept: $E2E"; else rm -rf "$E2E"; fi
    ((T_FAILED == 0)) || status=1
    exit "$status"
}
trap finish_and_plan EXIT
trap 'exit 130' INT TERM HUP
finish_and_plan() { e2e_finish; }

is_real() { [[ -n ${NOMAD_FROM:-} && -n ${NOMAD_TO:-} ]]; }

needs_standin() {
    is_real || return 0
    echo "ok 1 - $(basename "$0" .sh) # SKIP needs a fault of the stand-in: $*"
    echo "1..1"
    exit 0
}

# Without systemd the agent tries a new binary in namespaces of an ordinary user, or not at all.
needs_namespaces() {
    local as=()
    ((EUID)) || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    ! "${as[@]}" unshare --user --mount --net --ipc true 2>/dev/null || return 0
    echo "ok 1 - $(basename "$0" .sh) # SKIP the kernel gives ordinary users no namespaces here"
    echo "1..1"
    exit 0
}

show_out() { # prints the last command's output, for a failed check
    [[ -s $OUT ]] && tail -n "${1:-25}" "$OUT" | sed 's/^/#   /'
}

check() {
    local what=$1
    shift
    T_N=$((T_N + 1))
    if "$@" >"$E2E/check.out" 2>&1; then
        echo "ok $T_N - $what"
    else
        T_FAILED=$((T_FAILED + 1))
        echo "not ok $T_N - $what"
        echo "#   failed: $*"
        sed 's/^/#   /' "$E2E/check.out" | tail -n 50
        show_out
        local h
        for h in "${FLEET_HOSTS[@]:-}"; do
            [[ -s $FLEET/$h/swap.log ]] && tail -n 4 "$FLEET/$h/swap.log" | sed "s/^/#   $h: /"
        done
    fi
}

# In every test: the record contains every order, every signature is genuine, the ledger agrees.
record_is_whole() {
    [[ -e $E2E/state/ledger.db ]] || return 0
    caravan audit verify || { caravan history; return 1; }
}
e2e_end() {
    check "the record of all orders and receipts is whole" record_is_whole
    echo "1..$T_N"
}

# The findings about a pair of real binaries are not part of the test: accept them, and print them.
accepting() { # ARGS... -> $ARGS
    ARGS=("$@")
    [[ ${1:-} == @(upgrade|replace) && -n ${E2E_ACCEPT:-} ]] && ARGS+=(--accept "$E2E_ACCEPT")
    return 0
}
caravan() {
    accepting "$@"
    "$FLEET_BUILD/caravan" --config "${CONFIG:-$E2E/config}" "${ARGS[@]}"
}
accept_pair() {
    caravan plan "$TARGET" >"$E2E/plan.out" 2>&1
    E2E_ACCEPT=$(sed -n 's/^.*To continue in spite of it: --accept \([a-z0-9.,-]*\).*/\1/p' "$E2E/plan.out" | tail -n 1)
    [[ -z $E2E_ACCEPT ]] || echo "# accepted for $FROM_VERSION to $TARGET: $E2E_ACCEPT"
}

run() { # runs caravan; the output is in $OUT, the exit status in $STATUS
    caravan "$@" >"$OUT" 2>&1
    STATUS=$?
    return 0
}

begin() { # runs caravan in the background; its output is in $BEGUN, its pid in $BACKGROUND
    BEGUN=$E2E/begun
    accepting "$@"
    "$FLEET_BUILD/caravan" --config "$E2E/config" "${ARGS[@]}" >"$BEGUN" 2>&1 &
    BACKGROUND=$!
}
ended() { # waits for that command; its output is in $OUT, its exit status in $STATUS
    wait "$BACKGROUND"
    STATUS=$?
    cp "$BEGUN" "$OUT"
}
killed() {
    kill -KILL "$BACKGROUND"
    wait "$BACKGROUND" 2>/dev/null
}
within() { # SECONDS COMMAND...: repeats COMMAND until it succeeds
    local limit=$1
    shift
    WAIT_ON=${BACKGROUND:-} wait_until "$limit" "$*" "$@" && return
    [[ -s ${BEGUN:-} ]] && { echo "what was begun said:"; tail -n 25 "$BEGUN"; }
    return 1
}
upgraded() { # N [HOST...]: at least N of them run the target; their names are in $NEW
    local n=$1 h hosts
    shift
    hosts=("$@")
    ((${#hosts[@]})) || hosts=("${FLEET_HOSTS[@]}")
    NEW=()
    for h in "${hosts[@]}"; do runs_version "$h" "$TARGET" >/dev/null && NEW+=("$h"); done
    ((${#NEW[@]} >= n))
}

status_is() { [[ $STATUS == "$1" ]] || { echo "exit status $STATUS, expected $1"; return 1; }; }
says() { grep -qF -- "$1" "$OUT" || { echo "output lacks: $1"; return 1; }; }
runs_version() { # HOST VERSION
    local v
    v=$(fleet_version "$1")
    [[ $v == "$2" ]] || { echo "$1 runs '$v', expected $2"; return 1; }
}
not() { ! "$@"; }
all_run() {
    local h
    for h in "${FLEET_HOSTS[@]}"; do runs_version "$h" "$1" || return 1; done
}
healthy() { fleet_wait_healthy "${1:-15}"; }
# Agents keep their findings about the host for a minute; new agents look again.
looked_anew() { fleet_stop_agents "$@" && fleet_start_agents "$@" && fleet_wait_agents "$@"; } # HOST...
nomad_pid() { cat "$FLEET/$1/nomad.pid" 2>/dev/null; } # prints nothing if it never ran
same_pids() { # FILE from note_pids, HOST...: these hosts did not restart Nomad
    local file=$1 h
    shift
    for h in "$@"; do
        grep -qx "$h $(nomad_pid "$h")" "$file" || { echo "$h was restarted"; return 1; }
    done
}
note_pids() {
    local h
    for h in "${FLEET_HOSTS[@]}"; do echo "$h $(nomad_pid "$h")"; done >"$1"
}
# Real Nomad needs a job; the stand-in gives each client two tasks by itself.
real_job() {
    is_real || return 0
    local job='{"Job":{"ID":"web","Name":"web","Type":"service","Datacenters":["dc1"],"TaskGroups":[{"Name":"web","Count":2,
      "Tasks":[{"Name":"web","Driver":"raw_exec","Config":{"command":"/bin/sleep","args":["3600'$FLEET_NET'"]},
      "Resources":{"CPU":20,"MemoryMB":20}}]}]}}'
    curl -fsS -m 5 -X PUT -d "$job" "$NOMAD_ADDR/v1/jobs" >/dev/null && within 60 tasks_run 2 &&
        within 60 deployed || { echo "Bail out! the job does not run"; exit 1; }
}
tasks_run() { (($(task_pids | wc -l) == $1)); }
deployed() { fleet_get s1 /v1/deployments | grep -q '"Status":"successful"'; }
task_pids() {
    if is_real; then pgrep -x -f "/bin/sleep 3600$FLEET_NET"; else cat "$FLEET"/c*/data/tasks/*.pid 2>/dev/null; fi | sort
}
# Tasks of a real Nomad, and the processes it started for them, outlive Nomad.
real_tasks_end() {
    is_real && [[ -n ${FLEET:-} ]] || return 0
    local pid mount
    for pid in $(pgrep -f "^$FLEET/") $(task_pids); do kill -KILL "$pid" 2>/dev/null; done
    for mount in $(awk -v in_fleet="$FLEET/" 'index($2, in_fleet) == 1 { print $2 }' /proc/mounts); do umount "$mount"; done
}

before() { # VERSION VERSION: the first is older
    [[ $1 != "$2" && $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

# The stand-in looks for faults ten times a second and logs each reading. `fault` and `cured` return
# when the stand-in has read the change. They use rename, so it never reads half a file.
faults_read() { grep -c "sim: faults read from" "$FLEET/$1/nomad.log"; }
faults_are_read() { # HOST TIMES-READ-BEFORE
    (($(faults_read "$1") > $2)) || ! kill -0 "$(nomad_pid "$1")" 2>/dev/null # a stopped Nomad reads them when it starts
}
faults_in_force() { # HOST TIMES-READ-BEFORE
    WAIT_STEP=0.05 wait_until 20 "the stand-in of $1 to read its faults" faults_are_read "$@"
}
fault() { # HOST JSON
    local read
    read=$(faults_read "$1")
    echo "$2" >"$FLEET/$1/data/.faults" && mv "$FLEET/$1/data/.faults" "$FLEET/$1/data/faults"
    faults_in_force "$1" "$read"
}
cured() { # HOST...: removes their faults
    local h read
    for h in "$@"; do
        [[ -e $FLEET/$h/data/faults ]] || continue
        read=$(faults_read "$h")
        rm "$FLEET/$h/data/faults"
        faults_in_force "$h" "$read"
    done
}

standin() { # VERSION FILE [FAULTS-JSON]
    tests/sim/make-release "$FLEET_BUILD/tests/nomad" "$1" "$2" ${3:+"$3"}
}

from_binary() { # makes the binary that the fleet runs at first
    if is_real; then FROM=$NOMAD_FROM; else
        FROM=$E2E/nomad-from
        [[ -e $FROM ]] || standin "${E2E_FROM:-1.10.5}" "$FROM"
    fi
    FROM_VERSION=$("$FROM" version | sed -n '1s/^Nomad v\([^ ]*\).*/\1/p')
}

# Short waits: the tests are about order and proof, not about long waits.
e2e_config() {
    mkdir -p "$E2E/config"
    cat >"$E2E/config/caravan.conf" <<CONF
[paths]
state_dir = $E2E/state
[defaults]
settle = ${E2E_SETTLE:-300ms}
soak = ${E2E_SOAK:-200ms}
hold = ${E2E_HOLD:-200ms}
server_deadline = ${E2E_SERVER_DEADLINE:-60s}
client_deadline = ${E2E_CLIENT_DEADLINE:-30s}
${E2E_CONF:-}
CONF
}

# On real Nomad the first token comes from the API; on the stand-in FLEET_SIM contains it.
first_token() {
    local name=${FLEET_TLS_NAME:-$(fleet_address s1)}
    FLEET_TOKEN=$(curl -fsS -m 5 -X PUT ${FLEET_CURL:-} --connect-to "$name:4646:$(fleet_address s1):4646" \
        "${FLEET_SCHEME:-http}://$name:4646/v1/acl/bootstrap" | grep -o '"SecretID":"[^"]*"' | cut -d'"' -f4)
    [[ -n $FLEET_TOKEN ]]
}
bootstrap_acl() {
    wait_until 60 "a first token" first_token || return 1 # there is no leader at first
    export NOMAD_TOKEN=$FLEET_TOKEN
}

e2e_begin() { # NET [SERVERS CLIENTS]
    local h
    fleet_new "$E2E/fleet" "$1" "${2:-3}" "${3:-2}" || { echo "Bail out! no fleet could be made"; exit 1; }
    from_binary
    for h in "${FLEET_HOSTS[@]}"; do fleet_binary "$h" "$FROM"; done
    fleet_start_nomad || { echo "Bail out! Nomad could not be started"; exit 1; }
    export NOMAD_ADDR=${FLEET_SCHEME:-http}://$(fleet_address s1):4646
    if is_real && [[ ${FLEET_ACL:-0} == 1 ]]; then
        bootstrap_acl || { echo "Bail out! no token could be bootstrapped"; exit 1; }
    fi
    e2e_config
    run init --solo ${E2E_INIT---no-passphrase}
    cp "$E2E/config/trust" "$FLEET/trust" || { show_out; echo "Bail out! caravan init failed"; exit 1; }
    fleet_start_agents
    if ! fleet_wait_healthy "$(is_real && echo 90 || echo 20)"; then
        tail -n 3 "$FLEET"/*/nomad.log | sed 's/^/# /'
        echo "Bail out! the cluster did not become healthy"
        exit 1
    fi
    fleet_wait_agents || { echo "Bail out! the agents do not listen"; exit 1; }
    run enroll --yes
    ((STATUS == 0)) || { show_out; echo "Bail out! caravan enroll failed"; exit 1; }
}

# A release that Caravan refuses before it reads the file: the stand-in's, also on real Nomad.
offer() { # VERSION
    standin "$1" "$E2E/nomad-$1"
    run release add "$1" --os linux --arch "$ARCH" --file "$E2E/nomad-$1" --url "file://$E2E/nomad-$1"
    ((STATUS == 0)) || { show_out; echo "Bail out! caravan release add failed"; exit 1; }
}

# The target release: release VERSION [FAULTS-JSON]; on real Nomad the binary of NOMAD_TO.
release() {
    if is_real; then TO=$NOMAD_TO; else
        TO=$E2E/nomad-$1
        standin "$1" "$TO" "${2:-}"
    fi
    TARGET=$("$TO" version | sed -n '1s/^Nomad v\([^ ]*\).*/\1/p')
    run release add "$TARGET" --os linux --arch "$ARCH" --file "$TO" --url "file://$TO"
    ((STATUS == 0)) || { show_out; echo "Bail out! caravan release add failed"; exit 1; }
    is_real && accept_pair
    return 0
}
