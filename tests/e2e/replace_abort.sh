#!/bin/bash
# A replacement is aborted before the first server has left: Caravan removes the servers that have
# joined, the last one first. Ctrl-C pauses the run, and `caravan resume` continues it.
# timeout: 180
# deep: test_replace and the random worlds test the decisions
. "$(dirname "$0")/lib_fleet.sh"
. "$(dirname "$0")/lib_replace.sh"
replace_begin 162 3 1
release 1.11.4
new_hosts s4 s5 s6
note_pids "$E2E/pids"
task_pids >"$E2E/tasks.before"

begin $(replaces --yes)
check "the second new server has joined" within 60 at_step "s5: done"
kill -INT "$BACKGROUND"
ended
check "Ctrl-C pauses: exit 3, can be resumed" status_is 3
check "and names the command to continue" says "caravan resume"
check "no old server changed" same_pids "$E2E/pids" "${OLD[@]}"
run $(replaces --yes)
check "a new run is refused while one is unfinished" status_is 4

begin abort --yes
ended
check "abort ends the run" status_is 0
steps >"$E2E/steps"
check "abort removed the last joined server first" \
    test "$(grep -n 's5: disabling' "$E2E/steps" | cut -d: -f1)" -lt "$(grep -n 's4: disabling' "$E2E/steps" | cut -d: -f1)"
check "the new servers are off, the old servers as before" as_before
check "every server reports that the new servers have left" have_left s4 s5
check "the cluster is healthy" healthy 20
run show
check "show reports the abort" says "aborted"

# A second try with the same hosts: their data_dir contains the state of the first try.
run $(replaces --yes)
check "the same new hosts are refused, because their Nomad ran" status_is 4
check "and the host is named" says s4
check "and its data_dir" says "data_dir"

# New hosts instead. Ctrl-C as soon as the first one begins.
now_servers "${OLD[@]}"
NEW_HOSTS=()
new_hosts s7
run replace "$TARGET" --add "$ADD" --remove s1 --yes --dry-run
check "a plan with one new and one old server is possible" status_is 0
begin replace "$TARGET" --add "$ADD" --remove s1 --yes
check "the first new server begins" within 30 at_step "s7: swapping"
kill -INT "$BACKGROUND"
ended
check "Ctrl-C pauses" status_is 3
check "the started step is finished or can be resumed" voters_are "${OLD[@]}" s7
run resume --yes
check "resume ends the run" status_is 0
now_servers s7 s2 s3
check "the new server votes, the old server does not" voters_are s7 s2 s3
check "the old server has left" have_left s1
check "the old server is off" is_off s1
check "the cluster is healthy" healthy 20
task_pids >"$E2E/tasks.after"
check "the client's tasks kept their process ids" cmp "$E2E/tasks.before" "$E2E/tasks.after"
e2e_end
