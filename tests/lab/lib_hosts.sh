# lib_hosts.sh - makes, boots, reboots and disconnects hosts of the lab, and runs commands on them;
# sourced by lib_lab.sh.
#
# The script runs in its own mount, process and network namespaces (see `run`). When the script
# ends, the kernel removes every host, mount and network. The lab's network is a bridge at 10.99.0.1
# in the script's network namespace: the script itself is outside of all hosts.
#
#   host_make NAME ADDRESS [DISK]   makes a host; DISK (e.g. 300M): the size of its writable space;
#                                   LAB_WIRE_NAME="MS PERCENT": its cable has delay and loss
#   host_boot NAME...               starts them; returns when systemd is up on all
#   host_reboot NAME                an orderly reboot; the uptime starts again at zero
#   host_power_cut NAME             ends it at once; host_boot NAME starts it again
#   on NAME COMMAND...              runs a command inside, as root
#   root_of NAME                    prints the path of its root folder
#   link_down NAME, link_up NAME    unplugs and plugs its cable
#   coord_cut NAME, coord_heal NAME stops and allows traffic between the coordinator's host and NAME

# shellcheck source=tests/lab/lib_machine.sh
. "$LAB/lib_machine.sh"

HOSTS=() WIRES=()
BRIDGE=br0
OUTSIDE=10.99.0.1

root_of() { echo "$LAB_RUN/hosts/$1/tree"; }
address_of() { cat "$LAB_RUN/hosts/$1/address"; }

network_make() {
    ip link set lo up &&
        ip link add "$BRIDGE" type bridge forward_delay 0 stp_state 0 &&
        ip addr add "$OUTSIDE/24" dev "$BRIDGE" && ip link set "$BRIDGE" up
}

# systemd-nspawn gives each boot of a host its own boot id, by a mount. A unit with
# ProtectKernelTunables= does not see this mount: the unit would read the machine's boot id, and
# could not notice a reboot. This drop-in shows the host's boot id to the unit. A real machine does
# not need it.
own_boot_id() { # ROOT
    local unit
    echo 'C /run/boot-id - - - - /proc/sys/kernel/random/boot_id' >"$1/etc/tmpfiles.d/boot-id.conf"
    for unit in caravan-agent caravan-swap; do
        mkdir -p "$1/etc/systemd/system/$unit.service.d"
        printf '[Service]\nBindReadOnlyPaths=/run/boot-id:/proc/sys/kernel/random/boot_id\n' \
            >"$1/etc/systemd/system/$unit.service.d/boot-id.conf"
    done
}

# LAB_WIRE_<host>="MS PERCENT": delay each way, and per cent of lost frames.
cable() { # NAME
    local wire=LAB_WIRE_$1 words pid
    if [[ -z ${!wire:-} ]]; then
        ip link add "v-$1" type veth peer name eth0 netns "$1"
        return
    fi
    read -ra words <<<"${!wire}"
    "$LAB_BUILD/tests/wire" "v-$1" eth0 "/run/netns/$1" "${words[@]}" >"$LAB_RUN/wire-$1.log" 2>&1 &
    pid=$!
    WIRES+=("$pid")
    WAIT_ON=$pid WAIT_STEP=0.02 wait_until 30 "the cable of $1" grep ready "$LAB_RUN/wire-$1.log" ||
        { sed 's/^/# /' "$LAB_RUN/wire-$1.log"; return 1; }
}

host_make() {
    local name=$1 address=$2 dir=$LAB_RUN/hosts/$1 root
    mkdir -p "$dir" && echo "$address" >"$dir/address"
    machine_mount "$LAB_BASE" "$dir" "${3:-}" || { echo "Bail out! cannot mount the root folder of $name"; exit 1; }
    root=$(root_of "$name")
    echo "$name" >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >"$root/etc/hosts"
    printf '%s %s' "$LAB_RUN" "$name" | sha256sum | cut -c1-32 >"$root/etc/machine-id"
    own_boot_id "$root"
    ip netns add "$name" && cable "$name" && ip link set "v-$name" master "$BRIDGE" up &&
        ip -n "$name" link set lo up && ip -n "$name" addr add "$address/24" dev eth0 &&
        ip -n "$name" link set eth0 up || { echo "Bail out! no network for $name"; exit 1; }
    HOSTS+=("$name")
}

