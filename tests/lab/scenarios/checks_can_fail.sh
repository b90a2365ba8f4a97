#!/bin/bash
# The checks that every scenario ends with, each made to fail once.
. "$LAB/lib_lab.sh"
needs_standin "each is broken in a way of its own"
lab_fleet 3 1
nomad=$(root_of c1)/usr/bin/nomad
check "all is well at first" whole_binaries

cp "$nomad" "$LAB_RUN/kept" && head -c 4096 "$LAB_RUN/kept" >"$LAB_RUN/half"
put "$LAB_RUN/half" c1 /usr/bin/nomad 0755
check "half a binary is seen" not whole_binaries
put "$LAB_RUN/kept" c1 /usr/bin/nomad 0755

on c1 systemctl disable nomad 2>/dev/null
check "a unit that is not enabled any more is seen" not services_as_before
on c1 systemctl enable nomad 2>/dev/null
on c1 systemctl stop nomad
check "a stopped service is seen" not services_as_before
check "and a failed unit" not nothing_on_hosts
on c1 systemctl reset-failed nomad
on c1 systemctl start nomad
check "started again it is as before" wait_for 10 services_as_before

check "its tasks went on" tasks_kept
on c1 sh -c 'kill -KILL $(pgrep -x sleep | head -n 1)'
check "a task that was killed is seen" not tasks_kept

check "nothing lies about" wait_for 10 nothing_on_hosts
touch "$(root_of s1)/usr/bin/.nomad.caravan-new"
check "a staged copy is seen" not nothing_on_hosts
rm "$(root_of s1)/usr/bin/.nomad.caravan-new"

wait_for 20 cluster_healthy
check "the cluster is as it was" nothing_on_cluster
id=$(api s1 /v1/nodes | grep -o '"ID":"[^"]*"' | head -n 1 | cut -d'"' -f4)
api s1 "/v1/node/$id/eligibility" -X PUT -d '{"Eligibility":"ineligible"}' >/dev/null
check "a node that is not eligible is seen" not nothing_on_cluster

check "seen from outside all was well so far" watched_well
watch_begin
sleep 1 # of calm, for the watcher to have something to compare with
on s1 systemctl stop nomad
on s2 systemctl stop nomad
sleep 6 # longer than the longest gap allowed
on s1 systemctl start nomad
on s2 systemctl start nomad
wait_for 20 cluster_healthy
check "two silent servers are seen" not watched_well
says_so() { grep -q '^together [1-9]' "$LAB_RUN/watch.verdict"; }
check "as such" says_so
long_gap() { (($(sed -n 's/^longest_gap_ms //p' "$LAB_RUN/watch.verdict") > 5000)); }
check "and the long time without a leader" long_gap
echo "1..$T_N"
