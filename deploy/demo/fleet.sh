# fleet.sh - a Nomad fleet with Caravan agents on loopback addresses; sourced by the demo and tests.
#
#   fleet_new ROOT NET SERVERS CLIENTS   makes directories and configuration; NET is the third number
#                                        of the addresses (127.0.NET.x), one for each fleet
#   fleet_binary HOST FILE               makes FILE the Nomad binary of the host
#   fleet_start_nomad [HOST...]          starts Nomad; on all hosts if no host is named
#   fleet_wait_healthy SECONDS           waits until there is one leader, all members are alive, all
#                                        nodes are ready and autopilot reports healthy
#   fleet_start_agents [HOST...]         starts caravan-swap, which starts caravan-agent
#   fleet_wait_agents [HOST...]          waits, at most 20 s, until each agent listens and its
#                                        caravan-swap has looked at Nomad
#   fleet_stop                           ends every started process by its pid
#
# Hosts are s1.. and c1..; all files of a host are in $FLEET/HOST. Addresses: s1 is .11, c1 is
# .21. The ports are the usual ones of Nomad and Caravan. Needs bash and curl. The same fleet runs on
# real Nomad: only the binaries differ.
#
# Variables for fleet_new: FLEET_RAFT (3), FLEET_SIM (settings of the stand-in as JSON),
# FLEET_AGENT_EXTRA (lines for every agent.conf), FLEET_ACL (1: ACLs on).

umask 022 # the agent's own user must be able to read these files
# shellcheck source=deploy/demo/wait.sh
. "$(dirname "${BASH_SOURCE[0]}")/wait.sh"
# shellcheck source=deploy/demo/reach.sh
. "$(dirname "${BASH_SOURCE[0]}")/reach.sh"

FLEET_BUILD=${FLEET_BUILD:-${CARAVAN_BUILD:-build}/release}
FLEET_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fleet_address() {
    case $1 in
    s*) echo "127.0.$FLEET_NET.$((10 + ${1#s}))" ;;
    c*) echo "127.0.$FLEET_NET.$((20 + ${1#c}))" ;;
    esac
}

fleet_join_list() { # "a","b" with a suffix on each
    local suffix=$1 out="" h
    for h in "${FLEET_SERVERS[@]}"; do
        out+="${out:+,}\"$(fleet_address "$h")$suffix\""
    done
    echo "$out"
}

fleet_nomad_config() {
    local h=$1 dir=$FLEET/$1 at
    at=$(fleet_address "$h")
    local role
    if [[ $h == s* ]]; then
        role="\"server\": {\"enabled\": true, \"bootstrap_expect\": ${#FLEET_SERVERS[@]},
    \"raft_protocol\": ${FLEET_RAFT:-3},
    \"server_join\": {\"retry_join\": [$(fleet_join_list "")], \"retry_interval\": \"1s\"}}"
    else
        role="\"client\": {\"enabled\": true, \"servers\": [$(fleet_join_list :4647)],
    \"network_interface\": \"lo\",
    \"options\": {\"driver.allowlist\": \"raw_exec\", \"driver.whitelist\": \"raw_exec\",
      \"fingerprint.denylist\": \"env_aws,env_gce,env_azure,env_digitalocean,consul,vault\",
      \"fingerprint.blacklist\": \"env_aws,env_gce,env_azure,env_digitalocean,consul,vault\"}},
  \"plugin\": [{\"raw_exec\": {\"config\": [{\"enabled\": true}]}}]"
    fi
    cat >"$dir/nomad.json" <<JSON
{
  "name": "$h", "region": "global", "datacenter": "dc1",
  "data_dir": "$dir/data", "bind_addr": "$at",
  "advertise": {"http": "$at", "rpc": "$at", "serf": "$at"},
  "disable_update_check": true, "leave_on_interrupt": false, "leave_on_terminate": false,
  "consul": {"auto_advertise": false, "server_auto_join": false, "client_auto_join": false},
  "acl": {"enabled": $([[ ${FLEET_ACL:-0} == 1 ]] && echo true || echo false)},${FLEET_TLS:-}
  $role
}
JSON
    [[ -n ${FLEET_SIM:-} ]] && printf '%s\n' "$FLEET_SIM" >"$dir/sim.json"
    return 0
}

