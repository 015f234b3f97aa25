#!/bin/sh
# Every test of the suite under the thread sanitizer, then under the address sanitizer, each in a build of its own; or under the named one.
# C is optimised as far as reports stay readable: the kernels take most of the time.
set -eu
cd "$(dirname "$0")/.."
for sanitizer in ${*:-thread address}; do
    swift test --sanitize "$sanitizer" --scratch-path ".build-$sanitizer" -Xcc -O1
done
