#!/bin/bash
# Root makes s1 a seed: s1 keeps the staged file, and s2 fetches it from s1 when the operator's web
# server no longer has it. If a seed has other bytes or stops in the middle, the host continues at
# the next place. No package makes a host a seed.
# timeout: 300
. "$LAB/lib_lab.sh"
needs_standin "its releases are padded, so that a seed can be met in the middle"
export MAKE_RELEASE_PAD=20000000
FIRST=1.11.4 SECOND=1.11.5 THIRD=1.11.6
lab_fleet 3 1
lab_agents
SEED=http://$(lab_address s1):4655
port_is_open() { (exec 3<>"/dev/tcp/$(lab_address "$1")/4655") 2>/dev/null; }
kept() { on "$1" ls -A /var/lib/caravan/seed; }
keeps() { # HOST FILE: the seed keeps only this file
    local digest
    digest=$(sha256sum <"$2")
    [[ $(kept "$1") == "${digest%% *}" ]] || { kept "$1"; return 1; }
    [[ $(on "$1" stat -c %U:%G:%a "/var/lib/caravan/seed/${digest%% *}") == root:caravan-seed:640 ]] &&
        on "$1" sha256sum "/var/lib/caravan/seed/${digest%% *}" | grep -q "^${digest%% *} "
}
keeps_nothing() { [[ -z $(kept "$1") ]] || { kept "$1"; return 1; }; }

for h in s1 s2; do
    check "$h: the socket is off after the installation" test "$(on "$h" systemctl is-enabled caravan-seed.socket)" = disabled
    check "$h: and does not listen" not port_is_open "$h"
done

printf '[seed]\nurl = %s\nallow_from = 10.99.0.0/24\n' "$SEED/" >>"$(root_of s1)/etc/caravan/agent.conf"
on s1 systemctl restart caravan-agent
on s1 systemctl stop caravan-swap.service
check "root makes s1 a seed" on s1 systemctl enable --now caravan-seed.socket
check "it listens, and serves nothing" test "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$SEED/")" = 404

# Stages before the other hosts, without a lease.
stage_on_seed() { # VERSION
    release "$1"
    caravan stage "$1" --yes --node s1
    status_is 0 && in_phase s1 staged
}
check "s1 stages $FIRST" stage_on_seed "$FIRST"
ALSO_DIGEST=$TO_DIGEST
check "and keeps the file as it was fetched, while it is staged" keeps s1 "$TO"
check "and serves the file only under its digest" test "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$SEED/nomad-$FIRST")" = 404

places() { # VERSION: the seed first, the origin second
    local digest
    digest=$(sha256sum <"$TO")
    caravan release remove "$1"
    must release add "$1" --os linux --arch "$ARCH" --file "/srv/depot/nomad-$1" \
        --url "$SEED/${digest%% *}" --url "http://$(lab_address coord):8080/nomad-$1"
}
places "$FIRST"
mv "$(root_of coord)/srv/depot/nomad-$FIRST" "$LAB_RUN/kept-back"
caravan upgrade "$FIRST" --yes --node s2
check "s2 is upgraded from s1: the origin has no file" status_is 0
check "s2 runs the target" runs_version s2 "$FIRST"
check "s2 is no seed and keeps nothing" keeps_nothing s2
served_by_unit() { on s1 journalctl -q --no-pager -o cat -t systemd | grep -q 'Started caravan-seed'; }
check "the seed's unit served the file" served_by_unit
mv "$LAB_RUN/kept-back" "$(root_of coord)/srv/depot/nomad-$FIRST"

caravan upgrade "$FIRST" --yes --node s1
check "s1 is upgraded as well" status_is 0
check "after the run s1 keeps nothing" wait_for 20 keeps_nothing s1

# The next release; the seed stops while s2 fetches from it.
check "s1 stages $SECOND" stage_on_seed "$SECOND"
check "and keeps only this file" keeps s1 "$TO"
places "$SECOND"
echo 'rate = 500K' >>"$(root_of s1)/etc/caravan/agent.conf"
on s1 systemctl stop caravan-seed.service
some_came() { on s2 sh -c 'test -s /var/lib/caravan/fetch/*.part'; }
left() { on s2 journalctl -q --no-pager -o cat | grep "a place was given up ($1), the next one is tried: $SEED/"; }
caravan_begin upgrade "$SECOND" --yes --node s2
check "s2 fetches from s1" wait_for 30 some_came
check "the seed stops" on s1 systemctl stop caravan-seed.socket caravan-seed.service
caravan_wait
check "s2 is still upgraded, from the origin" status_is 0
check "s2 runs the target" runs_version s2 "$SECOND"
check "the log gives the reason for leaving the seed, with its type" left no-network

# The whole way: the coordinator lets the seed stage first and sends the other hosts there.
sed -i '/^rate = 500K/d' "$(root_of s1)/etc/caravan/agent.conf"
on s1 systemctl start caravan-seed.socket
on s1 systemctl restart caravan-agent
on s1 systemctl stop caravan-swap.service
second=$TO_DIGEST
release "$THIRD"
TO_DIGEST=$second # no host runs the third release
caravan plan "$THIRD"
check "the plan names the seed" says seeds
caravan stage "$THIRD" --yes
check "the fleet stages $THIRD" status_is 0
for h in s1 s2 s3 c1; do check "$h has staged it" in_phase "$h" staged; done
check "s1 keeps the file for the others" keeps s1 "$TO"
check "one copy has left the operator's web server" test "$(grep -c "nomad-$THIRD" "$LAB_RUN/depot.log")" = 1

# A file whose bytes do not match its name (only root can put it there): the seed serves none of it.
on s1 systemctl stop caravan-seed.service
on s1 sh -c 'cd /var/lib/caravan/seed && for f in *; do cp /bin/true "$f"; done'
digest=$(sha256sum <"$TO")
check "the seed does not serve other bytes" test "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$SEED/${digest%% *}")" = 000
check "the socket still listens" on s1 systemctl is-active caravan-seed.socket

on s1 systemctl reset-failed caravan-seed.service

check "the package is removed" on s1 sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -q -y remove caravan-agent'
check "and nothing listens" not port_is_open s1
lab_end with_staged
