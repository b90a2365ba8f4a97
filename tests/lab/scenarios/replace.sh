#!/bin/bash
# Three servers are replaced by three new hosts. A removed host that reboots stays out of the
# cluster; a new host that reboots comes back.
# timeout: 900
. "$LAB/lib_lab.sh"
LAB_UNWATCHED=1
LAB_CONF="removed_watch = 5s"
lab_fleet 3 2
OLD=(s1 s2 s3) NEW=(s4 s5 s6)

# ---- the new hosts have packages, configuration, unit and binary, and their Nomad never ran ----
for h in "${NEW[@]}"; do
    host_make "$h" "$(lab_address "$h")"
    nomad_put "$h"
    sed -i 's/"bootstrap_expect": 3,//' "$(root_of "$h")/etc/nomad.d/nomad.json"
    rm "$(root_of "$h")/etc/systemd/system/multi-user.target.wants/nomad.service"
done
host_boot "${NEW[@]}"
LAB_AGENT_CONF="[law]
allow_stop = yes"
lab_agents "${OLD[@]}" c1 c2
LAB_AGENT_CONF="[law]
start_stopped = yes"
agent_conf "${NEW[@]}"
lab_install "caravan-agent caravan-trust" "${NEW[@]}" || bail "the agent's package could not be installed on the new hosts"
wait_for 15 agents_listen "${NEW[@]}" || bail "the agents of the new hosts do not listen"
addresses() { local h list=""; for h in "$@"; do list+="${list:+,}$(lab_address "$h")"; done; echo "$list"; }
must enroll --host "$(addresses "${NEW[@]}")" --yes
release 1.11.4
NODES+=("${NEW[@]}")

state_of() { on "$1" systemctl show -P ActiveState nomad.service; }
enabled() { on "$1" systemctl is-enabled nomad.service; }
is_off() { # HOST...
    local h
    for h in "$@"; do
        [[ $(state_of "$h") == @(inactive|failed) && $(enabled "$h") == disabled ]] ||
            { echo "$h: $(state_of "$h"), $(enabled "$h")"; return 1; }
    done
}
is_on() {
    local h
    for h in "$@"; do
        [[ $(state_of "$h") == active && $(enabled "$h") == enabled ]] ||
            { echo "$h: $(state_of "$h"), $(enabled "$h")"; return 1; }
    done
}
peers_are() { # HOST...: each new server reports them as the voters
    local by h n
    for by in "${NEW[@]}"; do
        api "$by" '/v1/operator/raft/configuration?stale' >"$LAB_RUN/raft" || return 1
        n=$(occurrences '"Voter":true' <"$LAB_RUN/raft")
        ((n == $#)) || { echo "$by: $n voters"; cat "$LAB_RUN/raft"; return 1; }
        for h in "$@"; do grep -qF "\"$(lab_address "$h"):" "$LAB_RUN/raft" || { echo "$by: no peer $h"; return 1; }; done
    done
}
read_left() { # HOST...: each new server reports them as left
    local by h is
    for by in "${NEW[@]}"; do
        for h in "$@"; do
            is=$(api "$by" /v1/agent/members | sed 's/"Name":"/\n&/g' | grep "^\"Name\":\"$h\.global\"" | grep -o '"Status":"[a-z]*"')
            [[ $is == *left* ]] || { echo "by $by $h reads ${is:-nothing}"; return 1; }
        done
    done
}

SERVERS=("${OLD[@]}" "${NEW[@]}")
watch_begin
caravan replace "$TARGET" --add "$(addresses "${NEW[@]}")" --remove s1,s2,s3 --yes
kill -TERM "$WATCHER" && wait "$WATCHER"
WATCHER=
check "the servers are replaced" status_is 0
SERVERS=("${NEW[@]}") LAB_ASK=s4
sed 's/^/# /' "$LAB_RUN/watch.verdict"
gap() { sed -n 's/.*longest_gap_ms \([0-9]*\).*/\1/p' "$LAB_RUN/watch.verdict"; }
check "the watcher saw no leader for at most 5 s" test "$(gap)" -le 5000
check "the cluster is healthy" wait_for 30 cluster_healthy
check "the new servers run the target" all_run "$TARGET" "${NEW[@]}"
check "only the new servers vote" peers_are "${NEW[@]}"
check "their units run, and are enabled" is_on "${NEW[@]}"
check "every server reports that the old servers have left" read_left "${OLD[@]}"
check "their units do not run, and are disabled" is_off "${OLD[@]}"

host_reboot s1
check "a removed host that reboots stays away" is_off s1
check "every server still reports it as left" read_left s1
check "and the voters are as before" peers_are "${NEW[@]}"
host_reboot s4
check "a new server that reboots comes back" wait_for 60 cluster_healthy
check "and votes" wait_for 60 peers_are "${NEW[@]}"
caravan status
check "status finds all well" says "Nomad reports all as healthy, every agent answers, no drift"
# Nomad ends with status 1 when it is stopped and does not leave: systemd calls that failed.
for h in "${OLD[@]}"; do on "$h" systemctl reset-failed nomad.service; done
lab_end without_services without_watch
