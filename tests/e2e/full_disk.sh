#!/bin/bash
# A client's disk has no room for the new binary beside the old one: staging reports it, and nothing
# restarts. With enough room the same run continues. Also: after the rename somebody fills the disk
# of root's record, and keeps it full: the swap still completes.
# timeout: 90
. "$(dirname "$0")/lib_fleet.sh"
DISK=$E2E/fleet/c1/bin
mkdir -p "$DISK"
if ((EUID != 0)) || ! mount -t tmpfs -o size=512m,mode=0755 caravan-e2e "$DISK" 2>"$E2E/check.out"; then
    echo "ok 1 - full_disk # SKIP a small file system of its own needs root and mount: $(head -n 1 "$E2E/check.out" 2>/dev/null || id -un)"
    echo "1..1"
    exit 0
fi
SWAP=$E2E/fleet/c1/state/swap
mkdir -p "$SWAP"
mount -t tmpfs -o size=1m,mode=0700 caravan-e2e "$SWAP" || exit 1
finish_and_plan() { # unmounts the file system when no program runs from it
    local status=$?
    fleet_stop
    [[ -z ${FILLER:-} ]] || kill "$FILLER" 2>/dev/null
    for m in "$DISK" "$SWAP"; do umount "$m" || umount -l "$m"; done
    (exit "$status")
    e2e_finish
}
e2e_begin 100 3 2
release 1.11.4
# Leaves one byte less free than the size of the new binary.
mount -o "remount,size=$(($(du -sk "$DISK" | cut -f1) + $(stat -c %s "$TO") / 1024))k" "$DISK"
note_pids "$E2E/pids"
run upgrade "$TARGET" --yes
check "the run stops and can be resumed" status_is 3
check "it says no-space" says "no-space"
check "and names the host" says "c1"
check "no process was restarted" same_pids "$E2E/pids" "${FLEET_HOSTS[@]}"
check "every host runs the old version" all_run "$FROM_VERSION"
only_nomad() { [[ $(ls -A "$DISK") == nomad ]] || { ls -lA "$DISK"; return 1; }; }
check "nothing half-written is left on the full disk" only_nomad
check "the cluster is healthy" healthy

mount -o remount,size=512m "$DISK"
fill_behind_the_rename() { # fails if the swap does not end within half a minute
    local ended=0
    until [[ -e $SWAP/spare-0 && ! -e $DISK/.nomad.caravan-new ]]; do sleep 0.01; done
    SECONDS=0
    while [[ -e $SWAP/unfinished ]] && ((SECONDS < 30 || (ended = 1, 0))); do
        head -c 1048576 /dev/zero >>"$SWAP/listener" || : >"$E2E/was-full"
    done 2>/dev/null
    rm -f "$SWAP/listener"
    return $ended
}
fill_behind_the_rename &
FILLER=$!
run resume --yes
check "with room again resume ends the run" status_is 0
check "every host runs the target" all_run "$TARGET"
check "root's disk was full from the rename on" test -e "$E2E/was-full"
check "and the swap was completed" wait "$FILLER"
e2e_end
