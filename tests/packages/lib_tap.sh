# lib_tap.sh - TAP for scripts whose checks are commands. Sourced.
#
#   ok NAME COMMAND...      passes if the command succeeds; otherwise shows its output
#   skip NAME REASON
#   done_testing            prints the plan, and returns the exit status for the script

tap_n=0 tap_rv=0

ok() {
    local name=$1 said
    shift
    tap_n=$((tap_n + 1))
    if said=$("$@" 2>&1); then
        echo "ok $tap_n - $name"
    else
        echo "not ok $tap_n - $name"
        printf '%s\n' "$said" | sed 's/^/#   /' | head -n 40
        tap_rv=1
    fi
}

skip() {
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP $2"
}

done_testing() {
    echo "1..$tap_n"
    return "$tap_rv"
}

# For package scripts: prints one statement a line, except the statement that restarts caravan-swap
# only if no work is unfinished.
whole_statements() { sed -z 's/||\n */|| /g'; }
not_where_work_is() {
    grep -vE '^ *\[ -e "\$dir/swap/unfinished" \] \|\| \[ ! -e "\$dir/trust" \] \|\| systemctl restart "caravan-swap\$\{name:\+@\$name\}\.service"'
}
