#!/bin/sh
# Every test of the suite under the thread sanitizer, then under the address sanitizer, each in a build of its own; or under the named one.
# C is optimised as far as reports stay readable: the kernels take most of the time. The lists beside this file name what is not ours.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
export ASAN_OPTIONS="suppressions=$here/address.txt" LSAN_OPTIONS="suppressions=$here/leaks.txt"
for sanitizer in ${*:-thread address}; do
    swift test --sanitize "$sanitizer" --scratch-path ".build-$sanitizer" -Xcc -O1
done
