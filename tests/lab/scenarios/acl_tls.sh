#!/bin/bash
# Nomad with ACLs and mutual TLS: the coordinator has a token and a certificate, and so have the
# agents.
. "$LAB/lib_lab.sh"
needs_standin "a bootstrapped token is configured in the stand-in"
tls=$LAB_RUN/tls
mkdir -p "$tls"
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
        -keyout "$tls/ca.key" -out "$tls/ca.pem"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=nomad \
        -keyout "$tls/nomad.key" -out "$tls/nomad.csr"
    printf 'subjectAltName=DNS:server.global.nomad,DNS:client.global.nomad,DNS:localhost\n' >"$tls/ext"
    openssl x509 -req -days 2 -in "$tls/nomad.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" \
        -CAcreateserial -extfile "$tls/ext" -out "$tls/nomad.pem"
} 2>"$LAB_RUN/openssl.log" || bail "openssl could not make certificates"
NOMAD_TOKEN=11111111-2222-3333-4444-555555555555
LAB_SIM="{\"preset\": \"quick\", \"acl\": {\"management\": \"$NOMAD_TOKEN\"}}"
LAB_ACL=true LAB_SCHEME=https LAB_TLS_NAME=server.global.nomad
LAB_TLS='
  "tls": {"http": true, "ca_file": "/etc/nomad.d/tls/ca.pem", "cert_file": "/etc/nomad.d/tls/nomad.pem",
    "key_file": "/etc/nomad.d/tls/nomad.key", "verify_https_client": true},'
LAB_CURL="--cacert $tls/ca.pem --cert $tls/nomad.pem --key $tls/nomad.key"
LAB_WATCH_TLS="$tls/nomad.pem $tls/nomad.key"
LAB_COORD_TLS="NOMAD_CACERT=/etc/nomad.d/tls/ca.pem NOMAD_CLIENT_CERT=/etc/nomad.d/tls/nomad.pem
    NOMAD_CLIENT_KEY=/etc/nomad.d/tls/nomad.key NOMAD_TLS_SERVER_NAME=server.global.nomad"
LAB_AGENT_CONF="[nomad]
address = https://127.0.0.1:4646
ca_file = /etc/nomad.d/tls/ca.pem
client_cert = /etc/nomad.d/tls/nomad.pem
client_key = /etc/nomad.d/tls/fetch.key
tls_server_name = localhost"
before_boot() {
    local h
    for h in "${HOSTS[@]}"; do
        put "$tls/ca.pem" "$h" /etc/nomad.d/tls/ca.pem
        put "$tls/nomad.pem" "$h" /etc/nomad.d/tls/nomad.pem
        put "$tls/nomad.key" "$h" /etc/nomad.d/tls/nomad.key 0600
        # The agents' own copy of the key: caravan-fetch, which asks Nomad, must be able to read it.
        put "$tls/nomad.key" "$h" /etc/nomad.d/tls/fetch.key 0644
    done
}
lab_fleet 3 1
lab_agents
release 1.11.4
anonymous() { local NOMAD_TOKEN=; api s1 /v1/nodes; }
check "without a token Nomad refuses" not anonymous
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
check "every host runs the target" all_run "$TARGET"
lab_end
