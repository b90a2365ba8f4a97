# lib_machine.sh - makes machines from Debian's packages: root folder, writable layer, namespaces;
# sourced by lib_hosts.sh, make-base and tests/fresh.
#
#   debian_mirror                       prints the mirror that apt uses here for Debian's packages
#   root_is_made DIR WANTED             succeeds if DIR is complete and was made for WANTED
#   root_make DIR WANTED SUITE URL PACKAGE...   debootstrap makes DIR.new, and checks signatures
#   root_done DIR WANTED                renames DIR.new to DIR
#   machine_mount LOWER DIR [DISK]      mounts DIR/tree: LOWER, with all writes in DIR/write;
#                                       DISK (e.g. 300M): the size of the writable space;
#                                       MACHINE_OPTIONS=,volatile: no data needs to outlive it
#   "${APART[@]}" SCRIPT ARG...         runs it in its own mount, process and network namespaces

# The namespaces have their own /run, so files of nspawn and ip there disappear with them. Their
# first process only waits and reaps orphans. When the caller ends, the kernel ends everything
# inside.
APART=(setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --mount-proc --net --propagation private
    sh -c 'mount -t tmpfs lab /run && { bash "$@"; exit $?; }' lab)

own_suite() { (. /etc/os-release && echo "${VERSION_CODENAME:-}"); }

debian_mirror() {
    local targets
    for targets in known updated; do
        [[ $targets == known ]] || apt-get -q update >&2
        apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Identifier: Packages' |
            awk -v suite="$(own_suite)" '$2 == suite && $3 == "main" { print $1; found = 1; exit } END { exit !found }' &&
            return
    done
    return 1
}

# apt's proxy, for debootstrap. A proxy of the environment has priority, as in apt.
debian_proxy() {
    [[ -n ${http_proxy:-} ]] && return
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    [[ -z ${http_proxy:-} ]] || export http_proxy
}

root_is_made() { [[ -s $1.made && $(<"$1.made") == "$2" && -d $1/usr ]]; }

root_make() {
    local dir=$1 suite=$3 url=$4
    shift 4
    rm -rf --one-file-system "$dir" "$dir.made" "$dir.new"
    mkdir -p "$dir.new" || return 1
    debian_proxy
    if ! debootstrap --variant=minbase --include="$(IFS=, && echo "$*")" "$suite" "$dir.new" "$url" \
        >"$dir.log" 2>&1; then
        tail -n 5 "$dir.log" >&2
        echo "debootstrap of Debian $suite failed; the whole of it is in $dir.log" >&2
        return 1
    fi
}

root_done() { mv "$1.new" "$1" && echo "$2" >"$1.made"; }

# A machine writes to a folder beside its root folder. If that file system cannot carry an overlay,
# or if the disk must be small, it writes to memory.
machine_mount() {
    local lower=$1 dir=$2 disk=${3:-} opts
    mkdir -p "$dir"/{tree,write}
    if [[ -n $disk ]]; then
        mount -t tmpfs -o "size=$disk,mode=0755" lab "$dir/write" || return 1
    fi
    mkdir -p "$dir"/write/{up,work}
    opts="lowerdir=$lower,upperdir=$dir/write/up,workdir=$dir/write/work${MACHINE_OPTIONS:-}"
    mount -t overlay lab -o "$opts" "$dir/tree" 2>/dev/null && return 0
    [[ -z $disk ]] && machine_mount "$lower" "$dir" "${MACHINE_MEMORY:-2G}"
}