fleet_agent_config() {
    local h=$1 dir=$FLEET/$1 at user
    at=$(fleet_address "$h")
    user=$(id -un)
    [[ $user == root ]] && user=nobody
    cat >"$dir/agent.conf" <<CONF
[agent]
listen = $at:4650
user = $user
state_dir = $dir/state
run_dir = $dir/run
machine_id = $dir/machine-id
[trust]
anchor = $FLEET/trust
[nomad]
service = command
binary = $dir/bin/nomad
data_dir = $dir/data
address = ${FLEET_SCHEME:-http}://$at:4646
metadata_address = ${FLEET_METADATA:-${at%.*}.254}
${FLEET_AGENT_TLS:-}
[command]
start = $FLEET/bin/nomad-service start $dir
stop = $FLEET/bin/nomad-service stop $dir
status = $FLEET/bin/nomad-service status $dir
enable = $FLEET/bin/nomad-service enable $dir
disable = $FLEET/bin/nomad-service disable $dir
nomad = $dir/bin/nomad agent -config $dir/nomad.json
pid_file = $dir/nomad.pid
[law]
hold_file = $dir/hold
gap = ${FLEET_GAP:-0s}
allow_file_urls = yes
[fetch]
fetch_program = $FLEET/bin/caravan-fetch
agent_program = $FLEET/bin/caravan-agent
${FLEET_AGENT_EXTRA:-}
CONF
    # All hosts of a loopback fleet are on one machine: each host needs a machine id of its own.
    printf '%s' "$FLEET/$h" | sha256sum | cut -c1-32 >"$dir/machine-id"
}

fleet_host() { # HOST: makes its directories and configuration
    mkdir -p "$FLEET/$1/bin" "$FLEET/$1/data" "$FLEET/$1/state" "$FLEET/$1/run"
    fleet_nomad_config "$1"
    fleet_agent_config "$1"
}

fleet_new() {
    FLEET=$1 FLEET_NET=$2
    FLEET_SERVERS=() FLEET_CLIENTS=()
    local i h
    for ((i = 1; i <= $3; i++)); do FLEET_SERVERS+=("s$i"); done
    for ((i = 1; i <= $4; i++)); do FLEET_CLIENTS+=("c$i"); done
    FLEET_HOSTS=("${FLEET_SERVERS[@]}" "${FLEET_CLIENTS[@]}")
    needs curl setsid sha256sum || return 1
    put_for_all "$FLEET_BUILD"/caravan-{agent,fetch,swap} "$FLEET_HERE"/{nomad-service,wait.sh} "$FLEET/bin" || return 1
    for h in "${FLEET_HOSTS[@]}"; do fleet_host "$h"; done
}

fleet_binary() {
    cp "$2" "$FLEET/$1/bin/.nomad.new" && chmod 0755 "$FLEET/$1/bin/.nomad.new" &&
        mv "$FLEET/$1/bin/.nomad.new" "$FLEET/$1/bin/nomad"
}

fleet_service() { "$FLEET_HERE/nomad-service" "$2" "$FLEET/$1"; }

