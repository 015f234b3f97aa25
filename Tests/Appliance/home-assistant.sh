#!/bin/bash
# home-assistant.sh PACKAGE.deb: Home Assistant's own Wyoming integration finds the packaged server and speaks German by it.
#
# A Debian 13 made by debootstrap, in which both run: the package, Avahi, and Home Assistant of PyPI, on a network of their own without
# anybody else. Needs root, debootstrap, iproute2 and the package mirrors. What it prints is the record kept in
# docs/home-assistant-test.txt. APPLIANCE_CACHE keeps the system between runs.
set -euo pipefail
export LC_ALL=C.UTF-8
version=2026.2.3
here=$(cd "$(dirname "$0")" && pwd)
deb=$(realpath "$1")
cache=${APPLIANCE_CACHE:-/var/cache/makima-appliance}
work=$(mktemp -d)
root=$work/root

if [ -z "${ALONE:-}" ]; then
    # Everything below dies with its process namespace.
    if [ ! -d "$cache/trixie" ]; then
        mkdir -p "$cache"
        debootstrap --variant=minbase \
            --include=ca-certificates,python3-venv,python3-dev,g++,ffmpeg,avahi-daemon,dbus,iproute2,libturbojpeg0 \
            trixie "$cache/trixie.new" http://deb.debian.org/debian > "$cache/debootstrap.log"
        mv "$cache/trixie.new" "$cache/trixie"
    fi
    # Whom this computer trusts, and how it reaches the mirrors.
    cp -L /etc/resolv.conf "$cache/trixie/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$cache/trixie/etc/ssl/certs/ca-certificates.crt"
    if ! chroot "$cache/trixie" /ha/bin/pip show -q homeassistant 2> /dev/null; then
        chroot "$cache/trixie" python3 -m venv /ha
        chroot "$cache/trixie" /ha/bin/pip install -q "homeassistant==$version"
        # What the parts need that are used here.
        chroot "$cache/trixie" /ha/bin/python - frontend wyoming api config onboarding zeroconf tts <<'END' > "$work/needed"
import json, pathlib, sys
import homeassistant.components
folder = pathlib.Path(homeassistant.components.__path__[0])
todo, seen, needed = sys.argv[1:], set(), set()
while todo:
    name = todo.pop()
    if name not in seen:
        seen.add(name)
        manifest = json.loads((folder / name / "manifest.json").read_text())
        todo += manifest.get("dependencies", [])
        needed.update(manifest.get("requirements", []))
print(*sorted(needed), sep="\n")
END
        xargs -a "$work/needed" chroot "$cache/trixie" /ha/bin/pip install -q
    fi
    mkdir -p "$root" "$work/changes" "$work/aside"
    mount -t overlay overlay -o "lowerdir=$cache/trixie,upperdir=$work/changes,workdir=$work/aside" "$root"
    trap 'umount "$root"; rm -rf "$work"' EXIT
    cp "$deb" "$root/root/makima.deb"
    chroot "$root" apt-get update -qq
    chroot "$root" apt-get install -y -qq --no-install-recommends /root/makima.deb > "$work/apt.log" 2>&1 || { tail -5 "$work/apt.log"; exit 1; }
    ALONE=$root unshare --net --pid --fork --mount --kill-child "$0" "$deb"
    exit
fi

root=$ALONE
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
ip link set lo up
ip link add lan type veth peer name nobody
ip link set nobody up
ip addr add 10.77.3.2/24 dev lan
ip link set lan up multicast on
ip route add default dev lan
inside() { chroot "$root" "$@"; }

mkdir -p "$root/run/dbus" "$root/ha/config"
rm -f "$root/run/dbus/pid" "$root/run/avahi-daemon/pid"
inside dbus-daemon --system --fork
inside avahi-daemon --daemonize --no-drop-root --no-chroot
# The engine that hums one frame for each character knows all languages, and its sound has a length that can be told beforehand.
inside makima serve --engine tone --host 0.0.0.0 > "$root/root/makima.log" 2>&1 &
printf '%s\n' "http:" "api:" "config:" "frontend:" "onboarding:" "zeroconf:" "tts:" > "$root/ha/config/configuration.yaml"
inside /ha/bin/hass --skip-pip --config /ha/config > "$root/root/hass.log" 2>&1 &
cp "$here/home-assistant.py" "$root/root/"
printf 'ok    Debian %s, Python %s, Home Assistant %s, makima %s\n' "$(inside cat /etc/debian_version)" \
    "$(inside python3 -c 'import platform; print(platform.python_version())')" "$version" "$(inside makima --version)"
if ! inside /ha/bin/python /root/home-assistant.py 0.08; then
    tail -n 20 "$root/root/makima.log" "$root/root/hass.log"
    exit 1
fi
