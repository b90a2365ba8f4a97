#!/bin/bash
# Encrypted keys: commands that only ask need no passphrase, and commands that send orders ask for
# it before they begin. The passphrase comes from a credential, a descriptor or a terminal, and is
# stored nowhere.
# timeout: 240
. "$(dirname "$0")/lib_fleet.sh"
PASS="correct horse 4711"
mkdir -m 700 "$E2E/credentials"
printf '%s\n' "$PASS" >"$E2E/credentials/caravan-passphrase"
chmod 400 "$E2E/credentials/caravan-passphrase"
E2E_INIT= # a credential, as a service has it
export CREDENTIALS_DIRECTORY=$E2E/credentials
e2e_begin 191 3 2
release 1.11.4
unset CREDENTIALS_DIRECTORY

lonely() { # runs caravan without a terminal
    accepting "$@"
    setsid -w "$FLEET_BUILD/caravan" --config "$E2E/config" "${ARGS[@]}" >"$OUT" 2>&1 </dev/null
    STATUS=$?
}
# Runs caravan on a terminal. Types each answer when one more question is on the screen.
at_terminal() { # "ANSWER..." ARG...
    local answers=$1 command answer terminal n=0
    shift
    printf -v command '%q ' "$FLEET_BUILD/caravan" --config "$E2E/config" "$@"
    rm -f "$E2E/keyboard" && mkfifo "$E2E/keyboard" && : >"$OUT"
    SHELL=/bin/bash timeout 40 script -qec "$command; stty -a | grep -o ' -\?echo '" /dev/null <"$E2E/keyboard" >"$OUT" 2>&1 &
    terminal=$!
    exec 8>"$E2E/keyboard"
    for answer in $answers; do
        n=$((n + 1))
        within 20 asked "$n" || break
        printf '%b' "$answer" >&8
    done
    exec 8>&-
    wait "$terminal"
}
tells() { grep -q -- "$1" "$OUT"; }
asked() { (($(grep -o 'assphrase of [^ ]*: \|passphrase: \|once more: ' "$OUT" | wc -l) >= $1)); }
locked() { grep -q '^caravan secret key v2 ' "$E2E/config/keys/$1.key"; }

# ---- commands that only ask ----
check "the operator's key is encrypted" locked operator
check "the observer's key is not" not locked observer
lonely status
check "status needs no passphrase" status_is 0
lonely plan "$TARGET"
check "plan needs none" status_is 0
lonely key list
check "key list needs none" tells "operator  SHA256:.*  encrypted"

# ---- commands that send orders ----
lonely upgrade "$TARGET" --yes
check "an upgrade without a passphrase is refused" status_is 4
check "it says how to give a passphrase" tells "--passphrase-fd N"
lonely upgrade "$TARGET" --yes --passphrase-fd 9 9<<<"something else"
check "a wrong passphrase is refused" status_is 4
check "it names the key" tells "does not open .*operator.key"
lonely history
check "no run was begun" not says "$TARGET"
check "no host was touched" all_run "$FROM_VERSION"

begin upgrade "$TARGET" --yes --passphrase-fd 9 9<<<"$PASS"
check "with a passphrase from a descriptor the upgrade begins" within 60 upgraded 1
check "the process that holds the key leaves no core dump" grep -qE "^Max core file size +0 +0 " "/proc/$BACKGROUND/limits"
check "ps does not show the passphrase" not grep -qsF "horse" "/proc/$BACKGROUND/cmdline" "/proc/$BACKGROUND/environ" /proc/[0-9]*/cmdline
killed
lonely resume --yes
check "resume without a passphrase is refused" status_is 4
lonely abort --yes
check "abort too" status_is 4
lonely resume --yes --json --passphrase-fd 9 9<<<"$PASS"
BACKGROUND=
cp "$OUT" "$E2E/resumed"
check "with a passphrase from a descriptor the run succeeds" status_is 0
check "every host runs the target" all_run "$TARGET"
lonely status
check "all is well" status_is 0

# ---- an observer key that no trust names ----
mv "$E2E/config/keys/observer.key" "$E2E/kept"
mv "$E2E/config/keys/observer.pub" "$E2E/kept.pub"
lonely status
check "without the observer's key, status needs the operator's encrypted key" status_is 4
lonely status --passphrase-fd 9 9<<<"$PASS"
check "with its passphrase status answers" status_is 0
lonely key new observer --purpose observer
lonely status --passphrase-fd 9 9<<<"$PASS"
check "an observer key that the trust does not name is not used" status_is 0
rm -f "$E2E/config/keys/observer".*
mv "$E2E/kept" "$E2E/config/keys/observer.key"
mv "$E2E/kept.pub" "$E2E/config/keys/observer.pub"

# ---- on a terminal ----
cp "$E2E/config/keys/operator.key" "$E2E/before"
at_terminal "wrong\r wrong\r wrong\r" key change operator
check "the program asks three times" tells "none of 3 passphrases opens .*operator.key"
at_terminal '\003' key change operator
check "Ctrl-C ends the question" says "interrupted; nothing was changed"
check "afterwards the terminal shows typed characters again" tells "^ echo "
check "the key is as it was" cmp -s "$E2E/before" "$E2E/config/keys/operator.key"
lonely key change operator --passphrase-fd 9 --new-passphrase-fd 9 9<<<"$PASS"$'\n'secret-two
check "the passphrase is changed from a descriptor" status_is 0
at_terminal 'secret-two\r secret-3\r secret-3\r' key change operator
check "the passphrase is changed on the terminal" says "is encrypted with the new passphrase"
check "the typed passphrase was not shown" not says "secret"
cp "$OUT" "$E2E/typed"
lonely key change operator --passphrase-fd 9 --new-passphrase-fd 9 9<<<"secret-3"$'\n'"$PASS"
check "and changed back" status_is 0

lonely key new alice --purpose operator --passphrase-fd 9 9<<<"$PASS"
check "a second operator's key is made" status_is 0
lonely key new alice --purpose operator --passphrase-fd 9 9<<<"$PASS"
check "and not a second time" status_is 4

# ---- a release key in a signer program ----
elsewhere() { # HOW: runs release add with a signer that behaves like this
    printf '[keys]\nsigner = %s %s %s\n' "$(realpath "$FLEET_BUILD/tests/signer")" "$E2E/token.key" "$1" >"$E2E/other/caravan.conf"
    setsid -w "$FLEET_BUILD/caravan" --config "$E2E/other" release add 1.11.4 --arch "$ARCH" --file "$TO" >"$OUT" 2>&1 </dev/null
    STATUS=$?
}
mkdir "$E2E/other"
"$FLEET_BUILD/caravan" --config "$E2E/other" init --no-passphrase >/dev/null && mv "$E2E/other/keys/release.key" "$E2E/token.key"
if [[ -x $FLEET_BUILD/tests/signer ]] && ! is_real; then
    elsewhere lie
    check "a signer that lies signs no release" tells "not valid for this key"
    elsewhere die
    check "a signer that crashes signs no release" tells "signal 9"
    check "no release is there" not test -e "$E2E/other/state/releases/1.11.4/manifest"
    elsewhere ""
    check "a signer signs a release" status_is 0
fi

nowhere() { ! grep -r -l -F -- "$PASS" "$E2E/state" "$E2E/config" "$E2E/resumed" "$E2E/typed" "$OUT" "$FLEET"/*/*.log; }
check "no file and no output contains the passphrase" nowhere
e2e_end
