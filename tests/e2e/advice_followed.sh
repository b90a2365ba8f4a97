#!/bin/bash
# The test follows the advice of the plan to the letter: the finding disappears and the upgrade
# succeeds. The lab tests advice that needs systemd. advice_of_stops.sh tests the advice of a
# stopped run.
#
#   id                  trouble                                     advice that the test follows
#   law-refuses         root's hold file on c1                      remove the file
#   api-silent          s2's agent asks another address             set [nomad] address to the reported one
#   config-not-running  c2's files name another datacenter          make the files say again what runs
#   config-not-running  c3's files name another class, on purpose   validate, restart that Nomad
#   path-unusable       the directory of c4's host volume is gone   make the directory again
#   raft-peers-file     s3 has a peers.json                         move the file away, and keep it
#   not-nomad           c5's agent.conf names a script              name the Nomad binary that runs
#   binary-other-version  c6's binary has another version           put the running version in place again
#   binary-writers      others may write into c6's bin              chmod go-w the directory itself
#   unmanaged-client    c7's agent does not run                     start it
#   certificate-expired c8's certificate has expired                renew it
# timeout: 150
# deep: test_hazard_host tests each finding; this script follows the advice to the end
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "files and binaries that are changed under a running Nomad"
e2e_begin 140 3 8
release 1.10.9
set_in() { # HOST FILE FROM TO
    sed "s|$3|$4|" "$FLEET/$1/$2" >"$FLEET/$1/.edited" && cat "$FLEET/$1/.edited" >"$FLEET/$1/$2"
}
told() { sed -n "s/.*\[$1\] $2: //p" "$OUT"; } # ID HOST
plans() { run plan "$TARGET" --max-skipped 0; }
tells() { # ID HOST ADVICE: the plan reports it with the advice (lines of the plan are wrapped)
    tr -s ' \n' ' ' <"$OUT" | grep -qF -- "$3" && grep -qE "\[$1\] .*$2" "$OUT" || { echo "not told: [$1] $2"; return 1; }
}
tells_all() {
    local row
    plans
    for row in "${ROWS[@]}"; do IFS='|' read -r -a row <<<"$row" && tells "${row[@]}" || return 1; done
}
silent() {
    local row
    plans
    for row in "${ROWS[@]}"; do ! grep -E "\[${row%%|*}\]" "$OUT" || return 1; done
    ((STATUS == 0))
}
certificate() { # HOST WAY...: makes it again, with this end
    local at=$FLEET/$1/tls
    shift
    openssl x509 -req -in "$at/request.pem" -signkey "$at/key.pem" "$@" -out "$at/new.pem" 2>/dev/null &&
        mv "$at/new.pem" "$at/cert.pem"
}
expired() { certificate "$1" -days -1 || certificate "$1" -not_before 20200101000000Z -not_after 20200102000000Z; }
ROWS=(
    "law-refuses|c1|ask who put it there"
    "api-silent|s2|set [nomad] address in agent.conf on that host to the address of its API"
    "config-not-running|c2|Make the files say what runs"
    "config-not-running|c3|restart that Nomad yourself"
    "path-unusable|c4|Bring the missing path back as it was"
    "raft-peers-file|s3|Ask whether somebody is recovering the servers right now"
    "not-nomad|c5|name the Nomad binary itself"
    "binary-other-version|c6|Put the running version (/proc/PID/exe) back"
    "binary-writers|c6|chmod go-w the directory itself"
    "unmanaged-client|c7|Start caravan-agent on these hosts and open port 4650, or en"
    "certificate-expired|c8|Renew the certificate"
)

# ---- the troubles ----

mkdir -p "$FLEET/c4/volume" && chmod 0755 "$FLEET/c4/volume"
set_in c4 nomad.json '"client": {' "\"client\": {\"host_volume\": [{\"x\": [{\"path\": \"$FLEET/c4/volume\"}]}], "
mkdir -p "$FLEET/c8/tls"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=c8 \
    -keyout "$FLEET/c8/tls/key.pem" -out "$FLEET/c8/tls/request.pem" 2>/dev/null && certificate c8 -days 2 ||
    { echo "Bail out! openssl could not make a certificate"; exit 1; }
set_in c8 nomad.json '"client": {' "\"tls\": {\"rpc\": true, \"cert_file\": \"$FLEET/c8/tls/cert.pem\", \"key_file\": \"$FLEET/c8/tls/key.pem\"}, \"client\": {"
for h in c4 c8; do fleet_service $h stop && fleet_start_nomad $h; done
check "a fleet whose files agree with its processes is healthy" healthy 20
looked_anew c4 c8
check "and its plan has no finding" within 60 silent

touch "$FLEET/c1/hold"
set_in s2 agent.conf '^address = .*' 'address = http://127.0.140.250:4646'
set_in c2 nomad.json '"datacenter": "dc1"' '"datacenter": "dc2"'
set_in c3 nomad.json '"client": {' '"client": {"node_class": "fast", '
mv "$FLEET/c4/volume" "$FLEET/c4/volume.gone"
mkdir -p "$FLEET/s3/data/server/raft"
echo '[]' >"$FLEET/s3/data/server/raft/peers.json"
printf '#!/bin/sh\nexec %s "$@"\n' "$FLEET/c5/bin/nomad" >"$FLEET/c5/bin/start.sh" && chmod 0755 "$FLEET/c5/bin/start.sh"
set_in c5 agent.conf '^binary = .*' "binary = $FLEET/c5/bin/start.sh"
standin 1.10.2 "$E2E/nomad-other" && fleet_binary c6 "$E2E/nomad-other"
chmod o+w "$FLEET/c6/bin"
expired c8
looked_anew s2 s3 c1 c2 c3 c4 c5 c6 c8
fleet_stop_agents c7
note_pids "$E2E/pids"
check "the plan reports each trouble with its advice" within 60 tells_all
check "and refuses" status_is 4
run upgrade "$TARGET" --yes
check "the run refuses, too, and changes nothing" status_is 4
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
plans

# ---- the advice is followed ----

rm "$FLEET/c1/hold"
listens=$(told api-silent s2 | grep -oE '127\.0\.140\.[0-9]+:4646' | tail -n 1)
check "the plan says where s2's API listens" test "$listens" = 127.0.140.12:4646
set_in s2 agent.conf '^address = .*' "address = http://$listens"
set_in c2 nomad.json '"datacenter": "dc2"' '"datacenter": "dc1"'
check "c3's new configuration is valid" "$FLEET/c3/bin/nomad" config validate "$FLEET/c3/nomad.json"
fleet_service c3 stop && fleet_start_nomad c3
mv "$FLEET/c4/volume.gone" "$FLEET/c4/volume"
mv "$FLEET/s3/data/server/raft/peers.json" "$FLEET/s3/data/peers.json.kept"
set_in c5 agent.conf '^binary = .*' "binary = $FLEET/c5/bin/nomad"
cp "/proc/$(nomad_pid c6)/exe" "$FLEET/c6/bin/.nomad.back" && chmod 0755 "$FLEET/c6/bin/.nomad.back" &&
    mv "$FLEET/c6/bin/.nomad.back" "$FLEET/c6/bin/nomad"
chmod go-w "$FLEET/c6/bin"
certificate c8 -days 2
looked_anew s2 s3 c1 c2 c3 c4 c5 c6 c7 c8
check "the cluster is healthy" healthy 30
check "the plan has no finding" within 60 silent
run upgrade "$TARGET" --yes
check "and the upgrade succeeds" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
