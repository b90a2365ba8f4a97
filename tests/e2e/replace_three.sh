#!/bin/bash
# Three servers are replaced by three new servers, the leader last; the client's tasks stay.
# timeout: 900
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
replace_begin 160 3 1
real_job
release 1.11.4
check "a new host has the target in place already" new_host s5 "$TO"
new_hosts s4 s5 s6
task_pids >"$E2E/tasks.before"
note_pids "$E2E/pids"
LEADER=$(leader)
DIGEST=$(sha256sum <"$FLEET/$LEADER/bin/nomad")

run $(replaces --dry-run)
check "a dry run ends well" status_is 0
check "it names the servers that join" says "$(fleet_address s4)"
check "and the servers that leave" says "$LEADER"
check "and changes nothing" as_before

watch_begin
BEGAN=$SECONDS
begin $(replaces --yes)
ended
check "the servers are replaced" status_is 0
check "the watcher ran the whole time" watch_end
echo "# $((SECONDS - BEGAN)) s; nobody led for $GAP ms at the longest; led first: $LEADER; $(sed -n 's/^changes/changes of leader:/p' "$E2E/verdict")"
check "and the cluster had no leader for at most 5 s" test "$GAP" -le 5000
now_servers "${NEW_HOSTS[@]}"
steps >"$E2E/steps"
nth() { grep -nx "$1" "$E2E/steps" | head -n 1 | cut -d: -f1; }
comes_before() { (($(nth "$1") < $(nth "$2"))) || { cat "$E2E/steps"; return 1; }; }
leader_last() {
    local h
    for h in "${OLD[@]}"; do [[ $h == "$LEADER" ]] || comes_before "$h: done" "$LEADER: disabling" || return 1; done
}
all_join_first() {
    local h n
    for n in "${NEW_HOSTS[@]}"; do
        for h in "${OLD[@]}"; do comes_before "$n: done" "$h: disabling" || return 1; done
    done
}
check "all new servers joined before an old server left" all_join_first
check "and the leader left last" leader_last
check "the new servers run the target" run_version "$TARGET" "${NEW_HOSTS[@]}"
check "each of them reports that only they vote" voters_are "${NEW_HOSTS[@]}"
check "they start with their hosts" is_on "${NEW_HOSTS[@]}"
check "each of them reports that the old servers have left" have_left "${OLD[@]}"
check "they neither run nor start with their hosts" is_off "${OLD[@]}"
check "the binary of the old servers is unchanged" test "$(sha256sum <"$FLEET/$LEADER/bin/nomad")" = "$DIGEST"
check "the cluster is healthy" healthy 30
check "the client was not restarted" same_pids "$E2E/pids" c1
task_pids >"$E2E/tasks.after"
check "its tasks kept their process ids" cmp "$E2E/tasks.before" "$E2E/tasks.after"

run status
check "status finds the cluster although who is asked first has left" says "Nomad reports all as healthy, every agent answers, no drift"
export NOMAD_ADDR=${FLEET_SCHEME:-http}://$(fleet_address s4):4646
run history
check "history lists the run" says "$TARGET"
run show
check "show names the servers that joined" grep -qE "^$(fleet_address s6) .*done .*has joined as s6" "$OUT"
check "and who left" grep -qE "^$LEADER .*done .*has left" "$OUT"

fleet_service "$LEADER" boot
check "an old host that boots stays away" is_off "$LEADER"
fleet_service s4 stop
fleet_service s4 boot
check "a new host that boots comes back" healthy 60

run upgrade "$TARGET" --yes
check "a client whose files name only removed servers is not restarted" status_is 4
check "the report names the client" says "c1: its files name"
for i in 1 2 3; do sed -i "s/$(fleet_address "s$i"):/$(fleet_address "s$((i + 3))"):/" "$FLEET/c1/nomad.json"; done
looked_anew c1
run upgrade "$TARGET" --yes
check "after the correction the client is upgraded" status_is 0
run status
check "then status exits 0: all is well and equal" status_is 0
task_pids >"$E2E/tasks.after"
check "the tasks run on" cmp "$E2E/tasks.before" "$E2E/tasks.after"
e2e_end
