#!/bin/bash
# The reasons for which Caravan refuses a replacement before it changes anything.
# timeout: 240
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
needs_standin "its configuration is changed while it runs"
replace_begin 166 3 1
release 1.11.4
new_hosts s4 s5 s6
note_pids "$E2E/pids"
now_servers "${OLD[@]}"

refused() { # STATUS TEXT...: the last `run` ended with STATUS and printed TEXT
    local text
    status_is "$1" || return 1
    shift
    for text in "$@"; do says "$text" || return 1; done
    as_before
}
plan_refused() { # WHAT TEXT...
    local what=$1
    shift
    run $(replaces --yes)
    check "$what: refused with the reason, and nothing touched" refused 4 "$@"
    ((STATUS == 4)) || { echo "Bail out! it was begun"; exit 1; }
}

# ---- command lines without a meaning ----

bad() { # WHAT STATUS TEXT ARGS...
    local what=$1 status=$2 text=$3
    shift 3
    run replace "$TARGET" --yes "$@"
    check "$what: refused, and nothing touched" refused "$status" "$text"
}
bad "a new host twice" 2 "$(fleet_address s4)" --add "$(addresses s4 s4 s5)" --remove s1,s2,s3
bad "an old one twice" 2 s1 --add "$ADD" --remove s1,s1,s2
bad "an old one by name and by address" 2 s1 --add "$ADD" --remove "s1,$(fleet_address s1),s2"
bad "the same host on both sides" 4 "not enrolled by that address" --add "$(addresses s4 s5),$(fleet_address s1)" --remove s1,s2,s3
bad "a name that nobody has" 2 s99 --add "$ADD" --remove s1,s2,s99
bad "a client" 2 "c1 is not a server" --add "$ADD" --remove s1,s2,c1
bad "all removed and none added" 2 "--add" --remove s1,s2,s3
bad "two removed and none added" 2 "--add" --remove s1,s2
bad "nothing at all" 2 "--add"
bad "a host by name that is to be added" 2 "address" --add s4 --remove s1
bad "an even number of voters" 4 "--accept-voters" --add "$(addresses s4 s5)" --remove s1
bad "none added" 2 "--add" --remove s1
bad "added and none removed" 2 "--remove" --add "$ADD"
bad "fewer voters" 4 "--accept-voters" --add "$(fleet_address s4)" --remove s1,s2,s3
bad "a host that was not enrolled" 4 "caravan enroll --host 127.0.166.19" --add "$(addresses s4 s5),127.0.166.19" --remove s1,s2,s3

# ---- reasons in the state of a host ----

edit() { # HOST FILE SED-SCRIPT
    cp "$FLEET/$1/$2" "$E2E/kept"
    sed -i "$3" "$FLEET/$1/$2"
    ! cmp -s "$FLEET/$1/$2" "$E2E/kept" && looked_anew "$1"
}
put_back() { # HOST FILE
    mv "$E2E/kept" "$FLEET/$1/$2"
    looked_anew "$1"
}
case_of() { # WHAT HOST FILE SED-SCRIPT TEXT...: refused while the file is changed
    local what=$1 host=$2 file=$3
    check "$what: the file is changed" edit "$host" "$file" "$4"
    plan_refused "$what" "${@:5}"
    put_back "$host" "$file"
}
S4=$(fleet_address s4) S5=$(fleet_address s5) S6=$(fleet_address s6)
case_of "the name of an old server" s4 nomad.json 's/"name": "s4"/"name": "s2"/' name-taken "$S4" "called s2.global" "another name"
case_of "the name of another new one" s5 nomad.json 's/"name": "s5"/"name": "s4"/' name-taken "$S5" "called s4, and so will the Nomad at $S4"
case_of "a cluster of its own" s4 nomad.json 's/"server": {/"server": {"bootstrap_expect": 1, /' bootstraps "$S4" "Take bootstrap_expect out"
case_of "another region" s5 nomad.json 's/"region": "global"/"region": "far"/' other-region "$S5" "names region far, not global"
case_of "a gossip key where the cluster has none" s6 nomad.json 's|"server": {|"server": {"encrypt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", |' gossip "$S6" "has a gossip key, but s1 has none"
case_of "nobody to join" s4 nomad.json 's/"retry_join": \[[^]]*\]/"retry_join": []/' joins-nobody "$S4" "names no server to join"
case_of "servers to join that are not there" s4 nomad.json 's/"retry_join": \[[^]]*\]/"retry_join": ["127.0.166.99"]/' joins-nobody "$S4" "answers at 127.0.166.99"
case_of "no server" s4 nomad.json 's/"server": {"enabled": true/"server": {"enabled": false/' no-server "$S4" "does not make it a server"
case_of "root does not let a swap start it" s4 agent.conf '/^start_stopped/d' start-stopped "$S4" "start_stopped = yes below [law] in agent.conf"
case_of "root does not let an order stop it" s2 agent.conf '/^allow_stop/d' stop-allowed s2 "allow_stop = yes below [law] in agent.conf"
case_of "no command disables it" s2 agent.conf '/^disable = /d' unit-enabled s2 "set enable and disable below [command] in agent.conf"

mkdir -p "$FLEET/s5/data/server"
echo 0123 >"$FLEET/s5/data/server/node-id"
looked_anew s5
plan_refused "data of another life" data-dir-used "$S5"
rm -r "$FLEET/s5/data/server"
looked_anew s5

fleet_stop_agents s6
plan_refused "a new one whose agent does not answer" not-new "$S6"
CLOCK_AHEAD=3600 LD_PRELOAD=$FLEET_BUILD/tests/preload_clock.so fleet_start_agents s6
fleet_wait_agents s6
plan_refused "a clock that is an hour ahead" clock-apart "$S6" "ahead"
looked_anew s6
touch "$FLEET/s3/hold"
looked_anew s3
plan_refused "an old one that is held" law-refuses s3 "root's hold file"
rm "$FLEET/s3/hold"
looked_anew s3

may_go() { run $(replaces --dry-run); status_is 0; }
check "after every correction the plan does not refuse" within 20 may_go
check "and nothing was touched" as_before

# ---- an old server that is also a client ----

set_client() {
    sed -i 's/"server": {/"client": {"enabled": true, "servers": ["'"$(fleet_address s1)"':4647"]}, "server": {/' "$FLEET/s3/nomad.json"
    fleet_service s3 stop
    fleet_service s3 start
}
has_node() { NODE=$(<"$FLEET/s3/data/client/client-id") && fleet_get s1 "/v1/node/$NODE" | grep -q '"Status":"ready"'; }
check "s3 becomes a client" set_client
check "and is ready" within 20 has_node
check "and votes" within 30 voters_are "${OLD[@]}"
note_pids "$E2E/pids"
plan_refused "a server that is a client, too" client-too s3 "nomad node drain -enable"
drain() {
    curl -fsS -m 5 -X POST -d '{"DrainSpec":{"Deadline":10000000000},"MarkEligible":false}' "$NOMAD_ADDR/v1/node/$NODE/drain"
}
check "it is drained" drain
check "then the plan does not refuse" within 20 may_go
e2e_end
