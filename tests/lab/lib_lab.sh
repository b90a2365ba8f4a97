# lib_lab.sh - functions for every scenario of the lab; each scenario sources it first. See
# README.md.
#
#   . "$LAB/lib_lab.sh"
#   lab_fleet 3 2              boots servers s1.., clients c1.. and coord; waits until Nomad is
#                              healthy; starts the watcher
#   lab_agents                 installs packages, trust and keys: the fleet can be upgraded
#   release 1.11.4 [FAULTS]    makes the target; the operator's web server serves it
#   caravan ARGS...            runs on the coordinator's host; output in $OUT, exit status $STATUS
#   check "what must be true" command...
#   lab_end                    runs the checks at the end of every scenario, prints the TAP plan
#
# Variables for lab_fleet: LAB_DISK_<host>=300M, LAB_FROM=1.10.5, LAB_SIM='{"preset": "quick"}',
# LAB_BOTH=1 (servers are clients too), LAB_UNIT (nomad.service), LAB_BINARY (/usr/bin/nomad),
# LAB_SCHEME, LAB_TLS, LAB_ACL, LAB_AGENT_CONF (lines for every agent.conf), LAB_RESTART_SEC (2);
# LAB_UNWATCHED=1 (no watcher). A function before_boot may change the hosts' files.
set -u
# shellcheck source=deploy/demo/wait.sh
. "$LAB/../../deploy/demo/wait.sh"
# shellcheck source=tests/lab/lib_hosts.sh
. "$LAB/lib_hosts.sh"
# shellcheck source=tests/lab/lib_checks.sh
. "$LAB/lib_checks.sh"
# shellcheck source=tests/lab/lib_meet.sh
. "$LAB/lib_meet.sh"