fleet_start_nomad() {
    local h hosts=("$@")
    ((${#hosts[@]})) || hosts=("${FLEET_HOSTS[@]}")
    for h in "${hosts[@]}"; do fleet_service "$h" start || return 1; done
}

fleet_get() { # HOST PATH: prints the body of the answer, or nothing
    # With TLS the certificate contains the role's name instead of the address: curl must ask for
    # that name, and --connect-to leads curl to the host.
    local name=${FLEET_TLS_NAME:-$(fleet_address "$1")}
    curl -fsS -m 5 ${FLEET_CURL:-} --connect-to "$name:4646:$(fleet_address "$1"):4646" \
        ${FLEET_TOKEN:+-H "X-Nomad-Token: $FLEET_TOKEN"} \
        "${FLEET_SCHEME:-http}://$name:4646$2"
}

fleet_count() { # TEXT: prints how often standard input contains it
    grep -oF "$1" | wc -l
}

fleet_count_is() { # N WHAT HOST PATH TEXT: HOST's answer contains TEXT N times
    local n
    n=$(fleet_get "$3" "$4" | fleet_count "$5")
    ((n == $1)) || { echo "$3 sees $n of $1 $2"; return 1; }
}

fleet_healthy_once() {
    local h leader first=""
    for h in "${FLEET_SERVERS[@]}"; do
        leader=$(fleet_get "$h" "/v1/status/leader?stale") || { echo "$h names no leader"; return 1; }
        [[ -n ${leader//\"/} && ${first:=$leader} == "$leader" ]] || { echo "$h names the leader $leader, another server names ${first:-none}"; return 1; }
        fleet_count_is ${#FLEET_SERVERS[@]} "members alive" "$h" /v1/agent/members '"Status":"alive"' || return 1
    done
    fleet_count_is ${#FLEET_CLIENTS[@]} "nodes ready" "${FLEET_SERVERS[0]}" /v1/nodes '"Status":"ready"' || return 1
    # After an election autopilot answers 429 until its first check. It needs raft protocol 3.
    [[ ${FLEET_RAFT:-3} == 2 ]] || fleet_get "${FLEET_SERVERS[0]}" /v1/operator/autopilot/health >/dev/null || { echo "autopilot does not report healthy"; return 1; }
}

fleet_wait_healthy() { wait_until "$1" "a healthy cluster" fleet_healthy_once; }

fleet_version() { # HOST: prints the version that its Nomad process reports
    local v
    v=$(fleet_get "$1" /v1/agent/self | grep -o '"Version":"[0-9][^"]*"' | head -n 1)
    v=${v#*:\"}
    echo "${v%\"}"
}

fleet_start_agents() {
    local h hosts=("$@")
    ((${#hosts[@]})) || hosts=("${FLEET_HOSTS[@]}")
    for h in "${hosts[@]}"; do
        setsid "$FLEET/bin/caravan-swap" --config "$FLEET/$h/agent.conf" \
            </dev/null >>"$FLEET/$h/swap.log" 2>&1 &
        echo $! >"$FLEET/$h/swap.pid"
    done
}

fleet_agents_listen() { # HOST...
    local h
    for h in "$@"; do
        [[ -e $FLEET/$h/run/view ]] || { echo "caravan-swap of $h has not written its status yet: $(tail -n 1 "$FLEET/$h/swap.log")"; return 1; }
        (exec 3<>"/dev/tcp/$(fleet_address "$h")/4650") || return 1
    done
}

fleet_wait_agents() { # [HOST...]
    local hosts=("$@")
    ((${#hosts[@]})) || hosts=("${FLEET_HOSTS[@]}")
    wait_until 20 "agents that listen" fleet_agents_listen "${hosts[@]}"
}

# The process is not always a child of this shell, so this function reads its state.
fleet_ended() { # PID
    ! grep -sv '^[0-9]* ([^)]*) [ZX]' "/proc/$1/stat"
}

fleet_end_pid() { # PIDFILE SIGNAL
    local pid
    [[ -s $1 ]] || return 0
    pid=$(<"$1")
    if kill "-$2" "$pid" 2>/dev/null; then
        WAIT_STEP=0.02 wait_until 10 "the end of process $pid" fleet_ended "$pid" || kill -KILL "$pid"
    fi
    rm -f "$1"
}

fleet_stop_agents() {
    local h hosts=("$@")
    ((${#hosts[@]})) || hosts=("${FLEET_HOSTS[@]}")
    for h in "${hosts[@]}"; do fleet_end_pid "$FLEET/$h/swap.pid" TERM; done
}

fleet_stop() {
    local h f pid
    [[ -n ${FLEET:-} ]] || return 0
    fleet_stop_agents
    for h in "${FLEET_HOSTS[@]}"; do fleet_end_pid "$FLEET/$h/nomad.pid" KILL; done
    # Tasks outlive Nomad by design: Nomad recorded their pids.
    for f in "$FLEET"/*/data/tasks/*.pid; do
        [[ -s $f ]] && kill -KILL "$(<"$f")" 2>/dev/null
    done
    return 0
}
