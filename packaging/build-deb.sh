#!/bin/sh
# build-deb.sh [FOLDER]: builds the Debian package into FOLDER (default: build/).
#
# The programs are built by SwiftPM with its runtime inside, then packaged from a staging folder, as dpkg wants debian/ at
# the top. Nothing here is of one architecture: on an arm64 host it builds the arm64 package.
set -eu
export LC_ALL=C.UTF-8 TZ=UTC
cd "$(dirname "$0")/.."
mkdir -p "${1:-build}"
out=$(cd "${1:-build}" && pwd)

# The compiler's choices depend, here and there, on the paths and the addresses it works with (Swift 6.3): so that the
# bytes do not depend on where the source lies, it is built at one path, in a mount namespace of its own, and at the same
# addresses each time.
place=/mnt
if [ "$PWD" != $place ]; then
    if unshare --user --map-root-user --mount true 2> /dev/null; then
        exec unshare --user --map-root-user --mount setarch -R sh -c \
            'mount --bind "$PWD" "$1" && cd "$1" && exec packaging/build-deb.sh "$2"' sh $place "$out"
    fi
    echo "No namespace can be made here: the package will do, but a build elsewhere may differ from it." >&2
fi

# The time of the change that is built, so that a later build of it is identical.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^let version = "\(.*\)"$/\1/p' Sources/makima/Version.swift)
[ -n "$version" ] || { echo "Sources/makima/Version.swift states no version" >&2; exit 1; }

# Paths of this machine stay out of the programs, and so does what else is of one build: debug information, which the package
# does not hold, would bring the times of C headers and the names of temporary files into the hash of every object; and
# Swift 6.3 unrolls loops in the order of a table of addresses, so loops are left to LLVM.
build() {
    swift build -c release --scratch-path .build/package --static-swift-stdlib -debug-info-format none \
        -Xswiftc -Xllvm -Xswiftc -sil-disable-pass=loop-unroll \
        -Xswiftc -file-prefix-map -Xswiftc "$PWD=." -Xcc "-ffile-prefix-map=$PWD=." "$@"
}
build --product makima
build --product makima-quantize
programs=$(build --show-bin-path)

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
top=$stage/makima-$version
mkdir -p "$top/usr/bin" "$top/usr/share/makima/models" "$top/usr/share/makima/voices" "$top/etc/makima" \
    "$top/usr/share/bash-completion/completions" "$top/man"
cp -R packaging/debian "$top/debian"
install -m 755 "$programs/makima" "$programs/makima-quantize" "$top/usr/bin/"
cp -R Models/makima-mini "$top/usr/share/makima/models/"
for voice in Voices/*/; do cp -R "$voice" "$top/usr/share/makima/voices/"; done
cp -R README.md docs "$top/"
cp CHANGELOG.md "$top/docs/"

# The settings file: what differs from the defaults, then every other setting with its default and meaning, as comments.
{
    echo "# Settings of the makima service. After a change: sudo systemctl restart makima"
    echo
    : > "$stage/empty.toml"
    env -i "$programs/makima" serve --config "$stage/empty.toml" --print-config > "$stage/defaults"
    env -i "$programs/makima" serve --config "$stage/empty.toml" --print-config --model makima-mini \
        --voices-dir /var/lib/makima/voices --set cache-dir=/var/cache/makima > "$stage/settings"
    awk 'NR == FNR { isDefault[$0] = 1; next } /^[a-z]/ && $0 in isDefault { print "#" $0; next } { print }' \
        "$stage/defaults" "$stage/settings"
} > "$top/etc/makima/makima.toml"

# Checksums of the model, which makima doctor compares.
(cd "$top/usr/share/makima/models/makima-mini" &&
    find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum > "$stage/sums" && mv "$stage/sums" SHA256SUMS)

for program in makima makima-quantize; do
    sections=packaging/$program.sections
    python3 packaging/manual.py "$programs/$program" "$top/man" "$version" $([ ! -f "$sections" ] || echo "$sections")
    # It is read by the shell, not run.
    "$programs/$program" --generate-completion-script bash | sed '1{/^#!/d}' > "$top/usr/share/bash-completion/completions/$program"
done

cat > "$top/debian/changelog" <<END
makima ($version) unstable; urgency=medium

  * Release $version: docs/CHANGELOG.md tells what is new.

 -- Makima Maintainers <maintainers@makima.example>  $(date -R -d "@$SOURCE_DATE_EPOCH")
END

(cd "$top" && dpkg-buildpackage --build=binary --no-sign)
mv "$stage"/makima_*.deb "$out"
ls -l "$out"/makima_*.deb
