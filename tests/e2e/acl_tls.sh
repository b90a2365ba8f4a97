#!/bin/bash
# ACLs are on, and Nomad verifies HTTPS clients: the coordinator has a token and a certificate, and
# so have the agents.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
tls=$E2E/tls
mkdir -p "$tls" && chmod 0755 "$tls"
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
        -keyout "$tls/ca.key" -out "$tls/ca.pem"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=nomad \
        -keyout "$tls/nomad.key" -out "$tls/nomad.csr"
    printf 'subjectAltName=DNS:server.global.nomad,DNS:client.global.nomad,DNS:localhost\n' >"$tls/ext"
    openssl x509 -req -days 2 -in "$tls/nomad.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" \
        -CAcreateserial -extfile "$tls/ext" -out "$tls/nomad.pem"
} 2>/dev/null || { echo "Bail out! openssl could not make certificates"; exit 1; }
chmod 0644 "$tls"/*
FLEET_ACL=1 FLEET_SCHEME=https FLEET_TOKEN=11111111-2222-3333-4444-555555555555
FLEET_TLS="
  \"tls\": {\"http\": true, \"rpc\": true, \"ca_file\": \"$tls/ca.pem\", \"cert_file\": \"$tls/nomad.pem\",
    \"key_file\": \"$tls/nomad.key\", \"verify_https_client\": true},"
FLEET_SIM='{"acl": {"management": "11111111-2222-3333-4444-555555555555"}, "timing": {"ttl_ms": 120000}}'
FLEET_CURL="--cacert $tls/ca.pem --cert $tls/nomad.pem --key $tls/nomad.key"
FLEET_TLS_NAME=server.global.nomad
FLEET_AGENT_TLS="ca_file = $tls/ca.pem
client_cert = $tls/nomad.pem
client_key = $tls/nomad.key
tls_server_name = server.global.nomad"
export NOMAD_TOKEN=$FLEET_TOKEN NOMAD_CACERT=$tls/ca.pem NOMAD_CLIENT_CERT=$tls/nomad.pem \
    NOMAD_CLIENT_KEY=$tls/nomad.key NOMAD_TLS_SERVER_NAME=server.global.nomad
e2e_begin 75 3 1
release 1.11.4
check "without a token Nomad says 403" test "$(curl -s -k --cert "$tls/nomad.pem" --key "$tls/nomad.key" -o /dev/null -w '%{http_code}' "$NOMAD_ADDR/v1/nodes")" = 403
SECONDS=0
NOMAD_TOKEN=00000000-0000-0000-0000-000000000000 run upgrade "$TARGET" --yes
check "a refusal ends the command at once, unlike an outage" test "$SECONDS" -lt 20
check "with a token that Nomad does not know, the command fails and changes nothing" status_is 1
check "and reports Nomad's answer" says "answered 403"
run upgrade "$TARGET" --yes
check "the run is done" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
