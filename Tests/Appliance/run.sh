#!/bin/bash
# run.sh PACKAGE.deb: the package on a clean Debian 12 that boots: install, speak from outside, crash, upgrade, remove, purge.
#
# The machine is a container made by debootstrap and booted by systemd-nspawn, with a network of its own; this side of it
# plays the other computers of the LAN. Needs root, debootstrap, systemd-container, iproute2 and lintian. What it prints is the
# record kept in docs/appliance-test.txt. APPLIANCE_CACHE keeps the bare system between runs.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
deb=$(realpath "$1")
version=$(dpkg-deb -f "$deb" Version)
cache=${APPLIANCE_CACHE:-/var/cache/makima-appliance}
work=$(mktemp -d)
root=$work/root
machine=mk$$
host=10.77.$((RANDOM % 200 + 10))
booted=
. "$here/report.sh"

in_machine() { nsenter -t "$booted" -m -u -i -n -p -C -- "$@"; }
clean_up() {
    if [ -n "$booted" ]; then
        in_machine systemctl poweroff --no-block 2>/dev/null || true
        for _ in $(seq 40); do kill -0 "$nspawn" 2>/dev/null || break; sleep 0.5; done
        kill "$nspawn" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT

step "the package"
check "lintian has nothing to say" sh -c '! lintian --tag-display-limit 0 "$0" | grep .' "$deb"
ok "$(dpkg-deb -f "$deb" Depends | sed 's/ ([^)]*)//g')"

step "a clean Debian 12"
if [ ! -d "$cache/bookworm" ]; then
    mkdir -p "$cache"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,ca-certificates bookworm \
        "$cache/bookworm.new" http://deb.debian.org/debian > "$cache/debootstrap.log"
    mv "$cache/bookworm.new" "$cache/bookworm"
fi
cp -a "$cache/bookworm" "$root"
# A previous version to upgrade from: the same files under a lower number.
dpkg-deb -R "$deb" "$work/previous"
sed -i "s/^Version: .*/Version: $version~previous/" "$work/previous/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/previous" "$root/root/previous.deb" > /dev/null
cp "$deb" "$root/root/makima.deb"
# The machine has no way to the Internet: its packages are fetched before it boots, and installed after.
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" apt-get update -qq
chroot "$root" apt-get install -y -qq --download-only /root/makima.deb > /dev/null
ok "$(chroot "$root" cat /etc/debian_version), $(chroot "$root" dpkg-query -W | wc -l) packages"

step "boot"
systemd-nspawn -D "$root" --boot --register=no --keep-unit --console=pipe --link-journal=no --network-veth \
    --machine=$machine > "$work/boot.log" 2>&1 &
nspawn=$!
until_true 60 pgrep -P $nspawn
booted=$(pgrep -P $nspawn | head -1)
until_true 60 in_machine systemctl is-system-running --wait || bad "the machine is $(in_machine systemctl is-system-running)"
ip addr add "$host.1/24" dev ve-$machine
ip link set ve-$machine up
in_machine ip addr add "$host.2/24" dev host0
in_machine ip link set host0 up
ok "systemd $(in_machine systemctl --version | head -1 | cut -d' ' -f2) runs; the machine is $host.2"

speak() { python3 "$here/speak.py" "$host.2" 8012 "good morning to all of you" "$@"; }
main_pid() { in_machine systemctl show -P MainPID makima; }
# resident [FIELD]: of the service, now (VmRSS) or at its highest (VmHWM).
resident() { in_machine awk "/^${1:-VmRSS}/ {print int(\$2 / 1024) \" MB\"}" "/proc/$(main_pid)/status"; }
# found SERVICE: what answers on the network by mDNS.
found() { python3 "$here/discover.py" "$host.1" "$1"; }
get() { python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())' "http://$host.2:8012$1"; }

step "install"
in_machine apt-get install -y -qq /root/previous.deb > "$work/apt.log" 2>&1 || { bad "apt: $(tail -5 "$work/apt.log")"; exit 1; }
check "the service starts by itself" until_true 30 in_machine systemctl is-active makima
check "it is enabled" in_machine systemctl is-enabled makima
check "the user makima exists, in the group audio" in_machine sh -c 'id -nG makima | grep -qw audio'
ok "installed size $(in_machine dpkg-query -W -f '${Installed-Size}' makima | awk '{print int($1 / 1024) " MB"}'), resident with the built-in model $(resident)"
check "a man page for every command" in_machine sh -c '
    for command in $(makima --help | sed -n "/^SUBCOMMANDS/,/^$/ s/^  \([a-z][a-z]*\) .*/\1/p"); do
        ls /usr/share/man/man1/makima-$command.1.gz || exit 1
    done; ls /usr/share/man/man1/makima-models-pull.1.gz /usr/share/man/man1/makima-quantize.1.gz'
check "completion for bash" in_machine bash -c '. /usr/share/bash-completion/completions/makima && complete -p makima'
check "the model is as it was packaged" in_machine sh -c 'cd /usr/share/makima/models/makima-mini && sha256sum -c --quiet SHA256SUMS'
check "makima say writes a file" in_machine sh -c 'makima say hello --output /tmp/hello.wav && test -s /tmp/hello.wav'
in_machine systemd-analyze security makima --no-pager | tail -1

step "idle, before a model is loaded"
in_machine sh -c 'mkdir -p /run/systemd/system/makima.service.d; printf "[Service]\nEnvironment=MAKIMA_LOAD=first-use\n" \
    > /run/systemd/system/makima.service.d/idle.conf; systemctl daemon-reload; systemctl restart makima'
check "it answers" until_true 30 get /health
ok "resident without a model $(resident)"
in_machine sh -c 'rm -r /run/systemd/system/makima.service.d; systemctl daemon-reload; systemctl restart makima'

step "speak, from another computer"
check "GET /health" get /health
check "the page opens" sh -c "curl -fsS http://$host.2:8012/ | grep -qi '<html'"
if said=$(speak); then ok "WebSocket: $said"; else bad "WebSocket: $said"; fi
ok "resident after speaking $(resident), while speaking at most $(resident VmHWM)"
check "makima say --remote" sh -c "test \$($work/previous/usr/bin/makima say hello --remote http://$host.2:8012 --output - | wc -c) -gt 20000"
for service in _makima._tcp _http._tcp _wyoming._tcp; do
    if said=$(found $service); then ok "found on the network: $said"; else bad "$service is not found"; fi
done

step "inside the sandbox"
# sandboxed COMMAND [SED…]: what COMMAND prints in the unit's own sandbox, changed by SED expressions.
sandboxed() {
    local command=$1
    shift
    {
        printf '[Service]\nType=oneshot\nStandardOutput=truncate:/run/probe\nStandardError=inherit\nExecStart=-%s\n' "$command"
        sed -n '/^User=/,/^\[Install\]/p' "$root/lib/systemd/system/makima.service" |
            sed -e '/^\[Install\]/d' -e '/^ExecStart=/d' -e '/^Restart/d' -e '/^WatchdogSec/d' "$@"
    } > "$work/probe.service"
    in_machine sh -c 'cat > /run/systemd/system/probe.service' < "$work/probe.service"
    in_machine systemctl daemon-reload
    in_machine systemctl start probe || true
    in_machine cat /run/probe
}
# A sound card that is allowed but has no driver here says "No such device"; one that is out of reach, "not permitted".
in_machine sh -c 'mkdir -p /dev/snd; [ -e /dev/snd/controlC0 ] || mknod -m 660 /dev/snd/controlC0 c 116 0; chgrp -R audio /dev/snd'
read_card='/bin/dd if=/dev/snd/controlC0 count=1'
if sandboxed "$read_card" | grep -q 'No such device'; then ok "the sound card is within reach"; else bad "sound: $(cat "$root/run/probe" 2>/dev/null)"; fi
if sandboxed "$read_card" -e '/^DeviceAllow/d' | grep -q 'not permitted'; then ok "without DeviceAllow it is not"; else echo "note  this kernel does not enforce DeviceAllow in a container"; fi
if sandboxed "$read_card" -e '/^SupplementaryGroups/d' -e 's/^PrivateUsers=.*/PrivateUsers=no/' -e 's/^User=.*/User=nobody/' -e '/^Group=/d' | grep -q 'denied\|not permitted'; then ok "without the group audio it is not"; else bad "anybody reaches the sound card"; fi
if sandboxed '/bin/touch /usr/bin/x' | grep -q 'Read-only'; then ok "the system is read-only"; else bad "the system can be written"; fi
sandboxed '/usr/bin/makima doctor --json' | python3 -c '
import json, sys
for finding in json.load(sys.stdin)["findings"]: print("     ", finding["status"], finding["check"], "-", finding["detail"])' ||
    bad "makima doctor says nothing in it"

step "kill -9"
before=$(main_pid)
in_machine sh -c "kill -9 $before"
start=$(date +%s%N)
if until_true 30 speak; then
    ok "speaks again $((($(date +%s%N) - start) / 1000000)) ms after the kill, as process $(main_pid) after $before"
else
    bad "does not speak again within 30 s"
fi

step "restart"
check "systemctl stop" in_machine systemctl stop makima
for service in _makima._tcp _http._tcp _wyoming._tcp; do
    if said=$(found $service); then bad "$service is still announced: $said"; else ok "$service is gone from the network"; fi
done
check "systemctl restart makima" in_machine systemctl restart makima
check "it speaks" speak
check "the log tells of the utterance" in_machine sh -c 'journalctl -u makima --no-pager | grep -q realTimeFactor'

step "upgrade, with a voice added"
in_machine cp -a /usr/share/makima/voices/power /var/lib/makima/voices/guest
in_machine sed -i 's/"power"/"guest"/' /var/lib/makima/voices/guest/metadata.json
in_machine chown -R makima:makima /var/lib/makima/voices/guest
in_machine sh -c 'echo "# a line of mine" >> /etc/makima/makima.toml'
in_machine apt-get install -y -qq /root/makima.deb > "$work/apt.log" 2>&1 || bad "apt: $(tail -5 "$work/apt.log")"
check "the new version is installed" in_machine sh -c "dpkg-query -W -f '\${Version}' makima | grep -qx '$version'"
check "the settings are kept" in_machine grep -q 'a line of mine' /etc/makima/makima.toml
check "the service runs" until_true 30 in_machine systemctl is-active makima
if said=$(speak guest); then ok "the voice guest speaks: $said"; else bad "the voice guest: $said"; fi

step "remove"
in_machine apt-get remove -y -qq makima > "$work/apt.log" 2>&1 || bad "apt: $(tail -5 "$work/apt.log")"
check "the service is gone" in_machine sh -c '! systemctl is-active makima'
check "nobody listens" in_machine sh -c '! ss -ltn | grep -q :8012'
check "voices and settings are kept" in_machine test -e /var/lib/makima/voices/guest/reference.wav -a -e /etc/makima/makima.toml

step "purge"
in_machine apt-get purge -y -qq makima > "$work/apt.log" 2>&1 || bad "apt: $(tail -5 "$work/apt.log")"
check "nothing is left" in_machine sh -c '! ls -d /var/lib/makima /var/cache/makima /etc/makima /usr/share/makima 2>/dev/null'

printf '\n%s\n' "$([ $failed = 0 ] && echo "all passed (makima $version)" || echo "$failed FAILED (makima $version)")"
exit $((failed > 0))
