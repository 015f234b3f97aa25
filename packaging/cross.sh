#!/bin/bash
# cross.sh: what builds makima for arm64 on amd64, made once and kept. As root.
#
#     packaging/cross.sh build --static-swift-stdlib ARGUMENT…      as swift build does, by Debian's Swift with a toolset for arm64
#     packaging/cross.sh test ARGUMENT…                             the tests, built so and run in a Debian for arm64 by QEMU
#     packaging/cross.sh debian COMMAND…                            a Debian 12 with arm64's libraries, to pack and to try
#     packaging/cross.sh emulate PROGRAM ARGUMENT…                  a program that was built, under QEMU, as a CPU (cortex-a76)
#
# The first three run in the project's folder, which is /source there whatever its name is here, so that no path of this computer
# gets into a program. The Swift for amd64 compiles; that for arm64, of the very same version, brings the standard library; a
# Debian for arm64, unpacked and never run, brings the C libraries.
#
# CROSS_CACHE is where they are kept (~/.cache/makima/arm64), 5 GB of which 1.1 are fetched. CROSS_ARCHIVE is the archive of Debian.
set -euo pipefail
export LC_ALL=C.UTF-8
project=$(cd "$(dirname "$0")/.." && pwd)
cache=${CROSS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/makima/arm64}
archive=${CROSS_ARCHIVE:-http://deb.debian.org/debian}
compiler=$cache/compiler
sdk=$compiler/opt/sdk/arm64.artifactbundle
sysroot=$sdk/arm64/sysroot
packer=$cache/packer
tester=$cache/tester
# A mirror that stands still has lists that have expired.
stale='Acquire::Check-Valid-Until "false"'
libraries=zlib1g,libasound2,libsndfile1,libsoxr0,libavahi-client3

# The compiler's Debian is the first with a Swift for both; the programs shall run on the target's and on later ones.
compiler_suite=sid
target_suite=bookworm
target_gcc=12

# in_root ROOT COMMAND…: at /source, with what git here knows of mirrors that are folders.
in_root() {
    local root=$1 mirror binds=()
    shift
    for mirror in $(mirrors | cut -d' ' -f1); do binds+=("$mirror"); done
    mkdir -p "$root/source"
    # shellcheck disable=SC2016
    unshare --mount --propagation private setarch -R sh -c '
        root=$1 project=$2 count=$3; shift 3
        mount --bind "$project" "$root/source"
        while [ "$count" -gt 0 ]; do
            mkdir -p "$root$1"; mount --bind "$1" "$root$1"; shift; count=$((count - 1))
        done
        mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"
        exec chroot "$root" env -i HOME=/root LC_ALL=C.UTF-8 TZ=UTC PATH=/usr/libexec/swift/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' sh "$root" "$project" ${#binds[@]} "${binds[@]}" \
        ${SOURCE_DATE_EPOCH:+"SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH"} \
        ${PROGRAMS:+"PROGRAMS=$PROGRAMS"} ${BUILT_USING:+"BUILT_USING=$BUILT_USING"} sh -c 'cd /source && exec "$@"' sh "$@"
}

# The folders that stand for addresses, as git is told here: "FOLDER ADDRESS" a line.
mirrors() {
    git config --get-regexp '^url\./.*\.insteadof$' | sed -E 's/^url\.(.*)\.insteadof /\1 /' || true
}

make_compiler() {
    [ ! -e "$compiler/.done" ] || return 0
    echo "Fetching a Swift that builds for arm64 (once)…" >&2
    rm -rf "$compiler"
    mmdebstrap --quiet --aptopt="$stale" --variant=minbase --architectures=amd64 \
        --include=swiftlang,git,ca-certificates,pkgconf,libc6-dev,libstdc++-15-dev "$compiler_suite" "$compiler" "$archive"
    printf '[safe]\n\tdirectory = *\n' > "$compiler/etc/gitconfig"
    mirrors | while read -r folder address; do
        git config --file "$compiler/etc/gitconfig" --add "url.$folder.insteadOf" "$address"
    done
    touch "$compiler/.done"
}

# A module of Swift is read by the compiler of its own version only.
make_standard_library() {
    [ ! -e "$sdk/.swift" ] || return 0
    echo "Fetching Swift's library for arm64…" >&2
    local resources=$sdk/arm64/swift unpacked=$cache/swift-arm64 version package
    cp -L /etc/resolv.conf "$compiler/etc/resolv.conf"
    echo "$stale;" > "$compiler/etc/apt/apt.conf.d/99stale"
    in_root "$compiler" sh -c 'dpkg --add-architecture arm64 && apt-get update -qq && cd /tmp && rm -f ./*.deb &&
        apt-get download -qq swiftlang:arm64 libswiftlang:arm64'
    version=$(dpkg-query --admindir="$compiler/var/lib/dpkg" -W -f '${source:Version}' swiftlang)
    rm -rf "$resources" "$unpacked" && mkdir -p "$resources"
    for package in "$compiler"/tmp/*_arm64.deb; do
        case $(dpkg-deb -f "$package" Version) in
        "$version" | "$version"+b*) dpkg -x "$package" "$unpacked" ;;
        *) echo "$package is not of version $version, the compiler's" >&2 && exit 1 ;;
        esac
    done
    tar -C "$unpacked/usr/libexec/swift/lib" -c --exclude=swift/embedded --exclude=swift/host --exclude=swift/pm \
        --exclude=swift/migrator swift swift_static | tar -C "$resources" -x
    rm -rf "$unpacked" "$compiler"/tmp/*_arm64.deb
    # Headers of the compiler that runs.
    ln -s /usr/libexec/swift/lib/clang "$resources/clang"
    touch "$sdk/.swift"
}

make_sysroot() {
    [ ! -e "$sdk/.sysroot" ] || return 0
    echo "Fetching the C libraries of arm64…" >&2
    rm -rf "$sysroot"
    mkdir -p "$sdk/arm64"
    mmdebstrap --quiet --aptopt="$stale" --variant=extract --architectures=arm64 --include="libc6-dev,libstdc++-$target_gcc-dev,\
zlib1g-dev,libasound2-dev,libsndfile1-dev,libsoxr-dev,libavahi-client-dev,libopenblas-dev" "$target_suite" "$sysroot" "$archive"
    # /lib is /usr/lib, and no link leads out of the tree.
    local folder link
    for folder in bin sbin lib; do
        if [ -d "$sysroot/$folder" ] && [ ! -L "$sysroot/$folder" ]; then
            mkdir -p "$sysroot/usr/$folder" && cp -a "$sysroot/$folder/." "$sysroot/usr/$folder/" && rm -rf "${sysroot:?}/$folder"
        fi
        [ -L "$sysroot/$folder" ] || ln -s "usr/$folder" "$sysroot/$folder"
    done
    find "$sysroot/usr" -lname '/*' | while read -r link; do
        ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$sysroot$(readlink "$link")")" "$link"
    done
    # What the installation of OpenBLAS would have linked.
    ln -s openblas-pthread/{cblas,openblas_config}.h "$sysroot/usr/include/aarch64-linux-gnu/"
    ln -s openblas-pthread/libopenblas.so{,.0} "$sysroot/usr/lib/aarch64-linux-gnu/"
    # Where the driver looks for swiftrt.o.
    for folder in swift swift_static clang; do ln -s "../../../swift/$folder" "$sysroot/usr/lib/$folder"; done
    touch "$sdk/.sysroot"
}

# What SwiftPM calls an SDK: where the parts are. The library of Swift asks for functions of glibc 2.38, which are linked in.
make_sdk() {
    cat > "$sdk/info.json" <<END
{"schemaVersion": "1.0", "artifacts": {"arm64": {"type": "swiftSDK", "version": "1", "variants": [{"path": "arm64"}]}}}
END
    cat > "$sdk/arm64/swift-sdk.json" <<END
{"schemaVersion": "4.0", "targetTriples": {"aarch64-unknown-linux-gnu": {"sdkRootPath": "sysroot",
 "swiftResourcesPath": "swift/swift", "swiftStaticResourcesPath": "swift/swift_static", "toolsetPaths": ["toolset.json"]}}}
END
    cat > "$sdk/arm64/toolset.json" <<END
{"schemaVersion": "1.0", "rootPath": "/usr/libexec/swift/bin", "swiftCompiler": {"extraCLIOptions": ["-use-ld=lld"]}}
END
    in_root "$compiler" clang --target=aarch64-linux-gnu --sysroot="${sysroot#"$compiler"}" -O2 -c packaging/glibc-2.38.c -o /opt/sdk/glibc.o
}

# A Debian in which dpkg knows the libraries of the programs, and QEMU runs them.
make_packer() {
    [ ! -e "$packer/.done" ] || return 0
    echo "Fetching a Debian that packs for arm64 (once)…" >&2
    rm -rf "$packer"
    mmdebstrap --quiet --aptopt="$stale" --variant=minbase --architectures=amd64,arm64 \
        --include="debhelper,dpkg-dev,python3,git,lintian,qemu-user-static,libc6:arm64,libstdc++6:arm64,libgcc-s1:arm64,\
gcc-aarch64-linux-gnu,$(sed 's/,/:arm64,/g; s/$/:arm64/' <<< $libraries)" "$target_suite" "$packer" "$archive"
    printf '[safe]\n\tdirectory = *\n' > "$packer/etc/gitconfig"
    touch "$packer/.done"
}

# A Debian for arm64 with Swift's library as the compiler's Debian has it: tests are linked against that, not with it inside.
make_tester() {
    [ ! -e "$tester/.done" ] || return 0
    echo "Fetching a Debian for arm64 that runs the tests (once)…" >&2
    rm -rf "$tester"
    mmdebstrap --quiet --aptopt="$stale" --variant=minbase --architectures=arm64 \
        --include="libswiftlang,libopenblas0-pthread,${libraries/libasound2/libasound2t64}" "$compiler_suite" "$tester" "$archive"
    touch "$tester/.done"
}

# prepare PART…: what is asked for is there. One at a time makes it.
prepare() {
    mkdir -p "$cache"
    exec 9> "$cache/lock"
    flock 9
    local part
    for part; do "make_$part"; done
    exec 9>&-
}

prepare_to_build() { prepare compiler standard_library sysroot sdk; }

build() { in_root "$compiler" swift build --swift-sdks-path /opt/sdk --swift-sdk arm64 --disable-sandbox "$@"; }

what=${1:-}
shift || true
case $what in
build)
    prepare_to_build
    build -Xlinker /opt/sdk/glibc.o "$@"
    ;;
test)
    prepare_to_build
    # Swift's library asks for a later glibc than the sysroot has: it is there where the tests run. A library that is linked where
    # Testing meets Foundation is not in Debian, and nothing of it is used.
    in_root "$compiler" ar rcs /opt/sdk/lib_Testing_Foundation.a
    build -c release -Xswiftc -enable-testing --build-tests --scratch-path .build/test-arm64 \
        -Xlinker --allow-shlib-undefined -Xlinker -L/opt/sdk
    . "$project/packaging/handler.sh"
    trap take_from_qemu EXIT
    hand_to_qemu
    prepare tester
    in_root "$tester" env LD_LIBRARY_PATH=/usr/libexec/swift/lib/swift/linux QEMU_CPU="${CPU:-cortex-a76}" \
        .build/test-arm64/aarch64-unknown-linux-gnu/release/makimaPackageTests.xctest --testing-library swift-testing "$@"
    ;;
version)
    # The source package of the library that is inside the programs.
    dpkg-query --admindir="$compiler/var/lib/dpkg" -W -f '${source:Package} (= ${source:Version})\n' swiftlang
    ;;
debian)
    prepare packer
    in_root "$packer" "$@"
    ;;
emulate)
    exec qemu-aarch64-static -L "$sysroot" -cpu "${CPU:-cortex-a76}" "$@"
    ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | head -n -1 >&2
    exit 2
    ;;
esac
