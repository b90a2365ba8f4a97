#!/bin/bash
# scratch
# timeout: 400
. "$LAB/lib_lab.sh"
debs_begin() { mkdir -p "$LAB_RUN/debs"; cp "$UPG_OLD"/caravan_*.deb "$UPG_OLD"/caravan-agent_*.deb "$LAB_RUN/debs/"; }
newer() { # PACKAGE
    local dir=$LAB_RUN/newer
    rm -rf "$dir"
    dpkg-deb -R "$(ls "$LAB_DEBS/$1"_[0-9]*.deb)" "$dir" && sed -i "s/^Version: .*/&+new/" "$dir/DEBIAN/control" &&
        rm -f "$LAB_RUN/debs/$1"_[0-9]*.deb && dpkg-deb -b "$dir" "$LAB_RUN/debs/$1_0.1.0+new.deb" >/dev/null
}
state() { # HOST
    echo "## state of $1"
    on "$1" sh -c 'dpkg-query -W caravan-agent; getent passwd caravan caravan-fetch caravan-ask caravan-try;
      for u in caravan-agent.service caravan-swap.service caravan-swap.socket caravan-swap.path caravan-trust.path caravan-fetch.socket caravan-ask.socket caravan-try.socket; do echo "$u $(systemctl is-enabled $u) $(systemctl is-active $u)"; done;
      ls -ln --time-style=+ /run/caravan /var/lib/caravan /var/lib/caravan/swap; sha256sum /var/lib/caravan/host.key /var/lib/caravan/swap/host.key; grep -A12 "^\[fetch" /etc/caravan/agent.conf; ls /etc/caravan; ps -o pid,user,lstart,args -C caravan-swap,caravan-agent; journalctl -q -o cat -t caravan-swap -t caravan-agent | tail -n 6' 2>&1 | sed 's/^/##   /'
}
say() { echo "## caravan $* -> $STATUS"; sed 's/^/##   /' "$OUT"; }
lab_fleet 3 2
lab_agents
release 1.11.4
state s1
cp -r "$(root_of coord)/var/lib/caravan" "$LAB_RUN/coordstate" 2>/dev/null
caravan status; say status old old
newer caravan-agent
check "apt upgrades s1" lab_install caravan-agent s1
tail -n 30 "$LAB_RUN/apt-s1.log" | sed 's/^/## apt: /'
state s1
caravan status; say status old coordinator, s1 new
caravan plan "$TARGET"; say plan
caravan upgrade "$TARGET" --yes; say upgrade old coordinator s1 new
state s1
check "its coordinator is upgraded" newer caravan
check "apt upgrades coord" lab_install caravan coord
caravan status; say status new coordinator, s1 new rest old
caravan resume --yes; say resume mixed, new coordinator; [[ $STATUS == 0 ]] || { caravan resume --yes; say resume again; }
check "ends" status_is 0
check "apt upgrades the rest" lab_install caravan-agent s2 s3 c1 c2
wait_for 15 agents_listen s1 s2 s3 c1 c2
caravan status; say status all new
release 1.11.5
caravan plan "$TARGET"; say plan all new
caravan upgrade "$TARGET" --yes; say all new
check "ends" status_is 0
check "every host runs the target" all_run "$TARGET"
state s2
state c1
# and back
cp "$UPG_OLD"/caravan-agent_*.deb "$LAB_RUN/debs/"; rm "$LAB_RUN"/debs/caravan-agent_0.1.0+new.deb
on c1 mkdir -p /srv/old; cp "$UPG_OLD"/caravan-agent_*.deb "$(root_of c1)/srv/old/"
on c1 dpkg -i --force-downgrade --force-confold /srv/old/caravan-agent_0.1.0_amd64.deb 2>&1 | tail -5 | sed 's/^/## down: /'
sleep 5
state c1
caravan status; say status c1 downgraded
lab_end
