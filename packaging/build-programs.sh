#!/bin/sh
# build-programs.sh ARCHITECTURE PRODUCT…: builds programs as the package holds them, with Swift's runtime inside; prints the folder
# they are in. For another architecture than this computer's by cross.sh.
#
# Paths of this machine stay out of the programs, and so does what else is of one build: debug information, which the package
# does not hold, would bring the times of C headers and the names of temporary files into the hash of every object; and
# Swift 6.3 unrolls loops in the order of a table of addresses, so loops are left to LLVM.
set -eu
cd "$(dirname "$0")/.."
architecture=$1
shift
where=$PWD swift="swift build"
[ "$architecture" = "$(dpkg --print-architecture)" ] || where=/source swift="packaging/cross.sh build"
build() {
    $swift -c release --scratch-path ".build/package-$architecture" --static-swift-stdlib -debug-info-format none \
        -Xswiftc -Xllvm -Xswiftc -sil-disable-pass=loop-unroll \
        -Xswiftc -file-prefix-map -Xswiftc "$where=." -Xcc "-ffile-prefix-map=$where=." "$@"
}
for product in "$@"; do build --product "$product" >&2; done
build --show-bin-path
