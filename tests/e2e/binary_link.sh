#!/bin/bash
# Nomad's binary is a symbolic link into a store. The new binary replaces the link, and the file in
# the store stays. If the new binary does not start, the revert restores the link.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "a version that does not start"
e2e_begin 80 3 2
for h in s1 c1; do
    mkdir -p "$FLEET/$h/store"
    mv "$FLEET/$h/bin/nomad" "$FLEET/$h/store/nomad-$FROM_VERSION"
    ln -s "../store/nomad-$FROM_VERSION" "$FLEET/$h/bin/nomad"
done
sha256sum "$FLEET"/{s1,c1}/store/* >"$E2E/store.sums"
is_link() { [[ -L $FLEET/$1/bin/nomad ]] || { ls -l "$FLEET/$1/bin"; return 1; }; }
is_file() { [[ -f $FLEET/$1/bin/nomad && ! -L $FLEET/$1/bin/nomad ]] || { ls -l "$FLEET/$1/bin"; return 1; }; }
store_is_whole() { sha256sum --quiet -c "$E2E/store.sums"; }

release 1.11.4 '{"only":"client","will-not-start":true}'
run upgrade "$TARGET" --yes
check "a binary that does not come up stops the run" status_is 3
check "c1 has its link again" is_link c1
check "and runs the old version" runs_version c1 "$FROM_VERSION"

run abort --yes
release 1.11.5
run upgrade "$TARGET" --yes
check "a good binary completes the upgrade" status_is 0
check "every host runs the target" all_run "$TARGET"
check "the link on s1 gave way to the binary" is_file s1
check "the link on c1 gave way to the binary" is_file c1
check "the linked files are unchanged" store_is_whole
check "the cluster is healthy" healthy
e2e_end
