#!/bin/bash
# Would Nomad come back after a restart? The agent looks at the files for the next start, at other
# listeners on Nomad's ports, and at the host's law. Each finding is made while Nomad runs, is in
# the plan, and disappears after the correction.
# timeout: 400
. "$LAB/lib_lab.sh"
CONFIG=/etc/nomad.d
config_of() { # HOST: changes nomad.json with sed
    local h=$1 file=$LAB_RUN/$1.json.log
    shift
    cp "$(root_of "$h")$CONFIG/nomad.json" "$file.old.log"
    sed "$@" "$file.old.log" >"$file"
    put "$file" "$h" "$CONFIG/nomad.json"
}
certificate() { # FROM UNTIL, as in 20210101000000Z: writes a certificate to $LAB_RUN/cert.log
    local dir=$LAB_RUN/ca.$1
    mkdir -p "$dir" && : >"$dir/index.txt"
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index.txt\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' \
        "$dir" "$dir" >"$dir/conf"
    openssl req -newkey rsa:2048 -nodes -keyout "$dir/key" -out "$dir/csr" -subj /CN=client.global.nomad &&
        openssl ca -selfsign -batch -notext -config "$dir/conf" -in "$dir/csr" -keyfile "$dir/key" \
            -out "$LAB_RUN/cert.log" -startdate "$1" -enddate "$2"
} >"$LAB_RUN/openssl.log" 2>&1
before_boot() {
    certificate 20200101000000Z 20990101000000Z || bail "no certificate could be made"
    put "$LAB_RUN/cert.log" c1 "$CONFIG/consul.pem"
    mkdir -p "$(root_of c1)/srv/volume"
    config_of c1 's|"network_interface": "eth0",|& "host_volume": [{"x": {"path": "/srv/volume"}}],|
        s|"consul": {|&"ssl": true, "cert_file": "/etc/nomad.d/consul.pem", |'
    # This Nomad listens only at its own address, and agent.conf names another one.
    config_of c2 's/"bind_addr": "[^"]*"/"bind_addr": "10.99.0.22"/'
}
lab_fleet 3 2
lab_agents
release 1.11.4
note_pids "$LAB_RUN/pids.log"

ROWS=("[path-unusable]" "[certificate-expired]" "[raft-peers-file]" "[law-refuses]" "[port-taken]" "[config-newer]")

# ---- listeners ----

check "the plan reports an API at another address" wait_for 60 plan_says "[api-silent]" "listens at 10.99.0.22:4646"
check "and no finding about files" plan_lacks "${ROWS[@]}"
on c2 sh -c 'cd /etc/systemd/system && printf "[Socket]\nListenStream=127.0.0.1:4646\n" >taker.socket &&
    printf "[Service]\nExecStart=/bin/sleep infinity\n" >taker.service && systemctl start taker.socket'
check "the plan reports another listener on the port" wait_for 60 plan_says "[port-taken]" "listens at 127.0.0.1:4646, the API port of Nomad"
on c2 sh -c 'systemctl stop taker.socket taker.service && rm /etc/systemd/system/taker.* && systemctl daemon-reload'
cp "$(root_of c2)/etc/caravan/agent.conf" "$LAB_RUN/agent.conf.log"
printf '[nomad]\naddress = http://10.99.0.22:4646\n' | cat "$LAB_RUN/agent.conf.log" - >"$LAB_RUN/c2.conf.log"
put "$LAB_RUN/c2.conf.log" c2 /etc/caravan/agent.conf
on c2 systemctl restart caravan-agent.service caravan-swap.service
check "with the right address in agent.conf both findings disappear" wait_for 60 plan_lacks "[api-silent]" "[port-taken]"
check "the plan does not refuse" status_is 0

# ---- files ----

on c1 rmdir /srv/volume
certificate 20200101000000Z 20210101000000Z || bail "no certificate could be made"
put "$LAB_RUN/cert.log" c1 "$CONFIG/consul.pem"
config_of c1 's/"datacenter": "dc1"/"datacenter": "dc2"/'
on s1 sh -c 'echo "[]" >/opt/nomad/data/server/raft/peers.json'
check "the plan reports a host volume without its directory" wait_for 60 plan_says "[path-unusable]" 'host_volume "x": /srv/volume does not exist'
check "an expired certificate" plan_says "[certificate-expired]" "consul cert_file: $CONFIG/consul.pem ended 2021-01-01"
check "a datacenter that differs from the running one" plan_says "[config-not-running]" "dc2"
check "and that its file is newer" says "[config-newer]"
check "and a peers.json on a server" wait_for 60 plan_says "[raft-peers-file]" "/opt/nomad/data/server/raft/peers.json"
check "the plan refuses" status_is 4
caravan upgrade "$TARGET" --yes
check "the upgrade refuses, too" status_is 4
check "no process was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"

on c1 mkdir /srv/volume
on s1 rm /opt/nomad/data/server/raft/peers.json
config_of c1 's/"datacenter": "dc2"/"datacenter": "dc1"/'
certificate 20200101000000Z 20990101000000Z
put "$LAB_RUN/cert.log" c1 "$CONFIG/consul.pem"
check "after the correction the plan reports only the time of the file" wait_for 60 plan_lacks "[path-unusable]" "[certificate-expired]" \
    "[raft-peers-file]" "[config-not-running]"
check "and does not refuse" status_is 0

# ---- the law ----

on s2 touch /etc/caravan/hold
check "the plan reports a host on hold" wait_for 60 plan_says "[law-refuses]" "hold"
caravan upgrade "$TARGET" --yes
check "and refuses before anything is touched" not status_is 0
check "still no process was restarted" same_pids "$LAB_RUN/pids.log" "${NODES[@]}"
caravan abort --yes
on s2 rm /etc/caravan/hold
check "without the hold file the finding disappears" wait_for 60 plan_lacks "[law-refuses]"
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
