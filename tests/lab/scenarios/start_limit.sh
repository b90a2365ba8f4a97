#!/bin/bash
# The new Nomad ends at once, again and again, until systemd's start limit forbids any start: the
# host still returns to the old version, and no other host changes.
. "$LAB/lib_lab.sh"
needs_standin "will-not-start"
LAB_RESTART_SEC=0
lab_fleet 3 2
lab_agents
release 1.11.4 '{"will-not-start": true}'
note_pids "$LAB_RUN/pids.log"
caravan upgrade "$TARGET" --yes
check "the run stops" status_is 3
check "it says what happened" grep -qE 'will-not-start|crash-loop' "$OUT"
hit() { on "$1" journalctl -q -u nomad.service | grep -q 'Start request repeated too quickly'; }
touched=()
for h in "${NODES[@]}"; do same_pids "$LAB_RUN/pids.log" "$h" >/dev/null || touched+=("$h"); done
check "one host was restarted" test "${#touched[@]}" = 1
check "systemd's start limit was hit there" hit "${touched[0]:-s1}"
check "with the last lines of Nomad itself" grep -qE "^The last lines of Nomad.s log on s[123]:" "$OUT"
check "every host runs the old version" all_run "$FROM_VERSION"
check "the cluster is healthy" wait_for 30 cluster_healthy
caravan abort --yes
check "the run is ended" status_is 0
lab_end with_staged