# The host's systemd and Nomad make control groups. This gives each host its own tree of groups;
# otherwise all hosts would share one.
own_cgroup() { # NAME
    local top group file
    for top in /sys/fs/cgroup /sys/fs/cgroup/*/; do
        [[ -e $top/cgroup.procs && -w $top/cgroup.procs ]] || continue
        for group in "$top/$LAB_CGROUP" "$top/$LAB_CGROUP/$1"; do
            mkdir -p "$group" || continue 2
            for file in cpuset.cpus cpuset.mems; do # control groups version 1: a new group has none of these values
                [[ ! -s $group/$file && -e ${group%/*}/$file && ! -e $group/cgroup.type ]] &&
                    cat "${group%/*}/$file" >"$group/$file" 2>/dev/null
            done
        done
        echo "$BASHPID" >"$top/$LAB_CGROUP/$1/cgroup.procs"
    done
}

uptime_now() { awk '{ print int($1) }' /proc/uptime; }

host_begin() { # NAME: starts the host, does not wait
    local name=$1 dir=$LAB_RUN/hosts/$1
    (
        own_cgroup "$name"
        exec unshare --time --boottime "-$(uptime_now)" --monotonic "-$(uptime_now)" \
            systemd-nspawn -q -D "$dir/tree" -M "$name" --register=no --keep-unit \
            --network-namespace-path="/run/netns/$name" --capability=all \
            --resolv-conf=off --timezone=off --link-journal=no --kill-signal=SIGRTMIN+3 -b \
            </dev/null >>"$dir/console" 2>&1
    ) &
    echo $! >"$dir/nspawn"
}

# Prints the host's first process: the only child of systemd-nspawn.
host_pid() { # NAME
    local pid
    read -r pid _ <"/proc/$(<"$LAB_RUN/hosts/$1/nspawn")/task/$(<"$LAB_RUN/hosts/$1/nspawn")/children"
    echo "$pid"
}

host_is_up() { # NAME
    local pid said
    pid=$(host_pid "$1") && [[ -n $pid ]] || { echo "$1 has no process"; return 1; }
    echo "$pid" >"$LAB_RUN/hosts/$1/pid"
    said=$(on "$1" systemctl is-system-running --wait)
    [[ $said == @(running|degraded) ]] || { echo "systemd of $1 is $said"; return 1; }
}
host_wait_up() { # NAME
    wait_until $((30 * ${LAB_PATIENCE:-1})) "$1 to boot" host_is_up "$1" && return
    tail -n 5 "$LAB_RUN/hosts/$1/console" | sed 's/^/# /'
    return 1
}

host_boot() {
    local name
    for name in "$@"; do host_begin "$name"; done
    for name in "$@"; do
        host_wait_up "$name" || { echo "Bail out! $name does not boot"; exit 1; }
    done
}

host_gone() { # NAME: waits until its processes have ended
    local pid=$(<"$LAB_RUN/hosts/$1/nspawn")
    wait "$pid" 2>/dev/null
    rm -f "$LAB_RUN/hosts/$1/pid"
}
host_power_cut() { kill -KILL "$(<"$LAB_RUN/hosts/$1/pid")" && host_gone "$1"; }
host_poweroff() { kill -RTMIN+4 "$(<"$LAB_RUN/hosts/$1/pid")" && host_gone "$1"; }
host_reboot() { host_poweroff "$1" && host_boot "$1"; }

on() { # NAME COMMAND...
    local name=$1
    shift
    nsenter -t "$(<"$LAB_RUN/hosts/$name/pid")" -a -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" NO_COLOR=1 "${ON_ENV[@]}" "$@"
}
ON_ENV=()

put() { # FILE NAME PATH [MODE]: puts a file into a host, by a rename
    local to
    to=$(root_of "$2")$3
    mkdir -p "$(dirname "$to")" && install -m "${4:-0644}" "$1" "$to.putting" && mv "$to.putting" "$to"
}

link_down() { ip link set "v-$1" down; }
link_up() { ip link set "v-$1" up; }
# Both hosts drop their packets to each other, and no host gets an error.
coord_cut() {
    ip -n "$1" route replace blackhole "$(address_of coord)/32"
    ip -n coord route replace blackhole "$(address_of "$1")/32"
}
coord_heal() {
    ip -n "$1" route del blackhole "$(address_of coord)/32"
    ip -n coord route del blackhole "$(address_of "$1")/32"
}

hosts_keep_logs() { # DIR
    local name dir
    for name in "${HOSTS[@]}"; do
        dir=$LAB_RUN/hosts/$name
        journalctl -q --no-pager -o short-precise -D "$dir/tree/var/log/journal" >"$1/$name.journal" 2>&1
        cp "$dir/console" "$1/$name.console" 2>/dev/null
    done
}

hosts_end() {
    local name
    ((${#WIRES[@]} == 0)) || kill -KILL "${WIRES[@]}" 2>/dev/null
    for name in "${HOSTS[@]}"; do
        [[ -s $LAB_RUN/hosts/$name/pid ]] && kill -KILL "$(<"$LAB_RUN/hosts/$name/pid")" 2>/dev/null
    done
    wait
    for name in "${HOSTS[@]}"; do
        umount "$LAB_RUN/hosts/$name/tree" 2>/dev/null
        umount "$LAB_RUN/hosts/$name/write" 2>/dev/null
    done
    return 0
}
