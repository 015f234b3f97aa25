#!/bin/sh
# check-reproducible.sh PACKAGE.deb: is the package that is built of the same commit at another place and time the same, byte
# for byte? Clones this repository into a folder of another name and builds there, under another user's settings.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
package=$(realpath "$1")
[ -z "$(git -C "$here" status --porcelain --untracked-files=no)" ] || {
    echo "There are changes that no commit has: the package cannot be built again." >&2
    exit 1
}
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
git clone --quiet "$here" "$elsewhere/a-folder-of-another-name"
# The same versions of the libraries.
cp "$here/Package.resolved" "$elsewhere/a-folder-of-another-name/"
(
    cd "$elsewhere/a-folder-of-another-name"
    umask 027
    mkdir "$elsewhere/for-a-while"
    export TZ=Asia/Kathmandu LANG=de_DE.UTF-8 TMPDIR="$elsewhere/for-a-while"
    packaging/build-deb.sh "$elsewhere/out" "$(dpkg-deb -f "$package" Architecture)" > "$elsewhere/log" 2>&1 || { tail -20 "$elsewhere/log" >&2; exit 1; }
)
again=$elsewhere/out/$(basename "$package")
sha256sum "$package" "$again"
cmp "$package" "$again" && echo "both builds are identical"
