#!/bin/bash
# arm64.sh PACKAGE_arm64.deb: the package in a Debian 12 and a Debian 13 for arm64, whose programs QEMU runs: what can be shown
# without a board, and without systemd.
#
# Needs root, mmdebstrap, qemu-user-static and curl; the kernel hands programs for arm64 to QEMU while this runs. What it prints is the
# record kept in docs/appliance-test-arm64.txt. APPLIANCE_CACHE keeps the bare systems between runs.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
deb=$(realpath "$1")
version=$(dpkg-deb -f "$deb" Version)
cache=${APPLIANCE_CACHE:-/var/cache/makima-appliance}
archive=${CROSS_ARCHIVE:-http://deb.debian.org/debian}
samples=$(cat "$here/../Goldens/arm64.sha256")
work=$(mktemp -d)
server=
. "$here/report.sh"
. "$here/../../packaging/handler.sh"

clean_up() {
    [ -z "$server" ] || kill "$server" 2> /dev/null || true
    for root in "$work"/*/; do umount -l "$root/proc" "$root/dev" 2> /dev/null || true; done
    take_from_qemu
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

hand_to_qemu

# in_root COMMAND…
in_root() { chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

# Seconds of the raw sound in a file, and whether its samples are those that every processor gives.
speak() {
    in_root makima say "Good morning." --seed 7 --threads 1 --output - > "$work/sound"
    [ "$(sha256sum < "$work/sound" | cut -d' ' -f1)" = "$samples" ]
}
is_version() { [ "$(in_root makima --version)" = "$version" ] && in_root makima-quantize --help; }

try() {
    local suite=$1 port
    root=$work/$suite
    step "a Debian for arm64: $suite"
    if [ ! -d "$cache/$suite-arm64" ]; then
        mkdir -p "$cache"
        rm -rf "$cache/$suite-arm64.new"
        mmdebstrap --quiet --aptopt='Acquire::Check-Valid-Until "false"' --variant=minbase --architectures=arm64 "$suite" \
            "$cache/$suite-arm64.new" "$archive"
        mv "$cache/$suite-arm64.new" "$cache/$suite-arm64"
    fi
    cp -a "$cache/$suite-arm64" "$root"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp "$deb" "$root/root/makima.deb"
    ok "$(in_root cat /etc/debian_version), $(in_root uname -m)"
    in_root apt-get update -qq -o 'Acquire::Check-Valid-Until=false'
    check "the package is installed, with $(dpkg-deb -f "$deb" Depends | tr ',' '\n' | wc -l) dependencies" \
        in_root apt-get install -y -qq --no-install-recommends /root/makima.deb
    check "the programs run, of version $version" is_version
    check "makima says the samples that every processor gives" speak
    check "makima say writes a file" in_root makima say "Good morning." --output /tmp/morning.wav
    ok "which is $(in_root stat -c %s /tmp/morning.wav) bytes"
    step "what makima doctor says of it"
    in_root makima doctor 2>&1 | sed 's/^/      /' || true
    step "the server"
    port=$((20000 + RANDOM % 20000))
    # Not by in_root, whose shell would be what is told to stop.
    chroot "$root" makima serve --host 127.0.0.1 --port $port --set mdns=false --set wyoming-port=0 > "$work/log" 2>&1 &
    server=$!
    check "it answers" until_true 60 curl -fs "http://127.0.0.1:$port/ready"
    check "it speaks" sh -c '[ "$(curl -fs "$0" -d "{\"model\":\"tts-1\",\"input\":\"Hello.\",\"response_format\":\"pcm\"}" \
        -H "Content-Type: application/json" | wc -c)" -gt 4800 ]' "http://127.0.0.1:$port/v1/audio/speech"
    kill "$server"
    if wait "$server"; then ok "it stops when it is told to"; else bad "it stops with $?: $(tail -3 "$work/log")"; fi
    server=
    step "gone again"
    check "the package is purged" in_root apt-get purge -y -qq makima
    check "nothing of it is left" sh -c '! find "$0" -xdev -path "*/usr/share/doc/makima*" -o -path "*/etc/makima*" -o \
        -path "*/var/lib/makima*" | grep .' "$root"
    umount -l "$root/proc" "$root/dev"
}

for suite in bookworm trixie; do try "$suite"; done
step "$failed failed"
[ "$failed" = 0 ]
