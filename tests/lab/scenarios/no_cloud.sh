#!/bin/bash
# Clients outside of clouds: the metadata service of a cloud never answers, and each start of Nomad
# waits for it four times. The plan reports this, and the advised line avoids the wait.
. "$LAB/lib_lab.sh"
CONFIG=/etc/nomad.d/nomad.json
lab_fleet 3 2
lab_agents
release 1.11.4
for h in c1 c2; do
    ip -n "$h" route add 169.254.169.254/32 dev eth0
    ip -n "$h" neigh replace 169.254.169.254 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
    cp "$(root_of "$h")$CONFIG" "$LAB_RUN/$h.json.log"
    sed '/"fingerprint\.\(deny\|black\)list"/d; s/"raw_exec",$/"raw_exec"}},/' "$LAB_RUN/$h.json.log" >"$LAB_RUN/$h.none.log"
    put "$LAB_RUN/$h.none.log" "$h" "$CONFIG"
    on "$h" systemctl restart caravan-swap.service # it keeps the answer as long as it runs
done
told() { caravan plan "$TARGET" && says "[metadata-probes]"; }
check "the plan reports it" wait_for 60 told
check "with the time" says "each start waits 8 s for a cloud's metadata"
check "and how many hosts" says "2 hosts (c1, c2)"
check "and the line to write" says '"fingerprint.denylist" = "env_aws,env_azure,env_digitalocean,env_gce"'
check "the plan does not refuse" status_is 0
for h in c1 c2; do put "$LAB_RUN/$h.json.log" "$h" "$CONFIG"; done
silent() { caravan plan "$TARGET" && not says "[metadata-probes]"; }
check "with this line the finding disappears" wait_for 60 silent
caravan upgrade "$TARGET" --yes
check "the upgrade is done" status_is 0
lab_end