SERVERS=() CLIENTS=()
OUT=$LAB_RUN/out
STATUS=""
WATCHER=""
ARCH=$(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/')
is_real() { [[ -n ${NOMAD_FROM:-} && -n ${NOMAD_TO:-} ]]; }
needs_standin() { # WHY
    is_real || return 0
    echo "1..0 # SKIP needs a fault of the stand-in: $*"
    exit 0
}

lab_finish() {
    local status=$?
    # A child that gets a signal before it executes its program still has this trap.
    [[ $BASHPID == "$$" ]] || exit "$status"
    trap - EXIT INT TERM HUP
    if ((T_FAILED || status)) || [[ -n ${LAB_KEEP:-} ]]; then
        mkdir -p "$LAB_KEPT"
        hosts_keep_logs "$LAB_KEPT"
        cp "$LAB_RUN"/*.{log,samples,verdict} "$OUT" "$LAB_KEPT" 2>/dev/null
    fi
    [[ -n $WATCHER ]] && kill -KILL "$WATCHER" 2>/dev/null
    hosts_end 2>/dev/null
    ((T_FAILED == 0)) || status=1
    exit "$status"
}
trap lab_finish EXIT
trap 'exit 130' INT TERM HUP
bail() {
    echo "Bail out! $*"
    exit 1
}

# ---- Nomad on a host, as an operator would set it up ----

lab_join_list() { # SUFFIX: prints a JSON list of the servers, each with the suffix
    local out="" h
    for h in "${SERVERS[@]}"; do out+="${out:+,}\"$(lab_address "$h")$1\""; done
    echo "$out"
}

lab_address() {
    case $1 in
    coord) echo 10.99.0.5 ;;
    s*) echo "10.99.0.$((10 + ${1#s}))" ;;
    c*) echo "10.99.0.$((20 + ${1#c}))" ;;
    esac
}

nomad_role() { # NAME
    local client="\"client\": {\"enabled\": true, \"servers\": [$(lab_join_list :4647)],
    \"network_interface\": \"eth0\",
    \"options\": {\"driver.allowlist\": \"raw_exec\", \"driver.whitelist\": \"raw_exec\",
      \"fingerprint.denylist\": \"env_aws,env_gce,env_azure,env_digitalocean,consul,vault\",
      \"fingerprint.blacklist\": \"env_aws,env_gce,env_azure,env_digitalocean,consul,vault\"}},
  \"plugin\": [{\"raw_exec\": {\"config\": [{\"enabled\": true}]}}]"
    if [[ $1 == s* ]]; then
        echo "\"server\": {\"enabled\": true, \"bootstrap_expect\": ${#SERVERS[@]},
    \"server_join\": {\"retry_join\": [$(lab_join_list "")], \"retry_interval\": \"1s\"}}"
        [[ -z ${LAB_BOTH:-} ]] || echo ", $client"
    else
        echo "$client"
    fi
}

nomad_config() { # NAME: prints the configuration
    local at
    at=$(lab_address "$1")
    cat <<JSON
{
  "name": "$1", "region": "global", "datacenter": "dc1",
  "data_dir": "/opt/nomad/data", "bind_addr": "0.0.0.0",
  "advertise": {"http": "$at", "rpc": "$at", "serf": "$at"},
  "disable_update_check": true, "leave_on_interrupt": false, "leave_on_terminate": false,
  "consul": {"auto_advertise": false, "server_auto_join": false, "client_auto_join": false},
  "acl": {"enabled": ${LAB_ACL:-false}},${LAB_TLS:-}
  $(nomad_role "$1")
}
JSON
}

# Prints the unit of HashiCorp's packages. Type=notify works with 1.8 and newer only.
nomad_unit() { # VERSION
    local type=simple
    [[ $(printf '1.8.0\n%s\n' "$1" | sort -V | head -n 1) == 1.8.0 ]] && type=notify
    cat <<UNIT
[Unit]
Description=Nomad
Wants=network-online.target
After=network-online.target
StartLimitBurst=3
StartLimitIntervalSec=10

[Service]
Type=$type
EnvironmentFile=-/etc/nomad.d/nomad.env
ExecReload=/bin/kill -HUP \$MAINPID
ExecStart=${LAB_BINARY:-/usr/bin/nomad} agent -config /etc/nomad.d
KillMode=process
KillSignal=SIGINT
LimitNOFILE=65536
LimitNPROC=infinity
Restart=on-failure
RestartSec=${LAB_RESTART_SEC:-2}
OOMScoreAdjust=-1000
TasksMax=infinity

[Install]
WantedBy=multi-user.target
UNIT
}

nomad_put() { # NAME: installs binary and configuration, installs and enables the unit
    local root unit=${LAB_UNIT:-nomad.service}
    root=$(root_of "$1")
    mkdir -p "$root/etc/nomad.d" "$root/opt/nomad/data" "$root/etc/systemd/system/multi-user.target.wants"
    put "$FROM" "$1" "${LAB_BINARY:-/usr/bin/nomad}" 0755
    nomad_config "$1" >"$root/etc/nomad.d/nomad.json"
    if [[ -n ${LAB_SIM:-} ]]; then
        echo "$LAB_SIM" >"$root/etc/nomad-sim"
        echo "NOMAD_SIM=/etc/nomad-sim" >"$root/etc/nomad.d/nomad.env"
    fi
    nomad_unit "$FROM_VERSION" >"$root/etc/systemd/system/$unit"
    ln -sf "../$unit" "$root/etc/systemd/system/multi-user.target.wants/$unit"
}

# Real clients make control groups. systemd-nspawn mounts groups of version 1 read-only: mount them
# again.
real_cgroups() { # NAME
    local units
    units=$(root_of "$1")/etc/systemd/system
    cat >"$units/writable-groups.service" <<'UNIT'
[Unit]
Before=nomad.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for d in /sys/fs/cgroup/*/; do mount -o remount,bind,rw $d || :; done'
UNIT
    mkdir -p "$units/multi-user.target.wants"
    ln -sf ../writable-groups.service "$units/multi-user.target.wants/"
}

version_of() { "$1" version | sed -n '1s/^Nomad v\([^ ]*\).*/\1/p'; }

from_binary() {
    if is_real; then
        FROM=$NOMAD_FROM
    else
        FROM=$LAB_RUN/nomad-from
        standin "${LAB_FROM:-1.10.5}" "$FROM"
    fi
    FROM_VERSION=$(version_of "$FROM")
    FROM_DIGEST=$(sha256sum <"$FROM")
}

standin() { # VERSION FILE [FAULTS]
    tests/sim/make-release "$LAB_BUILD/tests/nomad" "$1" "$2" ${3:+"$3"} || bail "no release $1"
}

# ---- questions to the cluster from outside ----

api() { # HOST PATH [CURL OPTION...]
    local host=$1 path=$2
    shift 2
    # With TLS the certificate contains the role's name instead of the address.
    local name=${LAB_TLS_NAME:-$(lab_address "$host")}
    curl -fsS -m 5 --noproxy '*' ${LAB_CURL:-} --connect-to "$name:4646:$(lab_address "$host"):4646" \
        ${NOMAD_TOKEN:+-H "X-Nomad-Token: $NOMAD_TOKEN"} "$@" \
        "${LAB_SCHEME:-http}://$name:4646$path"
}
occurrences() { grep -oF "$1" | wc -l; }
runs_nomad() { # NAME: prints the version that its Nomad process reports
    local v
    v=$(api "$1" /v1/agent/self | grep -o '"Version":"[0-9][^"]*"' | head -n 1)
    v=${v#*:\"}
    echo "${v%\"}"
}
leader() { # prints the leader's name
    local h at
    at=$(api "${1:-s1}" '/v1/status/leader?stale') || return 1
    at=${at//\"/}
    for h in "${SERVERS[@]}"; do [[ ${at%:*} == "$(lab_address "$h")" ]] && echo "$h"; done
}
cluster_healthy() {
    local h at first="" nodes=${#CLIENTS[@]}
    [[ -z ${LAB_BOTH:-} ]] || nodes=$((nodes + ${#SERVERS[@]}))
    for h in "${SERVERS[@]}"; do
        at=$(api "$h" '/v1/status/leader?stale') || return 1
        [[ -n ${at//\"/} && ${first:=$at} == "$at" ]] || return 1
        (($(api "$h" /v1/agent/members | occurrences '"Status":"alive"') == ${#SERVERS[@]})) || return 1
    done
    (($(api "${SERVERS[0]}" /v1/nodes | occurrences '"Status":"ready"') == nodes))
}
wait_for() { # SECONDS COMMAND...: repeats COMMAND until it succeeds; prints the output of the last try
    wait_until $(($1 * ${LAB_PATIENCE:-1})) "${*:2}" "${@:2}"
}

# Real Nomad needs a job; the stand-in gives each client two tasks by itself.
real_job() {
    is_real || return 0
    local id='{"Job":{"ID":"web","Name":"web","Type":"service","Datacenters":["dc1"],"TaskGroups":[{"Name":"web","Count":4,
      "Tasks":[{"Name":"web","Driver":"raw_exec","Config":{"command":"/bin/sleep","args":["3600"]},
      "Resources":{"CPU":20,"MemoryMB":20}}]}]}}'
    api s1 /v1/jobs -X PUT -d "$id" >/dev/null || bail "the job could not be submitted"
    wait_for 60 tasks_run 4 || bail "the tasks do not run"
    wait_for 60 deployed || bail "the deployment does not end"
}
deployed() { api s1 /v1/deployments | grep -q '"Status":"successful"'; }
tasks_run() { (($(task_list | wc -l) >= $1)); }

watch_begin() {
    local h args=()
    for h in "${SERVERS[@]}"; do args+=("$h=${LAB_SCHEME:-http}://$(lab_address "$h"):4646"); done
    "$LAB_BUILD/tests/watcher" "$LAB_RUN/watch.samples" 100 "${args[@]}" \
        ${LAB_WATCH_TLS:-} >"$LAB_RUN/watch.verdict" 2>&1 &
    WATCHER=$!
}

lab_fleet() { # SERVERS CLIENTS
    local i h disk
    for ((i = 1; i <= $1; i++)); do SERVERS+=("s$i"); done
    for ((i = 1; i <= $2; i++)); do CLIENTS+=("c$i"); done
    NODES=("${SERVERS[@]}" "${CLIENTS[@]}")
    [[ -n ${LAB_SIM:-} ]] || LAB_SIM='{"preset": "quick"}'
    ! is_real || LAB_SIM=
    from_binary
    network_make || bail "no bridge"
    for h in coord "${NODES[@]}"; do
        disk=LAB_DISK_$h
        host_make "$h" "$(lab_address "$h")" "${!disk:-}"
    done
    for h in "${NODES[@]}"; do
        nomad_put "$h"
        ! is_real || real_cgroups "$h"
    done
    ! declare -F before_boot >/dev/null || before_boot
    host_boot coord "${NODES[@]}"
    wait_for "$(is_real && echo 120 || echo 30)" cluster_healthy || bail "the cluster did not become healthy"
    real_job
    ! is_real || wait_for 60 cluster_healthy || bail "the cluster did not stay healthy"
    wait_for 10 tasks_run "${#CLIENTS[@]}" || bail "no tasks run"
    note_before
    [[ -n ${LAB_UNWATCHED:-} ]] || watch_begin
}

# ---- Caravan on the hosts ----

lab_install() { # "PACKAGE..." HOST...: installs as a user does, without the network
    local packages=$1 p h pids=() pid failed=0
    shift
    for h in "$@"; do
        rm -rf "$(root_of "$h")/srv/repository"
        mkdir -p "$(root_of "$h")/srv/repository"
        for p in $packages; do
            cp "$LAB_RUN/debs/$p"_*.deb "$(root_of "$h")/srv/repository/" || bail "there is no package $p"
        done
        # confold: keeps a file that configuration management has installed before.
        on "$h" sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-confold \
            install /srv/repository/*.deb' >>"$LAB_RUN/apt-$h.log" 2>&1 </dev/null &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
    return "$failed"
}

debs_begin() { # makes the operator's package repository
    mkdir -p "$LAB_RUN/debs"
    cp "$LAB_DEBS"/caravan{,-agent}_*.deb "$LAB_RUN/debs/"
}
coord_begin() {
    debs_begin
    mkdir -p "$(root_of coord)/srv/depot" "$(root_of coord)/etc/caravan"
    put "$LAB_BUILD/tests/depot" coord /usr/local/bin/depot 0755
    on coord /usr/local/bin/depot /srv/depot 8080 >"$LAB_RUN/depot.log" 2>&1 &
    cat >"$(root_of coord)/etc/caravan/caravan.conf" <<CONF
[defaults]
settle = ${LAB_SETTLE:-1s}
soak = ${LAB_SOAK:-1s}
hold = ${LAB_HOLD:-1s}
server_deadline = ${LAB_SERVER_DEADLINE:-60s}
client_deadline = ${LAB_CLIENT_DEADLINE:-45s}
${LAB_CONF:-}
CONF
}

caravan_env() { # prints the variables of an operator's shell
    ON_ENV=("NOMAD_ADDR=${LAB_SCHEME:-http}://$(lab_address "${LAB_ASK:-s1}"):4646" ${NOMAD_TOKEN:+"NOMAD_TOKEN=$NOMAD_TOKEN"}
        ${LAB_COORD_TLS:-})
}
caravan() {
    caravan_env
    on coord caravan "$@" >"$OUT" 2>&1 </dev/null
    STATUS=$?
    ON_ENV=()
    printf '$ caravan %s\n' "$*" >>"$LAB_RUN/caravan.log"
    cat "$OUT" >>"$LAB_RUN/caravan.log"
    echo "exit status $STATUS" >>"$LAB_RUN/caravan.log"
}
caravan_begin() { # ARGS...: runs caravan in the background; caravan_wait waits for its end
    printf '$ caravan %s\n' "$*" >>"$LAB_RUN/caravan.log"
    caravan_env
    on coord caravan "$@" >"$OUT" 2>&1 </dev/null &
    RUNNER=$!
    ON_ENV=()
}
caravan_wait() {
    wait "$RUNNER"
    STATUS=$?
    cat "$OUT" >>"$LAB_RUN/caravan.log"
    echo "exit status $STATUS" >>"$LAB_RUN/caravan.log"
}
must() { # COMMAND...: a preparation; if it fails, the scenario ends
    caravan "$@"
    ((STATUS == 0)) || { tail -n 15 "$OUT" | sed 's/^/# /'; bail "caravan $* ended with $STATUS"; }
}

trust_package() { # puts the package of `caravan init` into the operator's repository
    cp "$(root_of coord)/etc/caravan"/caravan-trust_*_all.deb "$LAB_RUN/debs/"
}

lab_agents() { # [HOST...]: default is all hosts
    local hosts=("$@")
    ((${#hosts[@]})) || hosts=("${NODES[@]}")
    coord_begin
    lab_install caravan coord || bail "the coordinator's package could not be installed"
    must init --yes --no-passphrase
    trust_package || bail "caravan init made no package of the trust file"
    agent_conf "${hosts[@]}"
    lab_install "caravan-agent caravan-trust" "${hosts[@]}" || bail "the agent's package could not be installed"
    wait_for 15 agents_listen "${hosts[@]}" || bail "the agents do not listen"
    caravan enroll --yes # exits with 1 if the scenario leaves a host without an agent
    ((STATUS == 0 || ${#hosts[@]} < ${#NODES[@]})) || bail "caravan enroll ended with $STATUS: $(tail -n 1 "$OUT")"
}

agent_conf() { # HOST...: writes agent.conf if the packaged one is not enough
    [[ -n ${LAB_AGENT_CONF:-} ]] || return 0
    local h
    for h in "$@"; do
        mkdir -p "$(root_of "$h")/etc/caravan"
        printf '%s\n' "[fetch]" "fetch_socket = /run/caravan/fetch.sock" "$LAB_AGENT_CONF" >"$(root_of "$h")/etc/caravan/agent.conf"
    done
}
# Agents listen at once. Enrolment needs caravan-swap's first view, which names the host's Nomad;
# for this view caravan-swap hashes the binary first.
agents_listen() {
    local h
    for h in "$@"; do
        (exec 3<>"/dev/tcp/$(lab_address "$h")/4650") 2>/dev/null || return 1
        on "$h" test -s /run/caravan/view || return 1
    done
}

release() { # VERSION [FAULTS-JSON]: puts it into the depot and adds it to the operator's releases
    if is_real; then
        TO=$NOMAD_TO
    else
        TO=$LAB_RUN/nomad-$1
        standin "$1" "$TO" "${2:-}"
    fi
    TARGET=$(version_of "$TO")
    TO_DIGEST=$(sha256sum <"$TO")
    put "$TO" coord "/srv/depot/nomad-$TARGET"
    must release add "$TARGET" --os linux --arch "$ARCH" --file "/srv/depot/nomad-$TARGET" \
        --url "http://$(lab_address coord):8080/nomad-$TARGET"
}
