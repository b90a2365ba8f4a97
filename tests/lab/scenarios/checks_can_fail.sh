#!/bin/bash
# Every scenario ends with the same checks. This scenario makes each of them fail once.
. "$LAB/lib_lab.sh"
needs_standin "each is broken in a way of its own"
lab_fleet 3 1
nomad=$(root_of c1)/usr/bin/nomad
check "all is well at first" whole_binaries

cp "$nomad" "$LAB_RUN/kept" && head -c 4096 "$LAB_RUN/kept" >"$LAB_RUN/half"
put "$LAB_RUN/half" c1 /usr/bin/nomad 0755
check "the check finds half a binary" not whole_binaries
put "$LAB_RUN/kept" c1 /usr/bin/nomad 0755

on c1 systemctl disable nomad 2>/dev/null
check "the check finds a disabled unit" not services_as_before
on c1 systemctl enable nomad 2>/dev/null
on c1 systemctl stop nomad
check "the check finds a stopped service" not services_as_before
check "and a failed unit" not nothing_on_hosts
on c1 systemctl reset-failed nomad
on c1 systemctl start nomad
check "after a start the service is as before" wait_for 10 services_as_before

check "its tasks kept running" tasks_kept
on c1 sh -c 'kill -KILL $(pgrep -x sleep | head -n 1)'
check "the check finds a killed task" not tasks_kept

check "nothing is left on the hosts" wait_for 10 nothing_on_hosts
touch "$(root_of s1)/usr/bin/.nomad.caravan-new"
check "the check finds a staged copy" not nothing_on_hosts
rm "$(root_of s1)/usr/bin/.nomad.caravan-new"

wait_for 20 cluster_healthy
check "the cluster is as it was" nothing_on_cluster
id=$(api s1 /v1/nodes | grep -o '"ID":"[^"]*"' | head -n 1 | cut -d'"' -f4)
api s1 "/v1/node/$id/eligibility" -X PUT -d '{"Eligibility":"ineligible"}' >/dev/null
check "the check finds an ineligible node" not nothing_on_cluster

check "the watcher saw no fault until now" watched_well
watch_begin
sleep 1 # a second without faults, as the watcher's baseline
on s1 systemctl stop nomad
on s2 systemctl stop nomad
sleep 6 # longer than the longest gap allowed
on s1 systemctl start nomad
on s2 systemctl start nomad
wait_for 20 cluster_healthy
check "the watcher sees two silent servers" not watched_well
says_so() { grep -q '^together [1-9]' "$LAB_RUN/watch.verdict"; }
check "and reports them as silent together" says_so
long_gap() { (($(sed -n 's/^longest_gap_ms //p' "$LAB_RUN/watch.verdict") > 5000)); }
check "and the long gap without a leader" long_gap
echo "1..$T_N"
