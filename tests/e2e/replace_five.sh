#!/bin/bash
# Five servers are replaced. The coordinator is killed and resumed at each step of one server that
# joins and two that leave, or at every CRASH_EVERY-th step. Two of the old servers leave by
# leave_on_interrupt.
# timeout: 240
# deep: replace_three replaces three servers
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
needs_standin "times that are short enough to be killed in each"

replace_begin 161 5 1
release 1.11.4
for h in s2 s4; do
    sed -i 's/"leave_on_interrupt": false/"leave_on_interrupt": true/' "$FLEET/$h/nomad.json"
    fleet_service "$h" stop
    fleet_service "$h" start
    healthy 20 || { echo "Bail out! $h did not come back"; exit 1; }
done
new_hosts s6 s7 s8 s9 s10
task_pids >"$E2E/tasks.before"

: >"$E2E/met"
next_step() { # waits for the first step that was not seen yet, or for the end of the run
    STEP=$(steps | awk -v met="$E2E/met" 'BEGIN {while ((getline line <met) > 0) seen[line] = 1}
        /^s[126]: (swapping|settling|enabling|disabling|stopping|leaving|done)$/ && !($0 in seen) {print; exit}')
    [[ -n $STEP ]] || ! kill -0 "$BACKGROUND" 2>/dev/null
}
begin $(replaces --yes)
KILLED=0 MET=0 EVERY=${CRASH_EVERY:-1}
while WAIT_STEP=0.02 wait_until 60 "the next step" next_step && [[ -n $STEP ]]; do
    echo "$STEP" >>"$E2E/met"
    kill -0 "$BACKGROUND" 2>/dev/null || break
    MET=$((MET + 1))
    ((MET % EVERY == 0)) || continue
    killed
    KILLED=$((KILLED + 1))
    cat "$BEGUN" >>"$E2E/all"
    begin resume --yes
done
ended
echo "# killed $KILLED times in $MET steps"
check "the run succeeds after all kills" status_is 0
check "and the coordinator was killed at most of the steps" test "$KILLED" -ge "$((9 / EVERY))" -a "$MET" -ge 9
now_servers "${NEW_HOSTS[@]}"
check "the new servers run the target" run_version "$TARGET" "${NEW_HOSTS[@]}"
check "each of them reports that only they vote" voters_are "${NEW_HOSTS[@]}"
check "they start with their hosts" is_on "${NEW_HOSTS[@]}"
check "each of them reports that the old servers have left" have_left "${OLD[@]}"
check "they neither run nor start with their hosts" is_off "${OLD[@]}"
check "the cluster is healthy" healthy 30
task_pids >"$E2E/tasks.after"
check "the client's tasks kept their process ids" cmp "$E2E/tasks.before" "$E2E/tasks.after"
export NOMAD_ADDR=${FLEET_SCHEME:-http}://$(fleet_address s6):4646
run status
check "nothing is left behind" says "Nomad reports all as healthy, every agent answers, no drift"
e2e_end
