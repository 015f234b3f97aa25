#!/bin/bash
# image.sh PACKAGE.deb OUT.tar: writes OUT.tar, an OCI image of Debian 12 and the package, for the package's architecture.
#
# mmdebstrap makes the root: without being root where user namespaces are allowed. For another architecture the kernel hands its
# programs to QEMU meanwhile, for which it needs root and qemu-user-static. Its dates are SOURCE_DATE_EPOCH or the commit's. MIRROR is the
# archive of Debian.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$0")" && pwd)
package=$(realpath "$1") out=$(realpath -m "$2")
architecture=$(dpkg-deb --field "$package" Architecture)
version=$(dpkg-deb --field "$package" Version)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
. "$here/handler.sh"
trap 'take_from_qemu; rm -rf "$work"' EXIT
chmod 755 "$work"
[ "$architecture" = "$(dpkg --print-architecture)" ] || hand_to_qemu
cp "$package" "$work/makima.deb"

# The user has a number that stays, for the owner of the volumes. What documents programs is left out, not what licenses them.
# The hook spares the program that merges /usr, which brings Perl.
mmdebstrap --quiet --architectures="$architecture" --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --include=ca-certificates,systemd-standalone-sysusers \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='chroot "$1" groupadd --gid 10200 makima' \
    --customize-hook='chroot "$1" useradd --uid 10200 --gid 10200 --no-create-home --home-dir /var/lib/makima --shell /usr/sbin/nologin makima' \
    --customize-hook="copy-in $work/makima.deb /tmp" \
    --customize-hook='chroot "$1" apt-get install --yes --quiet=2 /tmp/makima.deb > /dev/null' \
    --customize-hook='rm "$1/tmp/makima.deb"' \
    --customize-hook='install -d -o 10200 -g 10200 "$1/var/lib/makima" "$1/var/lib/makima/voices" "$1/var/lib/makima/models" "$1/var/cache/makima"' \
    bookworm "$work/layer.tar" ${MIRROR:+"$MIRROR"}
python3 "$here/oci-image.py" "$work/layer.tar" "$work/image.tar" "$architecture" "$version"
mkdir -p "$(dirname "$out")"
mv "$work/image.tar" "$out"
ls -l "$out"
