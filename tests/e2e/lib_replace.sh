# lib_replace.sh - servers that join and leave; sourced after lib_fleet.sh.
#
#   replace_begin NET SERVERS CLIENTS  as e2e_begin, on hosts where root allows orders to stop Nomad;
#                                      the servers are $OLD. A run ends with a watch of E2E_WATCH (1s)
#   new_hosts HOST...                  makes hosts with an agent and a Nomad that never ran, and enrolls
#                                      each by its address; sets $NEW_HOSTS, and $ADD (addresses)
#   new_host HOST [BINARY]             makes one such host, not enrolled
#   now_servers HOST...                names the servers that `healthy` and the checks below ask
#
# A host's Nomad starts at boot unless its file not-at-boot exists (deploy/demo/nomad-service).
# Questions about the cluster go to every server of $FLEET_SERVERS.

# A dead server is `alive` for 3 to 4.5 s.
FLEET_SIM='{"timing": {"ttl_ms": 120000, "failed_after_ms": 3000}}'
NEW_HOSTS=() ADD=""

replace_begin() { # NET SERVERS CLIENTS
    FLEET_AGENT_EXTRA="${FLEET_AGENT_EXTRA:-}
[law]
allow_stop = yes"
    E2E_CONF="removed_watch = ${E2E_WATCH:-1s}"
    e2e_begin "$@"
    OLD=("${FLEET_SERVERS[@]}")
}

new_host() { # HOST [BINARY]
    FLEET_HOSTS+=("$1")
    fleet_host "$1"
    sed -i 's/"bootstrap_expect": [0-9]*,//' "$FLEET/$1/nomad.json"
    printf '[law]\nstart_stopped = yes\n' >>"$FLEET/$1/agent.conf"
    fleet_service "$1" disable
    fleet_binary "$1" "${2:-$FROM}"
    fleet_start_agents "$1" && fleet_wait_agents "$1"
}

addresses() { # HOST...: prints their addresses, separated by commas
    local h list=""
    for h in "$@"; do list+="${list:+,}$(fleet_address "$h")"; done
    echo "$list"
}

new_hosts() { # HOST...
    local h
    for h in "$@"; do
        [[ -e $FLEET/$h ]] || new_host "$h" || { echo "Bail out! the agent of $h does not listen"; exit 1; }
    done
    NEW_HOSTS+=("$@")
    ADD=$(addresses "${NEW_HOSTS[@]}")
    run enroll --host "$(addresses "$@")" --yes
    ((STATUS == 0)) || { show_out; echo "Bail out! caravan enroll --host failed"; exit 1; }
}

now_servers() { FLEET_SERVERS=("$@"); }

# ---- states of the cluster ----

member_reads() { # HOST STATUS: every other server reports it; "none": it is not listed
    local by is
    for by in "${FLEET_SERVERS[@]}"; do
        [[ $by != "$1" ]] || continue
        is=$(fleet_get "$by" /v1/agent/members | sed 's/"Name":"/\n&/g' | grep "^\"Name\":\"$1\.global\"" | grep -m 1 -o '"Status":"[a-z]*"')
        [[ ${is:-none} == *"$2"* ]] || { echo "$1 reads ${is:-none} by $by, not $2"; return 1; }
    done
}
raft_voters() { # HOST: prints the voters that HOST reports
    fleet_get "$1" "/v1/operator/raft/configuration?stale" | tr '{' '\n' | grep '"Voter":true' |
        sed 's/.*"Node":"\([^".]*\).*/\1/' | sort | paste -sd' '
}
voters_are() { # HOST...
    local by is want
    want=$(printf '%s\n' "$@" | sort | paste -sd' ')
    for by in "${FLEET_SERVERS[@]}"; do
        is=$(raft_voters "$by")
        [[ $is == "$want" ]] || { echo "by $by the voters are '$is', not '$want'"; return 1; }
    done
}
no_peers() { # HOST...: none is in the raft configuration, not even as a non-voter
    local by h
    for by in "${FLEET_SERVERS[@]}"; do
        for h in "$@"; do
            fleet_get "$by" "/v1/operator/raft/configuration?stale" >"$E2E/raft" || return 1
            ! grep -qF "$(fleet_address "$h"):" "$E2E/raft" || { echo "by $by $h is in raft"; return 1; }
        done
    done
}
nomad_runs() { fleet_service "$1" status; } # HOST
starts_at_boot() { [[ ! -e $FLEET/$1/not-at-boot ]]; }
is_off() { # HOST...: Nomad neither runs nor starts when the host boots
    local h
    for h in "$@"; do
        ! nomad_runs "$h" || { echo "Nomad of $h runs"; return 1; }
        ! starts_at_boot "$h" || { echo "Nomad of $h starts with its host"; return 1; }
    done
}
is_on() { # HOST...
    local h
    for h in "$@"; do
        nomad_runs "$h" || { echo "Nomad of $h does not run"; return 1; }
        starts_at_boot "$h" || { echo "Nomad of $h does not start with its host"; return 1; }
    done
}
have_left() { # HOST...
    local h
    for h in "$@"; do member_reads "$h" left || return 1; done
    no_peers "$@"
}
run_version() { # VERSION HOST...
    local version=$1 h
    shift
    for h in "$@"; do runs_version "$h" "$version" || return 1; done
}
leads() { # HOST: reports itself as the leader
    [[ $(fleet_get "$1" "/v1/status/leader?stale") == *"$(fleet_address "$1"):"* ]]
}
leader() {
    local h
    for h in "${FLEET_SERVERS[@]}"; do leads "$h" && echo "$h"; done
}
as_before() { # nothing changed: the old servers vote, the new servers never ran
    voters_are "${OLD[@]}" && is_on "${OLD[@]}" && is_off "${NEW_HOSTS[@]}" && same_pids "$E2E/pids" "${OLD[@]}"
}

# ---- the progress of a run ----

replaces() { # ARGS...: replaces all of $OLD by all of $NEW_HOSTS
    echo replace "$TARGET" --add "$ADD" --remove "$(IFS=,; echo "${OLD[*]}")" "$@"
}
steps() { # prints the begun steps in their order, one a line: "s4: swapping"
    awk '$2 == "s" && $3 ~ /:$/ && $3 != "waiting:" {
        host = substr($3, 1, length($3) - 1)
        if (split(host, part, ".") == 4) host = "s" part[4] - 10 # the report calls a new host by its address
        sub(/[^a-z].*/, "", $4)
        print host ": " $4 }' "$BEGUN"
}
at_step() { steps | grep -qx "$1"; } # "s4: swapping"

# ---- the watch ----

# Asks every server ten times a second for its leader, to measure the gaps without a leader.
watch_begin() {
    local h args=()
    for h in "${OLD[@]}" "${NEW_HOSTS[@]}"; do args+=("$h=http://$(fleet_address "$h"):4646"); done
    "$FLEET_BUILD/tests/watcher" "$E2E/samples" 100 "${args[@]}" >"$E2E/verdict" 2>&1 &
    WATCHER=$!
}
watch_end() { # sets $GAP, the longest gap in ms
    kill -TERM "$WATCHER" && wait "$WATCHER"
    WATCHER=
    GAP=$(sed -n 's/.*longest_gap_ms \([0-9]*\).*/\1/p' "$E2E/verdict")
}
finish_and_plan() {
    local status=$?
    [[ -z ${WATCHER:-} ]] || kill -KILL "$WATCHER" 2>/dev/null
    (exit "$status")
    e2e_finish
}
