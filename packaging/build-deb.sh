#!/bin/sh
# build-deb.sh [FOLDER [ARCHITECTURE]]: builds the Debian package into FOLDER (default: build/), for this computer's architecture
# or another (arm64 on amd64, as root).
#
# The programs are built by SwiftPM with its runtime inside, then packaged from a staging folder, as dpkg wants debian/ at
# the top. For another architecture cross.sh has the systems that do both, and the programs are asked about themselves under QEMU.
set -eu
export LC_ALL=C.UTF-8 TZ=UTC
cd "$(dirname "$0")/.."
mkdir -p "${1:-build}"
out=$(cd "${1:-build}" && pwd)
host=${2:-$(dpkg --print-architecture)}
crosses=
[ "$host" = "$(dpkg --print-architecture)" ] || crosses=yes

# The compiler's choices depend, here and there, on the paths and the addresses it works with (Swift 6.3): so that the
# bytes do not depend on where the source lies, it is built at one path, in a mount namespace of its own, and at the same
# addresses each time. cross.sh does the same.
place=/mnt
if [ -z "$crosses" ] && [ "$PWD" != $place ]; then
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

if [ -z "${PROGRAMS:-}" ]; then
    PROGRAMS=$(packaging/build-programs.sh "$host" makima makima-quantize)
    # The rest happens where dpkg knows the libraries of that architecture.
    if [ -n "$crosses" ]; then
        BUILT_USING=$(packaging/cross.sh version)
        export PROGRAMS BUILT_USING
        # shellcheck disable=SC2016
        packaging/cross.sh debian sh -eu -c 'rm -rf /tmp/out && packaging/build-deb.sh /tmp/out "$1" && cp /tmp/out/*.deb .build/' sh "$host"
        mv .build/makima_*_"$host".deb "$out"
        ls -l "$out"/makima_*_"$host".deb
        exit
    fi
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
top=$stage/makima-$version
mkdir -p "$top/usr/bin" "$top/usr/share/makima/models" "$top/usr/share/makima/voices" "$top/etc/makima" \
    "$top/usr/share/bash-completion/completions" "$top/man"
cp -R packaging/debian "$top/debian"
install -m 755 "$PROGRAMS/makima" "$PROGRAMS/makima-quantize" "$top/usr/bin/"
cp -R Models/makima-mini "$top/usr/share/makima/models/"
for voice in Voices/*/; do cp -R "$voice" "$top/usr/share/makima/voices/"; done
cp -R README.md docs "$top/"
cp CHANGELOG.md "$top/docs/"

# The programs as they can be run here.
run=$top/usr/bin
if [ -n "$crosses" ]; then
    run=$stage/run
    mkdir "$run"
    for program in makima makima-quantize; do
        printf '#!/bin/sh\nexec qemu-aarch64-static -cpu cortex-a76 %s "$@"\n' "$top/usr/bin/$program" > "$run/$program"
        chmod +x "$run/$program"
    done
fi

# The settings file: what differs from the defaults, then every other setting with its default and meaning, as comments.
{
    echo "# Settings of the makima service. After a change: sudo systemctl restart makima"
    echo
    : > "$stage/empty.toml"
    env -i "PATH=$PATH" "$run/makima" serve --config "$stage/empty.toml" --print-config > "$stage/defaults"
    env -i "PATH=$PATH" "$run/makima" serve --config "$stage/empty.toml" --print-config --model makima-mini \
        --voices-dir /var/lib/makima/voices --set cache-dir=/var/cache/makima > "$stage/settings"
    awk 'NR == FNR { isDefault[$0] = 1; next } /^[a-z]/ && $0 in isDefault { print "#" $0; next } { print }' \
        "$stage/defaults" "$stage/settings"
} > "$top/etc/makima/makima.toml"

# Checksums of the model, which makima doctor compares.
(cd "$top/usr/share/makima/models/makima-mini" &&
    find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum > "$stage/sums" && mv "$stage/sums" SHA256SUMS)

for program in makima makima-quantize; do
    sections=packaging/$program.sections
    python3 packaging/manual.py "$run/$program" "$top/man" "$version" $([ ! -f "$sections" ] || echo "$sections")
    # It is read by the shell, not run.
    "$run/$program" --generate-completion-script bash | sed '1{/^#!/d}' > "$top/usr/share/bash-completion/completions/$program"
done

cat > "$top/debian/changelog" <<END
makima ($version) unstable; urgency=medium

  * Release $version: docs/CHANGELOG.md tells what is new.

 -- Makima Maintainers <maintainers@makima.example>  $(date -R -d "@$SOURCE_DATE_EPOCH")
END

(cd "$top" && dpkg-buildpackage --host-arch "$host" --build=binary --no-sign ${crosses:+-d})
mkdir -p "$out"
mv "$stage"/makima_*_"$host".deb "$out"
ls -l "$out"/makima_*_"$host".deb
